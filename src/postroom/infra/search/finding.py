"""Asking the index: the newest rows of some companies that hold what was asked for."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from django.db.models import TextField, Value
from django.db.models.functions import Concat, StrIndex
from django.db.models.lookups import GreaterThan

from postroom.core.search.words import Question
from postroom.infra.database import words as index
from postroom.infra.models import SearchEntry
from postroom.infra.paging import Page
from postroom.infra.search.sources import Source, source

ROUNDS = 4  # times that hits are fetched for a page of what they are about
AT_ONCE = 4  # hits for each row of such a page, at first
MORE = 4  # times as many each time, where a few have very many


@dataclass(frozen=True, slots=True)
class Hit:
    """A row that was found, and what it is about."""

    id: int
    about: int = 0


def find(kind: str, companies: Collection[int], asked: Question, *, before: int | None, limit: int) -> Page[Hit]:
    """Rows of a kind, the newest first, those with ids below `before`."""
    hits = _hits(source(kind), companies, asked, before, limit + 1)
    return Page(tuple(hits[:limit]), hits[limit - 1].id if len(hits) > limit else None)


def find_each(kind: str, companies: Collection[int], asked: Question, *, before: int | None, limit: int) -> Page[Hit]:
    """As `find`, but of those that are about the same only the newest, also over several pages. A page may be empty
    although `next` leads on: it looks through so many hits, and no more.
    """
    of, found, seen, last = source(kind), dict[int, Hit](), set[int](), before
    for number in range(ROUNDS if before is None else ROUNDS - 1):
        size = (limit + 1) * AT_ONCE * MORE**number
        hits = _hits(of, companies, asked, last, size, [*found, *seen])
        fresh = {hit.about: hit for hit in reversed(hits) if hit.about not in found}
        if before is not None:
            seen |= _seen(asked, fresh, before)
            fresh = {about: hit for about, hit in fresh.items() if about not in seen}
        found |= dict(sorted(fresh.items(), key=lambda one: -one[1].id))
        if len(hits) < size:
            last = None
            break
        last = hits[-1].id
        if len(found) > limit:
            break
    page = tuple(islice(found.values(), limit))
    return Page(page, page[-1].id if len(found) > limit else last)


def _hits(
    of: Source,
    companies: Collection[int],
    asked: Question,
    before: int | None,
    limit: int,
    without: Sequence[int] = (),
) -> list[Hit]:
    """Each company is asked by itself: its words stand together."""
    if not asked:
        return []
    scopes = [of.scope(one) for one in sorted(companies) if one > 0]
    each = [index.find(scope, asked.words, asked.begins, before, limit, without) for scope in scopes]
    return [Hit(place, about) for place, about in _newest(each, limit)]


def _newest(each: Iterable[Sequence[tuple[int, int]]], limit: int) -> list[tuple[int, int]]:
    return list(islice(heapq.merge(*each, reverse=True), limit))


def _seen(asked: Question, abouts: Collection[int], before: int) -> set[int]:
    """Of these those that an earlier page has shown by a newer row. Rows of one kind alone are about something."""
    rows = SearchEntry.objects.filter(about__in=list(abouts), place__gte=before)
    line = Concat("words", Value(" "), output_field=TextField())
    for word in asked.words:
        rows = rows.filter(GreaterThan(StrIndex(line, Value(f" {word} ")), 0))
    if asked.begins:
        rows = rows.filter(GreaterThan(StrIndex("words", Value(f" {asked.begins}")), 0))
    return set(rows.values_list("about", flat=True).distinct())
