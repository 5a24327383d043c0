"""Fills the inbox of Amara, an administrator of the site under test, and brings it news while browsers look."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import timedelta

import django

django.setup()

from django.db import transaction  # noqa: E402 the models are known only now

from postroom.conversations import inbox_services as verbs  # noqa: E402
from postroom.conversations.inbox_waking import wake_due  # noqa: E402
from postroom.conversations.models import InboxEntry, Message, Notification  # noqa: E402
from postroom.directory.models import Company, User  # noqa: E402
from postroom.infra.changes import tell  # noqa: E402
from postroom.infra.clock import now  # noqa: E402
from postroom.records.models import Record  # noqa: E402
from tests.support import factory  # noqa: E402

TOLD = (
    ("Sofie Maes", "Export with missing rows", "It works now, you can close it."),
    ("Luca Bianchi", "Quotation S00412", "Grazie, signed copy attached."),
    ("Aiko Tanaka", "Partnership Kansai Fleet", "Thank you. I will come back to you after the holidays."),
    ("Marek Dvořák", "Invoice INV/2026/0871", "We were charged VAT twice on line three, could you correct it?"),
    ("Hanna Sjöberg", "Telematics for 42 delivery vans", "The numbers look right. Two things before I take it on."),
)


def fill() -> dict[str, int]:
    """Conversations of every look: read, with files, with a copy that failed, mentioned, starred."""
    amara = User.objects.get(username="admin")
    desk = factory.desk(Company.objects.get(name="Acme"), "lead", "Fleet", owner=amara)
    ids = {}
    for hours, (name, title, words) in enumerate(TOLD):
        address = f"{name.split(maxsplit=1)[0].lower()}@fleet.example"
        record = factory.record(desk, title, contact=factory.contact(desk.company, name, address))
        at = now() - timedelta(hours=3 * (len(TOLD) - hours))
        mine = factory.message(
            record, "Dear all", user=amara, author_name=amara.name, author_email=amara.email, received_at=at
        )
        said = factory.told(
            amara, record, words, author_name=name, author_email=address, received_at=at, mention=hours == 2
        )
        ids[name.split(maxsplit=1)[0].lower()] = record.pk
        if name.startswith("Luca"):
            factory.attachment(said, "signed.pdf")
        if name.startswith("Marek"):
            copy = factory.delivery(record, state="failed")
            Notification.objects.create(
                message=mine, company=desk.company, email=copy.address, channel="mail", delivery=copy, created_at=at
            )
    verbs.mark_read(user=amara, record_id=ids["sofie"])
    verbs.star(user=amara, record_id=ids["luca"])
    return ids


def answer() -> dict[str, int]:
    """Sofie writes again."""
    amara = User.objects.get(username="admin")
    record = Record.objects.get(title=TOLD[0][1])
    with transaction.atomic():
        said = factory.told(amara, record, "One more thing.", author_name="Sofie Maes")
        tell([(record.company_id, "inbox", str(amara.pk)), (record.company_id, "thread", record.ref)])
    return {"message": said.pk}


def wake() -> dict[str, int]:
    """The time of everything that sleeps has come."""
    InboxEntry.objects.filter(snoozed_until__isnull=False).update(snoozed_until=now())
    wake_due()
    return {}


def untouched() -> dict[str, int]:
    """Hanna's conversation stands as it came: a page that shows it for a second has made it read."""
    amara = User.objects.get(username="admin")
    record = Record.objects.get(title=TOLD[4][1], desk__name="Fleet")
    said = Message.objects.filter(thread__record=record).latest("pk")
    verbs.mark_unread(user=amara, message_id=said.pk)
    verbs.unstar(user=amara, record_id=record.pk)
    return {}


def unread() -> dict[str, int]:
    """How many notifications are unread."""
    return {"unread": Notification.objects.filter(user__username="admin", channel="inbox", read_at=None).count()}


VERBS: dict[str, Callable[[], dict[str, int]]] = {
    "fill": fill,
    "answer": answer,
    "wake": wake,
    "untouched": untouched,
    "unread": unread,
}

if __name__ == "__main__":
    print(json.dumps(VERBS[sys.argv[1]]()))
