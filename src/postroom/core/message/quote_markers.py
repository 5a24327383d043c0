"""What announces a quotation in a line of text: attributions, copied headers, divider lines, signatures.

The words are those that mail programs write in their own languages; each function looks at a bounded number of
characters, so that hostile text costs no more than ordinary text.
"""

# ruff: noqa: RUF001  letters of other scripts are meant

from __future__ import annotations

import re
from collections.abc import Sequence

LONGEST_LINE = 400  # characters; no program writes a longer attribution or divider
MOST_HEADER_LINES = 10  # lines within which a copied header shows what it is

_VERB = re.compile(
    r"\b(?:wrote|writes|schrieb(?:en)?|schreibt|geschrieben|(?:a|avez|ai) écrit|écrivait|escribió|escribio|ha escrito"
    r"|escribe|ha scritto|scrisse|escreveu|schreef|geschreven|napisał(?:a|\(a\))?|pisze|napsal(?:a|\(a\))?|napísal"
    r"|skrev|kirjoitti|írta|a scris|yazdı|έγραψε|написал(?:а|\(а\))?|писал(?:а|\(а\))?|пише|пишет|написав|написа|piše"
    r"|je napisao|napisao)(?!\w)|写道|寫道|のメール|書きました|书写|님이 작성|đã viết",
    re.IGNORECASE,
)
_OPENER = re.compile(
    r"[\W_]*(?:on|at|le|am|el|il|in data|op|em|no dia|dne|dňa|w dniu|dnia|den|på|pe|în|στις|στο|em|à|vào|na|d\."
    r"|mon|tue|wed|thu|fri|sat|sun|mo\.|di\.|mi\.|do\.|fr\.|sa\.|so\.|пн|вт|ср|чт|пт|сб|вс|нд|pon|wt|śr|czw|pt|sob"
    r"|ndz"
    r"|lun|mar|mié|jue|vie|sáb|dom|[^\W\d_]{2,4}[.,]{0,2} \d{1,2}|\d{1,4})(?![^\W\d_])|[\W_]*[在于於]",
    re.IGNORECASE,
)
_DATE = re.compile(
    r"(?<!\d)(?:19|20)\d\d(?!\d)|(?<!\d)\d{1,2}[:.h]\d\d(?!\d)|(?<!\d)\d{1,4}[./-]\d{1,2}[./-]\d{1,4}(?!\d)"
)
_ENDS_IN_ADDRESS = re.compile(r"[<(\[][^\s<>()]+@[^\s<>()]+\s?[>)\]]\s?[:：]?\Z")
_NAME_AND_ADDRESS = re.compile(r"[^<>@.!?]{0,60}<[^<>]{1,200}@[^<>]{1,200}>")
_DATE_FIRST = re.compile(r"\d{4}[-/]\d{1,2}[-/]\d{1,2}\s")
_DATE_AND_ZONE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d GMT[+-]\d\d:\d\d [^\W\d]")
_CLOSES_ADDRESS = re.compile(r">\s?(?:[^\W\d]+\s?){0,3}[:：]\Z")
_DIVIDER = re.compile(r"[-_=*~\s\u2010-\u2015\u2500]*\Z")

