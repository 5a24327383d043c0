"""Words of another character set in a header (RFC 2047): read leniently, written strictly."""

from __future__ import annotations

import binascii
import re

from postroom.core.message import charset

_START = re.compile(r"=\?([^?\s=]{1,60})\?([bBqQ])\?")
_RAW_WORD = re.compile(rb"=\?[^?\s=]{1,60}\?[qQ]\?[^?]*+\?=")
_RAW_BYTE = re.compile(rb"[\x80-\xff]")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\ud800-\udfff]")
_FOLD = re.compile(r"[\r\n]+[ \t]*|\t")
_BREAK = re.compile(r"[\r\n\u2028\u2029]+[ \t]*|\t")
_WORD_BYTES = 45  # bytes of UTF-8 in one word: 60 characters of base64, 72 with the frame (at most 75, RFC 2047 §2)


def unfold(raw: bytes) -> str:
    """A header value on one line, 8-bit bytes read as UTF-8 or else guessed; encoded words are left as they are."""
    text = str(raw, "ascii") if raw.isascii() else _eight_bit(_RAW_WORD.sub(_without_raw_bytes, raw))
    if "\n" in text or "\r" in text or "\t" in text:
        text = _FOLD.sub(" ", text)
    return text.strip()


def _eight_bit(raw: bytes) -> str:
    try:
        return str(raw, "utf-8")
    except UnicodeDecodeError:
        return charset.guess(raw)[0]


def _without_raw_bytes(word: re.Match[bytes]) -> bytes:
    """An encoded word in which raw 8-bit bytes stand, which are of the word's own character set, as it should be."""
    return _RAW_BYTE.sub(lambda byte: b"=%02X" % byte[0][0], word[0])


def without_controls(text: str) -> str:
    """Text without control characters (C0, DEL, C1) and lone surrogates; a line break becomes a space."""
    if text.isprintable():
        return text
    return _CONTROL.sub("", _BREAK.sub(" ", text))


def decode_words(text: str) -> str:
    """Text with its encoded words read; words side by side are joined first, so that split characters survive."""
    if "=?" not in text:
        return without_controls(text)
    return without_controls("".join(_runs(text)))


def _runs(text: str) -> list[str]:
    """Plain pieces and decoded words in order."""
    out: list[str] = []
    label, held, place, after_word = "", bytearray(), 0, False
    while (start := _START.search(text, place)) is not None:
        end = text.find("?=", start.end())
        if end < 0:
            break
        name = start[1].partition("*")[0].lower()
        between = text[place : start.start()]
        apart = not after_word or bool(between.strip())
        if held and (apart or name != label):
            out.append(charset.decode(bytes(held), label)[0])
            held.clear()
        if apart:
            out.append(between)
        held += _payload(text[start.end() : end], start[2])
        label, place, after_word = name, end + 2, True
    if held:
        out.append(charset.decode(bytes(held), label)[0])
    out.append(text[place:])
    return out


def _payload(text: str, encoding: str) -> bytes:
    data = text.encode("utf-8", "replace")
    if encoding in "qQ":
        return binascii.a2b_qp(data, header=True)
    return base64_bytes(data)


def base64_bytes(data: bytes | memoryview) -> bytes:
    """Base64 read leniently: foreign characters are passed over, missing padding is supplied, a stray rest dropped."""
    try:
        return binascii.a2b_base64(data)
    except binascii.Error:
        pass
    kept = re.sub(rb"[^A-Za-z0-9+/]", b"", bytes(data))
    kept = kept[: len(kept) - 1] if len(kept) % 4 == 1 else kept
    return binascii.a2b_base64(kept + b"=" * (-len(kept) % 4))


def encode_words(text: str) -> list[str]:
    """`text` as encoded words in UTF-8 and base64, each within 75 characters and never splitting a character."""
    whole = text.encode("utf-8", "replace")
    if 0 < len(whole) <= _WORD_BYTES:  # nearly every name
        return [_word(whole)]
    words, piece = [], bytearray()
    for char in text:
        data = char.encode("utf-8", "replace")
        if len(piece) + len(data) > _WORD_BYTES:
            words.append(_word(piece))
            piece = bytearray()
        piece += data
    return [*words, _word(piece)] if piece else words


def _word(piece: bytes | bytearray) -> str:
    return "=?utf-8?b?" + binascii.b2a_base64(piece, newline=False).decode("ascii") + "?="
