"""Invitations: what a calendar file in a mail says (RFC 5545, RFC 5546), read within limits and without answering.

Only the first event is told, with how many more there are; alarms, tasks and free-busy times are passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from postroom.core.message import charset
from postroom.core.message.calendar_lines import Line, component_lines, one_line, several_lines, unescaped
from postroom.core.message.calendar_times import (
    Moment,
    Recurrence,
    Zones,
    after,
    read_moment,
    read_recurrence,
    read_zones,
)

MOST_BYTES = 1024 * 1024  # of a calendar file that are read
MOST_EVENTS = 1000
MOST_GUESTS = 200
LONGEST_TITLE, LONGEST_PLACE, LONGEST_NOTES, LONGEST_NAME = 300, 300, 4000, 200  # characters

_BEGINS = re.compile(rb"(?:\xef\xbb\xbf)?\s*BEGIN:VCALENDAR\b", re.IGNORECASE)
_METHODS = frozenset(("request", "cancel", "reply", "counter", "declinecounter", "publish", "add", "refresh"))
_ANSWERS = frozenset(("accepted", "declined", "tentative", "delegated", "needs-action"))


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody whom an event names. `answer` is a participation status (RFC 5545 §3.2.12) in lower case, or empty."""

    name: str
    email: str
    answer: str = ""
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Invitation:
    """An event as its sender says it is; nothing of it is proved.

    `method` is what is asked (RFC 5546 §1.4) in lower case, or empty; `status` tentative, confirmed, cancelled or
    empty. `occurrence` is the one of a series that is meant. `guests` are the first ones, `more_guests` counts the
    rest; `more` counts further events of the file.
    """

    method: str = ""
    title: str = ""
    starts: Moment | None = None
    ends: Moment | None = None
    place: str = ""
    notes: str = ""
    organiser: Guest | None = None
    guests: tuple[Guest, ...] = ()
    more_guests: int = 0
    recurrence: Recurrence | None = None
    occurrence: Moment | None = None
    status: str = ""
    sequence: int = 0
    uid: str = ""
    more: int = 0


def is_calendar(data: bytes) -> bool:
    """Whether the bytes begin as a calendar does, whatever they are labelled."""
    return _BEGINS.match(data[:200]) is not None


def read_invitation(data: bytes) -> Invitation | None:
    """The first event of a calendar file, or None where it tells of none. Total: any bytes have an answer."""
    lines = list(component_lines(charset.decode(_unfolded(data[:MOST_BYTES]))[0]))
    zones = read_zones(lines)
    method = (
        next((one.value for one in lines if one.path == ("vcalendar",) and one.name == "method"), "").strip().lower()
    )
    events = list(_events(lines))
    if not events:
        return None
    chosen = next((one for one in events if not any(line.name == "recurrence-id" for line in one)), events[0])
    known = method if method in _METHODS else ""
    return replace(_event(chosen, zones), method=known, more=len(events) - 1)


def _unfolded(data: bytes) -> bytes:
    """Long lines in one piece (RFC 5545 §3.1): joined as bytes, since a fold may stand within a character."""
    return re.sub(rb"\r?\n[ \t]", b"", data)


def _events(lines: list[Line]) -> Iterator[list[Line]]:
    """The lines of each event without those of components within it."""
    numbers: dict[int, list[Line]] = {}
    for line in lines:
        if line.path == ("vcalendar", "vevent"):
            if line.number not in numbers and len(numbers) == MOST_EVENTS:
                break
            numbers.setdefault(line.number, []).append(line)
    yield from numbers.values()


def _event(lines: list[Line], zones: Zones) -> Invitation:
    first: dict[str, Line] = {}
    guests: list[Guest] = []
    count = 0
    for line in lines:
        if line.name == "attendee":
            count += 1
            guests += [_guest(line)] if count <= MOST_GUESTS else []
        else:
            first.setdefault(line.name, line)
    starts = read_moment(first.get("dtstart"), zones)
    rule, organiser, duration = first.get("rrule"), first.get("organizer"), first.get("duration")
    ends = read_moment(first.get("dtend"), zones)
    if ends is None and starts is not None and duration is not None:
        ends = after(starts, duration.value)
    return Invitation(
        title=_text(first, "summary", LONGEST_TITLE),
        starts=starts,
        ends=ends,
        place=_text(first, "location", LONGEST_PLACE),
        notes=several_lines(unescaped(first["description"].value), LONGEST_NOTES) if "description" in first else "",
        organiser=_guest(organiser) if organiser else None,
        guests=tuple(guests),
        more_guests=count - len(guests),
        recurrence=read_recurrence(rule.value) if rule else None,
        occurrence=read_moment(first.get("recurrence-id"), zones),
        status=_word(first, "status"),
        sequence=_number(first, "sequence"),
        uid=_text(first, "uid", LONGEST_NAME),
    )


def _text(first: dict[str, Line], name: str, longest: int) -> str:
    return one_line(unescaped(first[name].value), longest) if name in first else ""


def _word(first: dict[str, Line], name: str) -> str:
    word = first[name].value.strip().lower() if name in first else ""
    return word if word in ("tentative", "confirmed", "cancelled") else ""


def _number(first: dict[str, Line], name: str) -> int:
    digits = first[name].value.strip() if name in first else ""
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 9 else 0


def _guest(line: Line) -> Guest:
    """A calendar address: mostly `mailto:`; a bare address and the EMAIL parameter count too (RFC 7986 §6.2)."""
    address = line.value.strip()
    if address[:7].lower() == "mailto:":
        address = address[7:]
    if "@" not in address:
        address = line.parameters.get("email", "")
    answer = line.parameters.get("partstat", "").lower()
    return Guest(
        name=one_line(line.parameters.get("cn", ""), LONGEST_NAME),
        email=one_line(address, 320).lower(),
        answer=answer if answer in _ANSWERS else "",
        optional=line.parameters.get("role", "").upper() == "OPT-PARTICIPANT",
    )
