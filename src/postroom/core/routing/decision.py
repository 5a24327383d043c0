"""What can be decided about a mail: one value per target, each saying why."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from postroom.core.proving import Fate


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


class Standing(StrEnum):
    """How far the From of an answer is believed."""

    PARTICIPANT = "participant"  # takes part, or was addressed
    OUTSIDER = "outsider"  # neither; or not one of us, where a note was answered
    CLAIMED_MEMBER = "claimed-member"  # says that it is one of us, which nothing proves
    MEMBER = "member"  # one of us, and authenticated


@dataclass(frozen=True, slots=True)
class Reply(Decision):
    """Post into an existing thread. `internal`: for our own people only.

    `learns` is an id by which the message `answers` is quoted and was not known so far: a server gave it that id on
    the way out. Empty and 0 where there is nothing to learn.
    """

    thread: int
    company_id: int
    standing: Standing = Standing.PARTICIPANT
    internal: bool = False
    by: str = "reference"  # reference, token or alias
    answers: int = 0
    learns: str = ""

    @property
    def outsider(self) -> bool:
        """Whether it was written by somebody who neither takes part nor was addressed."""
        return self.standing is Standing.OUTSIDER

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
    """News about a mail that we sent: a delivery report or a complaint. `delivery` is 0 where no token names one."""

    original_message_id: str = ""
    delivery: int = 0
    company_id: int = 0

    @property
    def target(self) -> str:
        return f"report:{self.delivery}"

    @property
    def company(self) -> int:
        return self.company_id


@dataclass(frozen=True, slots=True)
class CameBack(Decision):
    """A round trip of ours that proves a domain has come back, or a report about it: `fates` say how it fared, and
    `difference` what is not as it was sent. It makes no record and no message.
    """

    trip: int
    company_id: int
    fates: tuple[Fate, ...] = ()
    difference: str = ""

    @property
    def target(self) -> str:
        return f"trip:{self.trip}"

    @property
    def company(self) -> int:
        return self.company_id


@dataclass(frozen=True, slots=True)
class Unrouted(Decision):
    """The common part of what reaches no record. `about` names what it was meant for: `alias:7`, or a reason such as
    `none:unknown`, so that several in one mail stay apart.
    """

    about: str = field(default="none", kw_only=True)
    company_id: int = field(default=0, kw_only=True)

    @property
    def target(self) -> str:
        return self.about

    @property
    def company(self) -> int:
        return self.company_id


@dataclass(frozen=True, slots=True)
class Refuse(Unrouted):
    """Not taken: `code` and `words` are what the sender is told where the door can still tell (RFC 5321 §4.2)."""

    code: str = "550 5.1.1"
    words: str = ""


@dataclass(frozen=True, slots=True)
class Hold(Unrouted):
    """Kept for a person to decide. `pair` names what is paused for this sender, such as `alias:7`, or is empty."""

    pair: str = ""

    @property
    def target(self) -> str:
        return self.pair or self.about


@dataclass(frozen=True, slots=True)
class Ignore(Unrouted):
    """Kept and not acted upon, on purpose."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One line of the trace: a rule that was asked, and what it said."""

    rule: str
    said: str


@dataclass(frozen=True, slots=True)
class Routing:
    """The outcome: the decisions, and every rule that was asked, in order."""

    decisions: tuple[Decision, ...]
    trace: tuple[Asked, ...]
