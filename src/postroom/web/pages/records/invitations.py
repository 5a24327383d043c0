"""The card of an invitation: what a calendar file says, in the reader's language and time zone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

MOST_NAMED = 8  # guests whom a card names
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR")

DAY, CLOCK = "l, j F Y", "H:i"
TO = "\N{EN DASH}"  # between the two ends of a time


@dataclass(frozen=True, slots=True)
class InvitationShown:
    """An event as its card shows it. `when` is in the reader's time zone where the instant is known, `there` what the
    sender's clock says, where that differs; `file` is the address of the calendar file. `over` and `void` say that it
    is past and that it will not take place.
    """

    label: str
    sign: str
    title: str
    when: str = ""
    there: str = ""
    repeats: str = ""
    place: str = ""
    organiser: str = ""
    guests: str = ""
    notes: str = ""
    more: str = ""
    file: str = ""
    month: str = ""
    day: str = ""
    over: bool = False
    void: bool = False


def invitation_shown(stored: Mapping[str, Any], file: str) -> InvitationShown:
    """The card of an invitation as `conversations.invitations` wrote it."""
    starts, ends = stored.get("starts"), stored.get("ends")
    void = stored.get("method") == "cancel" or stored.get("status") == "cancelled"
    sign, label = _label(stored, void=void)
    at = _local(stored.get("occurrence") or starts)
    return InvitationShown(
        label=label,
        sign=sign,
        title=stored.get("title") or _("Untitled"),
        when=_when(starts, ends) if starts else "",
        there=_there(starts) if starts else "",
        repeats=_repeats(stored.get("recurrence")),
        place=stored.get("place", ""),
        organiser=_named(stored["organiser"]) if stored.get("organiser") else "",
        guests=_guests(stored),
        notes=stored.get("notes", ""),
        more=_more(stored.get("more", 0)),
        file=file,
        month=date_format(at, "M") if at else "",
        day=str(at.day) if at else "",
        over=_is_over(stored),
        void=void,
    )


def _label(stored: Mapping[str, Any], *, void: bool) -> tuple[str, str]:
    """The icon and the words that say what is asked of the reader."""
    method = stored.get("method", "")
    if void:
        return "calendar-x", _("Cancelled")
    if method == "reply":
        guest = next(iter(stored["guests"]), {"answer": ""})
        sign = "calendar-x" if guest["answer"] == "declined" else "calendar-check"
        return sign, _answer(guest) or _("Answer to an invitation")
    if method == "request" and stored.get("sequence", 0):
        return "calendar-clock", _("Changed invitation")
    sign, words = METHODS.get(method, ("calendar", gettext_lazy("Event")))
    return sign, str(words)


def _answer(guest: Mapping[str, Any]) -> str:
    words = ANSWERS.get(guest["answer"])
    return str(words) % {"who": guest["name"] or guest["email"]} if words else ""


METHODS: Mapping[str, tuple[str, Promise]] = {
    "request": ("calendar-plus", gettext_lazy("Invitation")),
    "counter": ("calendar-clock", gettext_lazy("Another time is proposed")),
    "declinecounter": ("calendar-x", gettext_lazy("The proposed time was declined")),
}
ANSWERS: Mapping[str, Promise] = {
    "accepted": gettext_lazy("%(who)s accepts"),
    "declined": gettext_lazy("%(who)s declines"),
    "tentative": gettext_lazy("%(who)s may come"),
    "delegated": gettext_lazy("%(who)s sends somebody else"),
}


def _utc(moment: Mapping[str, Any]) -> datetime | None:
    return datetime.fromisoformat(moment["utc"]) if moment.get("utc") else None


def _here(moment: Mapping[str, Any]) -> tuple[datetime, str]:
    """The moment on the reader's clock and the name of its zone; as the sender wrote it, without a zone, where the
    instant is not known or the reader's clock leaves the calendar there.
    """
    known = _utc(moment)
    if known:
        try:
            here = timezone.localtime(known)
            return here.replace(tzinfo=None), here.tzname() or ""
        except OverflowError:
            pass
    return datetime.fromisoformat(moment["local"]), ""


def _local(moment: Mapping[str, Any] | None) -> datetime | None:
    return _here(moment)[0] if moment else None


def _when(starts: Mapping[str, Any], ends: Mapping[str, Any] | None) -> str:
    (first, zone), last = _here(starts), _local(ends)
    if starts["whole_day"]:
        later = last is not None and last.date() > first.date()
        return _days(first.date(), last.date() - timedelta(days=1) if last and later else first.date())
    words = f"{date_format(first, DAY)}, {date_format(first, CLOCK)}"
    if last and last > first:
        same = last.date() == first.date()
        clock = date_format(last, CLOCK)
        words = f"{words}{TO}{clock}" if same else f"{words} {TO} {date_format(last, DAY)}, {clock}"
    return f"{words} {zone}" if zone else words


def _days(first: date, last: date) -> str:
    return date_format(first, DAY) if last <= first else f"{date_format(first, DAY)} {TO} {date_format(last, DAY)}"


def _there(starts: Mapping[str, Any]) -> str:
    """What must be known of the sender's clock."""
    if starts["whole_day"]:
        return _("All day")
    there, known = datetime.fromisoformat(starts["local"]), _utc(starts)
    if known is None:
        zone = starts["zone"]
        return _("in the time zone “%(zone)s”, which is not known here") % {"zone": zone} if zone else _("local time")
    if starts["zone"] == "UTC" or _local(starts) == there:
        return ""
    return _("%(time)s in %(zone)s") % {"time": date_format(there, CLOCK), "zone": starts["zone"]}


