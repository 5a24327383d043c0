"""Outgoing servers. Passwords go in and never come out: `has_password` says whether one is kept."""

from __future__ import annotations

from ninja import Schema
from pydantic import ConfigDict, Field

from postroom.api.schemas.common import Id, Time
from postroom.outbound.connection_test import Step, worked
from postroom.outbound.models import OutgoingServer
from postroom.outbound.servers import ServerFields

SMALL = 2**31 - 1
USUAL = ServerFields()


class ServerIn(Schema):
    """A server as somebody enters it; what is left out is as usual, or stays as it is where a server is changed."""

    model_config = ConfigDict(extra="forbid")

    name: str = USUAL.name
    company: Id | None = Field(USUAL.company, description="Null: it serves all companies, which operators may add.")
    priority: int = Field(USUAL.priority, ge=-SMALL, le=SMALL, description="Low numbers are asked first.")
    from_filter: str = Field(USUAL.from_filter, description="Addresses and domains that it sends for, by commas.")
    host: str = USUAL.host
    port: int = Field(USUAL.port, ge=0, le=SMALL, description="0: the usual one of the encryption.")
    encryption: OutgoingServer.Encryption = OutgoingServer.Encryption(USUAL.encryption)
    authentication: OutgoingServer.Authentication = OutgoingServer.Authentication(USUAL.authentication)
    username: str = USUAL.username
    password: str = Field("", description="Empty: the one that is kept.")
    trusted_relay: bool = Field(USUAL.trusted_relay, description="Whether it may send for any From.")
    max_connections: int = Field(USUAL.max_connections, ge=-SMALL, le=SMALL)
    owner: Id | None = Field(USUAL.owner, description="The user whose personal server it is; null: everybody's.")


class ServerOut(Schema):
    """An outgoing server. `editable`: whether the asking user may change it."""

    id: int
    company: int | None
    name: str
    priority: int
    from_filter: str
    host: str
    port: int
    encryption: str
    authentication: str
    username: str
    has_password: bool
    trusted_relay: bool
    max_connections: int
    owner: int | None
    active: bool
    editable: bool
    created_at: Time

    @classmethod
    def of(cls, row: OutgoingServer, *, editable: bool, has_password: bool) -> ServerOut:
        return cls(
            id=row.pk,
            company=row.company_id,
            name=row.name,
            priority=row.priority,
            from_filter=row.from_filter,
            host=row.host,
            port=row.port,
            encryption=row.encryption,
            authentication=row.authentication,
            username=row.username if editable else "",
            has_password=has_password,
            trusted_relay=row.trusted_relay,
            max_connections=row.max_connections,
            owner=row.owner_id,
            active=row.is_active,
            editable=editable,
            created_at=row.created_at,
        )


class ServerList(Schema):
    """Servers in the order in which they are asked, archived ones last."""

    items: list[ServerOut]
    next: str | None


class TrialStep(Schema):
    """One step of a connection test: `ok`, `warning` or `failed`; what is wrong and what to do."""

    key: str
    about: str
    state: str
    said: str
    text: str
    advice: str
    seconds: float

    @classmethod
    def of(cls, step: Step) -> TrialStep:
        return cls.from_orm(step)


class TrialOut(Schema):
    """What a connection test found; `worked`: mail would leave by this server. Nothing was sent."""

    worked: bool
    steps: list[TrialStep]

    @classmethod
    def of(cls, steps: list[Step]) -> TrialOut:
        return cls(worked=worked(steps), steps=[TrialStep.of(step) for step in steps])


class SimulationIn(Schema):
    """A From, and the company whose servers are asked (None: the only one whose servers the asking user manages)."""

    model_config = ConfigDict(extra="forbid")

    email: str = Field(max_length=320)
    name: str = Field("", max_length=500)
    company: Id | None = None
    user: Id | None = Field(None, description="The user who writes: their personal server is asked, too.")
