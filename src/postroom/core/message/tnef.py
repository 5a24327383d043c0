"""TNEF, the envelope in which Outlook hides files and text as `winmail.dat` (MS-OXTNEF): read within limits.

A stream of attributes, each with a level, a tag, a length, its bytes and a checksum. Files begin with an attribute of
their own; names, types and embedded messages stand in property lists. Nothing in it is compressed but RTF, which is
left alone. What is broken ends the reading and is named: what was read before it counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from postroom.core.message import charset
from postroom.core.message.tnef_properties import Properties, read_properties, text_of

SIGNATURE = b"\x78\x9f\x3e\x22"
MOST_FILES = 500
MOST_LEVELS = 5  # messages within messages
MOST_ATTRIBUTES = 20_000

_MESSAGE, _FILE = 1, 2
_SUBJECT, _BODY, _CODEPAGE, _MESSAGE_LIST = 0x8004, 0x800C, 0x9007, 0x9003
_BEGINS_FILE, _TITLE, _DATA, _FILE_LIST = 0x9002, 0x8010, 0x800F, 0x9005
_HEAD = 9  # level, tag and length of an attribute in bytes; a checksum of two bytes follows its data
_OBJECT_ID = 16  # bytes of the interface that stand before an embedded message


@dataclass(frozen=True, slots=True)
class TnefFile:
    """A file of the envelope as its sender named it; nothing of it is believed."""

    name: str
    data: bytes
    content_type: str = ""
    content_id: str = ""


@dataclass(frozen=True, slots=True)
class Tnef:
    """What an envelope holds. `formatted` says that it has a body as RTF, which is not read; `defects` in words."""

    subject: str = ""
    text: str = ""
    html: str = ""
    formatted: bool = False
    files: tuple[TnefFile, ...] = ()
    defects: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing in it that could be shown or saved."""
        return not self.text.strip() and not self.html.strip() and not self.files


@dataclass(slots=True)
class _Envelope:
    """What one envelope has said so far."""

    codepage: int = 1252
    subject: bytes = b""
    body: bytes = b""
    properties: Properties = field(default_factory=dict)
    files: list[_File] = field(default_factory=list)


@dataclass(slots=True)
class _File:
    title: bytes = b""
    data: bytes = b""
    properties: Properties = field(default_factory=dict)


@dataclass(slots=True)
class _Reading:
    """What is counted and complained of over all envelopes within one."""

    defects: list[str] = field(default_factory=list)
    attributes: int = 0
    files: int = 0

    def defect(self, words: str) -> None:
        if words not in self.defects:
            self.defects.append(words)


def is_tnef(data: bytes) -> bool:
    """Whether the bytes begin as an envelope does; the label that they came under says little."""
    return data.startswith(SIGNATURE)


def read_tnef(data: bytes) -> Tnef:
    """The envelope in `data`; any bytes give a value, with a defect where they are none or are broken."""
    if not is_tnef(data):
        return Tnef(defects=("not a TNEF envelope",))
    return _read(memoryview(data), _Reading(), 1)


def _read(data: memoryview, reading: _Reading, level: int) -> Tnef:
    envelope = _Envelope()
    for at, tag, value in _attributes(data, reading):
        if at == _MESSAGE:
            _of_message(envelope, tag, value, reading)
        elif at == _FILE:
            _of_file(envelope, tag, value, reading)
    files = [file for one in envelope.files for file in _files(one, envelope.codepage, reading, level)]
    return _answer(envelope, files, reading)


def _attributes(data: memoryview, reading: _Reading) -> Iterator[tuple[int, int, memoryview]]:
    """Level, tag and bytes of each attribute up to the end or to the first that does not fit."""
    place = len(SIGNATURE) + 2  # behind the key
    while place + _HEAD <= len(data):
        reading.attributes += 1
        if reading.attributes > MOST_ATTRIBUTES:
            reading.defect(f"more than {MOST_ATTRIBUTES} attributes, the rest was not read")
            return
        length = int.from_bytes(data[place + 5 : place + _HEAD], "little")
        end = place + _HEAD + length
        if data[place] not in (_MESSAGE, _FILE) or end + 2 > len(data):
            reading.defect("broken off, read as far as possible")
            return
        yield data[place], int.from_bytes(data[place + 1 : place + 3], "little"), data[place + _HEAD : end]
        place = end + 2
    if any(data[place:]):  # fewer bytes than an attribute begins with; zeros only fill up
        reading.defect("broken off, read as far as possible")


