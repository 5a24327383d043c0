"""A list of records as lines for spreadsheets: comma-separated values (RFC 4180), UTF-8 with a byte order mark."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import datetime, tzinfo

from django.utils import timezone
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from postroom.directory.models import User
from postroom.records import lists
from postroom.records.lists import Filter
from postroom.records.models import Record
from postroom.records.selectors import addresses_of_contacts

MOST = 10_000  # rows of a file
BATCH = 500
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What spreadsheets take for the start of a formula when a cell begins with it."""


class _Line:
    """A file that gives back what is written into it."""

    def write(self, text: str) -> str:
        return text


def list_lines(user: User, asked: Filter) -> Iterator[bytes]:
    """The lines of the file, a batch of records at a time: memory does not grow with the list. They are made after the
    request is answered, so they remember by whose clock and in which language it came.
    """
    clock, language = timezone.get_current_timezone(), get_language() or "en"
    return _in(clock, language, _lines(user, asked))


def _in(clock: tzinfo, language: str, lines: Iterator[bytes]) -> Iterator[bytes]:
    while True:
        with timezone.override(clock), override(language):
            line = next(lines, None)
        if line is None:
            return
        yield line


def _lines(user: User, asked: Filter) -> Iterator[bytes]:
    writer = csv.writer(_Line())
    yield b"\xef\xbb\xbf" + str(writer.writerow(_heads())).encode()
    after, written = "", 0
    while True:
        page = lists.records(user, asked, after=after, limit=min(BATCH, MOST - written))
        emails = addresses_of_contacts([row.contact_id for row in page.rows if row.contact_id])
        if page.rows:
            yield "".join(str(writer.writerow(_cells(row, emails))) for row in page.rows).encode()
        written, after = written + len(page.rows), page.next
        if not after:
            return
        if written >= MOST:
            yield str(writer.writerow([_("Only the first %(number)d are here.") % {"number": MOST}])).encode()
            return


def _heads() -> list[str]:
    words = (_("Number"), _("Title"), _("Contact"), _("Email"), _("Organisation"), _("Desk"), _("Stage"), _("Owner"))
    return [str(word) for word in (*words, _("Created"), _("Last activity"), _("Closed"), _("Notes"))]


def _cells(record: Record, emails: dict[int, str]) -> list[str]:
    contact = record.contact
    cells = (
        record.number,
        record.title,
        contact.name if contact else "",
        emails.get(record.contact_id or 0, ""),
        contact.organisation if contact else "",
        record.desk.name if record.desk else "",
        record.stage.name if record.stage else "",
        record.owner.name if record.owner else "",
        _time(record.created_at),
        _time(record.active_at),
        _time(record.closed_at),
        record.notes,
    )
    return [harmless(cell) for cell in cells]


def _time(at: datetime | None) -> str:
    return timezone.localtime(at).strftime("%Y-%m-%d %H:%M") if at else ""


def harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula: what strangers wrote is text."""
    return f"'{cell}" if cell.lstrip(" ").startswith(FORMULA) or cell.startswith(FORMULA) else cell
