"""The company that a bench run writes to: fills the database of this process's configuration.

Run as a process of its own, with Django set up: `python -m bench.prepare RECORDS [ONLY_SENDER]`.
"""

from __future__ import annotations

import itertools
import sys

from django.core.management import call_command

from bench.letters import DOMAIN, FOLLOWERS, SALES, customer, origin
from postroom.conversations.models import Participant, Thread
from postroom.directory.models import Company, Contact, ContactAddress
from postroom.domains.models import Alias, AliasDomain, AllowedSender, CompanyDomain
from postroom.inbound.services import Arrival, accept
from postroom.inbound.worker import settle_all
from postroom.infra.clock import now
from postroom.records.models import Desk, DeskFollower, Stage

CHUNK = 500


def fill(records: int, only_sender: str = "") -> None:
    """One company with a sales desk; `records` leads, each begun by a customer's mail and followed by three people.

    With `only_sender` that one takes part in every conversation, and no loop limit counts for it.
    """

    company = Company.objects.create(name="Bench", slug="bench", created_at=now())
    domain = AliasDomain.objects.create(name=DOMAIN)
    CompanyDomain.objects.create(company=company, domain=domain)
    alias = Alias.objects.create(domain=domain, local_part="sales", company=company, record_type="lead")
    desk = Desk.objects.create(company=company, record_type="lead", name="Sales", alias=alias)
    Stage.objects.create(desk=desk, name="New", position=1)
    team = [Contact(company=company, name=f"Member {n}", created_at=now()) for n in range(FOLLOWERS)]
    Contact.objects.bulk_create(team)
    ContactAddress.objects.bulk_create(
        [ContactAddress(company=company, contact=c, email=f"member{n}@{DOMAIN}") for n, c in enumerate(team)]
    )
    DeskFollower.objects.bulk_create([DeskFollower(desk=desk, contact=contact) for contact in team])
    if only_sender:
        AllowedSender.objects.create(alias=alias, email=only_sender)
    begin(records, only_sender)


def begin(records: int, only_sender: str) -> None:
    """The records, begun in the way in which mail begins them."""

    numbers = iter(range(records))
    while chunk := list(itertools.islice(numbers, CHUNK)):
        accept([Arrival("bench", str(n), customer(n).email, (SALES,), origin(n)) for n in chunk])
        settle_all(CHUNK)
    if only_sender:
        Participant.objects.bulk_create([Participant(thread=t, email=only_sender) for t in Thread.objects.all()])


def main() -> None:
    """Migrate, then fill."""
    call_command("migrate", verbosity=0)
    fill(int(sys.argv[1]), *sys.argv[2:3])
