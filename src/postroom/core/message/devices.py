"""What devices and programs set below a mail: `Sent from my phone`.

Who writes `Sent from my colleague's desk on Monday` means it, so that each word must be one of such a line: a device or
program that is known, or what stands around its name. A line with any other word is somebody's own.
"""

# ruff: noqa: RUF001  letters of other scripts are meant

from __future__ import annotations

import re

LONGEST = 120  # characters of such a line
MOST_EXCUSE = 12  # words of an excuse for typing errors behind the device

_PREFIXED = re.compile(
    r"[\W_]*(?:(?:sent (?:from|via|with|using|by(?! (?:tele|mobile |cell)?phone| mobile| cell| tablet))"
    r"|envoyé (?:depuis|de|d(?=['’])|à partir de?|avec|via)"
    r"|gesendet (?:von|vom|mit|über|via)|enviad[oa] (?:desde|do|da|de|a partir de|con|com|via|pelo)"
    r"|enviat (?:des del?|amb)|inviat[oa] (?:da|dal|con|tramite)|(?:verzonden|verstuurd) (?:vanaf|vanuit|met|via|van)"
    r"|sendt (?:fra|via|med)|skickat (?:från|med|via)|lähetetty|wysłan[eoay] (?:z|ze|przez)|odesláno (?:z|ze|pomocí)"
    r"|odoslané z|poslano (?:s|sa|iz)|trimis (?:de|din|cu)|отправлено (?:с|со|из)|надіслано (?:з|із)|στάλθηκε από"
    r"|đã gửi từ|dikirim dari)[ '’]"
    r"|from (?=my )|(?:get|download|télécharger|obtenir|holen sie sich|obtener|obter|ottieni|scarica|hent|få|skaffa"
    r"|hanki|pobierz|získat|downloaden) (?=(?:o |program )?\[?outlook)|(?=outlook (?:für|til|voor) ))(?P<rest>.*)",
    re.IGNORECASE,
)
_SUFFIXED = re.compile(
    r"[\W_]*(?:(?:diese (?:e-mail|mail|nachricht) wurde )?(?:von|mit) (?P<german>.{1,60}) gesendet"
    r"|(?P<hungarian>.{1,60}) küldve|(?P<turkish>.{1,60}) gönderildi)[\W_]*\Z",
    re.IGNORECASE,
)
_STRONG = re.compile(
    r"(?:i?phon|ipad|ipod|iphon|smartphon|téléphon|telefon|teléfon|telefón|telemóvel|android|ios|blackberry|samsung|galaxy"
    r"|huawei|xiaomi|redmi|nokia|motorola|oneplus|xperia|pixel|windows|macbook|chromebook|tablet|handy|mobil|móvil|mobile"
    r"|cellphon|cellulare|celular|portable|outlook|gmail|yahoo|proton|thunderbird|airmail|bluemail|superhuman|mailspring"
    r"|mailbird|tutanota|fastmail|aquamail|polymail|мобильн|мобільн|телефон|смартфон|айфон|планшет|κινητ)[\w'’-]*"
    r"|mail\.ru|web\.de|gmx|aol|spark|nine|boxer|newton|k-9|mailbox|zoho|mac|pc|laptop|notebook|cell|htc|lg|zte|alcatel"
    r"|asus|lenovo|oppo|vivo|realme|droid",
    re.IGNORECASE,
)
_WEAK = re.compile(
    r"(?:mail|e-?mail|app|aplika|applicat|applica|device|gerät|appareil|dispositiv|készülék|почт|пошт|posta?|poczt)[\w'’-]*"
    r"|a|an|the|my|our|of|for|on|and|free|secure|new|network|wireless|version|plus|pro|max|ultra|mini|air|note|edge"
    r"|verizon|sprint|t-mobile|at&t|vodafone|telekom|o2|orange|apple|google|microsoft|sony|blue|client|webmail|work|with"
    r"|mein|meine[mrs]?|dem|der|die|das|einem|einer|mit|für|auf|aus|per|herunterladen|beziehen|laden"
    r"|mon|ma|mes|un|une|le|la|les|l|d|pour|sur|mi|un|una|el|para|meu|minha|um|uma|o|do|da|no|meva|del"
    r"|mio|mia|il|dal|su|mijn|mein|een|voor|op|min|mitt|min[ae]?|en|et|til|för|på|med|dla|systemu|programu?|na|pro|pe|meu"
    r"|ul|mog|cep|az?|для|на|моего|моей|мого|μου|το|của|tôi|saya|di|\d{1,2}|[a-z]{0,8}\d{1,3}[a-z+]{0,2}",
    re.IGNORECASE,
)
_NO_BLANKS = re.compile(
    r"(?:[从從](?:我的)?|[发發寄]自(?:我的?)?)(?P<chinese>.{1,40}?)(?:傳送|发送|寄出)?[\W_]*\Z"
    r"|(?P<japanese>.{1,40})(?:から|より)送信[\W_]*\Z|(?P<korean>.{1,40})에서 보냄[\W_]*\Z"
)
_NO_BLANKS_STRONG = re.compile(
    r"iphone|ipad|android|outlook|windows|gmail|yahoo|samsung|galaxy|huawei|xiaomi|手机|手機|平板|小米|华为|荣耀|三星"
    r"|携帯|スマートフォン|スマホ|タブレット|휴대폰|스마트폰|갤럭시|mail|邮箱|郵箱|メール|메일",
    re.IGNORECASE,
)
_NO_BLANKS_ALL = re.compile(
    r"(?:[ -~]|手机|手機|平板|电脑|電腦|设备|設備|小米|华为|荣耀|三星|苹果|邮箱|郵箱|邮件|郵件|客户端|版|的"
    r"|網易|网易|大师|私の|携帯|電話|スマートフォン|スマホ|タブレット|アプリ|メール|の|내|나의|휴대폰|스마트폰|갤럭시|메일|용)+"
)
_CLEAN = re.compile(
    r"[\W_]*(?:virenfrei|virus-free|absence de virus|garanti sans virus|libre de virus|livre de vírus|privo di virus)"
    r"[.\s]*(?:[<(\[]*(?:https?://|www\.)\S+\s*)*[\W_]*\Z",
    re.IGNORECASE,
)
_LINK = re.compile(r"\s*[<(\[]*(?:https?://|www\.)\S*")
_BREAK = re.compile(r"[,.;:!]+(?:\s|\Z)|\s[-–—(|]+\s?")
_EXCUSE = re.compile(
    r"excus|pardon|forgive|sorry|apolog|entschuldig|verzeih|désolé|disculp|perd[oó]n|desculp|scus|ursäkt|undskyld"
    r"|beklager|przepras|omluv|извин",
    re.IGNORECASE,
)
_EXCUSED = re.compile(
    r"typo|brevity|brief|terse|autocorrect|spelling|tippfehler|kürze|rechtschreib|fautes|brièveté|erreurs|errores"
    r"|brevedad|erros|brevidade|errori|brevità|typefout|stavfel|slåfejl|skrivefeil|literówk|překlep|опечат",
    re.IGNORECASE,
)
_OFFER = re.compile(r"get the app\W*", re.IGNORECASE)
_MODEL = re.compile(r"[A-Z]{1,4}-?[A-Z]?\d{2,5}[A-Z]{0,2}")  # what a telephone calls itself that has no other name
_AROUND = "\"'“”„«»()[]*_<>"


