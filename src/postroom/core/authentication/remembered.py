"""Evaluations that were made before. What SPF or DMARC says of a domain follows from what DNS answers, and mail comes
from the same domains by the same servers over and over: where every question is answered as it was, so is the whole.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Generic

from postroom.core.authentication.questions import Answers, Asking, Questions, T

LONGEST = 8192  # octets of all answers of an evaluation that is kept
EACH = 64  # octets that a text takes beside its own

Exchange = tuple[Questions, Answers]


@dataclass(frozen=True, slots=True)
class _Kept(Generic[T]):
    exchanges: tuple[Exchange, ...]
    result: T

    def holds(self, heard: list[Answers]) -> Asking[bool]:
        """Whether DNS answers all as it did; `heard` gets what it answered."""
        for questions, answers in self.exchanges:
            heard.append((yield questions))
            if heard[-1] != answers:
                return False
        return True


class Remembered(Generic[T]):
    """At most `most` evaluations by what they follow from beside the answers; then all are forgotten.

    Threads may share it: one call of a dictionary each reads, keeps and forgets, and only what may be kept ever is.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self._kept: dict[Hashable, _Kept[T]] = {}

    def evaluate(self, key: Hashable, asking: Asking[T], may_keep: Callable[[], bool] = lambda: True) -> Asking[T]:
        """The result of an evaluation, which asks DNS the same questions whether it was made before or not.

        `may_keep` says at its end whether the result follows from the key and the answers alone.
        """
        heard: list[Answers] = []
        kept = self._kept.get(key)
        if kept is not None and (yield from kept.holds(heard)):
            return kept.result
        exchanges: list[Exchange] = []
        try:
            questions = next(asking)
            while True:
                answers = heard[len(exchanges)] if len(exchanges) < len(heard) else (yield questions)
                exchanges.append((questions, answers))
                questions = asking.send(answers)
        except StopIteration as done:
            result: T = done.value
            if may_keep() and _octets(exchanges) <= LONGEST:
                self._keep(key, _Kept(tuple(exchanges), result))
            return result

    def _keep(self, key: Hashable, kept: _Kept[T]) -> None:
        if len(self._kept) >= self.most:
            self._kept.clear()
        self._kept[key] = kept


def _octets(exchanges: list[Exchange]) -> int:
    found = (text for _, answers in exchanges for one in answers for text in (*one.texts, *one.values, one.words))
    return sum(len(text) + EACH for text in found)
