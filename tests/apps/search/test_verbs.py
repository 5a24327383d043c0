"""The verbs of the index of words keep the same promises on both databases, against a search that reads every entry."""

from __future__ import annotations

from itertools import pairwise

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from postroom.core.search.words import question, words
from postroom.infra.database import words as index
from postroom.infra.database.words import COMMON, KINDS, WALKED, Row
from postroom.infra.models import SearchEntry
from postroom.infra.search.sources import scope

pytestmark = pytest.mark.django_db

ONE, OTHER = scope(1, 1), scope(2, 1)
VOCABULARY = ("offer", "offers", "of", "order", "vat", "a@b.example", "b", "会議", "é", "x" * 50)


def keep(*texts: str, where: str = ONE, first: int = 1, about: int = 0) -> list[Row]:
    rows = [Row(number * KINDS + 1, where, number, about, words([text])) for number, text in enumerate(texts, first)]
    index.keep(rows)
    return rows


def found(typed: str, *, where: str = ONE, below: int | None = None, limit: int = 100) -> list[int]:
    asked = question(typed)
    return [place for place, _ in index.find(where, asked.words, asked.begins, below, limit)]


def test_the_newest_come_first_from_a_place_on() -> None:
    keep("an offer", "an order", "two offers", "offer, order")
    assert found("offer") == [4, 3, 1]
    assert found("offer ") == [4, 1]
    assert found("order offer ") == [4]
    assert found("offer", limit=2) == [4, 3]
    assert found("offer", below=4) == [3, 1]
    assert found("nothing") == []


def test_no_scope_finds_what_another_has() -> None:
    keep("an offer")
    keep("an offer", where=OTHER, first=7)
    assert (found("offer"), found("offer", where=OTHER)) == ([1], [7])
    assert found("of", where=scope(1, 2)) == []


def test_what_is_taken_away_is_not_found() -> None:
    rows = keep("an offer", "an offer")
    index.forget(rows[:1])
    assert found("offer ") == [2]
    keep("an order", first=1)
    assert found("offer ") == [2]
    assert found("order") == [1]
    index.empty()
    assert found("o") == found("offer ") == []
    assert not SearchEntry.objects.exists()
    keep("an offer")
    assert found("offer ") == [1]


@pytest.mark.parametrize(
    "typed", ["rare ", "ra", "common ", "comm", "rare common ", "rare comm", "common ra", "common"]
)
def test_beyond_the_newest_entries(typed: str) -> None:
    many = WALKED + 2 * COMMON
    keep(*("rare common" if number in (3, many - 1) else "common" for number in range(1, many + 1)))
    expected = [many - 1, 3] if "ra" in typed else list(range(many, 0, -1))[:100]
    assert found(typed) == expected
    if "ra" in typed:
        assert found(typed, below=many - 1) == [3]


def test_far_apart() -> None:
    """PostgreSQL looks at one stretch of entries after the other: none is left out, none seen twice."""
    ids = [1, 17, 20_000, 140_000, 1_000_000, 1_048_576, 3_000_000, 40_000_000]
    index.keep([Row(one * KINDS + 1, ONE, one, 0, " offer") for one in ids])
    assert found("offer ") == ids[::-1]
    for newer, older in pairwise(ids[::-1]):
        assert found("offer ", below=newer)[0] == older


def test_a_search_reads_along_an_index() -> None:
    keep(*("an offer" for _ in range(50)))
    with CaptureQueriesContext(connection) as context, connection.cursor() as cursor:
        found("off order ")
        found("rare off")
        queries = [one["sql"] for one in context.captured_queries]
        for sql in queries:
            if connection.vendor == "postgresql":
                cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute(f"EXPLAIN {'' if connection.vendor == 'postgresql' else 'QUERY PLAN'} {sql}")
            plan = " ".join(str(row[-1]) for row in cursor.fetchall())
            assert "Seq Scan" not in plan
            assert "SCAN entry" not in plan
            assert "SCAN infra_searchentry" not in plan.replace("USING INDEX", "")


class AgainstReadingAll(TestCase):
    """Whatever is kept and whatever is typed."""

    @settings(max_examples=60)
    @given(
        st.lists(st.lists(st.sampled_from(VOCABULARY), max_size=4).map(" ".join), max_size=12),
        st.lists(st.sampled_from(VOCABULARY), max_size=3).map(" ".join),
        st.sampled_from(["", " "]),
    )
    def test_the_same_is_found(self, texts: list[str], typed: str, end: str) -> None:
        rows = keep(*texts)
        asked = question(typed + end)
        expected = [row.place for row in reversed(rows) if asked and _holds(row, asked.words, asked.begins)]
        assert (found(typed + end) if asked else []) == expected

    @settings(max_examples=60)
    @given(st.text(max_size=60) | st.text("'\"\\*()&|!:<->@·\0 aé", max_size=30))
    def test_nothing_that_is_typed_is_taken_for_syntax(self, typed: str) -> None:
        keep(f"before {typed} after")
        if question(typed):
            assert found(typed) == [1]


def _holds(row: Row, wanted: tuple[str, ...], begins: str) -> bool:
    line = f"{row.words} "
    return all(f" {word} " in line for word in wanted) and (not begins or f" {begins}" in line)
