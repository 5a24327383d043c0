"""What all sessions share: the committer, the address table, the log of refusals, and who is connected."""

from __future__ import annotations

import ipaddress
import itertools
import secrets
import socket
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

from postroom.inbound.listener.address_table import AddressTable
from postroom.inbound.listener.committer import Committer
from postroom.inbound.listener.refusal_log import RefusalLog
from postroom.infra.config import config

MOST_HELD = 4  # mails of the largest size that may be in the middle of being read


class Reception:
    """The desk behind the doors."""

    def __init__(self, committer: Committer) -> None:
        self.committer = committer
        self.refusals = RefusalLog()
        self.table = AddressTable()
        self.name = config().smtp_name or socket.getfqdn()
        self.sessions: set[Any] = set()
        self._peers: Counter[str] = Counter()
        self._own = [ipaddress.ip_network(one.strip()) for one in config().own_networks.split(",") if one.strip()]
        self.closing = False
        self._held = 0
        self._key, self._numbers = secrets.token_hex(12), itertools.count(1)

    def enter(self, session: Any, peer: str) -> bool:
        """Let a session in, unless too many are there."""
        of_peer = peer != "local" and self._peers[peer] >= config().smtp_connections_per_peer
        if self.closing or of_peer or len(self.sessions) >= config().smtp_connections:
            return False
        self.sessions.add(session)
        self._peers[peer] += 1
        return True

    def leave(self, session: Any, peer: str) -> None:
        self.sessions.discard(session)
        self._peers[peer] -= 1
        if self._peers[peer] <= 0:
            del self._peers[peer]

    def next_key(self) -> str:
        """A key for an arrival that no other has: this process's own name and a number."""
        return f"{self._key}{next(self._numbers):08x}"

    def hold(self, more: int) -> bool:
        """Sessions hold so many bytes more (or less) of mails that are being sent; whether that is within bounds."""
        self._held += more
        return self._held <= MOST_HELD * config().max_message_size

    def is_own_network(self, peer: str) -> bool:
        """Whether a peer belongs to us, so that its mail is mended rather than refused."""
        try:
            address = ipaddress.ip_address(peer.partition("%")[0])
        except ValueError:
            return True  # a unix socket
        return any(address in network for network in self._own)

    async def ask_again(self, address: str, is_ours: Callable[[str], bool]) -> bool:
        """Ask the database whether it knows an address that the table does not."""
        return bool(await self.committer.ask(partial(is_ours, address)))
