"""Alias domains and aliases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

from ninja import Schema
from pydantic import ConfigDict, Field

from postroom.api.schemas.common import Id, Time
from postroom.core.routing.facts import WhoMayWrite
from postroom.domains.managing import Change, DomainFields
from postroom.domains.models import Alias, AliasDomain
from postroom.domains.services import RETIRED_FOR
from postroom.outbound.our_addresses import Carried, Sender
from postroom.records.alias_editing import AliasFields

SMALL = 2**31 - 1
USUAL = DomainFields()
USUAL_ALIAS = AliasFields()
Line = Annotated[str, Field(max_length=320)]


class DomainChange(Schema):
    """An alias domain as somebody enters it; what is left out is as usual, or stays as it is. Addresses that change are
    retired and go on working.
    """

    model_config = ConfigDict(extra="forbid")

    name: str = Field(USUAL.name, max_length=300, description="What stands after the @.")
    priority: int = Field(USUAL.priority, ge=-SMALL, le=SMALL, description="A company sends from the lowest number.")
    bounce: str = Field(USUAL.bounce, max_length=320)
    catchall: str = Field(USUAL.catchall, max_length=320)
    default_from: str = Field(USUAL.default_from, max_length=400, description="A local part, or a whole address.")
    separator: str = Field(USUAL.separator, max_length=4, description="What begins a tag; earlier ones are still read.")
    way_in: AliasDomain.WayIn = AliasDomain.WayIn(USUAL.way_in)
    tags_overridden: bool = Field(USUAL.tags_overridden, description="Tags are put on addresses without a proof.")
    unproved: AliasDomain.Unproved = Field(
        AliasDomain.Unproved(USUAL.unproved),
        description="What becomes of mail whose From is one of your people's and that nothing proves.",
    )
    trusted_forwarders: str = Field(
        USUAL.trusted_forwarders, max_length=5000, description="Domains whose seals (ARC) are believed, by commas."
    )


class DomainIn(DomainChange):
    """A new alias domain. `companies`: who uses it; the first domain of all goes to every company."""

    companies: list[Id] = Field([], max_length=1000)


class DomainOut(Schema):
    """An alias domain. `companies`: those that use it, as far as you may know; `editable`: you may change it."""

    id: int
    name: str
    priority: int
    bounce: str
    catchall: str
    default_from: str
    separator: str
    former_separators: str
    way_in: str
    tags_proved_at: Time | None
    tags_lost_at: Time | None
    tags_overridden: bool
    unproved: str
    trusted_forwarders: str
    companies: list[int]
    editable: bool

    @classmethod
    def of(cls, row: AliasDomain, companies: list[int], *, editable: bool) -> DomainOut:
        return cls(
            id=row.pk,
            name=row.name,
            priority=row.priority,
            bounce=row.bounce,
            catchall=row.catchall,
            default_from=row.default_from,
            separator=row.separator,
            former_separators=row.former_separators,
            way_in=row.way_in,
            tags_proved_at=row.tags_proved_at,
            tags_lost_at=row.tags_lost_at,
            tags_overridden=row.tags_overridden,
            unproved=row.unproved,
            trusted_forwarders=row.trusted_forwarders,
            companies=companies,
            editable=editable,
        )


class DomainList(Schema):
    """Alias domains in their order."""

    items: list[DomainOut]
    next: str | None


class Move(Schema):
    """One place up or down in the order."""

    model_config = ConfigDict(extra="forbid")

    way: Literal["up", "down"]


class GivenUp(Schema):
    """An address that would go on working and be ours no longer to write from, and the one in its place. `messages`
    that we sent carry it; `at_least`: only the newest were looked at.
    """

    old: str
    new: str
    messages: int
    at_least: bool


class RenamingOut(Schema):
    """What a change of a domain would give up, and for how many days nobody else may have it."""

    addresses: list[GivenUp]
    days: int

    @classmethod
    def of(cls, changes: Sequence[Change], counts: Mapping[str, Carried]) -> RenamingOut:
        addresses = [
            GivenUp(old=one.old, new=one.new, messages=counts[one.old].count, at_least=counts[one.old].at_least)
            for one in changes
        ]
        return cls(addresses=addresses, days=RETIRED_FOR.days)


class SenderOut(Schema):
    """An address that mail leaves under, the place where it stands, and whose or which server's it is."""

    address: str
    place: str
    by: str

    @classmethod
    def of(cls, sender: Sender) -> SenderOut:
        return cls(address=sender.address, place=str(sender.place), by=sender.by)


