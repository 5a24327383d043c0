"""What is not in an ordinary state is found without reading what is, on SQLite too, where parameters hide an index."""

from __future__ import annotations

from copy import copy
from typing import TypeVar

import pytest
from django.db.models import Model

from postroom.inbound.models import ORDINARY, InboundMail, Route
from postroom.infra.clock import now
from postroom.infra.database.literals import Word, words
from postroom.outbound.models import ENDED_WELL, Delivery
from tests.support import factory
from tests.support.queries import plan, statements, take_stock

M = TypeVar("M", bound=Model)
pytestmark = pytest.mark.django_db
ROWS = 300  # of a few any index would do
UNUSUAL = {
    "arrival_unusual": (InboundMail.objects.order_by("-pk"), ORDINARY),
    "route_unusual": (Route.objects.order_by("-arrival_id"), ORDINARY),
    "delivery_open": (Delivery.objects.order_by("-pk"), ENDED_WELL),
}


@pytest.fixture
def here() -> dict[str, object]:
    """A company with many rows, all but one of each kind in an ordinary state."""
    company = factory.company()
    routed = factory.arrival(company)
    arrivals = InboundMail.objects.bulk_create(_copies(routed, key="key"))
    Route.objects.bulk_create(
        [
            Route(
                arrival=one, company_id=company.pk, target="none", state="routed", content_key=one.key, created_at=now()
            )
            for one in arrivals
        ]
    )
    accepted = factory.delivery(factory.record(factory.desk(company)), state="accepted")
    Delivery.objects.bulk_create(_copies(accepted, address="address"))
    for state in ("failed", "held"):
        factory.route(factory.arrival(company, state=state), company, state=state)
    Delivery.objects.filter(pk=accepted.pk).update(state="failed")
    take_stock(InboundMail, Route, Delivery)
    return {"company_id": company.pk, "state": "failed"}


def _copies(row: M, **named: str) -> list[M]:
    made = []
    for number in range(ROWS):
        one = copy(row)
        one.pk = None
        for field, stem in named.items():
            setattr(one, field, f"{stem}{number}")
        made.append(one)
    return made


@pytest.mark.parametrize("index", UNUSUAL)
def test_the_index_of_the_unusual_is_used(here: dict[str, object], index: str) -> None:
    rows, ordinary = UNUSUAL[index]
    with statements() as said:
        assert len(rows.filter(**here).exclude(state__in=words(ordinary))[:10]) == 1
    assert "'failed'" in said[0]
    assert index in plan(said[0])


@pytest.mark.parametrize("word", ["", "it's", "a b", "A", "x" * 40, "a'--", "a\n"])
def test_only_words_of_ours_stand_in_a_statement(word: str) -> None:
    with pytest.raises(ValueError, match="no word of ours"):
        Word(word)
