"""The pools of a sender: which claimed copies wait for which server, and for which lanes there is room for more."""

from __future__ import annotations

from collections.abc import Sequence

from postroom.core.sending.lanes import LANES
from postroom.outbound.sender.pool import Pool, Way, waiting_of
from postroom.outbound.sender.wire import Connection
from postroom.outbound.transports.protocol import Server
from postroom.outbound.work import Item

__all__ = ["Pool", "Traffic", "Way"]


class Traffic:
    """All pools of a sender, by the id of their server."""

    def __init__(self) -> None:
        self.pools: dict[int, Pool] = {}
        self.on_the_wire: dict[tuple[Connection, int], Item] = {}  # by connection and delivery

    def pool(self, server: Server) -> Pool:
        """The pool of a server as it is set now."""
        pool = self.of(server)
        if pool.server != server:
            pool.server, pool.paused_until, pool.fewer_until = server, 0.0, 0.0
        return pool

    def of(self, server: Server) -> Pool:
        """The pool of a server, however it is set now."""
        if server.id not in self.pools:
            self.pools[server.id] = Pool(server)
        return self.pools[server.id]

    def waiting(self) -> list[Item]:
        """What is claimed and not on the wire."""
        return waiting_of(self.pools.values())

    def room(self, batch: int, *, share: bool) -> dict[int, int]:
        """How many copies to claim of each lane that has room: where what waits for servers that are quick will soon be
        sent. What waits for slow ones counts for nothing, and so does all of it where companies `share` servers: what
        is claimed beyond the room of a pool goes back, so that what stands behind it in the queue is found.
        """
        found = {}
        for lane in LANES:
            held = [len(pool.waiting[lane]) for pool in self.pools.values() if not pool.is_slow(lane)]
            if share or sum(held) <= batch // 2:
                found[lane] = batch
        return found

    def stale(self) -> list[Connection]:
        """Connections that nothing is sent over any more: to a server that is set differently now, or that had nothing
        to do for long, or more than there should be. They are forgotten, and so is a pool without any.
        """
        found = [(pool, one) for pool in self.pools.values() for one in _stale(pool)]
        for pool, connection in found:
            del pool.ways[connection]
        self.pools = {key: pool for key, pool in self.pools.items() if pool.ways or not pool.is_idle}
        return [connection for _, connection in found]

    def is_busy(self) -> bool:
        """Whether something is on the wire or about to be."""
        return any(pool.count(Way.BUSY, Way.OPENING) for pool in self.pools.values())

    def begin(self, connection: Connection, items: Sequence[Item]) -> None:
        """These, of one lane, are on the wire now."""
        self.pools[connection.server.id].begin(connection, items[0].row.lane)
        self.on_the_wire.update(((connection, item.row.id), item) for item in items)


def _stale(pool: Pool) -> list[Connection]:
    spare = set(pool.spare())
    return [
        one
        for one, way in pool.ways.items()
        if (way in {Way.COLD, Way.WARM} and one.server != pool.server)
        or (way is Way.COLD and pool.is_idle)
        or one in spare
    ]
