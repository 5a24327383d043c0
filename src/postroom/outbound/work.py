"""What the steps of the way out hand on: a copy that this process has claimed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from postroom.core.sending.facts import DEFAULT_SERVER
from postroom.outbound.models import Attempt, Delivery
from postroom.outbound.transports.protocol import Copy, Outcome


@dataclass(eq=False, slots=True)
class Item:
    """A claimed copy: its row with letter and choice, what a transport takes, the row of its try once it began."""

    row: Delivery
    copy: Copy
    attempt: Attempt | None = None
    rationed: bool = False  # whether it counts as one of the mails that its server takes a day
    counted_on: date | None = None  # the day of its company's usage, where it counts

    @property
    def server(self) -> int:
        """The id of the server that was chosen, 0 for the default one."""
        assert self.row.dispatch is not None
        return self.row.dispatch.server_id or DEFAULT_SERVER


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a copy at its server. `host` is where it was sent."""

    item: Item
    outcome: Outcome
    host: str = ""


@dataclass(frozen=True, slots=True)
class PutOff:
    """Claimed copies for which no session could be opened, and why."""

    items: list[Item]
    outcome: Outcome
    host: str = ""