_ORIGINAL = re.compile(
    r"(?:original|reply) message|(?:ursprüngliche|antwort|original)[ -]?nachricht|message (?:d[’']origine|original)"
    r"|mensaje original|messaggio originale|mensagem original|oorspronkelijk bericht|(?:oryginalna"
    r"|pierwotna) wiadomość"
    r"|wiadomość oryginalna|původní (?:zpráva|e-mail)|pôvodná správa|oprindelig (?:meddelelse|besked)"
    r"|opprinnelig melding|ursprungligt meddelande|alkuperäinen viesti|eredeti üzenet|mesaj(?:ul)? original"
    r"|(?:orijinal|özgün) (?:mesaj|ileti)|(?:исходное|оригинальное) сообщение|оригінальне повідомлення|αρχικό μήνυμα"
    r"|原始邮件|原始郵件|邮件原件|元のメッセージ|원본 메(?:시|일)지",
    re.IGNORECASE,
)
_FORWARDED = re.compile(
    r"(?:begin )?forwarded (?:message|mail|text|by)|weitergeleitete (?:nachricht|e-mail)|message transféré"
    r"|(?:début du )?message "
    r"réexpédié|mensaje reenviado|messaggio inoltrato|mensagem encaminhada|doorgestuurd bericht|begin doorgestuurd"
    r"|wiadomość przekazana|przekazana wiadomość|přeposlaná zpráva|videresendt (?:meddelelse|melding|besked)"
    r"|vidarebefordrat|välitetty viesti|továbbított üzenet|mesaj redirecționat|iletilmiş|iletilen"
    r"|пересылаемое сообщение"
    r"|переадресоване|προωθημένο|转发的?邮件|轉寄的?郵件|転送された|전달된 메",
    re.IGNORECASE,
)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split("|"))


_FROM = _words(
    "from|von|absender|de|expéditeur|remitente|da|mittente|van|afzender|od|nadawca|odesílatel|fra|från|avsändare"
    "|lähettäjä|feladó|de la|kimden|gönderen|от|от кого|від|відправник|από|差出人|送信者|发件人|寄件者|發件人|보낸 사람"
)
_SENT = _words(
    "sent|date|sent at|gesendet|datum|envoyé|envoyé le|enviado|enviado el|enviada em|enviado em|fecha|data|inviato"
    "|verzonden|wysłano|wysłane|data wysłania|odesláno|odoslané|sendt|dato|skickat|lähetetty|päivämäärä|pvm|elküldve"
    "|küldve|dátum|trimis|trimis la|dată|gönderildi|gönderilme tarihi|tarih|отправлено|дата|надіслано|στάλθηκε"
    "|ημερομηνία|送信日時|日付|日時|发送时间|發送時間|日期|傳送時間|寄件日期|時間|时间|보낸 날짜|날짜"
)
_TO = _words(
    "to|an|à|para|a|aan|do|komu|til|till|vastaanottaja|címzett|către|la|kime|alıcı|кому|до|προς|宛先|收件人|收件者"
    "|받는 사람"
)
_SUBJECT = _words(
    "subject|betreff|objet|asunto|oggetto|assunto|onderwerp|temat|předmět|predmet|emne|ämne|aihe|tárgy|subiect|konu"
    "|тема|θέμα|件名|主题|主題|제목"
)
_KIND_OF_KEY = {
    **dict.fromkeys(_SUBJECT, "subject"),
    **dict.fromkeys(_TO, "to"),
    **dict.fromkeys(_SENT, "sent"),
    **dict.fromkeys(_FROM, "from"),
}

_DEVICE = re.compile(
    r"[\W_]*(?:sent (?:from|via|with|by|using) |from my (?:i|android|mobile|phone|cell|samsung|blackberry)"
    r"|get \[?outlook for"
    r"|envoyé (?:depuis|de mon|de ma|à partir d|avec|via) ?|télécharger outlook|gesendet (?:von|mit|über|via) "
    r"|(?:von|diese nachricht wurde von) meine[mr] .{1,80}gesendet|holen sie sich outlook|outlook für (?:ios|android)"
    r"|enviado (?:desde|do|de mi|a partir|con|via) |enviada do |obtener outlook|obter o outlook"
    r"|inviato (?:da|dal|con|tramite) |ottieni outlook|scarica outlook|verzonden (?:vanaf|met|via|van) |sendt (?:fra"
    r"|via|med) "
    r"|hent outlook|få outlook|skickat (?:från|med)|skaffa outlook|lähetetty |hanki outlook"
    r"|wysłan[eoay] (?:z|ze|przez) |pobierz (?:program )?outlook|odesláno (?:z|ze|pomocí) |odoslané z |trimis (?:de"
    r"|din) "
    r"|отправлено (?:с|со|из) |надіслано (?:з|із) |στάλθηκε από |az? .{1,40}(?:készülékemről|telefonomról) küldve"
    r"|(?:從|从)我的 ?.{1,40}(?:傳送|发送|寄出)|[发發]自我?的?|.{1,40}から送信|.{1,40}에서 보냄|.{1,40}(?:dan"
    r"|den) gönderildi)",
    re.IGNORECASE,
)