def _named(guest: Mapping[str, Any]) -> str:
    name, email = guest["name"], guest["email"]
    return f"{name} <{email}>" if name and email and name != email else name or email


def _guests(stored: Mapping[str, Any]) -> str:
    guests: Sequence[Mapping[str, Any]] = stored.get("guests", ())
    names = [(one["name"] or one["email"]) for one in guests[:MOST_NAMED]]
    more = len(guests) + stored.get("more_guests", 0) - len(names)
    if more > 0:
        names.append(_("and %(count)d more") % {"count": more})
    return ", ".join(filter(None, names))


def _more(count: int) -> str:
    if not count:
        return ""
    return ngettext("%(count)d more event in the file", "%(count)d more events in the file", count) % {"count": count}


def _is_over(stored: Mapping[str, Any]) -> bool:
    """Whether an event that does not repeat has ended, as far as its time is known."""
    moment = stored.get("ends") or stored.get("starts")
    if not moment or stored.get("recurrence"):
        return False
    known = _utc(moment)
    return known < timezone.now() if known else datetime.fromisoformat(moment["local"]).date() < timezone.localdate()


def _repeats(rule: Mapping[str, Any] | None) -> str:
    """A recurrence as a sentence part: every 2 weeks on Monday, until 3 May 2026."""
    if not rule:
        return ""
    words = _every(rule)
    if rule["other"] or _has_unsaid_days(rule):
        words = _("%(every)s, on days that only the file tells") % {"every": words}
    if rule["until"]:
        words = _("%(every)s, until %(day)s") % {"every": words, "day": _day(rule["until"])}
    elif rule["count"]:
        times = ngettext("%(count)d time", "%(count)d times", rule["count"]) % {"count": rule["count"]}
        words = f"{words}, {times}"
    return words


def _day(written: str) -> str:
    return date_format(datetime.fromisoformat(written), "j F Y")


def _every(rule: Mapping[str, Any]) -> str:
    every, interval = rule["every"], rule["interval"]
    days = [(which, day) for which, day in rule["days"] if _is_said(which)]
    if every == "weekly" and interval == 1 and sorted(days) == sorted((0, day) for day in WEEKDAYS):
        return _("every weekday")
    once, many = PERIODS[every]
    words = str(once) if interval == 1 else str(many) % {"count": interval}
    on = [_which_day(*pair) for pair in days] or [
        _("day %(day)d") % {"day": day} for day in rule["month_days"] if day > 0
    ]
    if -1 in rule["month_days"]:
        on.append(_("the last day"))
    if on:
        words = _("%(every)s on %(days)s") % {"every": words, "days": ", ".join(on)}
    if rule["months"] and (every != "yearly" or len(rule["months"]) > 1):
        names = ", ".join(date_format(date(2000, month, 1), "F") for month in rule["months"])
        words = _("%(every)s in %(months)s") % {"every": words, "months": names}
    return words


def _has_unsaid_days(rule: Mapping[str, Any]) -> bool:
    """Whether it falls on days that `_every` has no words for: the 20th Monday of a year, the last day but one."""
    return not all(_is_said(which) for which, _day in rule["days"]) or any(day < -1 for day in rule["month_days"])


def _is_said(which: int) -> bool:
    return which == 0 or which in WHICH


def _which_day(which: int, day: str) -> str:
    name = date_format(date(2024, 1, 1 + ("MO", "TU", "WE", "TH", "FR", "SA", "SU").index(day)), "l")  # 1st: a Monday
    words = WHICH.get(which)
    return str(words) % {"day": name} if words else name


PERIODS: Mapping[str, tuple[Promise, Promise]] = {
    "daily": (gettext_lazy("every day"), gettext_lazy("every %(count)d days")),
    "weekly": (gettext_lazy("every week"), gettext_lazy("every %(count)d weeks")),
    "monthly": (gettext_lazy("every month"), gettext_lazy("every %(count)d months")),
    "yearly": (gettext_lazy("every year"), gettext_lazy("every %(count)d years")),
}
WHICH: Mapping[int, Promise] = {
    1: pgettext_lazy("day of a month", "the first %(day)s"),
    2: pgettext_lazy("day of a month", "the second %(day)s"),
    3: pgettext_lazy("day of a month", "the third %(day)s"),
    4: pgettext_lazy("day of a month", "the fourth %(day)s"),
    5: pgettext_lazy("day of a month", "the fifth %(day)s"),
    -1: pgettext_lazy("day of a month", "the last %(day)s"),
    -2: pgettext_lazy("day of a month", "the last but one %(day)s"),
}
