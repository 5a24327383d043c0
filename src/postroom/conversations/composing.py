"""Writing down what one of our people wrote here: the message with its id, people and files."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from postroom.conversations.models import (
    Attachment,
    BatchFile,
    DraftFile,
    Message,
    MessageId,
    Participant,
    Thread,
)
from postroom.conversations.people import Came, note_people
from postroom.conversations.posting import attach, refer_to, stir
from postroom.core.addresses import Address
from postroom.core.message.attachments import made_name, safe_name
from postroom.core.message.mail import Attachment as Part
from postroom.core.message.risky import risk_of
from postroom.core.message_ids import mint
from postroom.core.sending.layout import plain_to_html
from postroom.directory.contacts import find_or_make
from postroom.directory.models import Contact, User
from postroom.infra import blobs
from postroom.infra.clock import now
from postroom.infra.database.base import insert, insert_values, update_rows
from postroom.infra.models import File
from postroom.infra.search.index import mark

RANDOM_BYTES = 15
ANY_TYPE = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Upload:
    """A file to go with a message. `content_type` is what its sender says it is."""

    name: str
    content_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Quote:
    """A message within another: its head and body, `html` sanitised, and the files that go along."""

    html: str = ""
    text: str = ""
    files: tuple[Attachment, ...] = ()

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(one.file.size for one in self.files)


@dataclass(frozen=True, slots=True)
class Composed:
    """What `user` wrote, and what they pass on; `host` is what its Message-ID ends in. `kept` are files that we keep
    already. `referred`: further mail of the conversation names it.
    """

    thread: Thread
    user: User
    subject: str
    body: str
    host: str
    internal: bool = False
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    uploads: Sequence[Upload] = ()
    quote: Quote | None = None
    kept: Sequence[DraftFile | BatchFile] = ()
    referred: bool = True


def new_id(host: str) -> str:
    """A Message-ID of ours, without angle brackets."""
    return mint(host, secrets.token_bytes(RANDOM_BYTES))


def compose(one: Composed) -> Message:
    """As `compose_all`, for one message."""
    return compose_all([one])[0]


def compose_all(ones: Sequence[Composed]) -> list[Message]:
    """Within a transaction: write the messages, each of a conversation of its own; the threads' rows, which the caller
    has locked, follow. A fixed number of queries, but for what is quoted.

    Raises:
        OSError: a file could not be written.

    """
    authors = {(one.user, one.thread.company_id) for one in ones}
    contacts = {(user.pk, company): own_contact(user, company) for user, company in authors}
    messages = insert([_message(one, contacts[one.user.pk, one.thread.company_id]) for one in ones])
    both = list(zip(ones, messages, strict=True))
    insert_values(MessageId, ("message", "company", "value"), [(m.pk, m.company_id, m.message_id) for m in messages])
    attach([(m, [_part(upload, number) for number, upload in enumerate(one.uploads, 1)]) for one, m in both])
    _attach_kept(both)
    for one, message in both:
        if one.quote:
            _attach_again(message, one.quote.files)
        one.thread.last_message_at = message.received_at
        if one.referred:
            refer_to(one.thread, message)
    asked = Participant.Way.ASKED
    note_people({(one.thread.pk, who.email): Came(who.name, asked) for one in ones for who in (*one.to, *one.cc)})
    threads = [one.thread for one in ones]
    update_rows(Thread, threads, ["last_message_at", "references"])
    stir(threads)
    mark({"message": [message.pk for message in messages]})
    return messages


def _attach_again(message: Message, files: Sequence[Attachment]) -> None:
    """Within a transaction: files that we keep already hang on this message too, after its own."""
    first = message.attachments.count()
    insert(
        Attachment(
            message=message,
            file_id=one.file_id,
            content_id=one.content_id,
            inline=one.inline,
            untouched=one.untouched,
            risk=one.risk,
            position=first + number,
        )
        for number, one in enumerate(files)
    )


def _attach_kept(both: Sequence[tuple[Composed, Message]]) -> None:
    """Within a transaction: files that we keep already hang on these messages too, after what was uploaded."""
    insert(
        Attachment(message=message, file_id=kept.file_id, position=position)
        for one, message in both
        for position, kept in enumerate(one.kept, len(one.uploads))
    )


def _message(one: Composed, author: int) -> Message:
    at, quoted = now(), one.quote or Quote()
    return Message(
        thread=one.thread,
        company_id=one.thread.company_id,
        kind=Message.Kind.NOTE if one.internal else Message.Kind.EMAIL,
        visibility=Message.Visibility.INTERNAL if one.internal else Message.Visibility.PUBLIC,
        standing=Message.Standing.MEMBER,
        user=one.user,
        author_id=author,
        author_name=one.user.name,
        author_email=one.user.email,
        subject=one.subject,
        html=plain_to_html(one.body) + quoted.html,
        text="\n\n".join(part for part in (one.body, quoted.text) if part),
        own_text=one.body,
        quoted_text=quoted.text,
        to=[[address.email, address.name] for address in one.to],
        cc=[[address.email, address.name] for address in one.cc],
        message_id=new_id(one.host),
        sent_at=at,
        received_at=at,
    )


def own_contact(user: User, company: int) -> int:
    """Within a transaction: the contact that stands for `user` in a company, made where there is none."""
    known = Contact.objects.filter(company=company, user=user).order_by("pk").values_list("pk", flat=True).first()
    if known is not None:
        return known
    (contact,) = find_or_make({(company, user.email): user.name}).values()
    if not Contact.objects.filter(pk=contact, user=None).update(user=user):  # it stands for somebody else
        contact = Contact.objects.create(company_id=company, name=user.name, user=user, created_at=now()).pk
    mark({"contact": [contact]})
    return contact


def kept_file(upload: Upload, number: int, company: int) -> int:
    """Within a transaction: keep an upload as a file that messages share; its id.

    Raises:
        OSError: it could not be written.

    """
    part = _part(upload, number)
    (digest,) = blobs.put([part.data])
    return File.objects.create(
        company_id=company, blob_id=digest, name=part.name, content_type=part.content_type, size=len(part.data),
        created_at=now(),
    ).pk  # fmt: skip


def _part(upload: Upload, number: int) -> Part:
    named = upload.content_type.partition(";")[0].strip().lower()
    content_type = named if named.isascii() and named.isprintable() and "/" in named else ANY_TYPE
    name = safe_name(upload.name) or made_name(content_type, number)
    return Part(name, content_type, upload.data, risk=risk_of(name, content_type, upload.data))