def is_divider(line: str) -> bool:
    """Whether a stripped line holds nothing but dashes, underscores and the like, or nothing at all."""
    return len(line) < LONGEST_LINE and _DIVIDER.match(line) is not None


def is_original(line: str) -> bool:
    """Whether a stripped line is such as `-----Original Message-----`."""
    return len(line) < 100 and line[-1:] in "-_=*" and _ORIGINAL.match(line.strip("-_=* ")) is not None


def is_forward(line: str) -> bool:
    """Whether a stripped line announces a mail passed on: `---------- Forwarded message ---------`."""
    if len(line) > 100 or not (line[:1] in "-_=*" or line[-1:] in ":："):
        return False
    return _FORWARDED.match(line.strip("-_=* ")) is not None


def is_device(line: str) -> bool:
    """Whether a stripped line is what a device signs with: `Sent from my phone`."""
    return len(line) < 120 and _DEVICE.match(line) is not None


def closes_address(line: str) -> bool:
    """Whether a line that begins with `>` is no quote but the end of a wrapped attribution: `> wrote:`."""
    return len(line) < 40 and _CLOSES_ADDRESS.match(line) is not None


def may_open(line: str) -> bool:
    """Whether an attribution of several lines may begin with this line."""
    return _OPENER.match(line) is not None


def begins_with_name(line: str) -> bool:
    """Whether an attribution without a date in front begins with a name: then no own words stand before it."""
    return _NAME_AND_ADDRESS.match(line) is not None or (len(line) < 80 and _DATE.search(line) is None)


def is_attribution(line: str, *, before_quote: bool) -> bool:
    """Whether `On Monday, Jane <jane@example.com> wrote:` or its like, wrapped lines joined.

    `before_quote` means that a quoted line follows: then a name and a verb are enough.
    """
    bare = line.strip("-_=* ")
    if not bare:
        return False
    ends = bare[-1] in ":：" or (line[:2] == "--" and line[-2:] == "--")
    if ends and _VERB.search(bare):
        return before_quote or "@" in bare or _DATE.search(bare) is not None
    if _ENDS_IN_ADDRESS.search(bare[-100:]):
        return _DATE_FIRST.match(bare) is not None or (ends and _DATE.search(bare) is not None)
    return len(bare) < 100 and _DATE_AND_ZONE.match(bare) is not None


def header_kind(line: str) -> str:
    """What a line of a copied header tells: from, sent, to, subject; empty where it is no such line."""
    key, colon, _ = line.partition(":") if ":" in line[:30] else line.partition("：")
    return _KIND_OF_KEY.get(key.strip("*_> \t").lower(), "") if colon and len(key) < 30 else ""


def is_copied_header(lines: Sequence[str], start: int, *, after_divider: bool) -> bool:
    """Whether the headers of a mail stand at `start`, as Outlook copies them; the words alone may be own words.

    A sender, a date or recipient, and a subject or an address must be there (below a divider an address is enough).
    """
    kinds: set[str] = set()
    address = False
    for place in range(start, min(len(lines), start + MOST_HEADER_LINES)):
        line = lines[place].strip()[:LONGEST_LINE]
        if not line:
            break
        kinds.add(header_kind(line))
        address = address or "@" in line
    if "from" not in kinds:
        return False
    if after_divider and (address or kinds & {"sent", "to"}):
        return True
    return bool(kinds & {"sent", "to"}) and ("subject" in kinds or address)
