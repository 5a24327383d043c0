"""What stands at the end of own words and is none: signatures and disclaimers.

Only a bounded number of lines and characters is looked at. Where in doubt a line counts as own words.
"""

# ruff: noqa: RUF001  letters of other scripts are meant

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import IntEnum

from postroom.core.message import quote_markers as markers
from postroom.core.message.devices import is_device
from postroom.core.message.disclaimers import is_disclaimer, is_heading, may_hold_disclaimer, names_topic

MOST_SIGNATURE = 12  # lines with words below `-- ` or a closing; more is no signature
MOST_PARAGRAPHS = 60  # paragraphs of disclaimers that are looked at, from the end
LONGEST_CARD = 100  # characters of a line of a signature
MOST_ABBREVIATED = 3  # words of a line of a signature that ends in a stop; more is a sentence
MOST_LOWER = 3  # words of one that begins with a small letter
MOST_NAMES = 5  # words of one below two dashes where no contact is told
MOST_LABEL = 2  # words beside an address or a number in such a line
MOST_WORDS = 7  # of a line of a signature, unless most of them are no ordinary words
WRAPPED = (45, 100)  # characters of a line that was wrapped: the paragraph goes on below it
MOST_WRAPPED = 40  # lines of a wrapped paragraph


class Says(IntEnum):
    """What a line is to whoever reads the mail."""

    OWN = 0
    QUOTE = 1
    SIGNATURE = 2
    DISCLAIMER = 3


_POSTSCRIPT = re.compile(r"p\.? ?s\b|n\.? ?b\b", re.IGNORECASE)
_CLOSING = re.compile(
    r"\W*(?:(?:with )?(?:(?:kind|best|warm|kindest|warmest|many|my best|all the best|with best)[ ,]*){0,2}"
    r"(?:regards|wishes|thanks|thank you)|best|cheers|sincerely(?: yours)?|yours (?:sincerely|faithfully|truly)"
    r"|(?:mit )?(?:freundlichen?|besten?|vielen|herzlichen?|liebe[nr]?|schönen?|viele|beste|herzliche)[ \w]*"
    r"(?:grüßen?|grüssen?|gruß|gruss|dank)|mfg|lg|vg|(?:bien |très )?cordialement|(?:meilleures )?salutations[ \w]*"
    r"|bien à (?:vous|toi)|(?:un )?(?:cordial )?saludos?(?: cordiales)?|atentamente|(?:cordiali |distinti )?saluti"
    r"|cordialmente|atenciosamente|(?:com os melhores )?cumprimentos|(?:met )?vriendelijke groet(?:en)?|groet(?:en)?"
    r"|mvg|(?:z )?poważaniem|pozdrawiam|(?:s )?pozdravem|(?:med )?vänlig[a]? hälsning(?:ar)?|mvh|hälsningar"
    r"|(?:med )?venlig hilsen|(?:de )?bedste hilsner|(?:med )?vennlig hilsen|hilsen|ystävällisin terveisin|terveisin"
    r"|üdvözlettel|tisztelettel|(?:cu )?stimă|(?:cu )?respect|cele bune|saygılarımla|iyi çalışmalar|с уважением"
    r"|με εκτίμηση|φιλικά|よろしくお願い(?:いた)?します|敬具|此致|祝好|谢谢)[\W]*\Z",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"[^\s@<]@[^\s@]+\.[^\W\d_]")
_DIGITS = re.compile(r"\d[\d ()./\u00a0-]{4,}\d")
_TELEPHONE = re.compile(
    r"(?:\+|\(0|(?<!\d)0|\b(?:tel|phone|mobile?|mob|cell|fax|fon|telefon|telefax|handy|tél|portable|móvil|teléfono"
    r"|celular|telefone|telefono|gsm|kom|puh|тел|моб|τηλ|電話|电话|手机|direct|office|[tmfp])\b[ .:：|]{0,3}[(+]?)"
    r"\d[\d ()./\u00a0-]{4,}\d",
    re.IGNORECASE,
)
_CONTACT = re.compile(r"\S*(?:@|://|www\.)\S*|[+(]?\d[\d ()./\u00a0-]*")
_ABBREVIATION = re.compile(
    r"(?:\.\w{1,3}|\b(?:ltd|inc|co|corp|llc|plc|bros|jr|sr|ph\.?d|ing|dipl|univ|dept|str|st|ave|rd|no|nr))\.\Z",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"\.['\")\]]?\Z")
