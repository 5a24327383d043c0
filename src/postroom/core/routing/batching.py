"""Which arrivals may be settled together: an order of waves in which nothing depends on its own neighbour."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeVar


class Keyed(Protocol):
    """What an arrival is told apart by. Empty keys tie to nothing.

    `referenced` are the ids of In-Reply-To and References; `creates_only` means that it can only make new records, so
    that one update of the sender's counter serves many of them.
    """

    @property
    def message_id(self) -> str: ...
    @property
    def referenced(self) -> Iterable[str]: ...
    @property
    def content_key(self) -> str: ...
    @property
    def sender(self) -> str: ...
    @property
    def creates_only(self) -> bool: ...


Item = TypeVar("Item", bound=Keyed)


def waves(items: Iterable[Item]) -> list[list[Item]]:
    """The items, in order, split into waves to be settled one after the other.

    Two items never share a wave that have one id in common (own or referenced), a content key, or a sender, unless
    both only create. Of two such items the earlier one always comes in an earlier wave. Linear in the keys.
    """
    result: list[list[Item]] = []
    free: dict[tuple[str, str], int] = {}  # for each key the first wave in which it may stand again
    for item in items:
        alone, shared, after = _keys(item)
        wave = max((free.get(key, 0) for key in (*alone, *after)), default=0)
        for key in (*alone, *shared):
            free[key] = max(free.get(key, 0), wave + 1)
        if wave == len(result):
            result.append([])
        result[wave].append(item)
    return result


def _keys(item: Keyed) -> tuple[list[tuple[str, str]], list[tuple[str, str]], list[tuple[str, str]]]:
    """Keys that it must hold alone, keys that it only marks, and keys that it only has to come after."""
    alone = [("id", known) for known in {item.message_id, *item.referenced} if known]
    if item.content_key:
        alone.append(("content", item.content_key))
    if not item.sender:
        return alone, [], []
    if item.creates_only:  # comes after the sender's answers, beside the sender's other creations
        return alone, [("sender", item.sender)], [("answers", item.sender)]
    return alone, [("sender", item.sender), ("answers", item.sender)], [("sender", item.sender)]
