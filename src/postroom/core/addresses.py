"""Addresses: read leniently, kept normalised (RFC 5322 §3.4, RFC 6531).

Structure is read before encoded words are decoded, so that nothing hidden in a display name can pose as an address:
the address in angle brackets wins over whatever stands beside it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import idna

from postroom.core.encoded_words import decode_words, encode_words, without_controls
from postroom.core.errors import InvalidAddress
from postroom.core.frozen import frozen


@frozen
class Address:
    """A mailbox: `email` is normalised (see `normalise`), `name` is the decoded display name or empty."""

    email: str
    name: str = ""

    @property
    def local(self) -> str:
        return self.email.rpartition("@")[0]

    @property
    def domain(self) -> str:
        return self.email.rpartition("@")[2]


MOST_WORDS = 5000  # of one mailbox that are kept: a flood of them is no name, and each takes a hundred times its length
LONGEST_KEPT = 160  # characters of a field that is kept for the next mail: people write to the same people again
LONGEST = 1000  # characters of an address that are still looked at; SMTP carries 254 (RFC 5321 §4.5.3.1)

_ASCII_ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=^_`{|}~.-]+@[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*")
_SIMPLE = re.compile(r"([^<>\"()\\:;@,=]*)<([A-Za-z0-9!#$%&'*+/=^_`{|}~.-]+@[A-Za-z0-9.-]+)>")
_ENCODED_WORD = r"=\?[A-Za-z0-9-]{1,40}\?[bBqQ]\?[A-Za-z0-9+/=_.-]*\?="
_ENCODED = re.compile(
    rf"({_ENCODED_WORD}(?: {_ENCODED_WORD}){{0,9}}) ?<([A-Za-z0-9!#$%&'*+/=^_`{{|}}~.-]+@[A-Za-z0-9.-]+)>"
)
_ATOM_LOCAL = re.compile(r"[^\s\"(),:;<>@\[\]\\\x00-\x1f\x7f]+")
_DOMAIN_BAD = re.compile(r"[\s\"(),:;<>@\\\x00-\x20\x7f-\xa0/?#%&=+*!]")
_LITERAL = re.compile(r"\[[0-9A-Za-z:.]+\]")
_SPACE_OR_CONTROL = re.compile(r"[\s\x00-\x1f\x7f]")
_PHRASE = re.compile(r"[A-Za-z0-9!#$%&'*+/=^_`{|}~ -]+")
_TOKEN = re.compile(
    r"(?P<space>\s+)|(?P<literal>\[[^\]\s\[]{1,100}\])|(?P<atom>[^\s\"(),:;<>\[]+)|(?P<special>.)",
    re.DOTALL,
)


def normalise(email: str) -> str:
    """The one form in which an address is kept and compared, or empty where it is no address.

    Domain in lower case and in A-labels (RFC 5890), local part in lower case where it is pure ASCII, needless quotes
    of the local part taken off. `normalise(normalise(x)) == normalise(x)`.
    """
    if len(email) > LONGEST:
        return ""
    if _ASCII_ADDRESS.fullmatch(email) and "xn--" not in email:
        return email.lower()
    local, at, domain = email.strip().rpartition("@")
    local, domain = _local(local), _domain(domain)
    return f"{local}@{domain}" if at and local and domain else ""


def _local(local: str) -> str:
    if len(local) > 1 and local[0] == local[-1] == '"':
        inner = re.sub(r"\\(.)", r"\1", local[1:-1])
        if without_controls(inner) != inner or not inner.strip() or inner.endswith("\\") or inner != inner.strip():
            return ""
        plain = _ATOM_LOCAL.fullmatch(inner)
        local = inner if plain else '"' + re.sub(r'(["\\])', r"\\\1", inner) + '"'
    elif not _ATOM_LOCAL.fullmatch(local) or without_controls(local) != local:
        return ""
    return local.lower() if local.isascii() else local


def _domain(domain: str) -> str:
    domain = domain.rstrip(".").lower()
    if _LITERAL.fullmatch(domain):
        return domain
    if not domain or _DOMAIN_BAD.search(domain) or "[" in domain or "]" in domain:
        return ""
    if domain.isascii() or len(domain) > 253:
        return domain
    return _a_labels(domain)


def _a_labels(domain: str) -> str:
    """ASCII form of an international domain; one that has none is kept as it is, so that it can still be shown."""
    try:
        return idna.encode(domain, uts46=True).decode("ascii").lower()
    except (idna.IDNAError, UnicodeError, ValueError, IndexError):
        return domain


def valid(email: str) -> bool:
    """Whether SMTP can carry `email`: normalisable, octets within RFC 5321 §4.5.3.1, the domain in A-labels."""
    normal = normalise(email)
    local, _, domain = normal.rpartition("@")
    if not normal or len(local.encode("utf-8", "replace")) > 64 or len(domain) > 255 or not domain.isascii():
        return False
    if domain.startswith("["):
        return True
    labels_fit = all(0 < len(label) <= 63 for label in domain.split("."))
    return labels_fit and (local.startswith('"') or all(local.split(".")))


def parse_addresses(header: str) -> tuple[Address, ...]:
    """All mailboxes of an address field, in order (lenient; linear in the length of the field).

    `header` is unfolded with its encoded words left as they are (`Headers.unfolded`). Groups give their members,
    comments serve as names where there is no other, `;` separates too, a bare name without an address gives nothing.
    """
    return _kept(header) if len(header) <= LONGEST_KEPT else _parse(header)


def _parse(header: str) -> tuple[Address, ...]:
    if "=?" in header:
        found = _parse_encoded(header) or _parse_list(header)
    elif '"' not in header and "(" not in header and ":" not in header and ";" not in header:
        return _parse_plain(header)
    else:
        found = _parse_list(header)
    if not found and "=?" in header:
        return _parse_list(decode_words(header))  # some software encodes the whole field, address and all
    return found


_kept = lru_cache(maxsize=2048)(_parse)


def _parse_plain(header: str) -> tuple[Address, ...]:
    found: list[Address] = []
    for item in header.split(","):
        mailbox = item.strip()
        if not mailbox:
            continue
        simple = _SIMPLE.fullmatch(mailbox)
        if simple:
            found.append(Address(simple[2].lower().rstrip("."), without_controls(simple[1].strip())))
        elif _ASCII_ADDRESS.fullmatch(mailbox) and len(mailbox) <= LONGEST:
            found.append(Address(normalise(mailbox)))
        else:
            return _parse_list(header)
    return tuple(found)


def _parse_encoded(header: str) -> tuple[Address, ...]:
    """The mailbox of a field that holds one, its name in encoded words, as most do that have any; empty for others."""
    mailbox = _ENCODED.fullmatch(header)
    email = _from_angle(mailbox[2]) if mailbox else ""
    return (Address(email, _display([("word", mailbox[1], False)])),) if mailbox and email else ()


def local_mailboxes(header: str) -> tuple[Address, ...]:
    """Mailboxes without a domain, as programs on a server of its own write them: `root`, `Cron Daemon <root>`.

    `email` is then a bare word: nobody can be answered there, and it proves nothing. For fields without an address.
    """
    found: list[Address] = []
    for item in header[:LONGEST].split(","):
        match = _LOCAL_MAILBOX.fullmatch(item)
        word = match["angle"] or match["alone"] or "" if match else ""
        if match is not None and word:
            found.append(Address(word.lower(), decode_words((match["name"] or "").strip().strip('"')).strip()))
    return tuple(found)


_LOCAL_MAILBOX = re.compile(
    r"""\s*+(?:(?P<alone>[A-Za-z0-9_.+-]++)|(?P<name>[^<>]*+)<\s*+(?P<angle>[A-Za-z0-9_.+-]++)\s*+>)\s*+"""
)


@dataclass(slots=True)
class _Mailbox:
    """What has been read of one mailbox: (kind, text, whether white space stood before it)."""

    items: list[tuple[str, str, bool]]

    def addresses(self) -> list[Address]:
        items, self.items = self.items, []
        angles = [text for kind, text, _ in items if kind == "angle"]
        comments = [text for kind, text, _ in items if kind == "comment"]
        words = [item for item in items if item[0] in ("word", "quoted")]
        for inner in reversed(angles):
            email = _from_angle(inner)
            if email:
                return [Address(email, _display(words) or _comment(comments))]
        if any(_LOCAL_MAILBOX.fullmatch(inner) for inner in angles):  # a mailbox without a domain is one all the same
            words = [item for item in words if item[0] != "quoted"]
        return _from_words(words, comments)


def _parse_list(header: str) -> tuple[Address, ...]:
    found: list[Address] = []
    box = _Mailbox([])
    scan = _Scanner(header)
    for kind, text, spaced in scan:
        if kind == "stop":
            found += box.addresses()
        elif kind == "group":
            if any(item[0] == "word" and "@" in item[1] for item in box.items):
                found += box.addresses()
            box.items.clear()
        elif kind == "angle" or len(box.items) < MOST_WORDS:
            box.items.append((kind, text, spaced))
    return tuple(found + box.addresses())


class _Scanner:
    """Cuts an address field into words, quoted strings, comments, angles and stops; each character is seen once.

    An opening quote, parenthesis or bracket that is never closed is an ordinary character; that is remembered, so that
    a flood of them is not searched again and again.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.never_closed: set[str] = set()

    def __iter__(self) -> Iterator[tuple[str, str, bool]]:
        text, place, spaced = self.text, 0, False
        while place < len(text):
            match = _TOKEN.match(text, place)
            assert match is not None  # the last alternative takes any character
            kind, piece, place = match.lastgroup, match[0], match.end()
            if kind == "space":
                spaced = True
                continue
            if kind in ("atom", "literal"):
                yield "word", piece, spaced
            elif piece in ",;":
                yield "stop", piece, spaced
            elif piece == ":":
                yield "group", piece, spaced
            elif piece in '"(<' and (end := self._close(piece, place)) > 0:
                yield {'"': "quoted", "(": "comment", "<": "angle"}[piece], text[place : end - 1], spaced
                place = end
            elif piece in "[(":
                yield "word", piece, spaced
            else:  # an opening character that is never closed: nothing, but it keeps words apart
                spaced = True
                continue
            spaced = False

    def _close(self, opening: str, place: int) -> int:
        """The place after the partner of an opening character, or 0."""
        if opening in self.never_closed:
            return 0
        end = {'"': self._quote, "(": self._comment, "<": self._angle}[opening](place)
        if not end:
            self.never_closed.add(opening)
        return end

    def _quote(self, place: int) -> int:
        while (place := self._next(_QUOTE_END, place)) > 0:
            if self.text[place - 1] == '"':
                return place
            place += 1
        return 0

    def _comment(self, place: int) -> int:
        depth = 1
        while (place := self._next(_COMMENT_END, place)) > 0:
            char = self.text[place - 1]
            if char == "\\":
                place += 1
            depth += {"(": 1, ")": -1}.get(char, 0)
            if depth == 0:
                return place
        return 0

    def _angle(self, place: int) -> int:
        return self.text.find(">", place) + 1

    def _next(self, pattern: re.Pattern[str], place: int) -> int:
        match = pattern.search(self.text, place)
        return match.end() if match else 0


