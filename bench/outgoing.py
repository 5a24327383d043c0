"""Copies that wait to be sent: fills the database of this process's configuration, the same work every time.

Run as a process of its own, with Django set up: `python -m bench.prepare_outgoing COPIES COPIES_A_LETTER FINISHED`.
"""

from __future__ import annotations

import sys

from django.core.management import call_command
from django.db import connection, transaction

from bench.letters import DOMAIN, SALES, bodies
from postroom.core.addresses import Address
from postroom.core.delivery.states import DeliveryState
from postroom.directory.models import Company
from postroom.domains.models import AliasDomain, CompanyDomain
from postroom.domains.services import ensure_token_key
from postroom.infra.clock import now
from postroom.outbound.models import Delivery, Lane
from postroom.outbound.services import NewLetter, Recipient, queue

CHUNK = 200  # letters that are queued in one transaction
FINISHED_EACH = 2000


def fill(copies: int, each: int, finished: int = 0) -> None:
    """One company and `copies` copies in the queue, `each` of them of one letter; before them `finished` ones that were
    sent, many of one letter.
    """
    company = Company.objects.create(name="Bench", slug="bench", created_at=now())
    domain = AliasDomain.objects.create(name=DOMAIN)
    CompanyDomain.objects.create(company=company, domain=domain)
    ensure_token_key()
    for number in range(-(-finished // FINISHED_EACH)):
        _sent(company.pk, domain.pk, number)
    letters = [(_letter(company.pk, domain.pk, n), _recipients(n, each)) for n in range(-(-copies // each))]
    for start in range(0, len(letters), CHUNK):
        with transaction.atomic():
            queue(letters[start : start + CHUNK], Lane.NOTIFICATION)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # as the databases do by themselves in time


def _sent(company: int, domain: int, number: int) -> None:
    """Copies that have been in the queue, as whatever is claimed among them has to step over their traces."""
    with transaction.atomic():
        (keys,) = queue([(_letter(company, domain, number), _recipients(number, FINISHED_EACH))], Lane.NOTIFICATION)
        rows = Delivery.objects.filter(pk__gte=keys[0], pk__lte=keys[-1])
        rows.update(state=DeliveryState.ACCEPTED, due=None, settled_at=now(), attempts=1, words="250 2.0.0 Ok")


def _letter(company: int, domain: int, number: int) -> NewLetter:
    text, html = bodies(number)
    return NewLetter(
        company=company,
        domain=domain,
        about=f"lead:{number + 1}",
        author=Address(f"amara@{DOMAIN}", "Amara Okafor"),
        author_user=None,
        to=(),
        cc=(),
        reply_to=SALES,
        subject=f"Re: Vans for depot {number}",
        html=html,
        text=text,
        message_id=f"bench.{number}@{DOMAIN}",
        in_reply_to=f"asked.{number}@customer{number % 97}.example",
        references=(f"asked.{number}@customer{number % 97}.example",),
        files=(),
    )


def _recipients(letter: int, each: int) -> list[Recipient]:
    return [
        Recipient(f"reader{n}.{letter}@customer{letter % 97}.example", f"Änna Reader {letter}") for n in range(each)
    ]


def main() -> None:
    """Migrate, then fill."""
    call_command("migrate", verbosity=0)
    fill(*map(int, sys.argv[1:]))
