"""Records, the messages of their conversations, files."""

from __future__ import annotations

from ninja import Schema

from postroom.api.schemas.common import Person, Step, Time, people_of
from postroom.conversations.models import Attachment, Message
from postroom.records.models import Record


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

    `standing` says how far the author's claim to be who they say goes; `trace` who heard of it, who did not, and why.
    Only notes are edited or deleted; a deleted one keeps its place without its words.
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
    trace: list[Step]
    sent_at: Time | None
    received_at: Time
    edited_at: Time | None
    deleted_at: Time | None

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
            to=people_of(message.to),
            cc=people_of(message.cc),
            subject=message.subject,
            html=message.html,
            text=message.text,
            own_text=message.own_text,
            quoted_text=message.quoted_text,
            attachments=[AttachmentOut.of(one) for one in message.attachments.all()],
            defects=message.defects,
            message_id=message.message_id,
            trace=[Step(**step) for step in message.trace],
            sent_at=message.sent_at,
            received_at=message.received_at,
            edited_at=message.edited_at,
            deleted_at=message.deleted_at,
        )


class MessagePage(Schema):
    """Messages of a conversation, newest first."""

    items: list[MessageOut]
    next: str | None