_SPEAKS = re.compile(
    r"[!?]['\")\]]?(?:\s|\Z)|[。！？]"
    r"|(?<![\w.@/-])(?:I|I['’]\w+|[Ww]e|[Yy]ou|[Tt]hey|[Ss]he|[Pp]lease|[Cc]ould|[Ww]ould|[Ss]hould|[Ll]et me|[Ll]et us"
    r"|can|will|has|have|was|were|[Bb]itte|[Ii]ch|[Ww]ir|[Kk]önn\w*|kannst|wird|werden|hat|haben|sind|[Jj]e|[Nn]ous"
    r"|[Vv]ous|[Pp]ouvez|avez|avons|sont|[Pp]or favor|puedes?|tengo|tiene|[Pp]er favore|può"
    r"|puoi|sono|você|pode|tenho|[Ii]k|wij|kunt|heeft|hebben|[Pp]roszę|[Cc]zy|[Pp]rosím|jag|[Jj]eg|[Пп]ожалуйста|можете"
    r"|[Мм]ы|[Вв]ы)(?![\w.@/-])"
)


def mark_ending(
    lines: Sequence[str], start: int, end: int, says: list[Says], signed: frozenset[int] = frozenset()
) -> int:
    """Mark what ends the own words at `start` to `end`; returns where the words end. `signed` are lines that the
    markup of HTML says are of a signature.

    Read from the end: disclaimers and what devices sign with, then what stands below `-- ` or a line of dashes, then
    the lines with which a person's name goes on below a closing: position, telephone, address.
    """
    end = _mark_added(lines, start, end, says, signed)
    below = _signature_start(lines, start, end)
    if below == end:
        return end
    says[below:end] = [Says.SIGNATURE] * (end - below)
    return _mark_added(lines, start, below, says, signed)


def _mark_added(lines: Sequence[str], start: int, end: int, says: list[Says], signed: frozenset[int]) -> int:
    """Mark what a program or a mail server added below the words; returns where those end."""
    below = Says.OWN
    for _ in range(MOST_PARAGRAPHS):
        last = end
        while last > start and not lines[last - 1].strip():
            last -= 1
        if last == start:
            break
        kind, top = (Says.SIGNATURE, last - 1) if last - 1 in signed else _added(lines, start, last, below)
        if kind is Says.OWN:
            break
        says[top:end] = [kind] * (end - top)
        end, below = top, kind
    return end


def _added(lines: Sequence[str], start: int, last: int, below: Says) -> tuple[Says, int]:
    """What the line above `last`, or the paragraph that it ends, is, and where that begins."""
    line = lines[last - 1].strip()
    if is_device(line):
        return Says.SIGNATURE, last - 1
    if below is Says.DISCLAIMER and (is_heading(line) or markers.is_divider(line)):
        return Says.DISCLAIMER, last - 1
    top = _disclaimer_start(lines, start, last)
    return (Says.OWN, last) if top == last else (Says.DISCLAIMER, top)


def _disclaimer_start(lines: Sequence[str], start: int, last: int) -> int:
    """Where the disclaimer begins that ends above `last`, in one line or wrapped; `last` where there is none."""
    top = last - 1
    while top > start and last - top < MOST_WRAPPED and WRAPPED[0] <= len(lines[top - 1].strip()) <= WRAPPED[1]:
        top -= 1
    paragraph = [line.strip() for line in lines[top:last]]
    if not may_hold_disclaimer(" ".join(paragraph)):
        return last
    if is_disclaimer(paragraph[-1]):
        return last - 1
    while len(paragraph) > 1 and not names_topic(paragraph[0]):
        del paragraph[0]  # a line of the writer's without a blank one below
    return last - len(paragraph) if len(paragraph) > 1 and is_disclaimer(" ".join(paragraph)) else last


