"""Records, the messages of their conversations, files."""

from __future__ import annotations

from typing import Literal, cast

from ninja import Schema

from postroom.api.schemas.common import MarkOut, Person, Step, Time, people_of
from postroom.conversations.leaving import leaving
from postroom.conversations.models import Attachment, Message
from postroom.records.models import Record

RiskName = Literal["", "program", "page", "macros", "disk", "shortcut", "disguised"]
AsideName = Literal["", "envelope", "calendar", "shown", "logo"]


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
    desk_id: int | None
    owner: str
    owner_id: int | None
    stage: str
    stage_id: int | None
    notes: str
    created_at: Time
    active_at: Time
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
            desk_id=record.desk_id,
            owner=record.owner.username if record.owner else "",
            owner_id=record.owner_id,
            stage=record.stage.name if record.stage else "",
            stage_id=record.stage_id,
            notes=record.notes,
            created_at=record.created_at,
            active_at=record.active_at,
            closed_at=record.closed_at,
        )


class RecordPage(Schema):
    """Records in the order that was asked for."""

    items: list[RecordOut]
    next: str | None


class AttachmentOut(Schema):
    """A file of a message; its bytes are at `attachments/{id}`. `risk` is what opening it may do, `aside` why a list of
    files need not show it; both are empty for most.
    """

    id: int
    name: str
    type: str
    size: int
    sha256: str
    cid: str
    inline: bool
    risk: RiskName
    aside: AsideName

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
            risk=cast(RiskName, str(attachment.danger)),
            aside=cast(AsideName, attachment.aside),
        )


class MomentOut(Schema):
    """A time of an event: on the clock of its zone, and the same instant, null where the zone is not known."""

    local: str
    zone: str
    utc: Time | None
    whole_day: bool


class GuestOut(Schema):
    """Somebody whom an event names, and their answer as the calendar file has it."""

    name: str
    email: str
    answer: str
    optional: bool


class RecurrenceOut(Schema):
    """How an event repeats. `days` are pairs: which one (0: every one, -1: the last) and the day's two letters.
    `other`: the rule says more than this.
    """

    every: str
    interval: int
    count: int
    until: str | None
    days: list[tuple[int, str]]
    month_days: list[int]
    months: list[int]
    other: bool


class InvitationOut(Schema):
    """The event that a calendar file of a mail tells of, as its sender says. `method` is what is asked (RFC 5546),
    empty where nothing is; `more_guests` and `more` count what is not listed.
    """

    method: str
    title: str
    starts: MomentOut | None
    ends: MomentOut | None
    place: str
    notes: str
    organiser: GuestOut | None
    guests: list[GuestOut]
    more_guests: int
    recurrence: RecurrenceOut | None
    occurrence: MomentOut | None
    status: str
    sequence: int
    uid: str
    more: int


class MessageOut(Schema):
    """One message of a conversation. `html` is sanitised; `own_text` and `quoted_text` are its words kept apart: those
    of the HTML where its markup sets a quotation apart, those of `text` elsewhere.

    `standing` says how far the author's claim to be who they say goes, `level` how far the From of a mail is believed
    (verified, unverified, forged, unknown, or empty where nobody asked), `verdict` why, `marks` what of it misleads;
    `trace` who heard of it, who did not, and why.
    Only notes are edited or deleted; a deleted one keeps its place without its words. `undo_until` is until when it can
    be taken back, `scheduled_for` when it leaves because its writer chose so; both are null once it has left.
    """

    id: int
    kind: str
    visibility: str
    standing: str
    level: str
    verdict: str
    marks: list[MarkOut]
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
    invitation: InvitationOut | None
    defects: list[str]
    message_id: str
    trace: list[Step]
    sent_at: Time | None
    received_at: Time
    edited_at: Time | None
    deleted_at: Time | None
    undo_until: Time | None
    scheduled_for: Time | None

    @classmethod
    def of(cls, message: Message) -> MessageOut:
        going = leaving(message)
        return cls(
            id=message.pk,
            kind=message.kind,
            visibility=message.visibility,
            standing=message.standing,
            level=message.level,
            verdict=message.verdict,
            marks=MarkOut.all(message.marks),
            automatic=message.automatic,
            author=Person(email=message.author_email, name=message.author_name),
            author_contact=message.author_id,
            to=people_of(message.to),
            cc=people_of(message.cc),
            subject=message.subject,
            html=message.html,
            text=message.text,
            own_text=message.own_text,
            quoted_text=message.quoted_text,
            attachments=[AttachmentOut.of(one) for one in message.attachments.all()],
            invitation=InvitationOut(**message.invitation) if message.invitation else None,
            defects=message.defects,
            message_id=message.message_id,
            trace=[Step(**step) for step in message.trace],
            sent_at=message.sent_at,
            received_at=message.received_at,
            edited_at=message.edited_at,
            deleted_at=message.deleted_at,
            undo_until=going.at if going else None,
            scheduled_for=going.at if going and going.scheduled else None,
        )


class MessagePage(Schema):
    """Messages of a conversation, newest first."""

    items: list[MessageOut]
    next: str | None
