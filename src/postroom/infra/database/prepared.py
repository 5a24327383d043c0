"""Questions whose SQL is written once. To write it costs ten times what SQLite needs to answer by key, and a page asks
two dozen of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from copy import copy
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from typing import Any, Generic, TypeVar

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Model, QuerySet

Row = TypeVar("Row")
One = int | str | datetime
Value = One | Sequence[int] | Sequence[str]

MOST_SHAPES = 100  # of one question
MOST_VALUES = 1000  # for which SQL is kept: more come once, and databases take no more than 32,766
LARGEST = 2**63 - 1
NUMBERS = 8_888_888_000_000_000  # where markers begin, for which values are put in
DAY = datetime(8888, 1, 1, tzinfo=UTC)


class Prepared(Generic[Row]):
    """What `build` asks of the database, for other values each time.

    `build` gets as many arguments as values are given, and must ask for each of them as it is: `id__in` and `lt` do,
    `icontains` does not. Values are numbers, texts, moments and lists of numbers or of texts. Lists are asked by `in`:
    the last value fills them up to a power of two, so that few lengths are written. What is given by name is no value:
    it comes to `build` as it is, and SQL is written for each.

    Raises:
        TypeError: at the first asking, where a value is not asked for as it is, or a column is too small for the
            numbers by which places are marked: PostgreSQL's integer and smallint are. What is compared with these is
            given by name.

    """

    def __init__(self, build: Callable[..., QuerySet[Any, Row]]) -> None:
        self._build = build
        self._shapes: dict[tuple[Any, ...], _Shape | None] = {}

    def __call__(self, *values: Value, **fixed: object) -> list[Row]:
        """The rows, as `build` orders and limits them; one query, and those of `prefetch_related`."""
        flat = _flat(values)
        if len(flat) > MOST_VALUES or any(isinstance(one, int) and not -LARGEST <= one <= LARGEST for one in flat):
            return self._unwritten(values, fixed)
        values = tuple(map(_filled, values))
        key = (*fixed.items(), *(_kind(value) for value in values))
        known = self._shapes
        shape = known[key] if key in known else self._written(key, values, fixed)
        return list(shape.ask(_flat(values))) if shape else []

    def _unwritten(self, values: Sequence[Value], fixed: dict[str, Any]) -> list[Row]:
        """For very many values, which come once; and for numbers that no column holds, as addresses name them: Django
        knows of most comparisons how they end, and with what is left nothing is equal.
        """
        try:
            return list(self._build(*values, **fixed))
        except OverflowError:
            return []

    def _written(self, key: tuple[Any, ...], values: Sequence[Value], fixed: dict[str, Any]) -> _Shape | None:
        if len(self._shapes) >= MOST_SHAPES:
            self._shapes = {}  # others may be looking at the old ones
        try:
            shape = _Shape(partial(self._build, **fixed), values)
        except EmptyResultSet:
            if all(isinstance(value, One) or value for value in values):
                raise TypeError(f"{self._build} compares a value with a column that holds no such number") from None
            shape = None  # an empty list: there is nothing to ask
        self._shapes[key] = shape
        return shape


def prepared(build: Callable[..., QuerySet[Any, Row]]) -> Prepared[Row]:
    """The question that a function builds, as a function that answers it."""
    return Prepared(build)


class _Shape:
    """The SQL for values of these kinds, with what Django makes rows by."""

    def __init__(self, build: Callable[..., QuerySet[Any, Any]], values: Sequence[Value]) -> None:
        numbers = count()
        markers: list[Any] = [
            _marker(value, next(numbers)) if isinstance(value, One) else [_marker(one, next(numbers)) for one in value]
            for value in values
        ]
        self._of = build(*markers)
        self._compiler = self._of.query.get_compiler(using=connection.alias)
        self._sql, given = self._compiler.as_sql()
        self._given = list(given)
        places = {_as_sent(marker): number for number, marker in enumerate(_flat(markers))}
        self._slots = [(at, places[one], type(one)) for at, one in enumerate(given) if _is_marker(one, places)]
        if {number for _, number, _ in self._slots} != set(places.values()):
            raise TypeError(f"{build} does not ask for each of its values as it is")
        fields = [column[0] for column in self._compiler.select[: self._compiler.col_count]]
        self._converters = self._compiler.get_converters(fields)

    def ask(self, values: Sequence[One]) -> Iterable[Any]:
        given = list(self._given)
        for at, number, kind in self._slots:
            value = values[number]
            given[at] = kind(value) if isinstance(value, int) else _as_sent(value)
        compiler: Any = copy(self._compiler)
        compiler.connection = connection._connections[connection.alias]  # type: ignore[attr-defined]
        compiler.as_sql = lambda *_, **__: (self._sql, given)
        compiler.get_converters = lambda _: self._converters
        query: Any = copy(self._of.query)
        query.get_compiler = lambda *_, **__: compiler
        rows: Any = QuerySet[Model](self._of.model, query, connection.alias)
        rows._iterable_class, rows._fields = self._of._iterable_class, self._of._fields  # type: ignore[attr-defined]
        rows._prefetch_related_lookups = self._of._prefetch_related_lookups  # type: ignore[attr-defined]
        return rows  # type: ignore[no-any-return]


def _filled(value: Any) -> Value:
    """A list as long as the next power of two; the last value stands there several times, which `in` does not mind."""
    if isinstance(value, One) or not value:
        return value
    return [*value, *[value[-1]] * ((1 << (len(value) - 1).bit_length()) - len(value))]


def _kind(value: Value) -> object:
    if isinstance(value, One):
        return type(value)
    return (type(value[0]), len(value)) if value else None


def _flat(values: Iterable[Value]) -> list[One]:
    return [one for value in values for one in ([value] if isinstance(value, One) else value)]


def _marker(value: One, number: int) -> One:
    if isinstance(value, datetime):
        return DAY + timedelta(seconds=number)
    return NUMBERS + number if isinstance(value, int) else f"{NUMBERS + number}"


def _as_sent(value: One) -> Any:
    return connection.ops.adapt_datetimefield_value(value) if isinstance(value, datetime) else value


def _is_marker(given: object, places: dict[Any, int]) -> bool:
    return isinstance(given, One) and given in places
