"""What the API answers with. Times are ISO 8601 in UTC; `id`s are numbers; lists carry the cursor of what is next."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from ninja import Schema
from pydantic import PlainSerializer

from postroom.conversations.models import Attachment, Message
from postroom.inbound.models import Refusal, Route
from postroom.inbound.selectors import Arrival
from postroom.records.models import Record


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


Time = Annotated[datetime, PlainSerializer(_utc, return_type=str)]


class Person(Schema):
    """An address and the name beside it."""

    email: str
    name: str


def _people(pairs: list[list[str]]) -> list[Person]:
    return [Person(email=email, name=name) for email, name in pairs]


class Health(Schema):
    """Whether the installation works, and what is wrong where it does not."""

    healthy: bool
    issues: list[str]


class Step(Schema):
    """One step of a trace, in words."""

    step: str
    text: str


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
    """One mail that came."""

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


class RecordOut(Schema):
    """Something of the business that holds a conversation."""

    id: int
    ref: str
    type: str
    title: str
    company: int
    contact: int | None
    contact_name: str
    desk: str
    owner: str
    stage: str
    created_at: Time
    closed_at: Time | None

    @classmethod
    def of(cls, record: Record) -> RecordOut:
        return cls(
            id=record.pk,
            ref=record.ref,
            type=record.type,
            title=record.title,
            company=record.company_id,
            contact=record.contact_id,
            contact_name=record.contact.name if record.contact else "",
            desk=record.desk.name if record.desk else "",
            owner=record.owner.username if record.owner else "",
            stage=record.stage.name if record.stage else "",
            created_at=record.created_at,
            closed_at=record.closed_at,
        )


class RecordPage(Schema):
    """Records, newest first."""

    items: list[RecordOut]
    next: str | None


class AttachmentOut(Schema):
    """A file of a message; its bytes are at `attachments/{id}`."""

    id: int
    name: str
    type: str
    size: int
    sha256: str
    cid: str
    inline: bool

    @classmethod
    def of(cls, attachment: Attachment) -> AttachmentOut:
        return cls(
            id=attachment.pk,
            name=attachment.file.name,
            type=attachment.file.content_type,
            size=attachment.file.size,
            sha256=attachment.file.blob_id,
            cid=attachment.content_id,
            inline=attachment.inline,
        )


class MessageOut(Schema):
    """One message of a conversation. `html` is sanitised; `own_text` and `quoted_text` are `text` kept apart.

    `standing` says how far the author's claim to be who they say goes.
    """

    id: int
    kind: str
    visibility: str
    standing: str
    automatic: str
    author: Person
    author_contact: int | None
    to: list[Person]
    cc: list[Person]
    subject: str
    html: str
    text: str
    own_text: str
    quoted_text: str
    attachments: list[AttachmentOut]
    defects: list[str]
    message_id: str
    sent_at: Time | None
    received_at: Time

    @classmethod
    def of(cls, message: Message) -> MessageOut:
        return cls(
            id=message.pk,
            kind=message.kind,
            visibility=message.visibility,
            standing=message.standing,
            automatic=message.automatic,
            author=Person(email=message.author_email, name=message.author_name),
            author_contact=message.author_id,
            to=_people(message.to),
            cc=_people(message.cc),
            subject=message.subject,
            html=message.html,
            text=message.text,
            own_text=message.own_text,
            quoted_text=message.quoted_text,
            attachments=[AttachmentOut.of(one) for one in message.attachments.all()],
            defects=message.defects,
            message_id=message.message_id,
            sent_at=message.sent_at,
            received_at=message.received_at,
        )


class MessagePage(Schema):
    """Messages of a conversation, newest first."""

    items: list[MessageOut]
    next: str | None
