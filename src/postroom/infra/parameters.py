"""System parameters: the keys that we know, their defaults and meaning, and what somebody set."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from postroom.core.addresses import normalise, valid
from postroom.core.routing.facts import Limits
from postroom.core.sending.from_filter import parse_filter
from postroom.infra import instance
from postroom.infra.models import Parameter

REREAD_SECONDS = 5.0
LONGEST_NUMBER = 9


class Kind(StrEnum):
    """What a value has to be."""

    NUMBER = "number"  # whole, 0 or more
    ADDRESS = "address"
    SENDER = "sender"  # an address, or its local part
    FILTER = "filter"  # addresses and domains, by commas
    DOMAIN = "domain"
    LOCAL_PART = "local part"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Known:
    """A parameter: its default, what it means, what it has to be. `same_as` is the name under which it is kept."""

    default: str
    meaning: Promise | str
    kind: Kind = Kind.TEXT
    same_as: str = ""


KNOWN: Mapping[str, Known] = {
    "mail.incoming.limit.period": Known("60", _("Minutes over which the loop limits count."), Kind.NUMBER),
    "mail.incoming.limit.alias": Known(
        "5", _("New records that one sender may make by one alias within the period; 0: any number."), Kind.NUMBER
    ),
    "mail.incoming.limit.thread": Known(
        "20", _("Mails that one sender may put in one thread within the period; 0: any number."), Kind.NUMBER
    ),
    "mail.gateway.loop.minutes": Known(
        "60", _("Another name of mail.incoming.limit.period."), Kind.NUMBER, "mail.incoming.limit.period"
    ),
    "mail.gateway.loop.threshold": Known(
        "5", _("Another name of mail.incoming.limit.alias."), Kind.NUMBER, "mail.incoming.limit.alias"
    ),
    "mail.default.from_filter": Known(
        "", _("Addresses and domains that the default server sends for, by commas."), Kind.FILTER
    ),
    "mail.force.smtp.from": Known("", _("Address that every mail is sent as, whoever wrote it."), Kind.ADDRESS),
    "mail.dynamic.smtp.from": Known(
        "", _("Address sent as where the author's domain is not the company's alias domain."), Kind.ADDRESS
    ),
    "conversation.note.change.minutes": Known(
        "30", _("Minutes for which one may edit or delete one's own note; 0: never."), Kind.NUMBER
    ),
}
HIDDEN = instance.KEYS  # rows that are no setting


@dataclass(slots=True)
class _Cache:
    read_at: float = 0.0
    values: dict[str, str] = field(default_factory=dict)


_cache = _Cache()


def values() -> dict[str, str]:
    """Every known parameter's value, at most five seconds old."""
    if not _cache.values or time.monotonic() - _cache.read_at > REREAD_SECONDS:
        set_ = dict(Parameter.objects.filter(key__in=KNOWN).values_list("key", "value"))
        _cache.values = {key: set_.get(one.same_as or key, one.default) for key, one in KNOWN.items()}
        _cache.read_at = time.monotonic()
    return _cache.values


def forget() -> None:
    """Read the parameters anew the next time they are asked for."""
    _cache.values = {}


def stored() -> dict[str, str]:
    """Everything that somebody set, known or not, by key."""
    return dict(Parameter.objects.exclude(key__in=HIDDEN).order_by("key").values_list("key", "value"))


def keep(key: str, value: str) -> None:
    """Set a parameter, under the name that it is kept by; other processes know it within five seconds."""
    Parameter.objects.update_or_create(key=_kept(key), defaults={"value": value})
    forget()


def reset(key: str) -> bool:
    """Forget what was set, so that the default holds again; whether something was set."""
    found = Parameter.objects.exclude(key__in=HIDDEN).filter(key=_kept(key)).delete()[0]
    forget()
    return bool(found)


def _kept(key: str) -> str:
    return KNOWN[key].same_as or key if key in KNOWN else key


def problem(kind: Kind, value: str) -> str:
    """What is wrong with a (trimmed) value of this kind, in words; empty where nothing is."""
    if kind is Kind.NUMBER:
        right = value.isascii() and value.isdigit() and len(value) <= LONGEST_NUMBER
        return "" if right else "Enter a whole number, 0 or more."
    if not value:
        return ""
    if kind in (Kind.ADDRESS, Kind.SENDER):
        whole = value if kind is Kind.ADDRESS or "@" in value else f"{value}@x.example"
        return "" if valid(normalise(whole)) else "Enter a mail address, such as notifications@acme.example."
    if kind is Kind.FILTER:
        return "" if len(parse_filter(value)) else "Enter addresses and domains, by commas."
    return ""


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
