"""What a transport is: it opens sessions on a server, a session hands copies over and says what became of each."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Result(StrEnum):
    """What became of one copy. `unknown`: the connection ended between the final dot and the answer."""

    ACCEPTED = "accepted"
    DEFERRED = "deferred"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Server:
    """How to reach a server; `id` 0 is the default server. `encryption` and `authentication` as in OutgoingServer."""

    id: int
    name: str
    transport: str  # smtp, outbox or memory
    host: str = ""
    port: int = 0
    encryption: str = "starttls"
    authentication: str = "none"
    username: str = ""
    password: str = ""
    connections: int = 4


@dataclass(frozen=True, slots=True)
class Copy:
    """One copy for one recipient; `mime` renders it, the same bytes each time."""

    delivery: int
    sender: str
    recipient: str
    mime: Callable[[], bytes]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a server said of one copy: the phase reached (connect, greeting, tls, login, mail, rcpt, data, dot), its
    code (RFC 5321 §4.2), enhanced code (RFC 3463) and words; `message_id` is the id it gave the mail, if it told one.
    """

    result: Result
    phase: str
    code: int = 0
    enhanced: str = ""
    words: str = ""
    message_id: str = ""


class NoSession(Exception):
    """A session could not be opened; `outcome` is what then holds for every copy that waited for it (never unknown,
    never accepted: nothing was sent).
    """

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.words)
        self.outcome = outcome


class Session(Protocol):
    """A conversation with a server. After it broke, `alive` is False and every further copy is deferred."""

    @property
    def alive(self) -> bool: ...

    def send(self, copies: Sequence[Copy]) -> AsyncIterator[tuple[Copy, Outcome]]:
        """Hand the copies over in order; exactly one outcome for each, never an exception for a server's answer."""
        ...

    async def close(self) -> None: ...


class Transport(Protocol):
    """A kind of way out, known by its `key`."""

    key: str

    async def open(self, server: Server) -> Session:
        """Raises NoSession where the server can't be reached or does not let us in."""
        ...
