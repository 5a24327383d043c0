"""A lead of Acme's with people around it: what tests of conversations start from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db import transaction

from postroom.conversations.models import Follower, Message, Notification
from postroom.conversations.notify import Posted, notify
from postroom.conversations.posting import Post, post
from postroom.core.addresses import Address
from postroom.core.message.draft import Draft
from postroom.core.message.render import render
from postroom.core.message.understood import understand
from postroom.directory.models import Contact, Membership, User
from postroom.infra.clock import now
from postroom.outbound import choice
from postroom.outbound.models import Delivery, Letter
from postroom.records.models import Record
from tests.support import factory
from tests.support.acme import Acme, make_acme

MARY = Address("mary@customer.example", "Mary")
SALES = Address("sales@acme.example", "")


@dataclass
class World:
    """Acme's lead of Mary's; Amara and Ben are of Acme, Carla and Dave are outside."""

    acme: Acme
    lead: Record
    mary: Contact
    amara: Contact
    ben: Contact
    carla: Contact
    dave: Contact

    @property
    def user(self) -> User:
        return self.acme.amara

    def follow(self, *people: Contact, discussions: bool = True, notes: bool = False) -> None:
        for contact in people:
            Follower.objects.create(thread=self.lead.thread, contact=contact, discussions=discussions, notes=notes)

    def comes(self, author: Address = MARY, **fields: Any) -> Message:
        """A mail in the conversation, as the way in posts it, and told."""
        (message,) = come(self, [(author, fields)])
        return message


def make_world() -> World:
    choice.forget()
    acme = make_acme()
    lead = factory.record(acme.sales, contact=factory.contact(acme.company, "Mary", MARY.email))
    ben = factory.user("ben", {acme.company: "member"}, name="Ben Okri")
    assert lead.contact
    return World(
        acme,
        lead,
        lead.contact,
        Contact.objects.get(user=acme.amara),
        factory.contact(acme.company, "Ben Okri", ben.email, user=ben),
        factory.contact(acme.company, "Carla", "carla@partner.example"),
        factory.contact(acme.company, "Dave", "dave@partner.example"),
    )


def come(world: World, mails: Sequence[tuple[Address, dict[str, Any]]]) -> list[Message]:
    """Mails in the lead's conversation. Besides fields of `Draft`: `standing`, `visibility`, `answers`, `outside`."""
    return settle(world, [arriving(world, author, dict(fields)) for author, fields in mails])


Arriving = tuple[Post, dict[str, Any]]


def arriving(world: World, author: Address, fields: dict[str, Any]) -> Arriving:
    """A mail that was read, with what the way in says of it besides."""
    own: dict[str, Any] = {name: fields.pop(name) for name in ("answers", "outside") if name in fields}
    standing = fields.pop("standing", Message.Standing.PARTICIPANT)
    visibility = fields.pop("visibility", Message.Visibility.PUBLIC)
    draft = Draft(author=author, to=(SALES,), subject="Re: Vans", text="How much?\r\n", date=now())
    understood = understand(render(replace(draft, **fields)))
    contact = Contact.objects.filter(company=world.acme.company, addresses__email=author.email).first()
    ours = frozenset({SALES.email})
    number = contact.pk if contact else None
    return Post(world.lead.thread, understood, number, standing, visibility, now(), ours), own


def settle(world: World, mails: Sequence[Arriving]) -> list[Message]:
    """Post these mails and tell whoever hears of them, in one transaction."""
    with transaction.atomic():
        messages = post([one for one, _ in mails])
        notify([_posted(message, one, own) for message, (one, own) in zip(messages, mails, strict=True)])
    return messages


def _posted(message: Message, one: Post, own: dict[str, Any]) -> Posted:
    mail = one.understood.mail
    already = frozenset(address.email for address in (*mail.authors, *mail.to, *mail.cc))
    return Posted(message, one.thread, one.understood.html, mail.text, already=already, **own)


def by_inbox(*people: Contact) -> None:
    User.objects.filter(contacts__in=people).update(notify_by="inbox")


def told(message: Message) -> dict[str, str]:
    """Who was told of a message, and by which channel."""
    return dict(Notification.objects.filter(message=message).order_by("pk").values_list("email", "channel"))


def letters(message: Message) -> list[Letter]:
    return list(Letter.objects.filter(deliveries__notification__message=message).distinct().order_by("pk"))


def envelopes(letter: Letter) -> list[str]:
    return list(Delivery.objects.filter(letter=letter).order_by("pk").values_list("address", flat=True))


def words(message: Message, step: str = "") -> str:
    """The trace of a message, one line for each step."""
    return "\n".join(one["text"] for one in message.trace if not step or one["step"] == step)


def leave(world: World, contact: Contact) -> None:
    """A colleague leaves the company."""
    Membership.objects.filter(company=world.acme.company, user=contact.user).delete()
