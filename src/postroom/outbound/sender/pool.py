"""What waits for one server, its connections, and which of them gets the next window: no database, no wire."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto

from postroom.core.sending import lanes
from postroom.core.sending.lanes import BULK, FEWEST, INTERACTIVE, LANES, NOTIFICATION, Busy
from postroom.outbound.sender.flow import Booked, Flow
from postroom.outbound.sender.turns import Turns
from postroom.outbound.sender.wire import Connection
from postroom.outbound.transports.protocol import Server
from postroom.outbound.work import Item

FEWER_SECONDS = 60.0  # for which a server that refused one more connection is not asked for it again
IDLE_SECONDS = 60.0  # without work, after which a server and its closed connections are forgotten


class Way(Enum):
    """How a connection stands, as the sender knows it."""

    COLD = auto()  # no session is open
    OPENING = auto()
    WARM = auto()  # waits for a window
    BUSY = auto()


@dataclass(eq=False, slots=True)
class Pool:
    """A server, what waits for it by lane, and its connections. `lanes` are those of the windows on the wire, `hanging`
    the connections whose server has said nothing for long, `cut` those whose window ends with the copy that it is at.
    `probe` is the token by which this process tries a server that is down, empty where it does not.
    """

    server: Server
    waiting: tuple[Turns, ...] = field(default_factory=lambda: tuple(Turns() for _ in LANES))
    ways: dict[Connection, Way] = field(default_factory=dict)
    lanes: dict[Connection, int] = field(default_factory=dict)
    hanging: set[Connection] = field(default_factory=set)
    cut: set[Connection] = field(default_factory=set)
    flow: Flow = field(default_factory=Flow)
    booked: Booked = field(default_factory=Booked)
    probe: str = ""
    fewer: int = 0  # connections that it wants at most, until
    fewer_until: float = 0.0
    paused_until: float = 0.0
    moved_at: float = field(default_factory=time.monotonic)

    def __len__(self) -> int:
        return sum(map(len, self.waiting))

    def __iter__(self) -> Iterator[Item]:
        return (item for lane in self.waiting for item in lane)

    # --- what waits ------------------------------------------------------------------------------------------------

    def add(self, item: Item) -> None:
        if not len(self) and not self.lanes:
            self.flow.begin()
        self.waiting[item.row.lane].add(item)

    def put_back(self, items: Sequence[Item]) -> None:
        """To the front, in their order: they had been taken for a window that did not come about."""
        for lane in LANES:
            self.waiting[lane].put_back(item for item in items if item.row.lane == lane)

    def take(self, most: int) -> list[Item]:
        """The next items, the foremost lane first."""
        taken: list[Item] = []
        for lane in self.waiting:
            taken += lane.take(most - len(taken))
        return taken

    def clear(self) -> list[Item]:
        """Everything that waits; nothing waits any more."""
        return self.take(len(self))

    def is_slow(self, lane: int) -> bool:
        """Whether what waits in a lane is more than the server takes soon; one that is new is believed to."""
        return not self.flow.is_new and len(self.waiting[lane]) > self.flow.per_second * lanes.SOON

    def has_room(self, item: Item, longest: int, batch: int, *, share: bool) -> bool:
        """Whether to hold one more copy. `share`: other companies may have something to send too, so that none fills
        all the room; each has place for a handful.
        """
        lane = item.row.lane
        if not (share or self.is_slow(lane)):
            return True
        most = lanes.room(self.flow.per_second, longest, batch) if self.is_slow(lane) else batch
        return len(self.waiting[lane]) < most or self.waiting[lane].of(item.row.company_id) < FEWEST

    def before(self, lane: int) -> int:
        """How many copies stand before one that comes now."""
        ahead = sum(len(self.waiting[front]) for front in LANES if front <= lane)
        return ahead + self.booked.before(lane)

    # --- connections -----------------------------------------------------------------------------------------------

    @property
    def connections(self) -> int:
        """How many the server may be asked for."""
        usual = max(1, self.server.connections)
        return min(usual, self.fewer) if time.monotonic() < self.fewer_until else usual

    @property
    def is_paused(self) -> bool:
        return time.monotonic() < self.paused_until

    @property
    def is_idle(self) -> bool:
        """Whether nothing was sent for long and nothing waits."""
        return not (len(self) or self.is_paused or self.probe) and time.monotonic() - self.moved_at > IDLE_SECONDS

    @property
    def busy(self) -> Busy:
        """The windows on the wire."""
        working = Counter(lane for one, lane in self.lanes.items() if one not in self.hanging)
        hanging = Counter(lane for one, lane in self.lanes.items() if one in self.hanging)
        return Busy(_three(working), _three(hanging))

    def count(self, *ways: Way) -> int:
        return sum(way in ways for way in self.ways.values())

    def begin(self, connection: Connection, lane: int) -> None:
        """A window of this lane is on the wire."""
        self.ways[connection], self.lanes[connection] = Way.BUSY, lane

    def ended(self, connection: Connection, *, warm: bool) -> None:
        """A connection is through with what it had."""
        if connection in self.ways:
            self.ways[connection] = Way.WARM if warm else Way.COLD
        self.lanes.pop(connection, None)
        self.hanging.discard(connection)
        self.cut.discard(connection)

    def hangs(self, connection: Connection, *, hangs: bool) -> None:
        """Whether the server has said nothing for long over a connection that has a window."""
        if hangs and connection in self.lanes:
            self.hanging.add(connection)
        else:
            self.hanging.discard(connection)

    def windows(self, longest: int) -> list[tuple[Connection, list[Item]]]:
        """A window for each connection that waits for one, as far as there are copies whose turn it is."""
        free = [connection for connection, way in self.ways.items() if way is Way.WARM]
        turns = lanes.turns(self.connections, self.busy, list(map(len, self.waiting)), len(free))
        shared = Counter(turns)
        shares = {lane: max(FEWEST, -(-len(self.waiting[lane]) // count)) for lane, count in shared.items()}
        found = [
            (one, self.waiting[lane].take(min(lanes.window(self.connections, lane, longest), shares[lane])))
            for one, lane in zip(free, turns, strict=False)
        ]
        return [(connection, items) for connection, items in found if items]

    def to_open(self) -> list[Connection]:
        """Connections that it is worth to open for what still waits; they are opening from now on."""
        if self.is_paused or not len(self):
            return []
        busy, running = self.busy, self.count(Way.OPENING, Way.WARM, Way.BUSY)
        if not self.count(Way.WARM, Way.BUSY):  # nobody knows yet whether the server is there
            return self.open(1 - running)
        most = lanes.places(self.connections, sum(busy.hanging))
        wanted = lanes.turns(self.connections, busy, list(map(len, self.waiting)), most)
        ready = self.count(Way.OPENING, Way.WARM)
        return self.open(min(len(wanted) - ready, most - running))

    def open(self, number: int) -> list[Connection]:
        """So many connections, which are opening from now on: those that were closed first."""
        cold = [connection for connection, way in self.ways.items() if way is Way.COLD][: max(0, number)]
        found = cold + [Connection(self.server) for _ in range(number - len(cold))]
        self.ways.update(dict.fromkeys(found, Way.OPENING))
        return found

    def to_cut(self) -> list[Connection]:
        """Connections whose window ends with the copy that it is at: those that hang, so that no other copy is stuck
        behind that one, and those with what is less urgent where urgent copies find no place at all.
        """
        found = [one for one in self.lanes if one in self.hanging and one not in self.cut]
        urgent = -(-len(self.waiting[INTERACTIVE]) // FEWEST)
        if urgent and not self.count(Way.OPENING, Way.WARM):
            behind = [one for lane in (BULK, NOTIFICATION) for one, its in self.lanes.items() if its == lane]
            rest = [one for one in behind if one not in self.hanging]
            found += [one for one in rest[:urgent] if one not in self.cut]
        self.cut.update(found)
        return found

    def spare(self) -> list[Connection]:
        """Connections that are more than the server should have, now that those work again that hung."""
        running = self.count(Way.OPENING, Way.WARM, Way.BUSY)
        over = max(0, running - lanes.places(self.connections, len(self.hanging)))
        return [connection for connection, way in self.ways.items() if way is Way.WARM][:over]

    def wants_fewer(self) -> bool:
        """No session came about: whether the server only wants fewer, since it serves other connections of ours."""
        running = self.count(Way.OPENING, Way.WARM, Way.BUSY)
        if running:
            self.fewer, self.fewer_until = running, time.monotonic() + FEWER_SECONDS
        return bool(running)


def _three(counts: Counter[int]) -> tuple[int, int, int]:
    return counts[INTERACTIVE], counts[NOTIFICATION], counts[BULK]


def waiting_of(pools: Iterable[Pool]) -> list[Item]:
    """What is claimed and not on the wire."""
    return [item for pool in pools for item in pool]
