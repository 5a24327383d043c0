"""What is not in an ordinary state is found without reading what is, on SQLite too, where parameters hide an index."""

from __future__ import annotations

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext

from postroom.inbound.models import ORDINARY, InboundMail, Route
from postroom.infra.database.literals import Word, words
from postroom.outbound.models import ENDED_WELL, Delivery

pytestmark = pytest.mark.django_db
HERE = {"company_id": 1, "state": "failed"}


@pytest.mark.parametrize(
    ("rows", "ordinary", "index"),
    [
        (InboundMail.objects.order_by("-pk"), ORDINARY, "arrival_unusual"),
        (Route.objects.order_by("-arrival_id"), ORDINARY, "route_unusual"),
        (Delivery.objects.order_by("-pk"), ENDED_WELL, "delivery_open"),
    ],
)
def test_the_index_of_the_unusual_is_used(rows: QuerySet[Route], ordinary: tuple[str, ...], index: str) -> None:
    with CaptureQueriesContext(connection) as said:
        list(rows.filter(**HERE).exclude(state__in=words(ordinary))[:10])
    assert "'failed'" in said[0]["sql"]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":  # which else reads small tables whole
            cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
    plan = rows.filter(**HERE).exclude(state__in=words(ordinary))[:10].explain()
    assert index in plan


@pytest.mark.parametrize("word", ["", "it's", "a b", "A", "x" * 40, "a'--", "a\n"])
def test_only_words_of_ours_stand_in_a_statement(word: str) -> None:
    with pytest.raises(ValueError, match="no word of ours"):
        Word(word)
