"""Mail that passes on another mail: known by its structure, then by its subject; and who wrote what is passed on.

A forward is not a reply: what stands in it below the forwarder's words is there to be read.
"""

# ruff: noqa: RUF001  letters of other scripts are meant

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from enum import IntEnum

from postroom.core.addresses import Address, normalise, parse_addresses
from postroom.core.encoded_words import without_controls
from postroom.core.frozen import frozen
from postroom.core.headers import Headers
from postroom.core.message.copied_headers import MOST_ABOVE, header_kind, read_headers
from postroom.core.message.mail import Attachment, Mail
from postroom.core.message.parts import Walk
from postroom.core.message.parts import read_headers as header_section
from postroom.core.message.quote_lines import Purpose
from postroom.core.message_ids import ids_in

LONGEST_SUBJECT = 1000  # characters that are looked at
MOST_PREFIXES = 8
MOST_HEAD = 256 * 1024  # bytes of an attached mail in which its headers end
MOST_NAME = 200  # characters
OPENING = ("from", "sent", "to", "cc", "subject", "id")
ATTACHED = frozenset(("message/rfc822", "message/global", "message/news"))


class Claim(IntEnum):
    """What a subject says."""

    NOTHING = 0
    REPLY = 1
    PERHAPS = 2  # a short word that only counts with a copied mail below
    FORWARD = 3


@frozen
class Forwarded:
    """What is known of the mail that another one passes on; each field is empty where nothing tells it.

    `name` and `email` are of who wrote it, `date` is as it stands there, `message_id` is without angle brackets.
    `because` is a sentence for people: how the forward was recognised. All of it is a claim of whoever passes it on.
    """

    name: str = ""
    email: str = ""
    subject: str = ""
    date: str = ""
    message_id: str = ""
    because: str = ""

    @property
    def author(self) -> Address | None:
        """Who is said to have written the mail, where an address of theirs is named."""
        return Address(self.email, self.name) if self.email else None


_FORWARD = (
    "fwd|fw|wg|doorst|doorgestuurd|encaminhada|encaminhado|reencaminhado|enc|przekaz|podaj dalej|přeposláno|předáno"
    "|preposlané|vb|vl|továbbítva|továbbítás|tov|redir|redirecționat|ilt|i̇lt|ynl|пересл|пересылка|переслано|переслать"
    "|перенаправлено|προωθ|προωθημένο|πρθ|πρώθ|転送|转发|轉寄|轉發|전달|weitergeleitet|weiterleitung|reenviado"
    "|inoltro|inoltrato|transféré|transfert|videresendt|vidarebefordrat|välitetty|fyi fwd"
)
_PERHAPS = "tr|rv|i|pd|vs|fs|trs"
_REPLY = (
    "re|aw|antw|antwort|ré|r|res|resp|odp|odpowiedź|sv|svar|vá|vl re|válasz|răsp|rasp|ynt|yan|yanıt|отв"
    "|ответ|απ|απάντηση|σχετ|bls|atb|ats|回复|回覆|答复|答覆|返信|回信|回應|답장|回"
)
_PREFIX = re.compile(
    r"\s*(?:\[[^\[\]]{0,80}\]\s*){0,3}"
    rf"(?:(?P<forward>{_FORWARD})|(?P<perhaps>{_PERHAPS})|(?P<reply>{_REPLY}))"
    r"\s?(?:[\[(]\d{1,3}[\])]|\^\d{1,3}|\*\d{1,3})?\s?[:：]",
    re.IGNORECASE,
)
_PINE = re.compile(r"\s?\(fwd\)\s?\Z", re.IGNORECASE)
_FINNISH = re.compile(r"^\W{0,3}lähettäjä\s?:|kirjoitti:?$", re.IGNORECASE | re.MULTILINE)
_EMAIL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}")
_DATED = re.compile(
    r"[^@<]*\d[\d:.]*(?:\s?(?:[ap]\.?m\.?|uhr)(?!\w))?[\s,，、]*|wiadomość napisana przez ", re.IGNORECASE
)
_SMALL_WORDS = re.compile(r"(?:[a-zß-ÿа-яёα-ώő][^\s<@]*\s+)+(?=[^\W\d_])")
_MAILTO = re.compile(r"[<\[(]?\s?mailto:", re.IGNORECASE)


def subject_claims(subject: str) -> Claim:
    """What the first prefix of a subject says: `Fwd: Re: chairs` is passed on, `Re: Fwd: chairs` answers."""
    subject = subject[:LONGEST_SUBJECT]
    found = _PREFIX.match(subject)
    if found is None:
        return Claim.FORWARD if _PINE.search(subject) else Claim.NOTHING
    if found["reply"]:
        return Claim.REPLY
    if found["perhaps"]:
        return Claim.PERHAPS if found["perhaps"].isupper() else Claim.NOTHING
    return Claim.FORWARD


