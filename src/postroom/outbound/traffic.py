"""Which claimed copies wait for which server, its connections, and who gets the next window: no database, no wire."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto

from postroom.outbound.models import Lane
from postroom.outbound.transports.protocol import Outcome, Server
from postroom.outbound.wire import Connection
from postroom.outbound.work import Item

FEWEST = 5  # copies worth a connection more
SHORTEST_PAUSE, LONGEST_PAUSE = 5.0, 60.0
IDLE_SECONDS = 60.0  # without work, after which a server and its closed connections are forgotten
# Without an answer for so long a server counts as slow: what waits for it keeps nothing else from being claimed.
SLOW_SECONDS = 1.0


class Way(Enum):
    """How a connection stands, as the sender knows it."""

    COLD = auto()  # no session is open
    OPENING = auto()
    WARM = auto()  # waits for a window
    BUSY = auto()


@dataclass(eq=False, slots=True)
class Pool:
    """A server, what waits for it, and its connections. Until `paused_until` (monotonic) it is not asked again."""

    server: Server
    waiting: dict[int, deque[Item]] = field(default_factory=lambda: {lane.value: deque() for lane in Lane})
    ways: dict[Connection, Way] = field(default_factory=dict)
    paused_until: float = 0.0
    failure: Outcome | None = None
    failures: int = 0
    fewer_until: float = 0.0
    moved_at: float = field(default_factory=time.monotonic)

    def __len__(self) -> int:
        return sum(map(len, self.waiting.values()))

    def __iter__(self) -> Iterator[Item]:
        return (item for lane in self.waiting.values() for item in lane)

    def add(self, item: Item) -> None:
        self.waiting[item.row.lane].append(item)

    def put_back(self, items: Iterable[Item]) -> None:
        """To the front, in their order: they had been taken for a window that did not come about."""
        for item in reversed(list(items)):
            self.waiting[item.row.lane].appendleft(item)

    def take(self, most: int) -> list[Item]:
        """The next items, the foremost lane first."""
        taken: list[Item] = []
        for lane in self.waiting.values():
            while lane and len(taken) < most:
                taken.append(lane.popleft())
        return taken

    def clear(self) -> list[Item]:
        """Everything that waits; nothing waits any more."""
        return self.take(len(self))

    @property
    def is_paused(self) -> bool:
        return time.monotonic() < self.paused_until

    @property
    def moves(self) -> bool:
        """Whether the server answered lately; one that is new is believed to."""
        return time.monotonic() - self.moved_at < SLOW_SECONDS

    @property
    def is_idle(self) -> bool:
        """Whether nothing was sent for long and nothing waits."""
        return not len(self) and not self.is_paused and time.monotonic() - self.moved_at > IDLE_SECONDS

    def count(self, *ways: Way) -> int:
        return sum(way in ways for way in self.ways.values())

    def windows(self, most: int) -> list[tuple[Connection, list[Item]]]:
        """A window for each connection that waits for one, as long as there are items; shared out evenly."""
        free = [connection for connection, way in self.ways.items() if way is Way.WARM]
        share = max(FEWEST, -(-len(self) // max(1, len(free))))
        found = [(connection, self.take(min(most, share))) for connection in free]
        return [(connection, items) for connection, items in found if items]

    def to_open(self) -> list[Connection]:
        """Connections that it is worth to open for what still waits; they are opening from now on."""
        if self.is_paused or not len(self):
            return []
        running = self.count(Way.OPENING, Way.WARM, Way.BUSY)
        known = self.count(Way.WARM, Way.BUSY)  # before the first is open, nobody knows whether the server is there
        wanted = min(self.server.connections, -(-len(self) // FEWEST) if known else 1, len(self))
        if time.monotonic() < self.fewer_until:
            wanted = min(wanted, max(1, running))
        cold = [connection for connection, way in self.ways.items() if way is Way.COLD]
        missing = max(0, wanted - running)
        found = cold[:missing] + [Connection(self.server) for _ in range(missing - len(cold))]
        self.ways.update(dict.fromkeys(found, Way.OPENING))
        return found

    def opened(self) -> None:
        """A session came about: the server is well."""
        self.failures, self.failure, self.moved_at = 0, None, time.monotonic()

    def failed(self, outcome: Outcome) -> bool:
        """No session came about: whether the server is not asked again for a moment. Where it serves other connections
        of ours it may only want fewer.
        """
        if self.count(Way.OPENING, Way.WARM, Way.BUSY):
            self.fewer_until = time.monotonic() + LONGEST_PAUSE
            return False
        self.failure = outcome
        self.paused_until = time.monotonic() + min(LONGEST_PAUSE, SHORTEST_PAUSE * 2.0 ** min(self.failures, 10))
        self.failures += 1
        return True


class Traffic:
    """All pools of a sender, by the id of their server."""

    def __init__(self) -> None:
        self.pools: dict[int, Pool] = {}
        self.on_the_wire: dict[tuple[Connection, int], Item] = {}  # by connection and delivery

    def pool(self, server: Server) -> Pool:
        """The pool of a server as it is set now."""
        pool = self.of(server)
        if pool.server != server:
            pool.server, pool.paused_until = server, 0.0
        return pool

    def of(self, server: Server) -> Pool:
        """The pool of a server, however it is set now."""
        if server.id not in self.pools:
            self.pools[server.id] = Pool(server)
        return self.pools[server.id]

    def waiting(self) -> list[Item]:
        """What is claimed and not on the wire."""
        return [item for pool in self.pools.values() for item in pool]

    def has_room(self, batch: int) -> bool:
        """Whether to claim more: where what waits for the servers that move will soon be sent."""
        return sum(len(pool) for pool in self.pools.values() if pool.moves) <= batch // 2

    def stale(self) -> list[Connection]:
        """Connections that nothing is sent over any more: to a server that is set differently now, or that had nothing
        to do for long. They are forgotten, and so is a pool without any.
        """
        found = [
            (pool, connection)
            for pool in self.pools.values()
            for connection, way in pool.ways.items()
            if (way in {Way.COLD, Way.WARM} and connection.server != pool.server) or (way is Way.COLD and pool.is_idle)
        ]
        for pool, connection in found:
            del pool.ways[connection]
        self.pools = {key: pool for key, pool in self.pools.items() if pool.ways or not pool.is_idle}
        return [connection for _, connection in found]

    def is_busy(self) -> bool:
        """Whether something is on the wire or about to be."""
        return any(pool.count(Way.BUSY, Way.OPENING) for pool in self.pools.values())

    def begin(self, connection: Connection, items: Sequence[Item]) -> None:
        """These are on the wire now."""
        self.pools[connection.server.id].ways[connection] = Way.BUSY
        self.on_the_wire.update(((connection, item.row.pk), item) for item in items)
