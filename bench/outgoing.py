"""Copies that wait to be sent: fills the database of this process's configuration, the same work every time.

Run as a process of its own, with Django set up: `python -m bench.prepare_outgoing COPIES COPIES_A_LETTER`.
"""

from __future__ import annotations

import random
import sys
from html import escape

from django.core.management import call_command
from django.db import transaction

from bench.letters import DOMAIN, SALES, SEED, WORDS
from postroom.core.addresses import Address
from postroom.directory.models import Company
from postroom.domains.models import AliasDomain, CompanyDomain
from postroom.domains.services import ensure_token_key
from postroom.infra.clock import now
from postroom.outbound.models import Lane
from postroom.outbound.services import NewLetter, Recipient, queue

CHUNK = 200  # letters that are queued in one transaction
WARM_UP = 200  # copies that are sent before the clock runs


def fill(copies: int, each: int) -> None:
    """One company and `copies` copies in the queue, `each` of them of one letter."""
    company = Company.objects.create(name="Bench", slug="bench", created_at=now())
    domain = AliasDomain.objects.create(name=DOMAIN)
    CompanyDomain.objects.create(company=company, domain=domain)
    ensure_token_key()
    letters = [(_letter(company.pk, domain.pk, n), _recipients(n, each)) for n in range(-(-copies // each))]
    for start in range(0, len(letters), CHUNK):
        with transaction.atomic():
            queue(letters[start : start + CHUNK], Lane.NOTIFICATION)


def _letter(company: int, domain: int, number: int) -> NewLetter:
    chance = random.Random(SEED + number)
    paragraphs = [" ".join(chance.choices(WORDS, k=24)) for _ in range(14)]
    text = "\n\n".join(paragraphs)
    html = "".join(f"<p>{escape(one)}</p>" for one in paragraphs)
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
    fill(int(sys.argv[1]), int(sys.argv[2]))
