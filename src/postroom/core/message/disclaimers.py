"""Paragraphs that a company's server sets below each mail: who may read it, what to do with a copy that went astray.

A disclaimer is known by what it talks of, whatever its wording: of the mail itself, and of several of secrecy, the
intended reader, error, deletion, prohibition and liability. Each is a list of stems in the languages of mail, which
stand at the beginning of a word.
"""

# ruff: noqa: RUF001  letters of other scripts are meant

from __future__ import annotations

import re

SHORTEST = 90  # characters; a shorter paragraph is somebody's own words
SHORTEST_DENSE = 36  # characters, where a script needs fewer of them
LONGEST = 4000  # characters that are looked at
HEAD = 300  # characters within which a disclaimer begins to be one
ENOUGH = 3  # topics, beside the mail itself
SHORT = 140  # characters; in a shorter paragraph one topic more must be named
LONGEST_HEADING = 80  # characters
LONGEST_REQUEST = 400  # characters of a request not to print, or of a scanner's note


def _stems(words: str) -> re.Pattern[str]:
    """A pattern that finds a word with one of these stems; a script without blanks has no beginnings of words."""
    spaced = "|".join(word for word in words.split("|") if word[0] < "\u2e80")
    others = "".join(f"|{word}" for word in words.split("|") if word[0] >= "\u2e80")
    return re.compile(f"(?<!\\w)(?:{spaced}){others}")


_MAIL = _stems(
    "email|e-mail|message|communication|nachricht|courriel|mensaje|correo|messaggio|comunicazione|mensagem|bericht"
    "|wiadomoś|zpráv|správ|meddeland|meddelelse|besked|melding|epost|e-post|viesti|sähköposti|üzenet|levél|mesaj|ileti"
    "|сообщени|письм|повідомленн|цей лист|листа?(?!\\w)|μήνυμα|メール|邮件|郵件|信息|訊息"
)
_SECRECY = _stems(
    "confiden|privileged|proprietary|vertraulich|geheim|riservat|vertrouwelijk|poufn|tajemnic|důvěrn|dôvern|konfidenti"
    "|sekretess|fortrolig|taushet|luottamuksel|bizalmas|gizli|конфиденциал|конфіденц|εμπιστευτικ|機密|秘密|机密|保密"
)
_READER = _stems(
    "intended only|intended solely|intended exclusively|intended for|intended recipient|addressee|named above"
    "|named recipient|for the use of|(?:nur|allein|ausschlie(?:ß|ss)lich) für [^.]{1,80} bestimmt"
    "|adressat|empfänger|destinataire|destinatari|destinatár|destinad|destina-se"
    "|destinat[aoei]* (?:sol|unic|esclus|exclus|numai|doar)|geadresseerde|bestemd voor|adresat"
    "|odbiorc|příjemc|adresát|príjemc|mottagare|modtager|mottaker|vastaanottaj|címzett|alıcı|muhatab|адресат|получател"
    "|одержувач|παραλήπτ|受信者|宛先|收件人"
)
_ERROR = _stems(
    "in error|by mistake|not the intended|not the named|irrtümlich|versehentlich|nicht der richtige"
    "|nicht der beabsichtigte|par erreur|por error|por engano|por equivocación|per errore|vergissing|ten onrechte"
    "|onterecht|pomyłk|omyl|av misstag|felaktig|ved en fejl|ved en feil|feilaktig|erehdy|vahingossa|téved|din greșeală"
    "|din eroare|yanlışlıkla|ошиб|помилк|εκ παραδρομής|κατά λάθος|από λάθος|誤って|误收|錯誤|错误"
)
_DUTY = _stems(
    "delete|destroy|notify|inform the|advise the sender|lösch|vernicht|supprim|détrui|averti|informer|informar|eliminar"
    "|elimine|eliminare|borr|destru|apag|cancell|distrugg|verwijder|vernietig|usunię|skasow|zniszcz|vymaž|smaž|zničte"
    "|radera|förstör|slette|makuler|poista|hävit|töröl|megsemmisít|semmisít|șterge|distruge|silin|silme|удали"
    "|уничтож|видал|διαγρά|καταστρέ|削除|破棄|删除|刪除"
)
_BAN = _stems(
    "unauthori|prohibited|disclos|distribution|dissemination|copying|unbefugt|unerlaubt|nicht gestattet|untersagt"
    "|interdit|prohibid|proibid|vietat|verboden|zabronion|niedozwol|zakázán|neoprávn|förbjud|obehörig|forbudt|uberettig"
    "|uvedkommende|kielletty|luvaton|tilos|jogosulatlan|interzis|neautoriz|yasak|izinsiz|запрещ|несанкц|заборон"
    "|απαγορεύ|禁止|禁じ|严禁|嚴禁"
)
_LIABILITY = _stems(
    "liable|liabilit|virus|legally binding|views and opinions|views or opinions|haftung|haftbar|haftet"
    "|rechtsverbindlich|responsabil|responsável|responsable|aansprakelijk|odpowiedzialn|odpovědn|zodpovedn|ansvar|vastuu|felelős|răspunder|sorumlu|ответственн"
    "|відповідальн|ευθύνη|責任|责任|病毒"
)
_TELLING = (_SECRECY, _READER, _ERROR)  # without one of them the others are everyday matters of an office
_TOPICS = (*_TELLING, _DUTY, _BAN, _LIABILITY)
_ANY = re.compile("|".join(topic.pattern for topic in (_MAIL, *_TOPICS)))
_NOT_TO_PRINT = _stems(
    "consider the environment|think of the environment|think about the environment|respect the environment"
    "|save the environment|denken sie an die umwelt|umwelt zuliebe|pensez à l'environnement|pensez à l’environnement"
    "|penser à l'environnement|medio ambiente antes|medioambiente|meio ambiente antes|antes de imprimir"
    "|prima di stampare|denk aan het milieu|zanim wydrukujesz|myśl o środowisku|pomyśl o środowisku|než vytisknete"
    "|životní prostředí|tänk på miljön|tænk på miljøet|tenk på miljøet|ajattele ympäristöä|gondoljon a környezet"
    "|mediul înconjurător|çevreyi düşün|çevremizi|прежде чем распечат|берегите природу|σκεφτείτε το περιβάλλον"
)
_ENVIRONMENT = _stems(
    "environment|umwelt|l['’]environnement|environnement|medio ?ambiente|meio ambiente|ambiente|all['’]ambiente"
    "|dell['’]ambiente|l['’]ambiente|milieu|środowisk|životní|miljö|miljø|ympäristö|környezet|mediul|çevre|лес|природ"
    "|περιβάλλον"
)
_PRINT = _stems(
    "print|druck|ausdruck|auszudruck|gedruckt|imprim|stamp|afdruk|wydruk|drukow|vytisk|tisk|skriv|udskriv|utskrift"
    "|tulost|nyomtat|kinyomtat|tipări|yazdır|распечат|печат|εκτυπώ"
)
_THIS_MAIL = _stems(
    "(?:this|diese|ce|este|questa|questo|deze|dit|ta|tento|tato|это|denna|detta|denne|dette)"
    " (?:incoming |outgoing )?(?:e-?mail|mail|message|nachricht|courri|correo|mensaje|mensagem|messaggio|bericht"
    "|wiadomo|zpráv|сообщени|письмо|meddeland|meddelelse)"
)
_SCANNED = _stems(
    "scanned|been checked|was checked|geprüft|gescannt|vérifié|analizado|escaneado|verificat|controllat|gecontroleerd"
    "|sprawdzon|zkontrolován|проверено"
)
_FOR_VIRUSES = _stems("virus|viren|antivirus|vírus|wirus|antywirus|viry|avast|mailscanner|mimecast|вирус")
# Some of these letters are in every word for mail above, and in every request not to print. They begin where a word
# has a rare letter, as the search goes fast over all others.
_SIGNS = re.compile(
    r"m(?:ail|ess|ens|esaj|uni|eddel|elding|welt|biente|primir|pare|ilieu|ilj|pär|ediul)|c(?:hricht|ourri|orreo)"
    r"|b(?:ericht|esked)|w(?:iadomo|ydruk)|v(?:iesti|iron|él|ytisk)|post|leti|áv|ähk|üzen|środow|život|örny|çevre"
    r"|щени|пись|відом|лист|печат|природ|ήνυ|περιβ|メール|邮件|郵件|信息|訊息"
)
_HEADING = re.compile(
    r"\W*(?:(?:disclaimer|confidentiality|haftungsausschluss|vertraulichkeit|rechtlicher hinweis|wichtiger hinweis"
    r"|confidentialité|(?:avis|clause) (?:de confidentialité|légal|juridique|important)|aviso (?:legal|de confiden)"
    r"|confidencialidad|avvertenz|riservatezza|avviso|vrijwaring|vertrouwelijkheid|zastrzeżenie|poufność|upozornění"
    r"|sekretess|ansvarsfriskrivning|fortrolighed|vastuuvapaus|luottamuksellisuus|figyelmeztetés|confidențialitate"
    r"|uyarı|предупреждение|конфиденциальность|αποποίηση|免責|注意|声明|聲明)\w*(?: \w+){0,3}"
    r"|(?:(?:e-?mail|important|legal|privacy|privileged|confidentiality|disclaimer|and|&|/) ?){0,4}"
    r"(?:notice|disclaimer))[\W_]*\Z",
    re.IGNORECASE,
)