_QUOTE_END = re.compile(r'["\\]')
_COMMENT = re.compile(r"\([^()]*\)")
_COMMENT_END = re.compile(r"[()\\]")


def _from_angle(inner: str) -> str:
    """The address in angle brackets: a source route and `mailto:` before it, comments and spaces in it, are dropped."""
    if len(inner) > 2 * LONGEST:
        return ""
    inner = (_COMMENT.sub("", inner) if "(" in inner else inner).strip()
    if inner.startswith("@") and ":" in inner:
        inner = inner.partition(":")[2]
    inner = inner.rpartition("<")[2].removeprefix("mailto:").strip("'")
    return normalise(inner) or normalise(_SPACE_OR_CONTROL.sub("", inner))


def _from_words(words: list[tuple[str, str, bool]], comments: list[str]) -> list[Address]:
    """Mailboxes without angle brackets: tokens with an @ are addresses, the others the name."""
    tokens: list[tuple[bool, str]] = []
    for kind, text, spaced in words:
        piece = f'"{text}"' if kind == "quoted" else text
        before = tokens[-1][1] if tokens else ""
        glued = before and len(before) < LONGEST and (not spaced or piece.startswith("@") or before.endswith("@"))
        if glued and ("@" in piece or "@" in before):
            tokens[-1] = (False, before + piece)
        else:
            tokens.append((kind == "quoted", piece))
    emails = [email for quoted, piece in tokens if "@" in piece and not quoted and (email := _bare(piece))]
    if not emails:
        emails = [email for _, piece in tokens if "@" in piece and (email := _bare(piece.strip('"')))]
    names = [("word", piece, True) for _, piece in tokens if "@" not in piece]
    name = (_display(names) or _comment(comments)) if len(emails) == 1 else ""
    return [Address(email, name) for email in emails]


