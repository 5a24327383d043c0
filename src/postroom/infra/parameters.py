"""System parameters: the keys that we know, their defaults and meaning, and what somebody set."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from postroom.core.routing.facts import Limits
from postroom.infra.models import Parameter

REREAD_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Known:
    """A parameter: its default and what it means."""

    default: str
    meaning: str


KNOWN = {
    "mail.incoming.limit.period": Known("60", "Minutes over which the loop limits count."),
    "mail.incoming.limit.alias": Known("5", "New records that one sender may make by one alias within the period."),
    "mail.incoming.limit.thread": Known("20", "Mails that one sender may put in one thread within the period."),
    "mail.default.from": Known("", "Notification address, or its local part; empty: what the alias domain says."),
    "mail.default.from_filter": Known("", "Addresses and domains that the default server sends for, by commas."),
    "mail.force.smtp.from": Known("", "Address that every mail is sent as, whoever wrote it."),
    "mail.dynamic.smtp.from": Known("", "Address sent as where the author's domain is not the company's alias domain."),
    "conversation.note.change.minutes": Known("30", "Minutes for which one may edit or delete one's own note; 0: never."),
}


@dataclass(slots=True)
class _Cache:
    read_at: float = 0.0
    values: dict[str, str] = field(default_factory=dict)


_cache = _Cache()


def values() -> dict[str, str]:
    """Every known parameter's value, at most five seconds old."""
    if not _cache.values or time.monotonic() - _cache.read_at > REREAD_SECONDS:
        set_ = dict(Parameter.objects.filter(key__in=KNOWN).values_list("key", "value"))
        _cache.values = {key: set_.get(key, meaning.default) for key, meaning in KNOWN.items()}
        _cache.read_at = time.monotonic()
    return _cache.values


def forget() -> None:
    """Read the parameters anew the next time they are asked for."""
    _cache.values = {}


def loop_limits() -> Limits:
    """The loop limits as set; a value that is no number counts as the default."""
    return Limits(
        period=_number("mail.incoming.limit.period"),
        per_alias=_number("mail.incoming.limit.alias"),
        per_thread=_number("mail.incoming.limit.thread"),
    )


def note_minutes() -> int:
    """For how many minutes one may change one's own note."""
    return _number("conversation.note.change.minutes")


def _number(key: str) -> int:
    value = values()[key]
    return int(value) if value.isdigit() else int(KNOWN[key].default)