def _of_message(envelope: _Envelope, tag: int, value: memoryview, reading: _Reading) -> None:
    if tag == _CODEPAGE:
        envelope.codepage = int.from_bytes(value[:4], "little")
    elif tag == _SUBJECT:
        envelope.subject = bytes(value)
    elif tag == _BODY:
        envelope.body = bytes(value)
    elif tag == _MESSAGE_LIST:
        envelope.properties = _list_of(value, reading)


def _of_file(envelope: _Envelope, tag: int, value: memoryview, reading: _Reading) -> None:
    if tag == _BEGINS_FILE:
        reading.files += 1
        if reading.files <= MOST_FILES:
            envelope.files.append(_File())
        else:
            reading.defect(f"more than {MOST_FILES} files, the rest was not unpacked")
    elif not envelope.files or reading.files > MOST_FILES:
        return
    elif tag == _TITLE:
        envelope.files[-1].title = bytes(value)
    elif tag == _DATA:
        envelope.files[-1].data = bytes(value)
    elif tag == _FILE_LIST:
        envelope.files[-1].properties = _list_of(value, reading)


def _list_of(value: memoryview, reading: _Reading) -> Properties:
    properties, whole = read_properties(value)
    if not whole:
        reading.defect("a list of properties is broken, read as far as possible")
    return properties


def _files(one: _File, codepage: int, reading: _Reading, level: int) -> Iterator[TnefFile]:
    """The file itself; of an embedded message what it holds, its words as a file of text."""
    read = one.properties
    data = one.data or _bytes(read.get("data"))
    name = text_of(read.get("long name"), codepage) or text_of(one.title, codepage)
    name = name or text_of(read.get("short name"), codepage) or text_of(read.get("shown name"), codepage)
    inner = data[_OBJECT_ID:] if is_tnef(data[_OBJECT_ID : _OBJECT_ID + 4]) else data
    if is_tnef(inner) and level < MOST_LEVELS:
        yield from _of_inner(_read(memoryview(inner), reading, level + 1), name)
        return
    if is_tnef(inner):
        reading.defect(f"more than {MOST_LEVELS} messages within each other, the innermost was not unpacked")
    if not data and not name:
        return
    yield TnefFile(
        name=name,
        data=data,
        content_type=text_of(read.get("type"), codepage).strip().lower(),
        content_id=text_of(read.get("content id"), codepage).strip().strip("<>"),
    )


def _of_inner(inner: Tnef, name: str) -> Iterator[TnefFile]:
    name = inner.subject or name or "message"
    if inner.html.strip():
        yield TnefFile(f"{name}.html", inner.html.encode("utf-8", "replace"), "text/html")
    elif inner.text.strip():
        yield TnefFile(f"{name}.txt", inner.text.encode("utf-8", "replace"), "text/plain")
    yield from inner.files


def _answer(envelope: _Envelope, files: list[TnefFile], reading: _Reading) -> Tnef:
    read, codepage = envelope.properties, envelope.codepage
    return Tnef(
        subject=text_of(read.get("subject"), codepage) or text_of(envelope.subject, codepage),
        text=_lines(text_of(envelope.body, codepage) or text_of(read.get("body"), codepage)),
        html=_lines(_html(read, codepage)),
        formatted=bool(read.get("rtf")),
        files=tuple(files),
        defects=tuple(reading.defects),
    )


def _html(read: Properties, codepage: int) -> str:
    """HTML as bytes is in the code page that the message names for it, else in its own."""
    value = read.get("html")
    named = read.get("html codepage")
    if isinstance(value, bytes):
        return charset.decode(value.rstrip(b"\0"), charset.codepage(named if isinstance(named, int) else codepage))[0]
    return text_of(value, codepage)


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")


def _bytes(value: object) -> bytes:
    return value if isinstance(value, bytes) else b""
