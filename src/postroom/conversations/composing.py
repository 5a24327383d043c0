"""Writing down what one of our people wrote here: the message with its id, people and files."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from postroom.conversations.models import Attachment, Message, MessageId, Thread
from postroom.conversations.posting import attach, note_participants, refer_to, stir
from postroom.core.addresses import Address
from postroom.core.message.attachments import made_name, safe_name
from postroom.core.message.mail import Attachment as Part
from postroom.core.message_ids import mint
from postroom.core.sending.layout import plain_to_html
from postroom.directory.contacts import find_or_make
from postroom.directory.models import Contact, User
from postroom.infra.clock import now
from postroom.infra.database.base import insert, insert_values, update_rows
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
    """What `user` wrote, and what they pass on; `host` is what its Message-ID ends in."""

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


def new_id(host: str) -> str:
    """A Message-ID of ours, without angle brackets."""
    return mint(host, secrets.token_bytes(RANDOM_BYTES))


def compose(one: Composed) -> Message:
    """Within a transaction: write the message; the thread's row, which the caller has locked, follows.

    Raises:
        OSError: a file could not be written.

    """
    (message,) = insert([_message(one)])
    insert_values(MessageId, ("message", "company", "value"), [(message.pk, message.company_id, message.message_id)])
    attach([(message, [_part(upload, number) for number, upload in enumerate(one.uploads, 1)])])
    if one.quote:
        _attach_again(message, one.quote.files)
    note_participants({(one.thread.pk, address.email): address.name for address in (*one.to, *one.cc)})
    one.thread.last_message_at = message.received_at
    refer_to(one.thread, message)
    update_rows(Thread, [one.thread], ["last_message_at", "references"])
    stir([one.thread])
    mark({"message": [message.pk]})
    return message


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
            position=first + number,
        )
        for number, one in enumerate(files)
    )


def _message(one: Composed) -> Message:
    at, quoted = now(), one.quote or Quote()
    return Message(
        thread=one.thread,
        company_id=one.thread.company_id,
        kind=Message.Kind.NOTE if one.internal else Message.Kind.EMAIL,
        visibility=Message.Visibility.INTERNAL if one.internal else Message.Visibility.PUBLIC,
        standing=Message.Standing.MEMBER,
        user=one.user,
        author_id=own_contact(one.user, one.thread.company_id),
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


def _part(upload: Upload, number: int) -> Part:
    named = upload.content_type.partition(";")[0].strip().lower()
    content_type = named if named.isascii() and named.isprintable() and "/" in named else ANY_TYPE
    return Part(safe_name(upload.name) or made_name(content_type, number), content_type, upload.data)
