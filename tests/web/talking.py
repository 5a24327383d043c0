"""Fills a site under test with an answered conversation, and moves its copies on while browsers look."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import timedelta

import django

django.setup()

from django.db import transaction  # noqa: E402 the models are known only now

from postroom.conversations import services  # noqa: E402
from postroom.conversations.models import Follower, Leaving, Message, Notification  # noqa: E402
from postroom.core.addresses import Address  # noqa: E402
from postroom.directory.models import Company, Contact, ContactAddress, User  # noqa: E402
from postroom.infra.clock import now  # noqa: E402
from postroom.outbound.events import DeliveryNews  # noqa: E402
from postroom.outbound.models import Attempt, Delivery, Dispatch  # noqa: E402
from postroom.outbound.news import tell  # noqa: E402
from postroom.records.models import FieldChange, Record  # noqa: E402
from tests.support import factory  # noqa: E402

REFUSED = "550 5.1.1 <inkop@norrgard.example>: no such user here"
LATER = "451 4.7.1 Greylisted, please try again in five minutes"
TRACE = [
    {"step": "Relay EU", "text": "lists acme.example, the domain of the address"},
    {"step": "Outbox", "text": "was not asked: an earlier server has the address"},
]


def our_contact(where: Company, user: User) -> Contact:
    """The contact that stands for one of our people."""
    made = Contact.objects.create(company=where, name=user.name, user=user, created_at=now())
    ContactAddress.objects.create(company=where, contact=made, email=user.email)
    return made


def fill() -> dict[str, int]:
    """A lead that Jonas has answered: followers of every kind, copies in every state, a note, an outsider."""
    company = Company.objects.get(name="Acme")
    jonas, amara = User.objects.get(username="jonas"), User.objects.get(username="admin")
    User.objects.filter(pk=amara.pk).update(notify_by="inbox")
    desk = factory.desk(company, "lead", "Baltics", owner=jonas)
    assert desk.alias is not None
    lead = factory.record(
        desk,
        "Telematics for 42 delivery vans",
        contact=factory.contact(company, "Hanna Sjöberg", "hanna.sjoberg@norrgard.example", organisation="Norrgård"),
    )
    factory.contact(company, "Harald Nyman", "harald@nyman.example")
    priya = factory.user("priya", {company: "member"}, name="Priya Nair", email="priya@acme.example")
    factory.message(lead, "Could you send an offer for 42 vans?\n\nHanna",
                    author_email="hanna.sjoberg@norrgard.example", received_at=now() - timedelta(hours=30),
                    to=[[desk.alias.address, ""]], cc=[["inkop@norrgard.example", "Inköp"]])  # fmt: skip
    for user, notes in ((amara, True), (priya, False)):
        Follower.objects.create(thread=lead.thread, contact=our_contact(company, user), notes=notes)
    mara = factory.contact(company, "Mara Lind", "mara@lind.example")
    Follower.objects.create(thread=lead.thread, contact=mara)
    sent = services.post_message(
        user=jonas,
        record_id=lead.pk,
        body="Hej Hanna,\n\nattached is the draft order form. The framework number is the one you sent on Tuesday.",
        uploads=[services.Upload("Order-form-draft.pdf", "application/pdf", b"x" * 118_000)],
    )
    _settle(sent)
    services.post_note(user=amara, record_id=lead.pk, body="@Priya Nair their old dongles run firmware 3.1.")
    outsider = factory.message(lead, "May I see the offer too?", author_name="Karl Berg",
                               author_email="karl@berg.example", standing="outsider")  # fmt: skip
    factory.message(lead, "Pay this today.", author_name="Jonas Lindqvist", author_email="jonas@acme.example",
                    standing="claimed-member")  # fmt: skip
    factory.message(lead, "Will do.", author_name="Priya Nair", author_email="priya@acme.example", kind="note",
                    visibility="internal", standing="reply-link")  # fmt: skip
    quiet = factory.record(desk, "Nobody wrote yet", contact=None)
    return {"answered": lead.pk, "sent": sent.pk, "outsider": outsider.pk, "quiet": quiet.pk}


def _settle(message: Message) -> None:
    """Each copy of a message ends otherwise."""
    states = iter(
        [("accepted", "Relay EU took it: 250 2.0.0 queued as 4F1"), ("failed", f"Relay EU refused it: {REFUSED}"),
         ("queued", f"Relay EU put it off: {LATER}"), ("unknown", "The connection ended before the answer."),
         ("accepted", "250 ok")]
    )  # fmt: skip
    for row in Delivery.objects.filter(notification__message=message).order_by("pk"):
        state, words = next(states, ("accepted", "250 ok"))
        chosen = Dispatch.objects.create(
            letter=row.letter, server=None, server_name="Relay EU", from_name="Jonas Lindqvist",
            from_email="jonas@acme.example", return_path="bounce@acme.example", case="domain",
            because="Relay EU may send for acme.example, so the From stays.", trace=TRACE, created_at=now(),
        )  # fmt: skip
        row.dispatch, row.state, row.words, row.attempts = chosen, state, words, 1
        row.due = now() + timedelta(minutes=5) if state == "queued" else None
        row.save()
        Attempt.objects.create(delivery=row, dispatch=chosen, number=1, began_at=now(), ended_at=now(), phase="rcpt",
                               outcome={"queued": "deferred", "failed": "refused"}.get(state, state),
                               words=words.partition(": ")[2] or words)  # fmt: skip


def refused() -> dict[str, int]:
    """The newest copy that a server had taken, or that waits, is refused."""
    with transaction.atomic():
        row = Delivery.objects.filter(state__in=("accepted", "queued")).latest("pk")
        row.state, row.words, row.due = "failed", f"Relay EU refused it: {REFUSED}", None
        row.save()
        tell([DeliveryNews(row.pk, row.company_id, row.state)])
    return {"delivery": row.pk}


def delivered() -> dict[str, int]:
    """Every copy that waits is taken by the server."""
    with transaction.atomic():
        rows = list(Delivery.objects.filter(state="queued"))
        for row in rows:
            row.state, row.words, row.due = "accepted", "Relay EU took it: 250 ok", None
            row.save()
        tell([DeliveryNews(row.pk, row.company_id, row.state) for row in rows])
    return {"deliveries": len(rows)}


def follow() -> dict[str, int]:
    """Somebody lets a contact follow the answered lead."""
    lead = Record.objects.get(title="Telematics for 42 delivery vans", desk__name="Baltics")
    contact = Contact.objects.get(name="Harald Nyman")
    services.follow(user=User.objects.get(username="jonas"), record_id=lead.pk, contact_id=contact.pk)
    return {"contact": contact.pk}


def answer() -> dict[str, int]:
    """Jonas answers from elsewhere."""
    lead = Record.objects.get(title="Telematics for 42 delivery vans", desk__name="Baltics")
    made = services.post_message(user=User.objects.get(username="jonas"), record_id=lead.pk,
                                 body="One more thing.", to=[Address("hanna.sjoberg@norrgard.example")])  # fmt: skip
    return {"message": made.pk}


def posted() -> dict[str, int]:
    """What was written last: its id, how many were told, how many of them by name `hanna`."""
    last = Message.objects.filter(user__isnull=False).latest("pk")
    told = Notification.objects.filter(message=last)
    return {"message": last.pk, "told": told.count(), "hanna": told.filter(email__startswith="hanna").count(),
            "note": int(last.visibility == "internal"), "files": last.attachments.count(),
            "count": Message.objects.filter(user__isnull=False).count()}  # fmt: skip


def undoable() -> dict[str, int]:
    """Whoever signs in may undo what they send, for a while."""
    return {"people": User.objects.update(undo_seconds=30)}


def at_once() -> dict[str, int]:
    """What anybody sends leaves at once again."""
    return {"people": User.objects.update(undo_seconds=None)}


def leaves() -> dict[str, int]:
    """The newest message has just left."""
    message = Message.objects.filter(user__isnull=False).latest("pk")
    Leaving.objects.filter(message=message).delete()
    rows = Delivery.objects.filter(notification__message=message)
    with transaction.atomic():
        rows.update(state="accepted", due=None, reason="", words="250 ok")
        tell([DeliveryNews(row.pk, row.company_id, row.state) for row in rows])
    return {"copies": rows.count()}


def changes() -> dict[str, int]:
    """Files of the first mail, a note of Jonas that he may change, and a change of the record."""
    lead = Record.objects.get(title="Telematics for 42 delivery vans", desk__name="Baltics")
    jonas, mail = User.objects.get(username="jonas"), lead.thread.messages.earliest("pk")
    for name in ("routes.pdf", "secret.pdf"):
        factory.attachment(mail, name)
    note = services.post_note(user=jonas, record_id=lead.pk, body="Ask @Priya Nair about the dongles.")
    FieldChange.objects.create(record=lead, user=jonas, field="title", before="Vans", after=lead.title, at=now())
    return {"mail": mail.pk, "note": note.pk}


VERBS: dict[str, Callable[[], dict[str, int]]] = {
    "undoable": undoable,
    "at_once": at_once,
    "leaves": leaves,
    "fill": fill,
    "refused": refused,
    "delivered": delivered,
    "follow": follow,
    "answer": answer,
    "posted": posted,
    "changes": changes,
}

if __name__ == "__main__":
    print(json.dumps(VERBS[sys.argv[1]]()))
