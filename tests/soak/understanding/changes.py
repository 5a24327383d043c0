"""Changes of a mail: of its bits, as damage on the way makes them, and of its structure, as somebody crafts it."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence

MOST_CHANGES = 6  # of one mail
LONGEST_SLICE = 400  # bytes that are cut, doubled or moved

Change = Callable[[random.Random, bytes, Sequence[bytes]], bytes]

PIECES = (
    b"\r\n", b"\n", b"\r", b"\0", b"\t", b" ", b"\r\n ", b"\r\n\r\n", b"\x0b", b"\x0c", b"\x1b$B", b"\x1b(B", b"\x85",
    b"\xff\xfe", b"\xe2\x80\xa8", b"\xed\xa0\x80", b"\xf0\x9f\x98\x80", b"\xc3", b"--", b"--x", b"--x--\r\n",
    b"--xx\r\n",
    b"=", b"==", b"=3D", b"=\r\n", b"=?utf-8?q?", b"=?utf-8?b?", b"=?utf-7?q?+2AA-?=", b"?=", b"=?x?q?=00?=", b"+ACI-",
    b'"', b"\\", b"(", b")", b"<", b">", b"<<", b"@", b",", b";", b":", b"[", b"]", b"*0*=", b"filename*1*=''%00",
    b"xn--", b"<!--", b"-->", b"<div>", b"</div>", b"<blockquote>", b"</blockquote>", b'<blockquote type="cite">',
    b"<pre>",
    b"</pre>", b"<br>", b"<hr>", b"<script>", b"<svg><style>", b"<math>", b"<table><tr><td>",
    b"<img src=cid:a onerror=x>",
    b'<a href="javascript:x">', b"<p title='\">", b"&#0;", b"&#xd800;", b"&lt;", b"&gt;", b"&amp;#60;", b"<![CDATA[",
    b"<?x",
    b' class="pr-quote gmail_quote"', b' class="', b'style="border-top:solid #E1E1E1 1.0pt"', b"> ", b">>> ",
    b"-- \r\n",
    b"wrote:\r\n", b"On Mon, 3 Mar 2025 at 10:11, Jane <a@b.example> wrote:\r\n", b"-----Original Message-----\r\n",
    b"From: a@b.example\r\nSent: Monday\r\nSubject: x\r\n", b"Sent from my iPhone\r\n",
    b"550 5.1.1 <a@b.example>: gone\r\n",
    b"v=", b"b=", b"bh=", b"h=from:from", b"l=0", b"l=999999999999999999", b"t=-1", b"x=0", b"i=51", b"d=..",
    b"cv=fail",
)  # fmt: skip
FIELDS = (
    b"From: a@b.example\r\n", b'From: "a@b.example" <c@d.example>\r\n', b"To: g: a@b.example, (c) d@e.example;\r\n",
    b"Subject: =?utf-8?q?a=0D=0ABcc:_x?=\r\n", b"Date: Mon, 32 Foo 99999 25:61:61 +9999\r\n",
    b"Message-ID: <a\r\n @b>\r\n",
    b"References: <a@b> <c@d\r\n", b"In-Reply-To: a@b\r\n", b"MIME-Version: 1.0\r\n",
    b"Content-Type: multipart/mixed; boundary=x\r\n",
    b"Content-Type: multipart/report; report-type=delivery-status\r\n",
    b"Content-Type: text/html; charset=utf-16\r\n", b"Content-Type: message/rfc822\r\n", b"Content-Type: */*\r\n",
    b"Content-Type: message/delivery-status\r\n", b'Content-Type: multipart/digest; boundary=""\r\n',
    b"Content-Transfer-Encoding: base64\r\n", b"Content-Transfer-Encoding: x-uuencode\r\n",
    b"Content-Transfer-Encoding: quoted-printable\r\n", b'Content-Disposition: attachment; filename="../..\\a\r\n"\r\n',
    b"Content-ID: <\x01>\r\n", b"Auto-Submitted: auto-replied\r\n", b"List-Id: x\r\n", b"Precedence: bulk\r\n",
    b"Return-Path: <>\r\n", b"X-Failed-Recipients: a@b.example, <c@d\r\n", b"X-Loop: a@b.example\r\n",
    b"Received: by x\r\n",
    b"DKIM-Signature: v=1; a=rsa-sha256; d=b.example; s=s; h=from; bh=QUJD; b=QUJD\r\n", b"ARC-Seal: i=1; cv=none\r\n",
    b"ARC-Message-Signature: i=0\r\n", b"ARC-Authentication-Results: i=1; a\r\n",
    b'Authentication-Results: a; dkim=pass header.d="b.example\r\n', b"Received-SPF: pass\r\n", b": x\r\n",
    b"no field\r\n",
)  # fmt: skip
LABELS = (
    b"utf-8", b"utf-16", b"utf-7", b"iso-2022-jp", b"gb18030", b"big5", b"hz-gb-2312", b"windows-1252", b"utf-32",
    b"johab",
    b"x-unknown", b"zlib", b"unicode_escape", b"idna", b"\xff", b"",
)  # fmt: skip

_NUMBER = re.compile(rb"[0-9]{1,9}")
_CHARSET = re.compile(rb"(?i)(charset=\"?|=\?)([A-Za-z0-9_-]{1,30})")
_FIELD_START = re.compile(rb"(?m)^[!-9;-~]{1,40}:")


def changed(chance: random.Random, raw: bytes, others: Sequence[bytes]) -> bytes:
    """The mail with one to MOST_CHANGES changes; `others` are mails to take from."""
    for _ in range(chance.randint(1, MOST_CHANGES)):
        raw = chance.choice(CHANGES)(chance, raw, others)
    return raw


def _place(chance: random.Random, raw: bytes) -> int:
    """Somewhere; often in the header, where most of what is read stands."""
    head = raw.find(b"\r\n\r\n")
    return chance.randint(0, head if head > 0 and chance.random() < 0.5 else len(raw))


def _slice(chance: random.Random, raw: bytes) -> tuple[int, int]:
    start = _place(chance, raw)
    return start, min(len(raw), start + chance.randint(1, LONGEST_SLICE))


def flip_bits(chance: random.Random, raw: bytes, others: Sequence[bytes]) -> bytes:
    out = bytearray(raw)
    for _ in range(chance.randint(1, 8) if out else 0):
        out[chance.randrange(len(out))] ^= 1 << chance.randrange(8)
    return bytes(out)


def put_bytes(chance: random.Random, raw: bytes, others: Sequence[bytes]) -> bytes:
    place = _place(chance, raw)
    return raw[:place] + chance.randbytes(chance.randint(1, 12)) + raw[place:]


def put_piece(chance: random.Random, raw: bytes, others: Sequence[bytes]) -> bytes:
    place = _place(chance, raw)
    return raw[:place] + chance.choice(PIECES) * chance.choice((1, 1, 1, 2, 5, 40)) + raw[place:]


def put_over(chance: random.Random, raw: bytes, others: Sequence[bytes]) -> bytes:
    start, piece = _place(chance, raw), chance.choice(PIECES)
    return raw[:start] + piece + raw[start + len(piece) :]


def put_field(chance: random.Random, raw: bytes, others: Sequence[bytes]) -> bytes:
    """A field above another, or at the very top."""
    starts = [0, *(found.start() for found in _FIELD_START.finditer(raw))]
    place = chance.choice(starts)
    return raw[:place] + chance.choice(FIELDS) + raw[place:]


def cut(chance: random.Random, raw: bytes, others: Sequence[bytes]) -> bytes:
    start, end = _slice(chance, raw)
    return raw[:start] + raw[end:]


def double(chance: random.Random, raw: bytes, others: Sequence[bytes]) -> bytes:
    start, end = _slice(chance, raw)
    return raw[:start] + raw[start:end] * chance.choice((2, 2, 3, 20)) + raw[end:]


def move(chance: random.Random, raw: bytes, others: Sequence[bytes]) -> bytes:
    start, end = _slice(chance, raw)
    rest = raw[:start] + raw[end:]
    place = _place(chance, rest)
    return rest[:place] + raw[start:end] + rest[place:]


def shuffle_lines(chance: random.Random, raw: bytes, others: Sequence[bytes]) -> bytes:
    lines = raw.split(b"\n")
    for _ in range(3):
        a, b = chance.randrange(len(lines)), chance.randrange(len(lines))
        lines[a], lines[b] = lines[b], lines[a]
    return b"\n".join(lines)


def fold_elsewhere(chance: random.Random, raw: bytes, others: Sequence[bytes]) -> bytes:
    place = _place(chance, raw)
    return raw[:place] + chance.choice((b"\r\n ", b"\n\t", b"\r ", b"\r\n")) + raw[place:]


def truncate(chance: random.Random, raw: bytes, others: Sequence[bytes]) -> bytes:
    return raw[: _place(chance, raw)]


def splice(chance: random.Random, raw: bytes, others: Sequence[bytes]) -> bytes:
    """The beginning of one and the end of another."""
    other = chance.choice(others)
    return raw[: _place(chance, raw)] + other[_place(chance, other) :]


def renumber(chance: random.Random, raw: bytes, others: Sequence[bytes]) -> bytes:
    found = list(_NUMBER.finditer(raw))
    if not found:
        return raw
    one = chance.choice(found)
    return raw[: one.start()] + chance.choice((b"0", b"-1", b"4294967296", b"9" * 40, b"")) + raw[one.end() :]


def relabel(chance: random.Random, raw: bytes, others: Sequence[bytes]) -> bytes:
    """Another character set than that of the bytes."""
    return _CHARSET.sub(lambda found: found[1] + chance.choice(LABELS), raw)


def nest(chance: random.Random, raw: bytes, others: Sequence[bytes]) -> bytes:
    """The mail as a part of another, in one or many levels."""
    for _ in range(chance.choice((1, 1, 2, 60))):
        kind = chance.choice((b"mixed", b"alternative", b"report; report-type=delivery-status", b"digest", b"related"))
        inner = chance.choice((b"", b"Content-Type: message/rfc822\r\n\r\n"))
        raw = b"From: a@b.example\r\nContent-Type: multipart/%b; boundary=x\r\n\r\n--x\r\n%b%b\r\n--x--\r\n" % (
            kind,
            inner,
            raw,
        )
    return raw


def other_line_ends(chance: random.Random, raw: bytes, others: Sequence[bytes]) -> bytes:
    return raw.replace(b"\r\n", chance.choice((b"\n", b"\r", b"\r\r\n", b"\n\r")))


CHANGES: tuple[Change, ...] = (
    flip_bits, put_bytes, put_piece, put_piece, put_piece, put_over, put_field, put_field, cut, double, move,
    shuffle_lines,
    fold_elsewhere, truncate, splice, splice, renumber, relabel, nest, other_line_ends,
)  # fmt: skip


def lengthened(chance: random.Random, raw: bytes, size: int) -> bytes:
    """A mail up to some place, and then a few pieces again and again: what is not linear shows itself.

    The end is missing, so that any first part of it is of the same make.
    """
    pieces = [chance.choice(PIECES + FIELDS) for _ in range(chance.randint(1, 3))]
    if chance.random() < 0.5:
        start, end = _slice(chance, raw)
        pieces.append(raw[start : min(end, start + chance.choice((3, 20, 100)))])
    piece = b"".join(pieces) or b"a"
    head = raw[: _place(chance, raw)][:4000]
    return head + piece * (size // len(piece) + 1)
