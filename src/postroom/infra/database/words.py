"""The verbs of the index of words. An entry's words have a space before each; in the index each word begins with the
entry's scope, so that it is found within that scope alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from django.db import connection

from postroom.infra.database.base import engine
from postroom.infra.database.sqlite import KINDS

__all__ = ["KINDS", "Row", "create_index", "drop_index", "empty", "find", "forget", "keep"]

WALKED = 600  # newest entries of a scope that are looked at one by one where a word is asked for by its beginning
COMMON = 30  # of these, from which on a beginning is common: the index would gather too many
STROLLED = 20_000  # newest entries that are looked at for a common one
STEP = 1_500  # of them in the first step
STEP_GROWS = 3  # times as many in each further one


class Row(NamedTuple):
    """An entry as it is kept."""

    id: int
    scope: str
    place: int
    about: int
    words: str


def create_index(cursor: Any) -> None:
    """Make the index of words beside the table of entries."""
    engine().create_words(cursor)


def drop_index(cursor: Any) -> None:
    """Take it away."""
    engine().drop_words(cursor)


def keep(rows: Sequence[Row]) -> None:
    """Within a transaction: add entries that are not there."""
    if rows:
        with connection.cursor() as cursor:
            engine().keep_words(cursor, rows)


def forget(rows: Sequence[Row]) -> None:
    """Within a transaction: take entries away, given as they are."""
    if rows:
        with connection.cursor() as cursor:
            engine().forget_words(cursor, rows)


def empty() -> None:
    """Within a transaction: take all entries away."""
    with connection.cursor() as cursor:
        engine().empty_words(cursor)


def find(
    scope: str, words: Sequence[str], begins: str, below: int | None, limit: int, without: Sequence[int] = ()
) -> list[tuple[int, int]]:
    """Place and `about` of the entries of a scope that have all words, and one that begins so: those below a place, the
    greatest place first, `without` those about these. Words are those of `core.search.words`: letters, digits and
    its joint.
    """
    if not words and not begins:
        return []
    top = (1 << 58) if below is None else below
    with connection.cursor() as cursor:
        within = ""
        if begins:
            near, common, whole = _walk(cursor, scope, words, begins, top)
            near = [one for one in near if one[1] not in without]
            if whole or len(near) >= limit:
                return near[:limit]
            if common and words:  # found by the other words, and looked at
                within, begins = begins, ""
            elif common and len(near := _stroll(cursor, scope, begins, top, limit, without)) == limit:
                return near
        found: list[tuple[int, int]] = engine().find_words(
            cursor, scope, words, begins, top, limit, _also("entry", within, without)
        )
        return found


def _walk(
    cursor: Any, scope: str, words: Sequence[str], begins: str, top: int
) -> tuple[list[tuple[int, int]], bool, bool]:
    """What the newest entries have; whether the beginning is common among them, and whether these were all."""
    line, position = "words || ' '", engine().POSITION
    others = " AND ".join([f"{position}({line}, %s) > 0"] * len(words)) or "1 = 1"
    cursor.execute(
        f"SELECT place, about, {position}(words, %s) > 0, {others} FROM infra_searchentry"
        f" WHERE scope = %s AND place < %s ORDER BY place DESC LIMIT {WALKED}",
        [f" {begins}", *(f" {word} " for word in words), scope, top],
    )
    rows = cursor.fetchall()
    begun = [(place, about, fits) for place, about, fits_beginning, fits in rows if fits_beginning]
    return [(place, about) for place, about, fits in begun if fits], len(begun) >= COMMON, len(rows) < WALKED


def _stroll(
    cursor: Any, scope: str, begins: str, top: int, limit: int, without: Sequence[int]
) -> list[tuple[int, int]]:
    """Entries with a word that begins so, among many of the newest. What is common is found soon: each step looks at
    more than the one before, and none is taken for nothing.
    """
    found: list[tuple[int, int]] = []
    unwanted, left, step = frozenset(without), STROLLED, STEP
    while left > 0 and len(found) < limit:
        step = min(step, left)
        cursor.execute(
            f"SELECT place, about, {engine().POSITION}(words, %s) > 0 FROM infra_searchentry"
            f" WHERE scope = %s AND place < %s ORDER BY place DESC LIMIT {step}",
            [f" {begins}", scope, top],
        )
        rows = cursor.fetchall()
        found += [(place, about) for place, about, fits in rows if fits and about not in unwanted]
        if len(rows) < step:
            break
        top, left, step = rows[-1][0], left - step, step * STEP_GROWS
    return found[:limit]


def _also(table: str, within: str, without: Sequence[int]) -> tuple[str, list[Any]]:
    """Conditions beside the index, and what they are given: a word that begins so, nothing about these."""
    also, given = "", list[Any]()
    if within:
        also, given = f" AND {engine().POSITION}({table}.words, %s) > 0", [f" {within}"]
    if without:
        also += f" AND {table}.about NOT IN ({', '.join(['%s'] * len(without))})"
    return also, [*given, *without]
