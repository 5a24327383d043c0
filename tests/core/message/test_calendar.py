"""Invitations: what a calendar file says, read by any writer's habits and never at any length."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.core.message.calendar import MOST_GUESTS, Invitation, is_calendar, read_invitation
from postroom.core.message.calendar_times import Recurrence, read_recurrence
from tests.growing import MOST_GROWTH, grows

BERLIN = """BEGIN:VTIMEZONE
TZID:W. Europe Standard Time
BEGIN:STANDARD
DTSTART:16010101T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010101T020000
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3
END:DAYLIGHT
END:VTIMEZONE
"""
NEW_YORK = """BEGIN:VTIMEZONE
TZID:Ours
BEGIN:DAYLIGHT
TZOFFSETFROM:-0500
TZOFFSETTO:-0400
DTSTART:20070311T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=8,9,10,11,12,13,14;BYDAY=SU
END:DAYLIGHT
BEGIN:STANDARD
TZOFFSETFROM:-0400
TZOFFSETTO:-0500
DTSTART:20071104T020000
RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU
END:STANDARD
END:VTIMEZONE
"""


def calendar(event: str, *, head: str = "METHOD:REQUEST\n", zones: str = "") -> bytes:
    text = f"BEGIN:VCALENDAR\nVERSION:2.0\n{head}{zones}BEGIN:VEVENT\n{event}\nEND:VEVENT\nEND:VCALENDAR\n"
    return text.replace("\n", "\r\n").encode()


def read(event: str, *, head: str = "METHOD:REQUEST\n", zones: str = "") -> Invitation:
    found = read_invitation(calendar(event, head=head, zones=zones))
    assert found is not None
    return found


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]


def test_an_invitation_is_read() -> None:
    got = read(
        "UID:1@acme.example\nSUMMARY:Handover\\, vans\nLOCATION:Room 4\\; floor 2\nDESCRIPTION:Bring\\nkeys\n"
        "DTSTART:20260302T090000Z\nDTEND:20260302T103000Z\nSEQUENCE:2\nSTATUS:CONFIRMED\n"
        'ORGANIZER;CN="Sjöberg: Hanna":mailto:Hanna@Norrgard.example\n'
        "ATTENDEE;CN=Jonas;PARTSTAT=ACCEPTED:MAILTO:jonas@acme.example\n"
        "ATTENDEE;ROLE=OPT-PARTICIPANT;PARTSTAT=NEEDS-ACTION:mailto:amara@acme.example\n"
        "BEGIN:VALARM\nDESCRIPTION:wake\nSUMMARY:no\nEND:VALARM"
    )
    assert (got.method, got.title, got.place, got.notes) == (
        "request",
        "Handover, vans",
        "Room 4; floor 2",
        "Bring\nkeys",
    )
    assert (got.sequence, got.status, got.uid) == (2, "confirmed", "1@acme.example")
    assert got.organiser is not None
    assert (got.organiser.name, got.organiser.email) == ("Sjöberg: Hanna", "hanna@norrgard.example")
    assert [(g.name, g.email, g.answer, g.optional) for g in got.guests] == [
        ("Jonas", "jonas@acme.example", "accepted", False),
        ("", "amara@acme.example", "needs-action", True),
    ]
    assert got.starts is not None
    assert got.ends is not None
    assert (got.starts.utc, got.ends.utc) == (utc(2026, 3, 2, 9), utc(2026, 3, 2, 10, 30))


def test_folded_lines_are_one_even_within_a_character() -> None:
    whole = calendar("SUMMARY:Übergabe")
    place = whole.index("Ü".encode()) + 1
    got = read_invitation(whole[:place] + b"\r\n " + whole[place:])
    assert got is not None
    assert got.title == "Übergabe"


@pytest.mark.parametrize(
    ("zones", "zone", "local", "expected"),
    [
        (BERLIN, "W. Europe Standard Time", "20260302T100000", utc(2026, 3, 2, 9)),
        (BERLIN, "W. Europe Standard Time", "20260702T100000", utc(2026, 7, 2, 8)),
        (BERLIN, "W. Europe Standard Time", "20260329T015900", utc(2026, 3, 29, 0, 59)),
        (BERLIN, "W. Europe Standard Time", "20260329T030000", utc(2026, 3, 29, 1)),
        (BERLIN, "W. Europe Standard Time", "20261025T040000", utc(2026, 10, 25, 3)),
        (NEW_YORK, "Ours", "20260307T120000", utc(2026, 3, 7, 17)),
        (NEW_YORK, "Ours", "20260308T120000", utc(2026, 3, 8, 16)),
        (NEW_YORK, "Ours", "20261101T120000", utc(2026, 11, 1, 17)),
        (BERLIN, "Somewhere", "20260302T100000", None),
        ("", "", "20260302T100000", None),
    ],
)
def test_zones_of_the_file(zones: str, zone: str, local: str, expected: datetime | None) -> None:
    tzid = f';TZID="{zone}"' if zone else ""
    got = read(f"DTSTART{tzid}:{local}", zones=zones).starts
    assert got is not None
    assert (got.zone, got.utc) == (zone, expected)
    assert f"{got.local:%Y%m%dT%H%M%S}" == local


def test_a_zone_may_list_its_changes() -> None:
    zone = (
        "BEGIN:VTIMEZONE\nTZID:X\nBEGIN:STANDARD\nDTSTART:20250101T000000\nTZOFFSETFROM:+0300\nTZOFFSETTO:+0200\n"
        "END:STANDARD\nBEGIN:DAYLIGHT\nDTSTART:20250601T000000\nRDATE:20260501T000000\nTZOFFSETFROM:+0200\n"
        "TZOFFSETTO:+0400\nEND:DAYLIGHT\nEND:VTIMEZONE\n"
    )
    hours = {"20240101T120000": 9, "20250201T120000": 10, "20250701T120000": 8, "20260701T120000": 8}
    for local, hour in hours.items():
        got = read(f"DTSTART;TZID=X:{local}", zones=zone).starts
        assert got is not None
        assert got.utc is not None
        assert got.utc.hour == hour, local


def test_whole_days_and_durations() -> None:
    got = read("DTSTART;VALUE=DATE:20260302\nDTEND;VALUE=DATE:20260304")
    assert got.starts is not None
    assert got.starts.whole_day
    assert got.starts.utc is None
    timed = read("DTSTART:20260302T090000Z\nDURATION:P1DT2H30M")
    assert timed.ends is not None
    assert timed.ends.utc == utc(2026, 3, 3, 11, 30)
    assert read("DTSTART:20260302T090000Z\nDURATION:soon").ends is None
    assert read("DTSTART:22001231T090000Z\nDURATION:P9W").ends is None


@pytest.mark.parametrize("when", ["99991231T235900Z", "00010101T000000Z", "18991231T120000", "22010101"])
def test_times_that_no_clock_shows_are_none(when: str) -> None:
    got = read(f"SUMMARY:x\nDTSTART:{when}\nDTEND:{when}\nRECURRENCE-ID:{when}")
    assert (got.title, got.starts, got.ends, got.occurrence) == ("x", None, None, None)


def test_a_zone_may_begin_long_before() -> None:
    first = re.sub(r"DTSTART:\d{4}", "DTSTART:1601", BERLIN)
    got = read("DTSTART;TZID=W. Europe Standard Time:20260702T100000", zones=first).starts
    assert got is not None
    assert got.utc == utc(2026, 7, 2, 8)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("FREQ=DAILY", Recurrence("daily")),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE;WKST=SU", Recurrence("weekly", 2, days=((0, "MO"), (0, "WE")))),
        ("FREQ=MONTHLY;BYDAY=-1FR;COUNT=6", Recurrence("monthly", count=6, days=((-1, "FR"),))),
        ("FREQ=MONTHLY;BYDAY=FR;BYSETPOS=-1", Recurrence("monthly", days=((-1, "FR"),))),
        ("FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=1", Recurrence("monthly", days=((0, "MO"), (0, "TU")), other=True)),
        ("freq=yearly;bymonth=3;bymonthday=8", Recurrence("yearly", month_days=(8,), months=(3,))),
        ("FREQ=WEEKLY;UNTIL=20260503T000000Z", Recurrence("weekly", until=datetime(2026, 5, 3))),  # noqa: DTZ001
        ("FREQ=YEARLY;BYWEEKNO=20", Recurrence("yearly", other=True)),
        ("FREQ=SECONDLY", None),
        ("nonsense", None),
        ("FREQ=DAILY;INTERVAL=0;COUNT=-5;BYMONTH=99", Recurrence("daily")),
    ],
)
def test_recurrences(rule: str, expected: Recurrence | None) -> None:
    assert read_recurrence(rule) == expected


def test_the_series_is_told_before_its_exceptions() -> None:
    exception = "SUMMARY:moved\nRECURRENCE-ID:20260302T090000Z\nDTSTART:20260302T110000Z"
    series = "END:VEVENT\nBEGIN:VEVENT\nSUMMARY:series\nDTSTART:20260223T090000Z\nRRULE:FREQ=WEEKLY"
    got = read(f"{exception}\n{series}")
    assert (got.title, got.more) == ("series", 1)
    alone = read(exception, head="METHOD:CANCEL\n")
    assert alone.method == "cancel"
    assert alone.occurrence is not None


def test_a_file_without_an_event_is_no_invitation() -> None:
    assert read_invitation(b"BEGIN:VCALENDAR\r\nBEGIN:VTODO\r\nSUMMARY:x\r\nEND:VTODO\r\nEND:VCALENDAR\r\n") is None
    assert read_invitation(b"") is None
    assert not is_calendar(b"Dear all, BEGIN:VCALENDAR")
    assert is_calendar(b"\xef\xbb\xbfbegin:vcalendar\r\n")


def test_what_is_broken_is_left_out() -> None:
    got = read("DTSTART:20261345T990000Z\nDTEND;VALUE=DATE:soon\nATTENDEE:nobody\nORGANIZER\nSEQUENCE:x\nSUMMARY:kept")
    assert (got.title, got.starts, got.ends, got.organiser, got.sequence) == ("kept", None, None, None, 0)
    unended = read_invitation(b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:open")
    assert unended is not None
    assert unended.title == "open"


def test_direction_characters_and_line_breaks_cannot_disguise_a_place() -> None:
    assert read("LOCATION:a\u202egpj.exe\\n\\nRoom").place == "agpj.exe Room"


def test_guests_have_an_end_and_are_counted() -> None:
    guests = "\n".join(f"ATTENDEE:mailto:g{number}@acme.example" for number in range(MOST_GUESTS + 30))
    got = read(guests)
    assert (len(got.guests), got.more_guests) == (MOST_GUESTS, 30)


def test_long_texts_are_cut() -> None:
    got = read(f"SUMMARY:{'x' * 100_000}\nDESCRIPTION:{'y' * 100_000}\nLOCATION:{'z' * 100_000}")
    assert max(map(len, (got.title, got.notes, got.place))) <= 4000


@pytest.mark.parametrize(
    "piece",
    ['"', ";", ":", "A:b\n", "BEGIN:X\n", "END:X\n", "\\", "\n ", ';A="', "ATTENDEE:mailto:a@b\n", "BEGIN:VTIMEZONE\n",
     "END:VEVENT\nBEGIN:VEVENT\n", "RDATE:20200101T000000,", "TZID:a\nBEGIN:STANDARD\nTZOFFSETTO:+0100\n"],
)  # fmt: skip
def test_floods_take_time_in_proportion(piece: str) -> None:
    flood = (piece * (300_000 // len(piece))).encode()
    assert grows(lambda data: read_invitation(b"BEGIN:VCALENDAR\nBEGIN:VEVENT\n" + data), flood) < MOST_GROWTH
    assert grows(lambda data: read_invitation(b"BEGIN:VCALENDAR\nBEGIN:VTIMEZONE\n" + data), flood) < MOST_GROWTH


@given(st.binary(max_size=300))
def test_any_bytes_give_a_value(data: bytes) -> None:
    read_invitation(b"BEGIN:VCALENDAR\nBEGIN:VEVENT\n" + data)
    read_invitation(data)


WORDS = st.sampled_from(
    ["BEGIN:", "END:", "VEVENT", "VCALENDAR", "VTIMEZONE", "STANDARD", "TZID:A", "DTSTART", ";TZID=A", ":", "\n", '"',
     ";", "00010101T000000", "99991231T235959", "Z", "RRULE:FREQ=YEARLY;BYDAY=-5SU;BYMONTH=2", "TZOFFSETTO:+9959",
     "UNTIL=", "="]
)  # fmt: skip


@given(st.lists(WORDS, max_size=40))
def test_any_words_of_a_calendar_give_a_value(words: list[str]) -> None:
    zone = "BEGIN:VTIMEZONE\nTZID:A\nBEGIN:STANDARD\nTZOFFSETTO:+9900\nDTSTART:00010101T000000\n"
    written = f"BEGIN:VCALENDAR\n{zone}{''.join(words)}\nEND:STANDARD\nEND:VTIMEZONE\nBEGIN:VEVENT\n{''.join(words)}"
    found = read_invitation(f"{written}\nDTSTART;TZID=A:00010101T000000\n".encode())
    assert found is None or isinstance(found, Invitation)
