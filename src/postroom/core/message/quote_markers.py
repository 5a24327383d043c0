"""What announces a quotation in a line of text: attributions, divider lines, the lines of those who pass a mail on.

The words are those that mail programs write in their own languages; each function looks at a bounded number of
characters, so that hostile text costs no more than ordinary text.
"""

# ruff: noqa: RUF001  letters of other scripts are meant

from __future__ import annotations

import re

LONGEST_LINE = 400  # characters; no program writes a longer attribution or divider
DASHES = "-_=*~\u2010\u2011\u2012\u2013\u2014\u2015\u2500"  # of which dividers are made
VERB_BEHIND = 16  # characters at the end of an attribution in which its verb stands, as a rule
LONGEST_DIVIDER = 300  # characters of a divider with words: it may name somebody and an address

_VERB = re.compile(
    r"\b(?:wrote|writes|has written|schrieb(?:en)?|schreibt|geschrieben|(?:a|avez|ai) écrit|écrivait|écrit|escribió"
    r"|escribio|ha escrito|escribe|va escriure|ha scritto|scrisse|ha inviato|escreveu|schreef|geschreven"
    r"|napisał(?:a|\(a\))?|napisana przez|pisze|napsal(?:a|\(a\))?|píše|napísal(?:a|\(a\))?|skrev|följande"
    r"|kirjoitti|írta|a scris|yazdı|yazmış|έγραψε|γράφει|написал(?:а|\(а\)|\(-а\))?|писал(?:а|\(а\))?|пише|пишет"
    r"|написав|написа|piše|je napisao|napisao|je napisal(?:a|/a)?|kirjutas|rašė|rakstīja)(?!\w)"
    r"|写道|寫道|のメール|書きました|書きます|书写|님이 작성|đã viết",
    re.IGNORECASE,
)
_QUOTING = re.compile(
    r"(?:quoting|zitat von|citando a?|citazione da|citaat van|citát od|citat från|citat fra|selon|citation de|cytat od"
    r"|цитирование|cita de) \S",
    re.IGNORECASE,
)
_OPENER = re.compile(
    r"[\W_]*(?:on|at|le|am|el|il|in data|op|em|no dia|às|dne|dňa|w dniu|wiadomość|dnia|den|på|pe|în|στις|στο|à|vào|na"
    r"|d\.|la|mon|tue|wed|thu|fri|sat|sun|mo\.|di\.|mi\.|do\.|fr\.|sa\.|so\.|пн|вт|ср|чт|пт|сб|вс|нд|pon|wt|śr|czw|pt"
    r"|sob|ndz|lun|mar|mié|jue|vie|sáb|dom|[^\W\d_]{2,4}[.,]{0,2} \d{1,2}|\d{1,4})(?![^\W\d_])|[\W_]*[在于於]",
    re.IGNORECASE,
)
_DATE = re.compile(
    r"(?<!\d)(?:19|20)\d\d(?!\d)|(?<!\d)\d{1,2}[:.h]\d\d(?!\d)|(?<!\d)\d{1,4}[./-]\d{1,2}[./-]\d{1,4}(?!\d)"
)
_ENDS_IN_ADDRESS = re.compile(r"[<(\[][^\s<>()]+@[^\s<>()]+\s?[>)\]]\s?[:：]?\Z")
_NAME_AND_ADDRESS = re.compile(r"[^<>@.!?]{0,60}<[^<>]{1,200}@[^<>]{1,200}>")
_CAPITALISED = re.compile(r"(?:[^\W\d_a-zß-ÿа-яёα-ω於于][\w.'’-]{0,30} ){1,4}")
_DATE_FIRST = re.compile(r"\d{4}[-/]\d{1,2}[-/]\d{1,2}\s")
_DATE_AND_ZONE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d GMT[+-]\d\d:\d\d [^\W\d]")
_CLOSES_ADDRESS = re.compile(r">\s?(?:[^\W\d]+\s?){0,3}[:：]\Z")
_DIVIDER = re.compile(rf"[{DASHES}\s]*\Z")

