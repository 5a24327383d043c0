"""Mail that came: arrivals, their routes, what the doors refused."""

from __future__ import annotations

from typing import Any

from ninja import Schema

from postroom.api.schemas.common import Person, Step, Time
from postroom.inbound.models import Refusal, Route
from postroom.inbound.selectors import Arrival


class RouteOut(Schema):
    """What became of an arrival at one target, and why."""

    id: int
    company: int
    target: str
    state: str
    because: str
    recipients: list[str]
    trace: list[Step]
    attempts: int
    error: str
    message: int | None
    record: int | None
    settled_at: Time | None

    @classmethod
    def of(cls, route: Route) -> RouteOut:
        return cls(
            id=route.pk,
            company=route.company_id,
            target=route.target,
            state=route.state,
            because=route.because,
            recipients=route.recipients,
            trace=[Step(**step) for step in route.trace],
            attempts=route.attempts,
            error=route.error,
            message=route.message_id,
            record=route.message.thread.record_id if route.message else None,
            settled_at=route.settled_at,
        )


class ArrivalOut(Schema):
    """One mail that came. `level` says how far its From is believed (verified, unverified, forged, unknown, or empty
    where nobody asked), `verdict` why.
    """

    id: int
    source: str
    state: str
    received_at: Time
    settled_at: Time | None
    sender: str
    recipients: list[str]
    subject: str
    author: Person
    message_id: str
    kind: str
    size: int
    defects: list[str]
    level: str
    verdict: str

    @classmethod
    def of(cls, arrival: Arrival) -> ArrivalOut:
        return cls(**_arrival_fields(arrival))


class ArrivalWhole(ArrivalOut):
    """One mail that came, with its routes and their traces."""

    peer: str
    helo: str
    tls: str
    attempts: int
    error: str
    routes: list[RouteOut]

    @classmethod
    def of(cls, arrival: Arrival) -> ArrivalWhole:
        mail, whole = arrival.mail, arrival.whole
        return cls(
            **_arrival_fields(arrival),
            peer=mail.peer if whole else "",
            helo=mail.helo if whole else "",
            tls=mail.tls if whole else "",
            attempts=mail.attempts,
            error=mail.error if whole else "",
            routes=[RouteOut.of(route) for route in arrival.routes],
        )


def _arrival_fields(arrival: Arrival) -> dict[str, Any]:
    mail = arrival.mail
    return {
        "id": mail.pk,
        "source": mail.source,
        "state": arrival.state,
        "received_at": mail.received_at,
        "settled_at": mail.settled_at,
        "sender": mail.sender,
        "recipients": arrival.recipients,
        "subject": mail.subject,
        "author": Person(email=mail.author_email, name=mail.author_name),
        "message_id": mail.message_id,
        "kind": mail.kind,
        "size": mail.size,
        "defects": mail.defects,
        "level": mail.level,
        "verdict": mail.verdict,
    }


class ArrivalPage(Schema):
    """Arrivals, newest first."""

    items: list[ArrivalOut]
    next: str | None


class Accepted(Schema):
    """The number under which a mail is kept."""

    id: int


class Replayed(Schema):
    """How many arrivals are decided anew."""

    replayed: int


class RefusalOut(Schema):
    """What a door refused, once an hour for each peer, recipient and code."""

    id: int
    door: str
    peer: str
    helo: str
    sender: str
    recipient: str
    code: str
    words: str
    count: int
    first_at: Time
    last_at: Time

    @classmethod
    def of(cls, refusal: Refusal) -> RefusalOut:
        return cls.from_orm(refusal)


class RefusalPage(Schema):
    """Refusals, latest first."""

    items: list[RefusalOut]
    next: str | None
