"""The headers that mail programs copy above what they quote or pass on, in the languages of the programs.

Each function looks at a bounded number of lines and characters, so that hostile text costs no more than ordinary text.
"""

# ruff: noqa: RUF001  letters of other scripts are meant

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

LONGEST_VALUE = 400  # characters of a line that are looked at
MOST_HEADER_LINES = 10  # lines within which a copied header shows what it is
LONG = 45  # characters of a value that may have been wrapped
MOST_LINES = 60  # lines of a copied header that are read; full headers are longer than those of Outlook
MOST_ABOVE = 12  # lines that may stand above the copied headers: a divider, blank lines, a note of the program
LONGEST_KEY = 30


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split("|"))


_FROM = _words(
    "from|von|absender|de|expéditeur|remitente|da|mittente|van|afzender|od|nadawca|odesílatel|odosielateľ|fra|afsender"
    "|avsender|från|avsändare|lähettäjä|feladó|de la|expeditor|kimden|gönderen|от|от кого|відправник|від|подател|από"
    "|αποστολέας|差出人|送信者|发件人|寄件者|寄件人|發件人|보낸 사람|šalje|pošiljatelj|saatja|nuo|no"
)
_SENT = _words(
    "sent|date|sent at|sent on|gesendet|gesendet am|datum|envoyé|envoyé le|enviado|enviado el|enviada em|enviado em"
    "|enviada|fecha|data|data invio|inviato|inviato il|verzonden|verzonden op|wysłano|wysłane|wysłany|data wysłania"
    "|odesláno|odoslané|odesláno dne|sendt|sendt den|dato|skickat|skickat den|lähetetty|päivämäärä|päiväys|pvm"
    "|elküldve|küldve|küldés időpontja|küldés dátuma|dátum|trimis|trimis la|trimisă|dată|data trimiterii|gönderildi"
    "|gönderilme tarihi|gönderme tarihi|tarih|отправлено|дата|дата отправки|надіслано|στάλθηκε|ημερομηνία|απεστάλη"
    "|送信日時|日付|日時|发送时间|發送時間|发送日期|日期|傳送時間|寄件日期|時間|时间|보낸 날짜|날짜|poslano|saadetud"
)
_TO = _words(
    "to|an|à|pour|destinataire|para|destinatario|destinatário|a|aan|do|adresat|komu|pro|til|till|mottagare|mottaker"
    "|modtager|vastaanottaja|címzett|către|catre|la|kime|alıcı|кому|до|получатель|προς|παραλήπτης|宛先|收件人|收件者"
    "|受信者|받는 사람|za|prima|saaja"
)
_CC = _words(
    "cc|kopie|copie à|copie|cópia|copia|kopia|dw|do wiadomości|kopi|kopio|másolat|másolatot kap|bilgi|копия|копія"
    "|κοιν|κοιν.|κοινοποίηση|抄送|副本|참조"
)
_SUBJECT = _words(
    "subject|betreff|objet|sujet|asunto|oggetto|assunto|onderwerp|temat|tytuł|předmět|predmet|věc|emne|ämne|aihe|tárgy"
    "|subiect|konu|тема|относно|θέμα|件名|主题|主題|主旨|제목|naslov|teema"
)
_ID = _words("message-id|message id|nachrichten-id|id du message|id wiadomości|meddelande-id|meddelelses-id|viestin id")
_KIND_OF_KEY = {
    **dict.fromkeys(_CC, "cc"),
    **dict.fromkeys(_ID, "id"),
    **dict.fromkeys(_SUBJECT, "subject"),
    **dict.fromkeys(_TO, "to"),
    **dict.fromkeys(_SENT, "sent"),
    **dict.fromkeys(_FROM, "from"),
}
_ANY_KEY = re.compile(r"[*_>\s]*[^\W\d_][^\n:：<>@/]{0,28}[*_]?\s?[:：][*_]?(?:\s|\Z)")
_CLOCK = re.compile(r"(?<!\d)\d{1,2}[:.h]\d\d(?!\d)")


@dataclass(frozen=True, slots=True)
class Header:
    """One line of a copied header: its kind (from, sent, to, cc, subject, id, or empty for another) and its value."""

    kind: str
    value: str


def header_kind(line: str) -> str:
    """What a line of a copied header tells: from, sent, to, cc, subject, id; empty where it is no such line."""
    key, colon, _ = line.partition(":") if ":" in line[:LONGEST_KEY] else line.partition("：")
    return _KIND_OF_KEY.get(key.strip("*_> \t\u00a0").lower(), "") if colon and len(key) < LONGEST_KEY else ""


def read_headers(lines: Sequence[str], start: int, most: int = MOST_LINES) -> Iterator[Header]:
    """The copied headers that stand at `start`; a line without a key may go on with the value above it.

    Each may be a paragraph of its own: a blank line ends them unless another header stands below it.
    """
    kind, value = "", ""
    for place in range(start, min(len(lines), start + most)):
        line = lines[place][: LONGEST_VALUE * 2].strip(" \t\r\u00a0")[:LONGEST_VALUE]
        if not line:
            if place + 1 >= len(lines) or not header_kind(lines[place + 1].strip()):
                break
            continue
        found = header_kind(line)
        goes_on = bool(kind or value) and (len(value) >= LONG or not value or lines[place][:1] in " \t")
        if not found and goes_on and line[0] != ">" and not _ANY_KEY.match(line):
            value = f"{value} {line}".strip()[:LONGEST_VALUE]
            continue
        if kind or value:
            yield Header(kind, value)
        kind, value = found, _value(line) if found or _ANY_KEY.match(line) else line
    if kind or value:
        yield Header(kind, value)


def _value(line: str) -> str:
    _, _, value = line.partition(":") if ":" in line[: LONGEST_KEY + 2] else line.partition("：")
    return value.strip("*_ \t\u00a0")


def is_copied_header(lines: Sequence[str], start: int, *, after_divider: bool) -> bool:
    """Whether the headers of a mail stand at `start`, as Outlook copies them; the words alone may be own words.

    A sender must be there, and a date or recipient with somebody's address, or a date and a subject (below a divider an
    address is enough).
    Below a divider the words may be of a language that is not known here: then the values tell.
    """
    found = list(read_headers(lines, start, MOST_HEADER_LINES))
    kinds = {header.kind for header in found}
    address = any("@" in header.value for header in found)
    if "from" not in kinds:
        return after_divider and _has_values_of_headers(found)
    if after_divider and (address or kinds & {"sent", "to"}):
        return True
    return (address and bool(kinds & {"sent", "to"})) or kinds >= {"sent", "subject"}


def kinds_below(lines: Sequence[str], start: int) -> frozenset[str]:
    """The kinds of the copied headers at `start`, or below the divider there."""
    for place in range(start, min(len(lines), start + MOST_ABOVE)):
        if header_kind(lines[place].strip()):
            return frozenset(header.kind for header in read_headers(lines, place, MOST_HEADER_LINES))
    return frozenset()


def _has_values_of_headers(found: Sequence[Header]) -> bool:
    """Whether they hold what the first headers of a mail hold: somebody's address, then a date with the time."""
    first = [header.value for header in found[:4]]
    return len(first) > 2 and any("@" in value for value in first[:3]) and any(map(_is_date, first))


def _is_date(value: str) -> bool:
    return "@" not in value and _CLOCK.search(value) is not None and sum(map(str.isdigit, value)) >= 5
