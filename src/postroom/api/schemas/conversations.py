"""What is written in conversations and who hears of it: messages to post, audiences, followers, copies."""

from __future__ import annotations

from typing import Annotated

from ninja import Schema
from pydantic import AwareDatetime, BeforeValidator, ConfigDict, Field, WithJsonSchema

from postroom.api.schemas.common import Id, Person, Time, people_of
from postroom.api.schemas.outbound import ChoiceOut
from postroom.conversations.audience import ComposerAudience, Suggested
from postroom.conversations.hearers import Known
from postroom.conversations.models import Draft
from postroom.conversations.states import CopyShown
from postroom.core.addresses import Address, parse_addresses

LONGEST_MAILBOX = 1000  # characters of a name and an address as a header holds them


class Mailbox(Schema):
    """Somebody who is written to."""

    model_config = ConfigDict(extra="forbid")

    email: str = Field(max_length=320)
    name: str = Field("", max_length=500)

    @property
    def address(self) -> Address:
        return Address(self.email, self.name)


def _read(given: object) -> object:
    """A mailbox as a header names it, taken apart; anything else as it is."""
    if not isinstance(given, str):
        return given
    found = parse_addresses(given) if len(given) <= LONGEST_MAILBOX else ()
    if len(found) != 1:
        raise ValueError("give one address, such as hanna@firm.example or Hanna <hanna@firm.example>")
    return {"email": found[0].email, "name": found[0].name}


_NAMED = {"email": {"type": "string"}, "name": {"type": "string"}}
_EITHER = {"anyOf": [{"type": "string"}, {"type": "object", "properties": _NAMED, "required": ["email"]}]}
Recipient = Annotated[Mailbox, BeforeValidator(_read), WithJsonSchema(_EITHER)]


class Departing(Schema):
    """When a message leaves."""

    send_at: AwareDatetime | None = Field(None, description="When it is to leave; empty: after the time to undo it.")
    undo_seconds: int | None = Field(
        None, ge=0, le=60, description="For how long it can be undone; 0: it leaves at once; empty: as you set it."
    )


class NoteIn(Schema):
    """An internal note; `mentions` are contacts of our own people."""

    model_config = ConfigDict(extra="forbid")

    body: str = Field("", description="Plain text.")
    mentions: list[Id] = []
    answers: Id | None = Field(None, description="The message of this conversation that is answered.")


class MessageIn(Departing, NoteIn):
    """A message. Without `to` it goes to those whom `audience` suggests, with an empty one to followers alone."""

    subject: str = Field("", description="Empty: Re: and the record's title.")
    to: list[Recipient] | None = None
    cc: list[Recipient] = []
    forwards: Id | None = Field(None, description="A message to pass on: then it goes to To and Cc alone.")
    forwarded_files: list[Id] = Field([], description="Attachments of that message that go along.")
    draft: Id | None = Field(None, description="A draft that was taken back, which this is made of.")
    kept_files: list[Id] = Field([], description="Files of that draft that go along.")


class NoteChange(Schema):
    """Other words for one's own note. `mentions` are all of them: who is new among them is told."""

    model_config = ConfigDict(extra="forbid")

    body: str = Field(description="Plain text.")
    mentions: list[Id] = []


class HearerOut(Schema):
    """Somebody who would hear. `fixed`: they follow, named or not; `user` is set for our own people."""

    email: str
    name: str
    because: str
    field: str
    channel: str
    contact: int | None
    user: int | None
    fixed: bool

    @classmethod
    def of(cls, one: Suggested) -> HearerOut:
        return cls(
            email=one.email,
            name=one.name,
            because=one.because,
            field=one.field,
            channel=one.channel,
            contact=one.contact or None,
            user=one.user or None,
            fixed=one.fixed,
        )


class AudienceOut(Schema):
    """Who would hear of what the asking user writes, and how it would leave: by which server, from which address.
    `others` outside take part and would not hear; name them in `cc` where they are to.
    """

    sender: ChoiceOut
    outside: list[HearerOut]
    inside: list[HearerOut]
    others: list[HearerOut]

    @classmethod
    def of(cls, audience: ComposerAudience) -> AudienceOut:
        return cls(
            sender=ChoiceOut.of(audience.sender),
            outside=[HearerOut.of(one) for one in audience.outside],
            inside=[HearerOut.of(one) for one in audience.inside],
            others=[HearerOut.of(one) for one in audience.others],
        )


class FollowingIn(Schema):
    """What a follower hears of."""

    model_config = ConfigDict(extra="forbid")

    discussions: bool = True
    notes: bool = False


class FollowerOut(Schema):
    """Somebody who follows a conversation; `user` is set for our own people."""

    contact: int
    name: str
    email: str
    user: int | None
    channel: str
    discussions: bool
    notes: bool

    @classmethod
    def of(cls, one: Known) -> FollowerOut:
        return cls(
            contact=one.contact,
            name=one.name,
            email=one.emails[0] if one.emails else "",
            user=one.user or None,
            channel=one.channel,
            discussions=one.discussions,
            notes=one.notes,
        )


class FollowerList(Schema):
    """Who follows a conversation, in the order in which they came."""

    items: list[FollowerOut]
    next: str | None


class CopyOut(Schema):
    """One person who was told of a message, why, and what became of it. `delivery` is None in the inbox.
    `delayed`: the copy is late through trouble outside.
    """

    person: Person
    channel: str
    state: str
    words: str
    because: str
    delivery: int | None
    delayed: bool
    read_at: Time | None

    @classmethod
    def of(cls, one: CopyShown) -> CopyOut:
        return cls(
            person=Person(email=one.email, name=one.name),
            channel=one.channel,
            state=one.state,
            words=one.words,
            because=one.because,
            delivery=one.delivery_id or None,
            delayed=one.delayed,
            read_at=one.read_at,
        )


class CopyList(Schema):
    """Everybody who was told of a message."""

    items: list[CopyOut]
    next: str | None


class DraftFileOut(Schema):
    """A file of a draft; named in `kept_files` it goes along with the message."""

    id: int
    name: str
    type: str
    size: int


class DraftOut(Schema):
    """What was taken back before it left, for its writer; post it again with `draft` and `kept_files`."""

    id: int
    record: int
    subject: str
    body: str
    to: list[Person]
    cc: list[Person]
    answers: int | None
    forwards: int | None
    forwarded_files: list[int]
    mentions: list[int]
    files: list[DraftFileOut]
    created_at: Time

    @classmethod
    def of(cls, draft: Draft) -> DraftOut:
        return cls(
            id=draft.pk,
            record=draft.thread.record_id,
            subject=draft.subject,
            body=draft.body,
            to=people_of(draft.to),
            cc=people_of(draft.cc),
            answers=draft.answers or None,
            forwards=draft.forwards or None,
            forwarded_files=draft.carried,
            mentions=draft.mentions,
            files=[
                DraftFileOut(id=one.pk, name=one.file.name, type=one.file.content_type, size=one.file.size)
                for one in draft.files.select_related("file").order_by("position")
            ],
            created_at=draft.created_at,
        )


class DraftList(Schema):
    """Drafts, newest first."""

    items: list[DraftOut]
    next: str | None


class NewTime(Schema):
    """Another time for a scheduled message."""

    model_config = ConfigDict(extra="forbid")

    send_at: AwareDatetime
