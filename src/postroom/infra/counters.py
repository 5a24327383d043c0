"""Counts within a window, kept as rows and changed in the transaction that they guard."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta

from django.db.models import F
from django.db.models.functions import Greatest

from postroom.infra.clock import now
from postroom.infra.database.base import bump
from postroom.infra.models import Counter

KEEP = timedelta(days=2)
LONGEST_KEY = 400


def current(keys: Collection[str], window: float) -> dict[str, int]:
    """The counts of these keys whose window (seconds) has not passed."""
    if not keys:
        return {}
    since = now() - timedelta(seconds=window)
    short = {key[:LONGEST_KEY]: key for key in keys}
    rows = Counter.objects.filter(key__in=short, since__gte=since).values_list("key", "count")
    return {short[key]: count for key, count in rows}


def add(amounts: Mapping[str, int], window: float) -> dict[str, int]:
    """Within a transaction: add to counters and return the new counts; a passed window (seconds) begins anew."""
    short = {key[:LONGEST_KEY]: key for key in amounts}
    return {
        short[key]: count
        for key, count in bump(Counter, {key: amounts[full] for key, full in short.items()}, now(), window).items()
    }


def take_back(amounts: Mapping[str, int]) -> None:
    """Within a transaction: count less, and never less than nothing; windows stay as they are."""
    for key, amount in sorted(amounts.items()):
        less = Greatest(F("count") - amount, 0)
        Counter.objects.filter(key=key[:LONGEST_KEY]).update(count=less)


def forget(keys: Collection[str]) -> None:
    """Within a transaction: these keys are counted from nothing again."""
    Counter.objects.filter(key__in={key[:LONGEST_KEY] for key in keys}).delete()


def forget_old() -> int:
    """Delete counters that no window can still cover; returns how many."""
    return Counter.objects.filter(since__lt=now() - KEEP).delete()[0]
