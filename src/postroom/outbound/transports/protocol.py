"""What a transport is: it opens sessions on a server, a session hands copies over and says what became of each."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from postroom.core.delivery.smtp_replies import Result

__all__ = ["Copy", "NoSession", "Outcome", "Result", "Server", "Session", "Transport", "written"]


@dataclass(frozen=True, slots=True)
class Server:
    """How to reach a server; `id` 0 is the default server. `encryption` and `authentication` as in OutgoingServer.
    `certificate` is a client's: PEM key and chain. `max_size` (bytes) and the limits (mails a minute, an hour, 24
    hours) are 0 for none. `company` is whose server it is, 0 for one of all. With `public_only` nothing is said to an
    address of a private network, whatever its name. `by_default`: it is the operator's default server, or refers
    to it. `trouble` says in a sentence why it can't be reached at all, such as a password that nobody can decrypt.
    """

    id: int
    name: str
    transport: str  # smtp, outbox or memory
    host: str = ""
    port: int = 0
    encryption: str = "starttls"
    authentication: str = "none"
    username: str = ""
    password: str = field(default="", repr=False)
    mechanism: str = ""
    certificate: str = field(default="", repr=False)
    connections: int = 4
    max_size: int = 0
    minute_limit: int = 0
    hour_limit: int = 0
    daily_limit: int = 0
    company: int = 0
    public_only: bool = False
    by_default: bool = False
    trouble: str = ""


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
    code (RFC 5321 §4.2), enhanced code (RFC 3463) and words as it said them; `message_id` is the id it
    gave the mail, where the transport knows one.
    """

    result: Result
    phase: str
    code: int = 0
    enhanced: str = ""
    words: str = ""
    message_id: str = ""

    @classmethod
    def untouched(cls) -> Outcome:
        """What holds for a copy whose turn never came, since its session had ended: nothing of it was sent."""
        return cls(Result.DEFERRED, "", words="The connection ended before its turn.")

    @property
    def is_untouched(self) -> bool:
        """Whether the copy can simply be handed to another session."""
        return self.result is Result.DEFERRED and not self.phase


def written(copy: Copy) -> bytes | Outcome:
    """The bytes of a copy, or why it can't be written at all: then nothing of it is sent."""
    try:
        return copy.mime()
    except Exception as error:  # noqa: BLE001 whatever a letter holds, the copies after it must go out
        return Outcome(Result.REFUSED, "write", words=f"This mail can't be written: {error}.")


class NoSession(Exception):
    """A session could not be opened; `outcome` is what then holds for every copy that waited for it (never unknown,
    never accepted: nothing was sent).
    """

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.words)
        self.outcome = outcome


class Session(Protocol):
    """A conversation with a server. After it broke, `alive` is False and every further copy is untouched."""

    @property
    def alive(self) -> bool: ...

    @property
    def silent_seconds(self) -> float:
        """How long the server has said nothing since the data of a mail began to be on their way; 0.0 while none are.
        Any thread may ask.
        """
        ...

    def send(self, copies: Sequence[Copy]) -> AsyncIterator[tuple[Copy, Outcome]]:
        """Hand the copies over in order; exactly one outcome for each, never an exception for a server's answer.

        Who stops asking for outcomes stops the sending. The copy whose outcome comes next may have begun: its envelope,
        never its content. What the server has of that is dropped with the session, which is not alive any more then,
        and the copy is as if untouched.
        """
        ...

    async def close(self) -> None: ...


class Transport(Protocol):
    """A kind of way out, known by its `key`."""

    key: str

    async def open(self, server: Server) -> Session:
        """Raises NoSession where the server can't be reached or does not let us in."""
        ...
