"""What the steps of the way out hand on: a copy that this process has claimed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from postroom.core.sending.facts import DEFAULT_SERVER
from postroom.outbound.models import Attempt, Delivery
from postroom.outbound.paces.known import Key
from postroom.outbound.servers.circuits import Known
from postroom.outbound.transports.protocol import Copy, Outcome


@dataclass(eq=False, slots=True)
class Item:
    """A claimed copy: its row with letter and choice, what a transport takes, the row of its try once it began.
    `server` is the id of the one that was chosen, 0 for the default one.
    """

    row: Delivery
    copy: Copy
    attempt: Attempt | None = None
    paces: tuple[Key, ...] = ()  # those of which it took a place, at this time (seconds since 1970)
    taken_at: float = 0.0
    asks: bool = False  # whether it asks if a server takes mail again that took none lately
    counted_on: date | None = None  # the day of its company's usage, where it counts
    server: int = field(init=False)
    sender: str = field(init=False)  # the domain of the From
    destination: str = field(init=False)  # the domain that it goes to

    def __post_init__(self) -> None:
        row, choice = self.row, self.row.dispatch
        self.server = choice.server_id or DEFAULT_SERVER if choice else DEFAULT_SERVER
        self.sender = choice.from_email.rpartition("@")[2] if choice else ""
        self.destination = (row.destination or row.address.rpartition("@")[2]).lower()


@dataclass(slots=True)
class Result:
    """What became of a copy at its server. `host` is where it was sent. `down`: nobody was let in, so that it waits for
    the server's next try.
    """

    item: Item
    outcome: Outcome
    host: str = ""
    down: Known | None = None


@dataclass(frozen=True, slots=True)
class PutOff:
    """Claimed copies for which no session could be opened, and why; `down` says until when they wait."""

    items: list[Item]
    outcome: Outcome
    host: str = ""
    down: Known | None = None
