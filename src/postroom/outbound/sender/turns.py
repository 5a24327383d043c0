"""The copies of a lane that wait for a server: its companies take turns, the copies of each leave in their order."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterable, Iterator

from postroom.outbound.work import Item


class Turns:
    """What waits, by company. To add one and to take one costs the same, however many companies and copies wait."""

    def __init__(self) -> None:
        self._companies: OrderedDict[int, deque[Item]] = OrderedDict()
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[Item]:
        return (item for items in self._companies.values() for item in items)

    def of(self, company: int) -> int:
        """How many of a company's wait."""
        return len(self._companies.get(company, ()))

    def add(self, item: Item) -> None:
        self._companies.setdefault(item.row.company_id, deque()).append(item)
        self._length += 1

    def put_back(self, items: Iterable[Item]) -> None:
        """To the front, in their order."""
        for item in reversed(list(items)):
            self._companies.setdefault(item.row.company_id, deque()).appendleft(item)
            self._companies.move_to_end(item.row.company_id, last=False)
            self._length += 1

    def take(self, most: int) -> list[Item]:
        """The next ones, one of each company in turn."""
        taken: list[Item] = []
        while self._companies and len(taken) < most:
            company, items = next(iter(self._companies.items()))
            taken.append(items.popleft())
            if items:
                self._companies.move_to_end(company)
            else:
                del self._companies[company]
        self._length -= len(taken)
        return taken
