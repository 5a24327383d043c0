"""Evaluations that were made before. What SPF or DMARC says of a domain follows from what DNS answers, and mail comes
from the same domains by the same servers over and over: where every question is answered as it was, so is the whole.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Generic

from postroom.core.authentication.questions import Answers, Asking, Questions, T

LONGEST = 8192  # octets of all TXT records of an evaluation that is kept

Exchange = tuple[Questions, Answers]


@dataclass(frozen=True, slots=True)
class _Kept(Generic[T]):
    exchanges: tuple[Exchange, ...]
    result: T


class Remembered(Generic[T]):
    """At most `most` evaluations by what they follow from beside the answers; the oldest is forgotten first."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._kept: dict[Hashable, _Kept[T]] = {}

    def again(self, key: Hashable) -> Asking[T | None]:
        """The result as it was, once DNS has answered all the same; None where it does not, or nothing is kept."""
        kept = self._kept.get(key)
        if kept is None:
            return None
        for questions, answers in kept.exchanges:
            if (yield questions) != answers:
                return None
        return kept.result

    def anew(self, key: Hashable, asking: Asking[T]) -> Asking[T]:
        """The result of an evaluation, kept with what was asked and answered."""
        exchanges: list[Exchange] = []
        try:
            questions = next(asking)
            while True:
                answers = yield questions
                exchanges.append((questions, answers))
                questions = asking.send(answers)
        except StopIteration as done:
            result: T = done.value
            if _octets(exchanges) <= LONGEST:
                self._keep(key, _Kept(tuple(exchanges), result))
            return result

    def forget(self, key: Hashable) -> None:
        """Forget an evaluation: its result follows from more than was thought."""
        self._kept.pop(key, None)

    def _keep(self, key: Hashable, kept: _Kept[T]) -> None:
        self._kept.pop(key, None)
        while len(self._kept) >= self.most:
            del self._kept[next(iter(self._kept))]
        self._kept[key] = kept


def _octets(exchanges: list[Exchange]) -> int:
    return sum(len(text) for _, answers in exchanges for answer in answers for text in answer.texts)
