"""The Date header as UTC (RFC 5322 §3.3), read leniently."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_tz

LONGEST_DATE = 100  # characters that are looked at

_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTHS = {name: n for n, name in enumerate(_NAMES, 1)}
_USUAL = re.compile(
    r"(?:[A-Za-z]{2,9},?\s+)?(\d{1,2})\s+([A-Za-z]{3})[a-z]*\.?\s+(\d{4})\s+(\d{1,2}):(\d{2})(?::(\d{2}))?\s*"
    r"([+-])(\d{2}):?(\d{2})\b", re.ASCII
)  # fmt: skip


def parse_date(value: str) -> datetime | None:
    """The moment that `value` names, in UTC, or None. A date without a zone is taken as UTC."""
    value = value[:LONGEST_DATE].strip()
    try:
        usual = _USUAL.match(value)
        return (_from_usual(usual) if usual else _from_unusual(value)) if value else None
    except (ValueError, OverflowError, TypeError, IndexError):
        return None


def _from_usual(match: re.Match[str]) -> datetime | None:
    day, month, year, hour, minute, second, sign, zone_hours, zone_minutes = match.groups()
    number = _MONTHS.get(month.lower())
    if number is None:
        return None
    local = datetime(int(year), number, int(day), int(hour), int(minute), min(int(second or 0), 59), tzinfo=UTC)
    shift = timedelta(hours=int(zone_hours), minutes=int(zone_minutes))
    return local - shift if sign == "+" else local + shift


def _from_unusual(value: str) -> datetime | None:
    found = parsedate_tz(value)
    if found is None:
        return _from_iso(value)
    year, month, day, hour, minute, second = found[:6]
    zone = timezone(timedelta(seconds=found[9] or 0)) if abs(found[9] or 0) < 86400 else UTC
    return datetime(year, month, day, hour, minute, min(second, 59), tzinfo=zone).astimezone(UTC)


def _from_iso(value: str) -> datetime | None:
    moment = datetime.fromisoformat(value)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
