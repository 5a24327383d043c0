"""Times of a calendar file: moments with the zone that the file itself defines (RFC 5545 §3.6.5), and recurrences."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from postroom.core.message.calendar_lines import Line, one_line

MOST_ZONES = 50
YEARS = range(1900, 2201)  # of what a card shows; zones of a file begin earlier, Outlook's in 1601
MOST_OBSERVANCES = 200  # of one zone
DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")

_TIME = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)?(Z)?)?", re.ASCII)
_OFFSET = re.compile(r"([+-])(\d\d):?(\d\d)(?:\d\d)?", re.ASCII)
_DURATION = re.compile(
    r"([+-])?P(?:(\d{1,5})W)?(?:(\d{1,5})D)?(?:T(?:(\d{1,5})H)?(?:(\d{1,5})M)?(?:(\d{1,5})S)?)?", re.ASCII
)
_DAY = re.compile(r"([+-]?\d{1,2})?(MO|TU|WE|TH|FR|SA|SU)", re.ASCII)
_FREQUENCIES = frozenset(("daily", "weekly", "monthly", "yearly"))


@dataclass(frozen=True, slots=True)
class Moment:
    """A time as the file writes it: `local` without a zone, `zone` its name there (empty: wherever one is, or a day),
    `utc` the same instant where the file says enough to know it.
    """

    local: datetime
    zone: str = ""
    utc: datetime | None = None
    whole_day: bool = False


@dataclass(frozen=True, slots=True)
class Recurrence:
    """How an event repeats (RFC 5545 §3.3.10). `days` are (which, day): 0 every one, -1 the last of the month; `other`
    says that the rule has parts beyond these, so that words made of them would not be the whole truth.
    """

    every: str
    interval: int = 1
    count: int = 0
    until: datetime | None = None
    days: tuple[tuple[int, str], ...] = ()
    month_days: tuple[int, ...] = ()
    months: tuple[int, ...] = ()
    other: bool = False


@dataclass(frozen=True, slots=True)
class _Observance:
    """Standard or summer time of a zone: from its onsets on, so many minutes from UTC."""

    start: datetime
    minutes: int
    before: int
    rule: Recurrence | None = None
    dates: tuple[datetime, ...] = ()


@dataclass(frozen=True, slots=True)
class Zones:
    """The zones that a file defines, by name."""

    observances: Mapping[str, Sequence[_Observance]] = field(default_factory=dict)

    def utc(self, local: datetime, zone: str) -> datetime | None:
        """The instant of a local time in a zone; None where the file does not define it."""
        rows = self.observances.get(zone)
        if not rows:
            return None
        onsets = [(last, row.minutes) for row in rows if (last := _last_onset(row, local)) is not None]
        minutes = max(onsets)[1] if onsets else min(rows, key=lambda row: row.start).before
        try:
            return (local - timedelta(minutes=minutes)).replace(tzinfo=UTC)
        except OverflowError:
            return None


def _last_onset(row: _Observance, local: datetime) -> datetime | None:
    """The last time up to `local` at which the observance began."""
    found = [one for one in (row.start, *row.dates) if one <= local]
    if row.rule is not None:
        until = row.rule.until
        for year in (local.year - 1, local.year):
            onset = _onset_in(row, row.rule, year)
            if onset is not None and row.start <= onset <= local and (until is None or onset <= until):
                found.append(onset)
        if until is not None and until < local:  # the rule has ended: its last onset
            found += [o for y in (until.year - 1, until.year) if (o := _onset_in(row, row.rule, y)) and o <= until]
    return max(found, default=None)


def _onset_in(row: _Observance, rule: Recurrence, year: int) -> datetime | None:
    """The day of a year on which it begins: the second Sunday of March, the last of October, or the same date."""
    month = rule.months[0] if rule.months else row.start.month
    try:
        first = row.start.replace(year=year, month=month, day=1)
    except ValueError:
        return None
    if not rule.days:
        day = rule.month_days[0] if rule.month_days else row.start.day
        return first.replace(day=min(max(day, 1), _days_of(first)))
    which, name = rule.days[0]
    days = [day for day in range(1, _days_of(first) + 1) if (first.weekday() + day - 1) % 7 == DAYS.index(name)]
    if rule.month_days:  # the Sunday from the 8th to the 14th: the second one
        days = [day for day in days if day in rule.month_days]
        which = 1
    place = which - 1 if which > 0 else min(0, which)
    return first.replace(day=days[place]) if -len(days) <= place < len(days) else None


def _days_of(first: datetime) -> int:
    """How many days the month has that begins then."""
    if first.month == 2:
        leap = first.year % 4 == 0 and (first.year % 100 != 0 or first.year % 400 == 0)
        return 29 if leap else 28
    return 30 if first.month in (4, 6, 9, 11) else 31


def read_zones(lines: Iterable[Line]) -> Zones:
    """The zones of a file; what of them cannot be read does not count."""
    names: dict[int, str] = {}
    parts: dict[int, tuple[int, dict[str, str]]] = {}
    zone = 0
    for line in lines:
        if line.path == ("vcalendar", "vtimezone"):
            zone = line.number
            if line.name == "tzid" and len(names) < MOST_ZONES:
                names.setdefault(zone, zone_name(line.value))
        elif line.path[:2] == ("vcalendar", "vtimezone") and line.path[2:] in (("standard",), ("daylight",)):
            parts.setdefault(line.number, (zone, {}))[1].setdefault(line.name, line.value)
    found: dict[str, list[_Observance]] = {}
    for owner, values in parts.values():
        row = _observance(values)
        if row is not None and owner in names and len(found.setdefault(names[owner], [])) < MOST_OBSERVANCES:
            found[names[owner]].append(row)
    return Zones(found)


def zone_name(value: str) -> str:
    return one_line(value, 100)


def _observance(values: Mapping[str, str]) -> _Observance | None:
    start, minutes = _time(values.get("dtstart", "")), _minutes(values.get("tzoffsetto", ""))
    if start is None or minutes is None:
        return None
    before = _minutes(values.get("tzoffsetfrom", ""))
    rule = read_recurrence(values["rrule"]) if "rrule" in values else None
    dates = tuple(date for text in values.get("rdate", "").split(",")[:MOST_OBSERVANCES] if (date := _time(text)))
    return _Observance(start, minutes, minutes if before is None else before, rule, dates)


def _minutes(value: str) -> int | None:
    match = _OFFSET.match(value.strip())
    if match is None:
        return None
    minutes = int(match[2]) * 60 + int(match[3])
    return -minutes if match[1] == "-" else minutes


def _time(value: str) -> datetime | None:
    """A date or a date and time without a zone; None where it is none."""
    match = _TIME.match(value.strip())
    if match is None:
        return None
    year, month, day, hour, minute, second, _ = match.groups()
    try:
        return datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0), min(int(second or 0), 59))  # noqa: DTZ001 the file gives the zone
    except ValueError:
        return None


def read_moment(line: Line | None, zones: Zones) -> Moment | None:
    """The time that a property gives, None where it gives none that there is."""
    local = _time(line.value) if line else None
    if line is None or local is None or local.year not in YEARS:
        return None
    value = line.value.strip()
    if "T" not in value[:9]:
        return Moment(local, whole_day=True)
    if value[8:].rstrip().endswith("Z"):
        return Moment(local, "UTC", local.replace(tzinfo=UTC))
    zone = zone_name(line.parameters.get("tzid", ""))
    return Moment(local, zone, zones.utc(local, zone) if zone else None)


def after(moment: Moment, duration: str) -> Moment | None:
    """The moment that is a duration (RFC 5545 §3.3.6) later; None where it is none or leaves the calendar."""
    match = _DURATION.fullmatch(duration.strip())
    if match is None or match[1] == "-":
        return None
    weeks, days, hours, minutes, seconds = (int(number or 0) for number in match.groups()[1:])
    span = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
    try:
        later = replace(moment, local=moment.local + span, utc=moment.utc + span if moment.utc else None)
    except OverflowError:
        return None
    return later if later.local.year in YEARS else None


def read_recurrence(value: str) -> Recurrence | None:
    """A rule of repetition; None where it has no frequency that a calendar shows."""
    parts = {
        name.strip().upper(): content.strip().upper()
        for name, equals, content in (part.partition("=") for part in value[:2000].split(";"))
        if equals
    }
    every = parts.pop("FREQ", "").lower()
    if every not in _FREQUENCIES:
        return None
    days = [_DAY.fullmatch(day.strip()) for day in parts.pop("BYDAY", "").split(",")[:50]]
    place = _numbers(parts.pop("BYSETPOS", ""), -366, 366)
    pairs = tuple((int(match[1] or 0), match[2]) for match in days if match)
    if len(place) == 1 and len(pairs) == 1:  # the last of all Fridays is the last Friday
        pairs, place = ((place[0], pairs[0][1]),), ()
    parts.pop("WKST", None)
    return Recurrence(
        every=every,
        interval=max((*_numbers(parts.pop("INTERVAL", ""), 1, 9999), 1)),
        count=max((*_numbers(parts.pop("COUNT", ""), 1, 99999), 0)),
        until=_time(parts.pop("UNTIL", "")),
        days=pairs,
        month_days=_numbers(parts.pop("BYMONTHDAY", ""), -31, 31),
        months=_numbers(parts.pop("BYMONTH", ""), 1, 12),
        other=bool(parts or place),
    )


def _numbers(value: str, least: int, most: int) -> tuple[int, ...]:
    texts = (text.strip() for text in value.split(",")[:100])
    read = (int(text) for text in texts if re.fullmatch(r"[+-]?[0-9]{1,5}", text))
    return tuple(number for number in read if least <= number <= most and number)
