"""Keeping the index up to date: who changes a row says so in its transaction, and what waits is indexed soon after."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence

from django.db import transaction

from postroom.core.search.words import words
from postroom.infra.database.base import insert_values
from postroom.infra.database.words import Row, empty, forget, keep
from postroom.infra.models import ScheduledAction, SearchEntry, SearchPending
from postroom.infra.search.sources import Document, Source, source, sources

ACTION = "search.index"
EVERY_SECONDS = 5
SECONDS = 0.5  # that one run may take of the worker
BATCH = 200  # rows of a transaction, some 15 ms: others write in between
BULK = 1000  # the same where nobody waits


def mark(rows: Mapping[str, Iterable[int]]) -> None:
    """Within a transaction: these rows, by kind, are new, changed or gone. One statement, however many."""
    named = {kind: sorted(set(ids)) for kind, ids in rows.items()}
    if named := {kind: ids for kind, ids in named.items() if ids}:
        insert_values(SearchPending, ("rows", "kind", "after"), [(named, "", 0)])


def index_some(seconds: float = SECONDS) -> str:
    """Index what waits, for about so long; says what was done."""
    until, done = time.monotonic() + seconds, 0
    while time.monotonic() < until and (some := _index_batch(BATCH)):
        done += some
    return f"{done} rows were indexed."


def index_all(size: int = BATCH, said: Callable[[int], None] | None = None) -> int:
    """Index all that waits; returns how many rows were looked at, and says so after each batch."""
    done = 0
    while some := _index_batch(size):
        done += some
        if said:
            said(done)
    return done


def rebuild(said: Callable[[int], None] | None = None) -> int:
    """Empty the index and fill it again; returns how many rows were looked at. Cut off, the worker goes on with it."""
    with transaction.atomic():
        empty()
        SearchPending.objects.all().delete()
        insert_values(SearchPending, ("rows", "kind", "after"), [({}, one.kind, 0) for one in sources()])
    return index_all(BULK, said)


def is_behind() -> bool:
    """Whether some of what stood before is still to be indexed."""
    return SearchPending.objects.exclude(kind="").exists()


def _index_batch(size: int) -> int:
    """One transaction: what is indexed in it waits no longer. One process at a time, so that none writes what is old.
    What was told of single rows comes first; then whole kinds.
    """
    if not SearchPending.objects.exists():
        return 0
    with transaction.atomic():
        ScheduledAction.objects.select_for_update().filter(key=ACTION).first()
        told = list(SearchPending.objects.filter(kind="").order_by("pk")[:size])
        if told:
            return _index_told(told, size)
        whole = SearchPending.objects.exclude(kind="").order_by("pk").first()
        return _index_more(whole, size) if whole else 0


def _index_told(told: Sequence[SearchPending], size: int) -> int:
    taken: list[SearchPending] = []
    rows: dict[str, set[int]] = {}
    for one in told:
        if rows and sum(map(len, rows.values())) + sum(map(len, one.rows.values())) > size:
            break
        taken.append(one)
        for kind, ids in one.rows.items():
            rows.setdefault(kind, set()).update(ids)
    left: dict[str, list[int]] = {}
    room, done = size, 0
    for kind, ids in rows.items():
        some = sorted(ids)
        now, later = some[:room], some[room:]
        room, done = room - len(now), done + len(now)
        if later:
            left[kind] = later
        _index(source(kind), now)
    SearchPending.objects.filter(pk__in=[one.pk for one in taken]).delete()
    mark(left)
    return done


def _index_more(whole: SearchPending, size: int) -> int:
    of = source(whole.kind)
    ids = of.after(whole.after, size)
    _index(of, ids)
    if len(ids) < size:
        whole.delete()
    else:
        SearchPending.objects.filter(pk=whole.pk).update(after=ids[-1])
    return max(len(ids), 1)


def _index(of: Source, ids: Sequence[int]) -> None:
    """Within a transaction: the entries of these rows are as the rows are; what did not change is not written."""
    if not ids:
        return
    wanted = {row.id: row for row in (_row(of, one) for one in of.read(ids))}
    kept = SearchEntry.objects.filter(pk__in=[of.key(one) for one in ids]).values_list(*Row._fields)
    known = {row[0]: Row(*row) for row in kept}
    forget([row for key, row in known.items() if wanted.get(key) != row])
    keep([row for key, row in sorted(wanted.items()) if known.get(key) != row])


def _row(of: Source, one: Document) -> Row:
    return Row(of.key(one.id), of.scope(one.company), one.id, one.about, words(one.texts))
