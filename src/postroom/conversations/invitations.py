"""Invitations as a message keeps them: plain values, with the instants that the world's list of time zones tells."""

from __future__ import annotations

import zoneinfo
from datetime import UTC, datetime
from typing import Any

from postroom.core.message.calendar import Guest, Invitation
from postroom.core.message.calendar_times import Moment, Recurrence


def written(invitation: Invitation | None) -> dict[str, Any]:
    """The invitation as JSON; empty where there is none. Times are ISO 8601, `utc` is null where nobody knows it."""
    if invitation is None:
        return {}
    return {
        "method": invitation.method,
        "title": invitation.title,
        "starts": _moment(invitation.starts),
        "ends": _moment(invitation.ends),
        "place": invitation.place,
        "notes": invitation.notes,
        "organiser": _guest(invitation.organiser) if invitation.organiser else None,
        "guests": [_guest(one) for one in invitation.guests],
        "more_guests": invitation.more_guests,
        "recurrence": _recurrence(invitation.recurrence),
        "occurrence": _moment(invitation.occurrence),
        "status": invitation.status,
        "sequence": invitation.sequence,
        "uid": invitation.uid,
        "more": invitation.more,
    }


def _guest(guest: Guest) -> dict[str, Any]:
    return {"name": guest.name, "email": guest.email, "answer": guest.answer, "optional": guest.optional}


def _moment(moment: Moment | None) -> dict[str, Any] | None:
    if moment is None:
        return None
    utc = _known(moment) or moment.utc
    return {
        "local": moment.local.isoformat(),
        "zone": moment.zone,
        "utc": utc.isoformat().replace("+00:00", "Z") if utc else None,
        "whole_day": moment.whole_day,
    }


def _known(moment: Moment) -> datetime | None:
    """The instant by the zone's name, if the world knows it: files often carry rules that ended long ago."""
    if moment.whole_day or not moment.zone:
        return None
    try:
        return moment.local.replace(tzinfo=zoneinfo.ZoneInfo(moment.zone)).astimezone(UTC)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError, OverflowError):
        return None


def _recurrence(rule: Recurrence | None) -> dict[str, Any] | None:
    if rule is None:
        return None
    return {
        "every": rule.every,
        "interval": rule.interval,
        "count": rule.count,
        "until": rule.until.isoformat() if rule.until else None,
        "days": [list(pair) for pair in rule.days],
        "month_days": list(rule.month_days),
        "months": list(rule.months),
        "other": rule.other,
    }