def _bare(piece: str) -> str:
    piece = piece.removeprefix("mailto:")
    if len(piece) > 2 * LONGEST:
        return ""
    return normalise(piece) or normalise(piece.strip("'[]")) or normalise(_SPACE_OR_CONTROL.sub("", piece))


def _display(words: list[tuple[str, str, bool]]) -> str:
    """The display name: quoting taken off, encoded words read, one line."""
    pieces: list[str] = []
    for kind, text, spaced in words:
        if pieces and spaced:
            pieces.append(" ")
        pieces.append(re.sub(r"\\(.)", r"\1", text) if kind == "quoted" and "\\" in text else text)
    name = decode_words("".join(pieces)).strip()
    if len(name) > 1 and name[0] == name[-1] and name[0] in "\"'":
        name = name[1:-1].strip()
    return name


def _comment(comments: list[str]) -> str:
    return decode_words(" ".join(comments)).strip()


def format_address(address: Address) -> str:
    """A mailbox as an address field carries it: the name quoted or in encoded words (RFC 2047 §5), never able to break
    out of its place.

    Raises InvalidAddress where `address.email` is no address.
    """
    email = normalise(address.email)
    if not email:
        raise InvalidAddress(f"not an address: {address.email[:80]!r}")
    name = without_controls(address.name).strip()
    if not name:
        return email
    if not name.isascii() or "=?" in name:
        return f"{' '.join(encode_words(name))} <{email}>"
    if _PHRASE.fullmatch(name) and "  " not in name:
        return f"{name} <{email}>"
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}" <{email}>'