def is_device(line: str) -> bool:
    """Whether a stripped line is what a device or program signs with."""
    if len(line) >= LONGEST:
        return False
    if found := _PREFIXED.match(line):
        return _names_device(found["rest"])
    if found := _SUFFIXED.match(line):
        return _are_of_device(_words(found["german"] or found["hungarian"] or found["turkish"]))
    if found := _NO_BLANKS.match(line):
        rest = found["chinese"] or found["japanese"] or found["korean"]
        return _NO_BLANKS_ALL.fullmatch(rest) is not None and _NO_BLANKS_STRONG.search(rest) is not None
    return _CLEAN.match(line) is not None


def _names_device(rest: str) -> bool:
    """Whether a device is named, and nothing is said behind it but an excuse for typing errors."""
    rest = _LINK.sub(" ", rest).strip()
    broken = _BREAK.search(rest)
    if broken is None:
        return _are_of_device(_words(rest))
    behind = rest[broken.end() :].strip(f" .!{_AROUND}")
    return _are_of_device(_words(rest[: broken.start()])) and (not behind or _is_excuse(behind))


def _is_excuse(words: str) -> bool:
    if _OFFER.fullmatch(words):
        return True
    short = len(words.split()) <= MOST_EXCUSE and "?" not in words
    return short and _EXCUSE.search(words) is not None and _EXCUSED.search(words) is not None


def _words(rest: str) -> list[str]:
    return [word for one in rest.split() if (word := one.strip(_AROUND).rstrip("!."))]


def _are_of_device(words: list[str]) -> bool:
    """Whether a device or program is among them, and all the others may stand around its name.

    Of `my` device one word more may be told: a name that is not known here, with something known behind it.
    """
    if words[:1] == ["my"] and len(words) == 2 and _MODEL.fullmatch(words[1]):
        return True
    strong = [_STRONG.fullmatch(word) is not None for word in words]
    others = [word for known, word in zip(strong, words, strict=True) if not known and not _WEAK.fullmatch(word)]
    named = words[:1] == ["my"] and len(others) == 1 and others[0].istitle() and others[0] != words[-1]
    if others and not named:
        return False
    said = {word.lower() for word in words}
    return any(strong) or ("app" in said and bool(said & {"mail", "email", "e-mail"}))
