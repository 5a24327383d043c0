"""Bytes to text: the labels that mail carries, read as what their senders meant (WHATWG Encoding §4.2, RFC 2978).

Labels are looked up in a fixed table, never in Python's codec registry: names such as `zlib` or `unicode_escape` are
codecs there but no character sets. Smaller sets are read as the larger ones that their users' software really wrote.
"""

from __future__ import annotations

import re
from functools import lru_cache

import cchardet

GUESS_FROM = 64 * 1024  # bytes that are looked at when a character set is guessed

_READ_AS: dict[str, tuple[str, ...]] = {
    "utf-8": ("utf8", "unicode11utf8", "utf8mb4", "utf8mb3", "xutf8", "unicode", "utf08", "cp65001", "ut8", "uft8"),
    "ascii": ("usascii", "ascii", "ansix341968", "iso646us", "us", "646", "7bit", "iso646", "ansi"),
    "cp1252": ("iso88591", "latin1", "l1", "88591", "iso8859", "windows1252", "cp1252", "xcp1252", "win1252", "1252"),
    "cp1250": ("windows1250", "cp1250", "xcp1250", "win1250"),
    "cp1251": ("windows1251", "cp1251", "xcp1251", "win1251"),
    "cp1253": ("windows1253", "cp1253", "win1253"),
    "cp1254": ("windows1254", "cp1254", "win1254", "iso88599", "latin5", "l5"),
    "cp1255": ("windows1255", "cp1255", "win1255"),
    "cp1256": ("windows1256", "cp1256", "win1256"),
    "cp1257": ("windows1257", "cp1257", "win1257"),
    "cp1258": ("windows1258", "cp1258", "win1258"),
    "iso8859_2": ("iso88592", "latin2", "l2"),
    "iso8859_3": ("iso88593", "latin3", "l3"),
    "iso8859_4": ("iso88594", "latin4", "l4"),
    "iso8859_5": ("iso88595", "cyrillic"),
    "iso8859_6": ("iso88596", "iso88596i", "iso88596e", "arabic"),
    "iso8859_7": ("iso88597", "greek", "elot928"),
    "iso8859_8": ("iso88598", "iso88598i", "iso88598e", "hebrew", "logical", "visual"),
    "iso8859_10": ("iso885910", "latin6", "l6"),
    "iso8859_13": ("iso885913",),
    "iso8859_14": ("iso885914",),
    "iso8859_15": ("iso885915", "latin9", "l9", "885915"),
    "iso8859_16": ("iso885916", "latin10"),
    "cp874": ("windows874", "cp874", "tis620", "iso885911", "dos874"),
    "koi8_r": ("koi8r", "koi8", "koi", "cskoi8r"),
    "koi8_u": ("koi8u", "koi8ru"),
    "cp866": ("cp866", "ibm866", "866"),
    "cp437": ("cp437", "ibm437", "437"),
    "cp850": ("cp850", "ibm850", "850"),
    "cp852": ("cp852", "ibm852", "852"),
    "mac_roman": ("macintosh", "mac", "macroman", "xmacroman"),
    "mac_cyrillic": ("xmaccyrillic", "maccyrillic", "xmacukrainian"),
    "mac_latin2": ("xmacce", "macce", "xmaccentraleurope"),
    "gb18030": (
        "gb2312",
        "gbk",
        "gb18030",
        "cp936",
        "ms936",
        "windows936",
        "chinese",
        "gb231280",
        "euccn",
        "xgbk",
        "gb",
        "gbk2312",
        "gb2312charset",
    ),
    "hz": ("hzgb2312", "hz"),
    "big5hkscs": ("big5", "big5hkscs", "xxbig5", "cnbig5", "xbig5", "cp950", "windows950", "big5eten"),
    "cp932": ("shiftjis", "sjis", "xsjis", "mskanji", "windows31j", "cswindows31j", "cp932", "ms932", "xmscp932"),
    "euc_jp": ("eucjp", "xeucjp", "ujis"),
    "iso2022_jp_ext": ("iso2022jp", "iso2022jp1", "iso2022jp3", "iso2022jpms", "cp50220", "cp50221", "jis"),
    "iso2022_jp_2": ("iso2022jp2",),
    "cp949": ("euckr", "ksc56011987", "ksc5601", "ksc56011989", "korean", "cp949", "uhc", "windows949", "isoir149"),
    "iso2022_kr": ("iso2022kr",),
    "johab": ("johab", "cp1361"),
    "utf-7": ("utf7", "unicode11utf7"),
    "utf-16": ("utf16", "ucs2", "iso10646ucs2"),
    "utf-16-le": ("utf16le",),
    "utf-16-be": ("utf16be",),
    "utf-32": ("utf32", "ucs4"),
    "utf-32-le": ("utf32le",),
    "utf-32-be": ("utf32be",),
}
_CODEC_OF = {label: codec for codec, labels in _READ_AS.items() for label in labels}
_ESCAPE = re.compile(rb"(\x1b\$[@B]|\x1b\([BJI])")
_NOISE = re.compile(r"[^a-z0-9]+")


def codec_of(label: str) -> str:
    """The Python codec for a label, or empty where it names no character set that we know."""
    return _CODEC_OF.get(label) or _codec_of(label[:60])


