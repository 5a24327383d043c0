"""Draft to bytes: one writer of MIME, on bytes, the same for the same draft (RFC 5322, RFC 2045 to 2049, RFC 2231).

Lines end in CRLF and are at most 998 octets long; bodies and files travel in quoted-printable or base64, so that every
server passes them on unchanged.
"""

from __future__ import annotations

import binascii
import hashlib
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from urllib.parse import quote

from postroom.core.addresses import Address, format_address
from postroom.core.errors import InvalidHeader
from postroom.core.headers import header_line, structured_line
from postroom.core.message.draft import Draft, DraftFile

_OWN = frozenset((
    "from", "to", "cc", "subject", "message-id", "date", "reply-to", "in-reply-to", "references", "mime-version",
    "content-type", "content-transfer-encoding", "content-disposition", "content-id",
))  # fmt: skip
_ID = re.compile(r"[^\s<>\x00-\x20\x7f]{1,990}")
_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]{1,100}/[a-z0-9!#$&^_.+-]{1,100}")
_LONG_LINE = re.compile(rb"[^\r\n]{900}")
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def render(draft: Draft) -> bytes:
    """The mail as bytes. Raises InvalidHeader or InvalidAddress where a value would break out of its place."""
    return render_headers(draft) + render_content(draft)


def render_headers(draft: Draft) -> bytes:
    """The header section without what describes the content; raises as `render` does."""
    before, after = render_around(draft)
    return before + render_recipients(draft.reply_to, draft.to) + after


def render_around(draft: Draft) -> tuple[bytes, bytes]:
    """The headers before Reply-To and To, and those after them: what copies share that differ in these two. Raises as
    `render` does.
    """
    date = b"" if draft.date is None else structured_line("Date", _date(draft.date))
    return date + _mailboxes("From", (draft.author,)), b"".join(_lines_after(draft))


def render_recipients(reply_to: Iterable[Address], to: Iterable[Address]) -> bytes:
    """The lines between: Reply-To and To, as far as they name anybody. Raises as `render` does."""
    return b"".join(_mailboxes(name, some) for name, some in (("Reply-To", reply_to), ("To", to)) if some)


def render_content(draft: Draft) -> bytes:
    """The rest of the mail from its Content-Type on, nested as readers expect: mixed(alternative(text, related(html))).

    It comes from the bodies and files alone: copies that differ in their headers share it. Raises as `render` does.
    """
    inline = [file for file in draft.attachments if file.content_id and draft.html]
    files = [file for file in draft.attachments if not (file.content_id and draft.html)]
    html = _text_part("html", draft.html) if draft.html else b""
    if inline:
        html = _multipart("related", [html, *map(_file_part, inline)])
    text = _text_part("plain", draft.text) if draft.text or not draft.html else b""
    body = _multipart("alternative", [text, html]) if text and html else text or html
    return _multipart("mixed", [body, *map(_file_part, files)]) if files else body


def _lines_after(draft: Draft) -> Iterable[bytes]:
    if draft.cc:
        yield _mailboxes("Cc", draft.cc)
    yield header_line("Subject", draft.subject)
    for name, ids in (("In-Reply-To", draft.in_reply_to), ("References", draft.references)):
        if ids:
            yield structured_line(name, " ".join(map(_bracketed, ids)))
    if draft.message_id:
        yield structured_line("Message-ID", _bracketed(draft.message_id))
    for name, value in draft.headers:
        if name.lower() in _OWN:
            raise InvalidHeader(f"{name} is written from the draft itself")
        yield header_line(name, value)
    yield b"MIME-Version: 1.0\r\n"


def _date(date: datetime) -> str:
    """RFC 5322 §3.3, in UTC."""
    if date.tzinfo is None:
        raise InvalidHeader("a date without its time zone")
    moment = date.astimezone(UTC)
    day = f"{_DAYS[moment.weekday()]}, {moment.day:02} {_MONTHS[moment.month - 1]} {moment.year:04}"
    return f"{day} {moment.hour:02}:{moment.minute:02}:{moment.second:02} +0000"


def _mailboxes(name: str, addresses: Iterable[Address]) -> bytes:
    return structured_line(name, ", ".join(map(format_address, addresses)))


def _bracketed(one: str) -> str:
    if not _ID.fullmatch(one):
        raise InvalidHeader(f"not a message id: {one[:80]!r}")
    return f"<{one}>"


def _multipart(kind: str, parts: list[bytes]) -> bytes:
    """Parts under a boundary that stands in none of them: it comes from their own digest."""
    digest = hashlib.sha256(kind.encode())
    for part in parts:
        digest.update(part)
    boundary = b"=_" + digest.hexdigest()[:32].encode()
    lines = [b"Content-Type: multipart/" + kind.encode() + b'; boundary="' + boundary + b'"\r\n\r\n']
    for part in parts:
        lines += [b"--", boundary, b"\r\n", part, b"\r\n"]
    lines += [b"--", boundary, b"--\r\n"]
    return b"".join(lines)


def _text_part(kind: str, text: str) -> bytes:
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    data = text.encode("utf-8", "replace")
    head = f"Content-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: "
    if data.isascii() and not _LONG_LINE.search(data) and b"\0" not in data and not _has_from_line(data):
        return f"{head}7bit\r\n\r\n".encode() + data.replace(b"\n", b"\r\n")
    if sum(map(data.count, (b" ", b"e", b"\n"))) * 8 < len(data):
        return f"{head}base64\r\n\r\n".encode() + _base64_lines(data)
    quoted = binascii.b2a_qp(data, istext=True)
    return f"{head}quoted-printable\r\n\r\n".encode() + quoted.replace(b"\n", b"\r\n")


def text_part_size(kind: str, text: str) -> int:
    """The bytes of a body, `plain` or `html`, within a mail."""
    return len(_text_part(kind, text))


def _has_from_line(data: bytes) -> bool:
    """Old stores put a `>` before such a line, which breaks signatures."""
    return data.startswith(b"From ") or b"\nFrom " in data


def _file_part(file: DraftFile) -> bytes:
    content_type = file.content_type.lower()
    if not _TYPE.fullmatch(content_type) or content_type.startswith(("multipart/", "message/")):
        content_type = "application/octet-stream"
    name = _parameter(file.name)
    lines = [
        structured_line("Content-Type", content_type),
        b"Content-Transfer-Encoding: base64\r\n",
        structured_line("Content-Disposition", f"{'inline' if file.content_id else 'attachment'}; {name}"),
    ]
    if file.content_id:
        lines.append(structured_line("Content-ID", _bracketed(file.content_id)))
    return b"".join([*lines, b"\r\n", _base64_lines(file.data)])


def _parameter(name: str) -> str:
    """A file name as a parameter: quoted where it is plain ASCII, else percent-encoded in sections (RFC 2231)."""
    if name.isascii() and name.isprintable() and len(name) < 60 and not re.search(r'["\\%*\']', name):
        return f'filename="{name}"'
    escaped = quote(name.encode("utf-8", "replace"), safe="")
    if len(escaped) < 60:
        return f"filename*=utf-8''{escaped}"
    pieces = re.findall(r"(?:%..|[^%]){1,18}", escaped)
    sections = [f"filename*{n}*={'' if n else 'utf-8' + chr(39) * 2}{piece}" for n, piece in enumerate(pieces)]
    return "; ".join(sections)


def _base64_lines(data: bytes) -> bytes:
    """Base64 in lines of 76 characters."""
    encoded = binascii.b2a_base64(data, newline=False)
    return b"\r\n".join(encoded[start : start + 76] for start in range(0, len(encoded), 76)) + b"\r\n"
