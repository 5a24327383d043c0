"""From parts to bodies and attachments: what of a mail is its text, its HTML and a file (RFC 2046, RFC 2183)."""

from __future__ import annotations

import binascii
import re
from dataclasses import dataclass, replace
from io import IncrementalNewlineDecoder
from urllib.parse import unquote

from postroom.core.encoded_words import base64_bytes
from postroom.core.message import charset
from postroom.core.message.attachments import made_name, misleads, safe_name
from postroom.core.message.mail import Attachment
from postroom.core.message.parameters import decoded, read_parameters
from postroom.core.message.parts import Part, Walk

MOST_PIECES = 10_000  # pieces of base64, each with its own padding, that are joined
LONGEST_IN_PLACE = 64 * 1024  # bytes of a named text that is read within the mail, as it is encoded
SHOWN = "shown"  # why a file need not be listed: its text stands in the body
NOT_TAKEN_APART = "not-taken-apart"

_PLAIN = frozenset((b"", b"7bit", b"8bit", b"binary", b"7-bit", b"8-bit", b"7bits", b"8bits", b"7 bit", b"8 bit"))
_BASE64 = re.compile(rb"[A-Za-z0-9+/=\s]*")
_CID = re.compile(r"cid:([^\"'<>\s)]{1,500})", re.IGNORECASE)


@dataclass(slots=True)
class Content:
    """The bodies and files of one mail; `plain_part` is the first text/plain body alone."""

    text: str = ""
    html: str = ""
    plain_part: str = ""
    attachments: tuple[Attachment, ...] = ()


def collect(walk: Walk, leaves: list[Part]) -> Content:
    """Bodies and attachments of the leaves, in order; every leaf ends up in one of them."""
    texts: list[str] = []
    pages: list[str] = []
    files: list[Attachment] = []
    plain_part: str | None = None
    for number, part in enumerate(leaves, 1):
        if part.untouched:
            files.append(_untouched(walk, part, number))
            continue
        name, disposition = _name_and_disposition(part)
        taken = {"text/plain": texts, "text/html": pages}.get(part.content_type)
        if taken is None or not _is_body(part, name, disposition, first=not taken, lone=len(leaves) == 1):
            files.append(_file(walk, part, number, name, disposition))
            continue
        taken.append(_text(walk, part, number))
        if taken is texts and plain_part is None and not part.undivided:
            plain_part = texts[-1]
        if name and taken is texts and len(leaves) > 1:
            files.append(replace(_file(walk, part, number, name, disposition), aside=SHOWN))
    text = "\n\n".join(piece for piece in texts if piece.strip()) if len(texts) > 1 else "".join(texts)
    html = "\n".join(pages)
    return Content(text, html, plain_part or "", tuple(with_places(files, html)))


def _is_body(part: Part, name: str, disposition: str, *, first: bool, lone: bool) -> bool:
    """Whether a text part is to be read within the mail rather than saved (RFC 2183 §2).

    A lone text is the body whatever its disposition says; of several alternatives the first of each kind is. A named
    text that is not said to be attached is read in its place, if it is plain or the first, and not too long for that;
    it is kept as a file too.
    """
    if lone and not name:
        return True
    if disposition == "attachment":
        return False
    if part.parents[-1:] == ("multipart/alternative",):
        return first
    if not name:
        return True
    if part.content_type == "text/plain":
        return part.end - part.start <= LONGEST_IN_PLACE
    return first and disposition == "inline"


def _name_and_disposition(part: Part) -> tuple[str, str]:
    values = part.headers.raw("content-disposition")
    disposition, parameters = read_parameters(values[0]) if values else ("", {})
    name = parameters.get("filename") or parameters.get("name") or part.parameters.get("name", "")
    name = name or part.parameters.get("filename", "")
    return (decoded(name) if name else ""), disposition


def _untouched(walk: Walk, part: Part, number: int) -> Attachment:
    data = walk.raw[part.source : part.end]
    return Attachment(f"{NOT_TAKEN_APART}-{number}.eml", "application/octet-stream", data, untouched=True, named=False)


def _file(walk: Walk, part: Part, number: int, name: str, disposition: str) -> Attachment:
    safe = safe_name(name) if name else ""
    content_id = "".join(next(part.headers.all("content-id"), "").split()).strip("<>")
    return Attachment(
        name=safe or made_name(part.content_type, number),
        content_type=part.content_type,
        data=_data(walk, part, number),
        content_id=content_id,
        inline=disposition == "inline" and part.content_type.startswith("image/"),
        named=bool(safe),
        misleading=misleads(name),
    )


def with_places(files: list[Attachment], html: str) -> list[Attachment]:
    """Files to which the HTML refers by their Content-ID (RFC 2392) are shown within it."""
    if not any(file.content_id for file in files):
        return files
    shown = {unquote(cid) for cid in _CID.findall(html)}
    return [replace(file, inline=True) if file.content_id and file.content_id in shown else file for file in files]


def _text(walk: Walk, part: Part, number: int) -> str:
    text, problem = charset.decode(_data(walk, part, number), part.parameters.get("charset", ""))
    if problem:
        walk.defect(f"Part {number}: {problem}")
    text = IncrementalNewlineDecoder(None, translate=True).decode(text, final=True)
    return text.replace("\0", "") if "\0" in text else text


def _data(walk: Walk, part: Part, number: int) -> bytes:
    """The bytes of a part, its transfer encoding undone (RFC 2045 §6); an unknown encoding is left as it is."""
    values = part.headers.raw("content-transfer-encoding")
    encoding = values[0].strip().lower() if values else b""
    if encoding.startswith(b"base64"):
        return _from_base64(walk, part, number)
    data = walk.raw[part.start : part.end]
    if encoding.startswith(b"quoted-printable"):
        return binascii.a2b_qp(data)
    if encoding in (b"x-uuencode", b"uuencode", b"x-uue", b"uue"):
        return _from_uuencode(walk, data, number)
    if encoding not in _PLAIN and part.content_type.startswith("text/"):
        shown = encoding[:40].decode("ascii", "replace")
        walk.defect(f"Part {number}: unknown transfer encoding {shown!r}, left as is")
    return data


def _from_base64(walk: Walk, part: Part, number: int) -> bytes:
    raw, start, end = walk.raw, part.start, part.end
    try:
        data = binascii.a2b_base64(memoryview(raw)[start:end])
    except binascii.Error:
        walk.defect(f"Part {number}: base64 broken, read as far as possible")
        return base64_bytes(raw[start:end])
    pad = raw.find(b"=", start, end)
    if pad < 0 or end - pad < 5 or len(data) > (pad - start) * 3 // 4 + 2:  # it was no end: what is behind was read
        return data
    rest = raw[pad:end].strip(b"=\r\n \t")
    if rest and rest.count(b"=") < MOST_PIECES and _BASE64.fullmatch(rest):
        walk.defect(f"Part {number}: base64 in several pieces, joined")
        data += b"".join(base64_bytes(piece) for piece in rest.split(b"=") if piece.strip())
    elif rest:
        walk.defect(f"Part {number}: text after the end of the base64, left out")
    return data


def _from_uuencode(walk: Walk, data: bytes, number: int) -> bytes:
    out = bytearray()
    for line in data.splitlines():
        if line.startswith((b"begin ", b"end")) or not line.strip():
            continue
        try:
            out += binascii.a2b_uu(line)
        except binascii.Error:
            walk.defect(f"Part {number}: uuencode broken, read as far as possible")
    return bytes(out)