def purpose_of(mail: Mail, body: str) -> Purpose:
    """What the header of a mail says of what is copied into its body.

    `VS:` is a forward in Danish and Norwegian and an answer in Finnish: the words of the copy tell which.
    """
    claim = subject_claims(mail.subject)
    if claim is Claim.NOTHING:
        return Purpose.UNKNOWN if mail.in_reply_to or mail.references else Purpose.NEW
    if claim is Claim.PERHAPS and mail.subject.lstrip()[:2] == "VS":
        return Purpose.ANSWER if _FINNISH.search(body) else Purpose.FORWARD
    return Purpose.ANSWER if claim is Claim.REPLY else Purpose.FORWARD


def bare_subject(subject: str) -> str:
    """The subject without the prefixes of forwards and answers."""
    for _ in range(MOST_PREFIXES):
        found = _PREFIX.match(subject[:LONGEST_SUBJECT])
        if found is None or (found["perhaps"] or "X").islower():
            break
        subject = subject[found.end() :]
    return _PINE.sub("", subject).strip()


def find_forward(mail: Mail, head: Sequence[str] | None) -> Forwarded | None:
    """What the mail passes on, or None where it passes nothing on.

    `head` is the first lines of a mail that was copied into its body to be read, None where there is none.
    """
    claim = subject_claims(mail.subject)
    if head is not None:  # a mail attached as well is a file of the one that was copied
        return _copied(mail, head)
    attached = None if claim is Claim.REPLY else _attached(mail.attachments)
    if attached is not None:
        return attached
    if claim is Claim.FORWARD:
        return Forwarded(subject=bare_subject(mail.subject), because="Its subject says that it is forwarded")
    return None


def _attached(files: Iterable[Attachment]) -> Forwarded | None:
    """Of the mail that is attached whole (RFC 2046 §5.2.1); several are a digest, or have no one author."""
    whole = [file for file in files if file.content_type in ATTACHED and not file.untouched]
    if len(whole) != 1:
        return None
    headers = _headers_of(whole[0].data)
    author = next((one for value in headers.unfolded("from") for one in parse_addresses(value)), None)
    if author is None:
        return None
    return Forwarded(
        name=author.name,
        email=author.email,
        subject=headers.first("subject"),
        date=headers.first("date"),
        message_id=_first_id(" ".join(headers.unfolded("message-id"))),
        because="It brings another mail along as a whole (message/rfc822)",
    )


def _headers_of(data: bytes) -> Headers:
    head = data[:MOST_HEAD]
    return header_section(Walk(head), 0, len(head))[0]


def _copied(mail: Mail, head: Sequence[str]) -> Forwarded:
    """Of a mail whose headers, or the line that names its author, stand in the body."""
    start = next((place for place, line in enumerate(head[:MOST_ABOVE]) if header_kind(line.strip()) in OPENING), None)
    values: dict[str, str] = {}
    if start is not None:
        for header in read_headers(head, start):
            values.setdefault(header.kind, header.value)
    name, email = _person(values["from"] if "from" in values else _attributed(head))
    return Forwarded(
        name=name,
        email=email,
        subject=values.get("subject", "") or bare_subject(mail.subject),
        date=values.get("sent", ""),
        message_id=_first_id(values.get("id", "")),
        because="It holds a copy of another mail, passed on to be read",
    )


def _attributed(head: Sequence[str]) -> str:
    """Of the line that names whom the words below are from, the part behind its date."""
    line = next((line[:LONGEST_SUBJECT].strip() for line in head[:MOST_ABOVE] if "@" in line[:LONGEST_SUBJECT]), "")
    dated = _DATED.match(line)
    line = line[dated.end() :] if dated else line
    small = _SMALL_WORDS.match(line)
    return line[small.end() :] if small else line


def _first_id(value: str) -> str:
    return next(iter(ids_in(value)), "")


def _person(value: str) -> tuple[str, str]:
    """Name and address as `Jane Doe <jane@example.com>`, `Jane Doe [mailto:jane@example.com]` and their like tell."""
    plain = _MAILTO.sub("<", value)
    found = _EMAIL.search(plain)
    if found is None:
        return _bare_name(plain), ""
    return _bare_name(plain[: found.start()]), normalise(found[0].strip(".'"))


def _bare_name(text: str) -> str:
    name = without_controls(text).strip(" \t<>[]()\"'“”„«»*,;:")
    return "" if "@" in name else name[:MOST_NAME]