@lru_cache(maxsize=256)
def _codec_of(label: str) -> str:
    key = _NOISE.sub("", label.lower())
    return _CODEC_OF.get(key.removeprefix("charset").removeprefix("cs")) or _CODEC_OF.get(key, "")


def codepage(number: int) -> str:
    """The label of a Windows code page by its number; empty where it is none that mail is written in."""
    labels = {65001: "utf-8", 20127: "us-ascii", 28591: "iso-8859-1", 50220: "iso-2022-jp", 50221: "iso-2022-jp",
              51932: "euc-jp", 20866: "koi8-r", 21866: "koi8-u", 10000: "macintosh", 1200: "utf-16-le",
              20936: "gb2312", 51949: "euc-kr", 54936: "gb18030"}  # fmt: skip
    if 28592 <= number <= 28605:
        return f"iso-8859-{number - 28590}"
    return labels.get(number) or (f"cp{number}" if codec_of(f"cp{number}") else "")


def decode(data: bytes, label: str = "") -> tuple[str, str]:
    """Text of `data`, and what was wrong with the label in words (empty where nothing was)."""
    codec = codec_of(label) if label else ""
    if codec in {"", "ascii"}:
        return _decode_unlabelled(data, label)
    try:
        text = str(data, codec)
    except (UnicodeError, ValueError):
        return _decode_mislabelled(data, label, codec)
    return (_without_surrogates(text) if codec == "utf-7" else text), ""


def _decode_unlabelled(data: bytes, label: str) -> tuple[str, str]:
    if data.isascii() and b"\x1b$" not in data:
        return str(data, "ascii"), _unknown(label, "us-ascii")
    try:
        return str(data, "utf-8"), _unknown(label, "utf-8")
    except UnicodeDecodeError:
        text, name = guess(data)
        return text, _unknown(label, name) or f"No character set named, read as {name}"


def _without_surrogates(text: str) -> str:
    """Text without lone surrogates, which UTF-7 can smuggle in and no database takes."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _unknown(label: str, name: str) -> str:
    if not label or codec_of(label):
        return ""
    return f"Unknown charset {label[:40]!r}, read as {name}"


def _decode_mislabelled(data: bytes, label: str, codec: str) -> tuple[str, str]:
    """The label does not fit: UTF-8 is certain where it fits; a few broken characters are shown as such; else guess."""
    if codec == "cp1252":
        return _decode_cp1252(data), ""
    if codec.startswith("iso2022_jp"):
        return _decode_japanese_mail(data), ""
    if codec != "utf-8":
        try:
            return str(data, "utf-8"), f"Charset {label[:40]!r} does not fit, read as utf-8"
        except UnicodeDecodeError:
            pass
    text = _without_surrogates(str(data, codec, "replace"))
    broken = text.count("\ufffd")
    if codec == "utf-8" and broken * 20 > len(text):
        guessed, name = guess(data)
        return guessed, f"Charset {label[:40]!r} does not fit, read as {name}"
    return text, f"{broken} characters broken in charset {label[:40]!r}"


def _decode_japanese_mail(data: bytes) -> str:
    """ISO-2022-JP with the vendors' characters in it (code page 50220), which Python's codecs refuse: by way of 932."""
    out = bytearray()
    double = False
    for piece in _ESCAPE.split(data):
        if piece[:1] == b"\x1b":
            double = piece[1:2] == b"$"
        elif double:
            for high, low in zip(piece[::2], piece[1::2], strict=False):
                out += _shift_jis(high, low)
        else:
            out += piece
    return str(bytes(out), "cp932", "replace")


def _shift_jis(high: int, low: int) -> bytes:
    """A pair of JIS X 0208 (both 0x21 to 0x7E) as Shift_JIS."""
    if not (0x21 <= high <= 0x7E and 0x21 <= low <= 0x7E):
        return bytes((high, low)) if high < 0x80 and low < 0x80 else b"?"
    lead = (high + 1) // 2 + (0x70 if high < 0x5F else 0xB0)
    trail = low + (0x1F + (low > 0x5F) if high % 2 else 0x7E)
    return bytes((lead, trail))


def guess(data: bytes) -> tuple[str, str]:
    """Text and the name of the character set that its bytes look most like; windows-1252 where they tell nothing."""
    found = cchardet.detect(data[:GUESS_FROM])
    codec = codec_of(str(found.get("encoding") or ""))
    if codec and codec not in ("ascii", "cp1252") and (found.get("confidence") or 0) > 0.5:
        try:
            return str(data, codec), str(found["encoding"]).lower()
        except (UnicodeError, ValueError):
            pass
    return _decode_cp1252(data), "windows-1252"


def _decode_cp1252(data: bytes) -> str:
    """Windows-1252, where its five unassigned bytes stand for themselves (as browsers read it)."""
    try:
        return str(data, "cp1252")
    except UnicodeDecodeError:
        return str(data, "latin-1").translate(_CP1252_OVER_LATIN1)


_CP1252_OVER_LATIN1 = {
    byte: bytes([byte]).decode("cp1252") for byte in range(0x80, 0xA0) if byte not in (0x81, 0x8D, 0x8F, 0x90, 0x9D)
}
