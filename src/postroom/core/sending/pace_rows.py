"""A pace as lists and texts that JSON holds, and back; anything else reads as a pace that knows nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from postroom.core.sending.pace_learning import Evidence, Learnt, Said
from postroom.core.sending.pace_windows import Log, Taking
from postroom.core.sending.pacing import Pace, Plan


def to_plain(pace: Pace) -> dict[str, Any]:
    """What a row keeps; empty for a pace that knows nothing."""
    plain: dict[str, Any] = {}
    if any(pace.logs):
        plain["logs"] = [_plain_log(log) for log in pace.logs]
    if pace.last:
        plain["last"] = pace.last
    if pace.plans:
        plain["plans"] = {
            str(key): [one.at, [_plain_log(log) for log in one.logs], one.last] for key, one in pace.plans.items()
        }
    if pace.learnt:
        plain["learnt"] = _plain_learnt(pace.learnt)
    return plain


def from_plain(plain: Any) -> Pace:
    """The pace of a row."""
    with suppress(TypeError, ValueError, KeyError, AttributeError):
        plans = {int(key): Plan(float(at), _logs(logs), float(last)) for key, (at, logs, last) in _items(plain)}
        learnt = plain.get("learnt")
        return Pace(
            _logs(plain.get("logs") or ((), (), ())),
            float(plain.get("last", 0.0)),
            _learnt(learnt) if learnt else None,
            plans,
        )
    return Pace()


def _items(plain: Mapping[str, Any]) -> Any:
    return plain.get("plans", {}).items()


def _plain_log(log: Log) -> list[list[float]]:
    return [[one.first, one.last, one.count] for one in log]


def _logs(plain: Sequence[Any]) -> tuple[Log, Log, Log]:
    first, second, third = (
        tuple(Taking(float(begin), float(end), int(number)) for begin, end, number in log) for log in plain
    )
    return first, second, third


def _plain_learnt(one: Learnt) -> dict[str, Any]:
    return {
        "rate": one.rate,
        "ceiling": one.ceiling,
        "at": one.at,
        "grown_at": one.grown_at,
        "misses": one.misses,
        "closed_until": one.closed_until,
        "proofs": one.proofs,
        "evidence": [
            [it.at, it.said.code, it.said.enhanced, it.said.words, it.said.replies, it.accepted, it.rate]
            for it in one.evidence
        ],
    }


def _learnt(plain: Mapping[str, Any]) -> Learnt:
    evidence = tuple(
        Evidence(float(at), Said(int(code), str(enhanced), str(words), int(replies)), int(accepted), float(rate))
        for at, code, enhanced, words, replies, accepted, rate in plain["evidence"]
    )
    return Learnt(
        float(plain["rate"]),
        float(plain["ceiling"]),
        float(plain["at"]),
        float(plain["grown_at"]),
        int(plain["misses"]),
        float(plain["closed_until"]),
        int(plain["proofs"]),
        evidence,
    )