_ORIGINAL = re.compile(
    r"(?:original|reply|replied) (?:message|e-?mail)|original\Z"
    r"|(?:ursprüngliche|antwort|original)[ -]?(?:nachricht|e-?mail)"
    r"|message (?:d[’']origine|original)|courriel original|mensaje original|correo original|messaggio originale"
    r"|mensagem original|oorspronkelijk bericht|(?:oryginalna|pierwotna) wiadomość|wiadomość oryginalna"
    r"|původní (?:zpráva|e-mail)|pôvodná správa|oprindelig (?:meddelelse|besked|mail)"
    r"|opprinnelig (?:melding|e-post)|ursprungligt meddelande|originalmeddelande|alkuperäinen viesti"
    r"|eredeti (?:üzenet|levél)|mesaj(?:ul)? (?:original|inițial)|(?:orijinal|özgün) (?:mesaj|ileti)"
    r"|(?:исходное|оригинальное|первоначальное) (?:сообщение|письмо)|оригінальне повідомлення|αρχικό μήνυμα"
    r"|原始(?:邮件|郵件|信息|訊息)|邮件原件|元のメッセージ|원본 메(?:시|일)지",
    re.IGNORECASE,
)
_FORWARDED = re.compile(
    r"(?:begin )?forwarded (?:message|mail|e-?mail|text|by)|begin included message|fwd?:? message"
    r"|(?:anfang der )?weitergeleiteten? (?:nachricht|e-?mail)|weitergeleitet von"
    r"|(?:début du |debut du )?(?:message|courriel) (?:transféré|réexpédié)|transféré par"
    r"|(?:inicio del )?mensaje reenviado|reenviado por"
    r"|(?:inizio (?:del )?)?messaggio inoltrato|inoltrato da"
    r"|(?:início da )?mensagem (?:re)?encaminhada|encaminhado por"
    r"|(?:begin )?doorgestuurd(?: e-mail)?(?: ?bericht)?|doorgestuurd door"
    r"|(?:początek )?(?:przekazywanej|przekazana|przesłana) wiadomo(?:ści|ść)|wiadomość przekazana|przesłane przez"
    r"|(?:začátek )?přepos[ií]?l[aá]n[áé] zpráv[ay]|přeposlaná zpráva|preposlaná správa"
    r"|(?:start på |begynder )?videresendt (?:meddelelse|melding|besked|e-?post|mail)|begin videresendt"
    r"|vidarebefordra(?:t|d)|välitetty viesti|edelleenlähetetty"
    r"|továbbított (?:üzenet|levél)|(?:începutul )?mesaj(?:ul|ului)? (?:redirecționat|transmis)"
    r"|iletilmiş|iletilen|yönlendirilen|(?:başlangıç )iletilen"
    r"|(?:начало )?(?:пересылаемо(?:е|го)|переадресованно(?:е|го)|пересланно(?:е|го)) (?:сообщени[ея]|письм[оа])"
    r"|переадресоване|переслане|(?:αρχή )?προωθ(?:ημένο|ούμενο|ημένου|ούμενου)"
    r"|(?:以下是|开始|開始)?(?:转发|轉寄|轉發)的?(?:邮件|郵件|訊息|信息|消息)|転送された|転送メッセージ|전달된 메",
    re.IGNORECASE,
)


def is_divider(line: str) -> bool:
    """Whether a stripped line holds nothing but dashes, underscores and the like, or nothing at all."""
    return len(line) < LONGEST_LINE and _DIVIDER.match(line) is not None


def is_original(line: str) -> bool:
    """Whether a stripped line is such as `-----Original Message-----`."""
    return len(line) < 100 and line[-1:] in "-_=*" and _ORIGINAL.match(line.strip("-_=* \u00a0")) is not None


def is_forward(line: str) -> bool:
    """Whether a stripped line announces a mail passed on: `---------- Forwarded message ---------`."""
    if len(line) > LONGEST_DIVIDER or not (line[:1] in "-_=*" or line[-1:] in ":："):
        return False
    return _FORWARDED.match(line.strip("-_=* \u00a0")) is not None


def is_groupwise(line: str) -> bool:
    """Whether a stripped line is `>>> Jane Doe 03/03/2025 10:11 >>>`, below which all is quoted without signs."""
    return line[-3:] == ">>>" and len(line) < LONGEST_LINE and _DATE.search(line) is not None


def closes_address(line: str) -> bool:
    """Whether a line that begins with `>` is no quote but the end of a wrapped attribution: `> wrote:`."""
    return len(line) < 40 and _CLOSES_ADDRESS.match(line) is not None


def may_open(line: str) -> bool:
    """Whether an attribution of several lines may begin with this line."""
    return _OPENER.match(line) is not None


def begins_with_address(line: str) -> bool:
    """Whether an attribution begins with a name and an address: then no own words stand before it."""
    return _NAME_AND_ADDRESS.match(line) is not None


def begins_with_name(line: str) -> bool:
    """Whether an attribution begins with a name; where it has a date, the verb must follow the name."""
    if _DATE.search(line) is None:
        return len(line) < 80
    name = _CAPITALISED.match(line)
    return name is not None and (line[name.end()] in "於于" or _VERB.match(line, name.end()) is not None)


def is_attribution(line: str, *, before_quote: bool) -> bool:
    """Whether `On Monday, Jane <jane@example.com> wrote:` or its like, wrapped lines joined.

    `before_quote` means that a quoted line follows: then a name and a verb are enough, and an address with a date
    needs no verb that is known here.
    """
    bare = line.strip("-_=* \u00a0")
    if not bare:
        return False
    ends = bare[-1] in ":：" or (line[:2] == "--" and line[-2:] == "--")
    if ends and _has_verb(bare):
        return before_quote or "@" in bare or _DATE.search(bare) is not None
    if ends and _QUOTING.match(bare):
        return before_quote or "@" in bare
    if _ENDS_IN_ADDRESS.search(bare[-100:]):
        return _DATE_FIRST.match(bare) is not None or (ends and _DATE.search(bare) is not None)
    if before_quote and ends and "@" in bare and _DATE.search(bare):
        return _OPENER.match(bare) is not None or _NAME_AND_ADDRESS.match(bare) is not None
    return len(bare) < 100 and _DATE_AND_ZONE.match(bare) is not None


def _has_verb(line: str) -> bool:
    """The end is looked at first, since most of the cost is of the places where no verb begins."""
    return _VERB.search(line, max(0, len(line) - VERB_BEHIND)) is not None or _VERB.search(line) is not None
