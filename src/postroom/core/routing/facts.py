"""What the world knows that matters for routing one mail: gathered beforehand, frozen, complete."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from postroom.core.authentication.spoofs import NOBODY, Acquaintance
from postroom.core.proving import Trip
from postroom.core.trace import Step
from postroom.core.triage.filtered import Said


class Part(StrEnum):
    """What a recipient address is to us."""

    ALIAS = "alias"
    CATCHALL = "catchall"
    BOUNCE = "bounce"
    NOTIFICATIONS = "notifications"
    POSTMASTER = "postmaster"  # postmaster@ and abuse@ (RFC 5321 §4.5.1, RFC 2142), where no alias has the name
    UNKNOWN = "unknown"  # a domain of ours, a name that nobody has
    FOREIGN = "foreign"  # not a domain of ours


class Unproved(StrEnum):
    """What becomes of mail whose From is one of our people's and that nothing proves."""

    FLAG = "flag"  # taken, shown as unverified
    HOLD = "hold"
    REFUSE = "refuse"


class WhoMayWrite(StrEnum):
    """Who may create a record by an alias."""

    EVERYONE = "everyone"
    CONTACTS = "contacts"
    FOLLOWERS = "followers"
    EMPLOYEES = "employees"


@dataclass(frozen=True, slots=True)
class AliasFact:
    """An alias of ours. `forced_target` is a record reference such as `lead:12`, or empty.

    `created_by_sender` counts the records that this sender made by this alias within the period; `sender_is_free`
    means that the alias's allow list names the sender; `sender_follows` that the claimed sender follows the alias's
    owner or its forced target. `takes_automatic`: machines and lists may create records by it (auto-replies never do).
    """

    id: int
    address: str
    company: int
    record_type: str
    who_may_write: WhoMayWrite = WhoMayWrite.EVERYONE
    forced_target: str = ""
    forced_thread: int = 0
    created_by_sender: int = 0
    sender_is_free: bool = False
    sender_follows: bool = False
    takes_automatic: bool = True


@dataclass(frozen=True, slots=True)
class ThreadFact:
    """A thread that this mail may belong to.

    `knows_sender` means that the sender takes part in it or was addressed in it; `replies_by_sender` counts the mails
    of this sender within the period that count for the loop limit (automatic ones, and those without a member's message
    in between); `record_type` is that of its record; `internal` means that the message referred to is an internal
    note, and `message` is that message (0: the thread itself is meant); `sender_is_free` that an allow list exempts the
    sender from the limit. `token_names_sender`: a token named it, and the copy with that token was sent to the very
    address that the mail claims to come from.
    """

    id: int
    company: int
    record: str
    record_type: str
    knows_sender: bool = True
    replies_by_sender: int = 0
    internal: bool = False
    sender_is_free: bool = False
    message: int = 0
    token_names_sender: bool = False


@dataclass(frozen=True, slots=True)
class Recipient:
    """One envelope recipient as the world sees it, unwrapped of BATV and SRS, its tag taken off.

    `address` is as it stood in the envelope, normalised; `base` is without the tag. `companies` are those that own or
    share the domain. `retired` names the old address where it was retired and still routes. `token_thread` is the
    thread that a valid reply token of the tag names, `token_delivery` the delivery that a valid return-path token
    names (0: none), `token_problem` says in words why a tag is not a valid token. `unproved` is what its domain does
    with mail of our own people that nothing proves.
    """

    address: str
    base: str
    part: Part
    companies: tuple[int, ...] = ()
    alias: AliasFact | None = None
    retired: str = ""
    tag: str = ""
    token_thread: ThreadFact | None = None
    token_delivery: int = 0
    token_problem: str = ""
    unproved: Unproved = Unproved.FLAG


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one sender may do within `period` minutes before mail waits for a person; 0 switches a limit off."""

    period: int = 60
    per_alias: int = 5
    per_thread: int = 20


@dataclass(frozen=True, slots=True)
class SenderFact:
    """Who the From claims to be, looked up per company: contact ids, and whether it is a user's or our own address.

    `verified`: it was authenticated, so what it claims holds; `forged`: its domain disowns the mail; `unknown`: DNS or
    we ourselves could not tell. `verdict` says why, or why not, in a sentence, `evidence` in steps what was found on
    the way to it.
    """

    email: str = ""
    contacts: tuple[tuple[int, int], ...] = ()  # (company, contact)
    members_of: tuple[int, ...] = ()  # companies of which a user with this address is a member
    colleague_of: tuple[int, ...] = ()  # companies where the contact with this address is a member, by whichever
    is_ours: bool = False  # one of our own aliases or service addresses
    verified: bool = False
    forged: bool = False
    unknown: bool = False
    verdict: str = ""
    evidence: tuple[Step, ...] = ()

    @property
    def named_at(self) -> frozenset[int]:
        """The companies of whose people one has this address, be it proved or not."""
        return frozenset((*self.members_of, *self.colleague_of))

    def is_member(self, company: int) -> bool:
        """Whether it is one of this company's people, and that is certain."""
        return self.verified and company in self.members_of

    def claims_member(self, company: int) -> bool:
        """Whether it says that it is one of this company's people, by any address of theirs, and nothing proves it."""
        return not self.verified and company in self.named_at


@dataclass(frozen=True, slots=True)
class Referred:
    """One id of In-Reply-To or References that we know, and the thread of the message that carries it."""

    message_id: str
    thread: ThreadFact


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that `route` looks at besides the mail.

    `recipients`: one per envelope recipient (from headers only where the door has no envelope; `from_headers` says
    so). `referred`: newest reference first, only threads of companies that own or share the alias domain of an
    envelope recipient. `seen_outbound` means that the Message-ID is one that we sent; `own_mail` says in a sentence why
    this is a mail of ours that came back, or is empty. `echo_of` names an earlier mail within the period with the same
    author, subject and own words, or is empty. `released` means that a person released the mail: limits and echoes hold
    it no more. `help_address` is the address to write to instead of the catchall. `trip` is the round trip of ours that
    the mail is, or is about. `ours` are addresses of To and Cc at which we answer ourselves. `filters` is what filters
    said of it. `acquaintances` are what companies know of themselves, by their ids, for telling who poses as one of
    theirs.
    """

    recipients: tuple[Recipient, ...] = ()
    referred: tuple[Referred, ...] = ()
    sender: SenderFact = SenderFact()
    limits: Limits = Limits()
    envelope_sender: str = ""
    from_headers: bool = False
    seen_outbound: bool = False
    own_mail: str = ""
    echo_of: str = ""
    released: bool = False
    help_address: str = ""
    trip: Trip | None = None
    ours: frozenset[str] = frozenset()
    filters: tuple[Said, ...] = ()
    acquaintances: tuple[tuple[int, Acquaintance], ...] = ()

    def known_to(self, company: int) -> Acquaintance:
        """What a company knows of itself."""
        return dict(self.acquaintances).get(company, NOBODY)