def _signature_start(lines: Sequence[str], start: int, end: int) -> int:
    """Where the signature at the end of own words begins; `end` where there is none."""
    contact = prose = False
    below: list[int] = []  # the lines with words that were passed, the last one first
    for place in range(end - 1, start - 1, -1):
        line = lines[place].strip()
        if not line:
            continue
        if line[0] in markers.DASHES and _stands_above_card(lines, place, below, contact=contact):
            return _writers_own(lines, start, place)
        prose = prose or len(line) > LONGEST_CARD  # which no card has: from here up only the delimiter counts
        if contact and not prose and _CLOSING.match(line):
            return _below_name(lines, below, end)
        contact = contact or (not prose and _tells_contact(line))
        below.append(place)
        if len(below) > MOST_SIGNATURE:
            break
    return end


def _stands_above_card(lines: Sequence[str], place: int, below: Sequence[int], *, contact: bool) -> bool:
    """Whether the line is the delimiter of a signature, or one of dashes with nothing but a card below it."""
    if _is_delimiter(lines[place]):
        return True
    return _may_divide(lines, place, below, contact=contact) and _is_card(lines, below)


def _is_delimiter(line: str) -> bool:
    """Whether a line is the delimiter of RFC 3676, section 4.3, which programs set and hardly any person."""
    return line[:2] == "--" and line.rstrip("\r") in ("-- ", "--\u00a0")


def _writers_own(lines: Sequence[str], start: int, begin: int) -> int:
    """Where the writer's signature begins, above that of a list at `begin`; `begin` where no other is.

    Here only the true delimiter counts, and only lines of a card stand below it.
    """
    found = 0
    for place in range(begin - 1, start - 1, -1):
        if _is_delimiter(lines[place]):
            begin, found = place, 0
            continue
        line = lines[place].strip()
        found += bool(line)
        if found > MOST_SIGNATURE or not _may_be_of_card(line):
            break
    return begin


def _may_divide(lines: Sequence[str], place: int, below: Sequence[int], *, contact: bool) -> bool:
    """Whether two dashes, or a line of dashes between paragraphs, may stand above a signature.

    A line of dashes does so where a contact is told below it, and none below a heading or what announces more.
    """
    line = lines[place].strip()
    if line == "--":
        return contact or _is_block(lines, below)
    if not contact or not markers.is_divider(line) or (place > 0 and lines[place - 1].strip()):
        return False
    return not _announces(lines[max(place - 2, 0)]) and not any(_announces(lines[one]) for one in below)


def _announces(line: str) -> bool:
    return line.rstrip()[-1:] in (":", "：")


def _tells_contact(line: str) -> bool:
    """Whether a line tells how to reach somebody: an address of mail or web, a telephone number."""
    if "://" in line or "www." in line or ("@" in line and _ADDRESS.search(line)):
        return True
    return _DIGITS.search(line) is not None and _TELEPHONE.search(line) is not None


def _below_name(lines: Sequence[str], below: Sequence[int], end: int) -> int:
    """Where a card begins below a closing and a name, which stay; `end` where these lines are no card."""
    card = below[:-1]
    if len(card) < 2 or not _is_card(lines, below) or any(_announces(lines[place]) for place in below):
        return end
    return card[-1]


def _is_block(lines: Sequence[str], places: Sequence[int]) -> bool:
    """Whether these are the few lines of a card without contacts, such as a name and a company."""
    if not all(len(lines[place].split()) <= MOST_NAMES for place in places):
        return False
    whole = len(places) < 2 or places[0] - places[-1] == len(places) - 1
    return whole or (len(places) == 2 and len(lines[places[0]].split()) <= MOST_LABEL)


def _is_card(lines: Sequence[str], places: Sequence[int]) -> bool:
    return all(_may_be_of_card(lines[place].strip()) for place in places)


def _may_be_of_card(line: str) -> bool:
    """Whether a stripped line may be one of a signature; where in doubt it is somebody's own words."""
    if len(line) > LONGEST_CARD or _POSTSCRIPT.match(line) or _SPEAKS.search(line):
        return False
    words = line.split()
    beside = _CONTACT.sub(" ", line).split()
    if len(beside) < len(words) and len(beside) <= MOST_LABEL:
        return True
    if _SENTENCE.search(line):
        return len(words) <= MOST_ABBREVIATED and _ABBREVIATION.search(line) is not None
    if line[:1].islower():
        return len(words) <= MOST_LOWER
    return len(words) <= MOST_WORDS or sum(word[0].islower() for word in words) * 2 < len(words)
