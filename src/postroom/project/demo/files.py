"""Files for the demo's mails, drawn here: a page of text as PDF, a curve as PNG, a table as CSV."""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Iterable, Sequence

WHITE, LINE, ALARM = (255, 255, 255), (38, 70, 160), (196, 52, 52)


def pdf(title: str, lines: Sequence[str]) -> bytes:
    """One page of text (PDF 1.4, Latin-1 in Helvetica)."""
    shown = ["BT /F1 18 Tf 60 780 Td", f"({_escaped(title)}) Tj", "/F1 11 Tf 0 -36 Td 16 TL"]
    shown += [f"({_escaped(line)}) Tj T*" for line in lines]
    content = "\n".join([*shown, "ET"]).encode("latin-1", "replace")
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources 6 0 R >>",
        b"<< /Length %d >>\nstream\n%b\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        b"<< /Font << /F1 5 0 R >> >>",
    )
    return _with_table(objects)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")


def _with_table(objects: Sequence[bytes]) -> bytes:
    """Objects, and the table of where each one starts."""
    written, starts = bytearray(b"%PDF-1.4\n"), []
    for number, one in enumerate(objects, 1):
        starts.append(len(written))
        written += b"%d 0 obj\n%b\nendobj\n" % (number, one)
    table = b"".join(b"%010d 00000 n \n" % start for start in starts)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    tail = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(written))
    return bytes(written) + head + table + tail


def curve_png(width: int = 480, height: int = 160) -> bytes:
    """A temperature over a day, with the hour in which a door stayed open (PNG, 8 bits a channel)."""
    rows = [[WHITE] * width for _ in range(height)]
    for x in range(width):
        level = 0.35 + 0.05 * math.sin(x / 17) + 0.45 * math.exp(-(((x - 0.62 * width) / 26) ** 2))
        middle = int((1 - level) * height)
        colour = ALARM if level > 0.5 else LINE
        for y in range(middle - 2, middle + 2):
            rows[y][x] = colour
    return _png(width, height, (b"\0" + b"".join(map(bytes, row)) for row in rows))


def _png(width: int, height: int, lines: Iterable[bytes]) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pieces = ((b"IHDR", header), (b"IDAT", zlib.compress(b"".join(lines), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in pieces)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def fleet_csv() -> bytes:
    """A list of vans."""
    lines = ["plate;depot;cooled;km_per_day"]
    depots = ("Solna", "Uppsala", "Örebro")
    lines += [f"NGL {100 + n};{depots[n % 3]};{n % 4 == 0};{120 + n * 7 % 90}" for n in range(36)]
    return "\r\n".join([*lines, ""]).encode("utf-8")
