"""Outgoing servers. Passwords go in and never come out: `has_password` says whether one is kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from ninja import Schema
from pydantic import ConfigDict, Field

from postroom.api.schemas.common import Id, Time
from postroom.api.schemas.outbound import ChoiceOut
from postroom.core.authentication.sender import Check
from postroom.core.sending.facts import Choice
from postroom.outbound.models import OutgoingServer
from postroom.outbound.providers.provider import Provider
from postroom.outbound.servers.connection_test import Step, worked
from postroom.outbound.servers.services import ServerFields
from postroom.outbound.servers.uses import Use

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
    provider: str = Field(
        USUAL.provider, description="Key of the provider that it was filled in from, as in /providers."
    )
    mechanism: OutgoingServer.Mechanism = Field(
        OutgoingServer.Mechanism(USUAL.mechanism), description="Empty: chosen from what the server offers."
    )
    certificate: str = Field("", description="PEM, with its chain. Empty, as the key: the pair that is kept.")
    certificate_key: str = Field("", description="PEM private key of the certificate, without a password.")
    max_size: int = Field(USUAL.max_size, ge=-SMALL, le=2**53, description="Largest mail in bytes; 0: what it says.")
    minute_limit: int = Field(USUAL.minute_limit, ge=-SMALL, le=SMALL, description="Mails a minute; 0: no limit.")
    hour_limit: int = Field(USUAL.hour_limit, ge=-SMALL, le=SMALL, description="Mails an hour; 0: no limit.")
    daily_limit: int = Field(USUAL.daily_limit, ge=-SMALL, le=SMALL, description="Mails within 24 hours; 0: no limit.")
    trusted_relay: bool = Field(USUAL.trusted_relay, description="Whether it may send for any From.")
    for_many: bool = Field(USUAL.for_many, description="Whether what is written to several records leaves by it.")
    failover: bool = Field(
        USUAL.failover, description="Whether the next server that admits the same From sends its mail while it is down."
    )
    max_connections: int = Field(USUAL.max_connections, ge=-SMALL, le=SMALL)
    owner: Id | None = Field(USUAL.owner, description="The user whose personal server it is; null: everybody's.")


class ServerOut(Schema):
    """An outgoing server. `editable`: whether the asking user may change it. `tested_at` and `worked` are of the last
    connection test since it was changed, null without one.
    """

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
    provider: str
    mechanism: str
    certificate_subject: str
    certificate_until: Time | None
    trusted_relay: bool
    for_many: bool
    failover: bool
    max_connections: int
    max_size: int
    minute_limit: int
    hour_limit: int
    daily_limit: int
    tested_at: Time | None
    worked: bool | None
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
            provider=row.provider,
            mechanism=row.mechanism,
            certificate_subject=row.certificate_subject if editable else "",
            certificate_until=row.certificate_until if editable else None,
            trusted_relay=row.trusted_relay,
            for_many=row.for_many,
            failover=row.failover,
            max_connections=row.max_connections,
            max_size=row.max_size,
            minute_limit=row.minute_limit,
            hour_limit=row.hour_limit,
            daily_limit=row.daily_limit,
            tested_at=row.tested_at,
            worked=row.test_worked,
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
    """One step of a connection test: `ok`, `warning` or `failed`; what is wrong and what to do. `kind` is the name of
    what is wrong, `size` the largest mail in bytes where the step found that.
    """

    key: str
    about: str
    state: str
    said: str
    text: str
    advice: str
    seconds: float
    kind: str
    size: int

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
    """A mail that nobody wrote. A record decides the company; without one `company` does (None: the only one whose
    servers the asking user manages).
    """

    model_config = ConfigDict(extra="forbid")

    email: str = Field(max_length=320)
    name: str = Field("", max_length=500)
    company: Id | None = None
    user: Id | None = Field(None, description="The user who writes: their personal server is asked, too.")
    record: Id | None = Field(None, description="The record that the mail belongs to: its desk takes the answers.")
    recipient: str = Field("", max_length=320, description="Who is written to; it changes no choice.")
    server: Annotated[int, Field(ge=0, le=SMALL)] | None = Field(
        None, description="The server that the mail names, 0 for the default server; null: it is searched for."
    )
    dns: bool = Field(True, description="Whether DNS is asked about SPF, DKIM and DMARC, which takes seconds at most.")


class CandidateOut(Schema):
    """A server that was asked, 0 for the default server, and why it was chosen or not."""

    server: int
    name: str
    why: str
    chosen: bool


class CheckOut(Schema):
    """What DNS tells of SPF, DKIM or DMARC: aligned, not aligned, no record, could not ask (DNS did not answer, which
    says nothing about the record), cannot be told (no record could say it). `publish` is what to put at `publish_at`.
    """

    method: str
    verdict: str
    text: str
    record: str
    at: str
    publish: str
    publish_at: str


class SimulationOut(ChoiceOut):
    """How the mail would leave: the choice, and all that stands on the wire besides. `return_tagged` and
    `reply_tagged`: each copy has a tag of its own in that address. `checks` is empty where nothing would leave.
    """

    recipient: str
    reply_to: str
    return_tagged: bool
    reply_tagged: bool
    candidates: list[CandidateOut]
    checks: list[CheckOut]

    @classmethod
    def told(cls, choice: Choice, recipient: str, checks: Sequence[Check]) -> SimulationOut:
        return cls.of(
            choice,
            recipient=recipient,
            reply_to=choice.reply_to,
            return_tagged=bool(choice.return_tag),
            reply_tagged=bool(choice.reply_tag),
            candidates=[CandidateOut.from_orm(one) for one in choice.candidates],
            checks=[CheckOut.from_orm(one) for one in checks],
        )


class UseOut(Schema):
    """Something that needs a server, and how often."""

    key: str
    count: int
    words: str

    @classmethod
    def of(cls, use: Use) -> UseOut:
        return cls(key=use.key, count=use.count, words=use.words)


class UseList(Schema):
    """What needs a server: while there is anything it can't be archived."""

    items: list[UseOut]


class MoveIn(Schema):
    """The server that everything shall use instead."""

    model_config = ConfigDict(extra="forbid")

    to: Id


class SizeOut(Schema):
    """How large a mail the server takes: `size` in bytes, 0 where it does not say; else what was wrong."""

    size: int
    step: TrialStep


class MailOut(Schema):
    """A test mail that is in the queue; /outbound tells what becomes of it."""

    delivery: int


class ProviderOut(Schema):
    """What is known of a provider; `host` and `from_filter` for the address that was asked about."""

    key: str
    name: str
    host: str
    port: int
    other_ports: list[int]
    encryption: str
    authentication: str
    sends_for: str
    from_filter: str
    username_hint: str
    key_hint: str
    mails_a_day: int
    bytes_a_mail: int
    restrictions: list[str]
    help_url: str

    @classmethod
    def of(cls, one: Provider, address: str = "") -> ProviderOut:
        return cls(
            key=one.key,
            name=one.name,
            host=one.host_for(address),
            port=one.port,
            other_ports=list(one.other_ports),
            encryption=one.encryption,
            authentication=one.authentication,
            sends_for=one.sends_for.value,
            from_filter=one.filter_for(address),
            username_hint=one.username_hint,
            key_hint=one.key_hint,
            mails_a_day=one.mails_a_day,
            bytes_a_mail=one.bytes_a_mail,
            restrictions=list(one.restrictions),
            help_url=one.help_url,
        )


class ProviderList(Schema):
    """Providers in the order in which the form lists them; with an address the one that it belongs to, or none."""

    items: list[ProviderOut]