def is_disclaimer(text: str) -> bool:
    """Whether a paragraph is a disclaimer, a request not to print, or the note of a virus scanner."""
    if len(text) < SHORTEST_DENSE:
        return False
    text = text[:LONGEST].lower()
    if len(text) < LONGEST_REQUEST and _is_request(text):
        return True
    if len(text) < SHORTEST and not _is_dense(text):
        return False
    head = text[:HEAD]
    if not _MAIL.search(head) or not any(topic.search(head) for topic in _TOPICS):
        return False
    if not any(topic.search(text) for topic in _TELLING):
        return False
    wanted = ENOUGH + (len(text) < SHORT and not _is_dense(text))
    return sum(topic.search(text) is not None for topic in _TOPICS) >= wanted


def may_hold_disclaimer(text: str) -> bool:
    """A quick look: whether a paragraph, or any end of it, may be what `is_disclaimer` finds; most can not."""
    return _SIGNS.search(text[: LONGEST * 2].lower()) is not None


def names_topic(line: str) -> bool:
    """Whether a line speaks of anything that disclaimers speak of, so that one may begin with it."""
    return _ANY.search(line[:HEAD].lower()) is not None


def is_heading(line: str) -> bool:
    """Whether a stripped line is the heading of a disclaimer, and no sentence."""
    return len(line) <= LONGEST_HEADING and line[-1:] not in ".!?" and _HEADING.match(line) is not None


def _is_request(text: str) -> bool:
    """Whether a short paragraph asks not to print the mail for the sake of nature, or tells of a search for viruses."""
    if _NOT_TO_PRINT.search(text):
        return _ENVIRONMENT.search(text) is not None and _PRINT.search(text) is not None
    if not _THIS_MAIL.search(text[:SHORTEST]):
        return False
    return _FOR_VIRUSES.search(text) is not None and _SCANNED.search(text) is not None


def _is_dense(text: str) -> bool:
    """Whether most of it is of a script that needs few characters for a word."""
    return sum(character > "\u2e80" for character in text) * 2 > len(text)
