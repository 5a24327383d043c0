"""Fills a site under test with a conversation of mails that are believed more or less, and with their arrivals."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

import django

django.setup()

from postroom.core.delivery.states import ArrivalState  # noqa: E402 the models are known only now
from postroom.directory.models import Company, User  # noqa: E402
from postroom.domains.models import AliasDomain, CompanyDomain  # noqa: E402
from tests.support import factory  # noqa: E402

MISLEADS = "It bears the name of Amara Okafor, one of our people, and comes from a foreign address."
HELD = "rspamd takes it for spam: 7.5 points of 15.0, for BAYES_SPAM, R_BAD. Such mail waits for a person."
HANNA = {"author_name": "Hanna Sjöberg", "author_email": "hanna@norrgard.example"}
MAILS: tuple[dict[str, Any], ...] = (
    {**HANNA, "level": "verified", "verdict": "norrgard.example signed it."},
    {**HANNA, "level": "unverified", "verdict": "Nothing proves that norrgard.example sent it."},
    {**HANNA, "level": "unknown", "verdict": "DNS could not be asked whether norrgard.example sent it."},
    {
        **HANNA,
        "level": "forged",
        "verdict": "norrgard.example asks to refuse mail like this one: none of its servers and keys vouches for it.",
        "marks": ["turned-text:subject"],
    },
    {
        "author_name": "Amara Okafor",
        "author_email": "amara.okafor@freemail.example",
        "level": "verified",
        "verdict": "freemail.example signed it.",
        "marks": ["member-name:Amara Okafor", "look-alike:acme.example"],
    },
    {
        "author_name": "Jonas Lindqvist",
        "author_email": "jonas@acme.example",
        "level": "unverified",
        "verdict": "Nothing proves that acme.example sent it.",
        "standing": "claimed-member",
    },
)


def fill() -> dict[str, int]:
    """A lead with a mail of each level, which Amara is told of, an arrival of each, and one that a filter held."""
    company = Company.objects.get(name="Acme")
    amara = User.objects.get(username="admin")
    if not CompanyDomain.objects.filter(company=company).exists():
        factory.domain("acme.example", company)
    desk = factory.desk(company, "lead", "Doubts", owner=amara)
    lead = factory.record(desk, "Change of bank details", contact=None)
    arrivals = []
    for mail in MAILS:
        said = factory.told(amara, lead, "Please pay to our new account from today on.", **mail)
        arrivals.append(factory.arrival(company, subject=lead.title, sender=mail["author_email"], **_shown(mail)))
        marks = [{"step": "from", "text": MISLEADS}] if mail.get("marks") else []
        factory.route(arrivals[-1], company, f"thread:{lead.thread.pk}", message=said, trace=marks)
    steps = [{"step": "from", "text": MISLEADS}, {"step": "filter", "text": HELD}]
    held = factory.arrival(company, state=ArrivalState.HELD, subject="You have won", **_shown(MAILS[0]))
    factory.route(held, company, "filter", ArrivalState.HELD, because=HELD, trace=steps)
    domain = AliasDomain.objects.filter(company_domains__company=company).order_by("pk")[0]
    return {"lead": lead.pk, "arrival": arrivals[-1].pk, "held": held.pk, "domain": domain.pk}


def _shown(mail: dict[str, Any]) -> dict[str, Any]:
    """What an arrival has of a message."""
    return {name: mail[name] for name in ("author_name", "author_email", "level", "verdict")}


VERBS: dict[str, Callable[[], dict[str, int]]] = {"fill": fill}

if __name__ == "__main__":
    print(json.dumps(VERBS[sys.argv[1]]()))
