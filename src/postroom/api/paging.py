"""Lists by key: a limit, a cursor that only we read, and the cursor of what comes next."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, TypeVar

from ninja import Query

from postroom.api.problems import Problem

MOST = 200
Item = TypeVar("Item")

Cursor = Annotated[str, Query("", description="`next` of the page before; empty for the first page.", max_length=120)]
Limit = Annotated[int, Query(50, ge=1, le=MOST, description="Rows of a page.")]


def id_of(cursor: str) -> int | None:
    """The id in a cursor; None for the first page."""
    if not cursor:
        return None
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 19):
        raise unreadable()
    return int(cursor)


def cursor_of(key: int | None) -> str | None:
    """A cursor that goes on from an id; None at the end."""
    return None if key is None else str(key)


def moment_of(cursor: str) -> tuple[datetime, int] | None:
    """The time and id in a cursor; None for the first page."""
    if not cursor:
        return None
    try:
        at, _, key = base64.urlsafe_b64decode(cursor.encode()).decode().partition(" ")
        moment = datetime.fromisoformat(at)
        number = int(key)
    except ValueError:
        raise unreadable() from None
    if moment.tzinfo is None:
        raise unreadable()
    return moment, number


def cursor_of_moment(key: tuple[datetime, int] | None) -> str | None:
    """A cursor that goes on from a time and id; None at the end."""
    return None if key is None else base64.urlsafe_b64encode(f"{key[0].isoformat()} {key[1]}".encode()).decode()


def cut(
    items: Sequence[Item], named: Callable[[Item], object], cursor: str, limit: int
) -> tuple[list[Item], str | None]:
    """A page of a list that is short enough to be read whole, and the cursor of what comes next: what stands after the
    item that the cursor names. `named` tells items apart.
    """
    begin = 0
    if cursor:
        begin = next((number for number, item in enumerate(items, 1) if _mark(named(item)) == cursor), 0)
        if not begin:
            raise unreadable()
    page = list(items[begin : begin + limit])
    return page, _mark(named(page[-1])) if begin + limit < len(items) else None


def _mark(name: object) -> str:
    return hashlib.sha256(repr(name).encode("utf-8", "backslashreplace")).hexdigest()[:24]


def unreadable() -> Problem:
    """The answer to a cursor that is none of ours."""
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "cursor: not one of this API; take `next` of the page before.")
