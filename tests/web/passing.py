"""Fills a site with a lead that Jonas made by passing a mail on, its people, and contacts that look alike."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable

import django

django.setup()

from postroom.conversations.forwards import Passed, note_forwards  # noqa: E402 the models are known only now
from postroom.conversations.models import Participant  # noqa: E402
from postroom.core.addresses import Address  # noqa: E402
from postroom.directory.models import Company, User  # noqa: E402
from postroom.records.models import Record  # noqa: E402
from tests.support import factory  # noqa: E402
from tests.web.talking import our_contact  # noqa: E402

PEOPLE = (  # address, name, how they came in, how far they are believed
    ("bob@holm.example", "Bob Holm", "cc", ""),
    ("purchasing-and-logistics@holm.example", "", "to", ""),
    ("vera@holm.example", "Vera", "wrote", "verified"),
    ("odd@elsewhere.example", "Odd", "wrote", "forged"),
    ("kim@partner.example", "Kim", "asked", ""),
)


def fill() -> dict[str, int]:
    """The lead, and a contact with others that may be the same person."""
    company, jonas = Company.objects.get(name="Acme"), User.objects.get(username="jonas")
    desk = factory.desk(company, "lead", "Chairs", owner=jonas)
    ours = our_contact(company, jonas)
    lead = factory.record(desk, "Fwd: Forty chairs", contact=ours, owner=jonas)
    message = factory.message(
        lead, "Could one of you look at this?", author=ours, author_name=jonas.name, author_email=jonas.email,
        standing="member", level="verified",
    )  # fmt: skip
    Participant.objects.filter(thread=lead.thread).update(way="wrote", level="verified")
    note_forwards([Passed(message, Address("nina@holm.example", "Nina Holm"))])
    factory.contact(company, "Vera Holm", "vera@holm.example")
    for email, name, way, level in PEOPLE:
        Participant.objects.create(thread=lead.thread, email=email, name=name, way=way, level=level)
    alike = factory.contact(company, "Nina Berg", "nina.berg@gmail.com")
    factory.contact(company, "N. Berg", "ninaberg+post@gmail.com")
    other = factory.record(desk, "Tables", contact=alike)
    return {"passed": lead.pk, "alike": alike.pk, "other": other.pk}


def contact() -> dict[str, int]:
    """Whose lead it is: 1 where it is Nina's."""
    lead = Record.objects.select_related("contact").get(title="Fwd: Forty chairs")
    return {"nina": int(lead.contact is not None and lead.contact.name == "Nina Holm")}


VERBS: dict[str, Callable[[], dict[str, int]]] = {"fill": fill, "contact": contact}

if __name__ == "__main__":
    print(json.dumps(VERBS[sys.argv[1]]()))
