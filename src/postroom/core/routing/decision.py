"""What can be decided about a mail: one value per target, each saying why."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Decision:
    """The common part: `because` is a sentence for the trace, `recipients` the envelope addresses that it answers."""

    because: str
    recipients: tuple[str, ...] = field(default=(), kw_only=True)

    @property
    def target(self) -> str:
        """The key of the route within its company: never empty."""
        return "none"

    @property
    def company(self) -> int:
        """The company whose mail this is; 0 where none is."""
        return 0


@dataclass(frozen=True, slots=True)
class Reply(Decision):
    """Post into an existing thread. `outsider`: by somebody who neither takes part nor was addressed."""

    thread: int
    company_id: int
    outsider: bool = False
    internal: bool = False
    by: str = "reference"  # reference, token or alias

    @property
    def target(self) -> str:
        return f"thread:{self.thread}"

    @property
    def company(self) -> int:
        return self.company_id


@dataclass(frozen=True, slots=True)
class Create(Decision):
    """Make a new record by an alias."""

    alias: int
    company_id: int
    record_type: str

    @property
    def target(self) -> str:
        return f"alias:{self.alias}"

    @property
    def company(self) -> int:
        return self.company_id


@dataclass(frozen=True, slots=True)
class Report(Decision):
    """News about a mail that we sent: a delivery report or a complaint."""

    original_message_id: str = ""

    @property
    def target(self) -> str:
        return "report:0"


@dataclass(frozen=True, slots=True)
class Refuse(Decision):
    """Not taken: `code` and `words` are what the sender is told where the door can still tell (RFC 5321 §4.2)."""

    code: str = "550 5.1.1"
    words: str = ""


@dataclass(frozen=True, slots=True)
class Hold(Decision):
    """Kept for a person to decide. `pair` names what is paused, such as `alias:7`."""

    pair: str = ""
    company_id: int = 0

    @property
    def target(self) -> str:
        return self.pair or "none"

    @property
    def company(self) -> int:
        return self.company_id


@dataclass(frozen=True, slots=True)
class Ignore(Decision):
    """Kept and not acted upon, on purpose."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One line of the trace: a rule that was asked, and what it said (None means: not for me)."""

    rule: str
    said: str


@dataclass(frozen=True, slots=True)
class Routing:
    """The outcome: the decisions, and every rule that was asked, in order."""

    decisions: tuple[Decision, ...]
    trace: tuple[Asked, ...]