class SenderList(Schema):
    """Addresses that mail leaves under."""

    items: list[SenderOut]
    next: str | None


class AliasChange(Schema):
    """An alias as somebody enters it; what is left out is as usual, or stays as it is. Earlier names go on working."""

    model_config = ConfigDict(extra="forbid")

    local_part: str = Field(USUAL_ALIAS.local_part, max_length=320, description="What stands before the @.")
    record_type: str = Field(USUAL_ALIAS.record_type, max_length=40)
    who_may_write: WhoMayWrite = Field(
        WhoMayWrite(USUAL_ALIAS.who_may_write), description="By the From that a mail claims, which is unverified."
    )
    forced_target: str = Field("", max_length=80, description="A record that every mail goes to, such as `LEAD-12`.")
    takes_automatic: bool = Field(USUAL_ALIAS.takes_automatic, description="Machines and lists may make records by it.")
    allowed_senders: list[Line] = Field([], max_length=500, description="Addresses that no loop limit holds.")
    owner: Id | None = Field(None, description="Default owner of its records; null: as the desk has it.")
    stage: Id | None = Field(None, description="Default stage; null: the first of the desk.")
    title: str = Field("", max_length=1000, description="Default title, for mail without a subject.")
    desk: Id | Literal["new"] | None = Field(None, description="The desk that owns it; `new` makes one of `desk_name`.")
    desk_name: str = Field("", max_length=400)
    desk_owner: Id | None = None
    followers: list[Line] = Field([], max_length=200, description="Contacts, by address, who follow every record.")


class AliasIn(AliasChange):
    """A new alias, at a domain that its company uses."""

    domain: Id
    company: Id


class AliasOut(Schema):
    """An alias with its desk. `health`: `not_tested`, `valid`, or `invalid` for the reason given; `mending` says what
    is wrong with its defaults; `retired` are addresses that still lead to it.
    """

    id: int
    address: str
    domain: int
    company: int
    local_part: str
    record_type: str
    who_may_write: str
    forced_target: str
    takes_automatic: bool
    allowed_senders: list[str]
    owner: int | None
    stage: int | None
    title: str
    desk: int | None
    desk_name: str
    desk_owner: int | None
    followers: list[str]
    health: str
    health_reason: str
    mending: list[str]
    retired: list[str]

    @classmethod
    def of(cls, row: Alias, fields: AliasFields, mending: list[str], retired: list[str]) -> AliasOut:
        return cls(
            id=row.pk,
            address=row.address,
            domain=row.domain_id,
            company=row.company_id,
            local_part=row.local_part,
            record_type=row.record_type,
            who_may_write=row.who_may_write,
            forced_target=fields.forced_target,
            takes_automatic=row.takes_automatic,
            allowed_senders=list(fields.allowed_senders),
            owner=fields.owner,
            stage=fields.stage,
            title=fields.title,
            desk=fields.desk,
            desk_name=fields.desk_name,
            desk_owner=fields.desk_owner,
            followers=list(fields.followers),
            health=row.health,
            health_reason=row.health_reason,
            mending=mending,
            retired=retired,
        )


class AliasRow(Schema):
    """An alias in a list."""

    id: int
    address: str
    company: int
    record_type: str
    who_may_write: str
    health: str
    health_reason: str

    @classmethod
    def of(cls, row: Alias) -> AliasRow:
        return cls(
            id=row.pk,
            address=row.address,
            company=row.company_id,
            record_type=row.record_type,
            who_may_write=row.who_may_write,
            health=row.health,
            health_reason=row.health_reason,
        )


class AliasPage(Schema):
    """Aliases, newest first."""

    items: list[AliasRow]
    next: str | None
