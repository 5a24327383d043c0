"""Rows of models as values of a statement, and the other way: at a fifth of what Django's fields and constructor cost.

A statement is told of many rows at once, so what a column needs is looked up once for all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from operator import attrgetter, itemgetter
from types import ModuleType
from typing import Any, TypeVar, cast

from django.db import connection, models
from django.db.models.base import ModelState
from django.db.models.expressions import Col

AS_THEY_ARE = (  # values of these are sent as the row holds them
    models.AutoField, models.IntegerField, models.BooleanField, models.BinaryField, models.ForeignKey,
)  # fmt: skip
AS_THEY_COME = (models.AutoField, models.IntegerField, models.ForeignKey, models.CharField, models.TextField)
Row = TypeVar("Row", bound=models.Model)
Adapter = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Shape:
    """Columns of a model. `read` takes their values from a row; `adapters` are of those whose values are not sent as
    they are, `readers` of those whose values are not kept as they come.
    """

    names: tuple[str, ...]
    columns: tuple[str, ...]
    types: tuple[str, ...]
    read: Callable[[models.Model], Sequence[Any]]
    adapters: tuple[tuple[int, Adapter], ...]
    readers: tuple[tuple[int, Adapter], ...] = ()

    def adapt(self, values: list[list[Any]]) -> list[list[Any]]:
        """The same lists, with values as the driver takes them. Rows of one batch share many: the time, a trace."""
        for index, adapt in self.adapters:
            told: Any = None
            known = adapt(None)
            for line in values:
                if (value := line[index]) is not told:
                    told, known = value, adapt(value)
                line[index] = known
        return values


@cache
def shape_of(
    model: type[models.Model], engine: ModuleType, names: tuple[str, ...] = (), *, loading: bool = False
) -> Shape:
    """By default of every column, for `loading` with a key that the database numbers, else without that."""
    meta = model._meta
    fields: list[Any] = [meta.pk if name == "pk" else meta.get_field(name) for name in names] or [
        field for field in meta.concrete_fields if loading or not isinstance(field, models.AutoField)
    ]
    attributes = tuple(field.attname for field in fields)
    return Shape(
        attributes,
        tuple(field.column for field in fields),
        tuple(
            str(field.rel_db_type(connection)) if field.primary_key else str(field.db_type(connection))
            for field in fields
        ),
        _getter(attributes),
        tuple((n, _adapter(field, engine)) for n, field in enumerate(fields) if not isinstance(field, AS_THEY_ARE)),
        tuple((n, read) for n, field in enumerate(fields) if loading and (read := _reader(field, engine))),
    )


def _getter(names: tuple[str, ...]) -> Callable[[models.Model], Sequence[Any]]:
    """Looks where rows keep what they hold: by attribute, a foreign key costs a call of Python."""
    kept, asked = itemgetter(*names), attrgetter(*names)

    def read(row: models.Model) -> Sequence[Any]:
        try:
            return cast("Sequence[Any]", kept(row.__dict__))
        except KeyError:  # a column that was not loaded
            return cast("Sequence[Any]", asked(row))

    return read


def _adapter(field: Any, engine: ModuleType) -> Adapter:
    if isinstance(field, models.DateTimeField):
        moment: Adapter = engine.moment
        return lambda value: None if value is None else moment(value)
    if isinstance(field, models.JSONField):
        document: Adapter = engine.document
        return document
    if isinstance(field, (models.CharField, models.TextField)):
        return _without_nul
    return lambda value: field.get_db_prep_save(value, connection)


def _without_nul(value: str | None) -> str | None:
    """PostgreSQL takes no NUL in a text, so no database gets one."""
    return value.replace("\0", "\N{REPLACEMENT CHARACTER}") if value and "\0" in value else value


def _reader(field: Any, engine: ModuleType) -> Adapter | None:
    """What makes a column's value of what the driver gives; None where that is it already."""
    if isinstance(field, AS_THEY_COME):
        return None
    if isinstance(field, models.DateTimeField):
        read: Adapter | None = engine.read_moment
        return read
    if isinstance(field, models.JSONField):
        return cast("Adapter", engine.read_document)
    column = Col(field.model._meta.db_table, field)
    steps = [*connection.ops.get_db_converters(column), *field.get_db_converters(connection)]
    return (lambda value: _through(steps, value, column)) if steps else None


def _through(steps: Sequence[Callable[..., Any]], value: Any, column: Col) -> Any:
    for step in steps:
        value = step(value, column, connection)
    return value


def read_rows(model: type[Row], shape: Shape, lines: Iterable[Sequence[Any]], alias: str) -> list[Row]:
    """Rows of the database as objects."""
    values = [list(line) for line in lines]
    for index, read in shape.readers:
        for line in values:
            if line[index] is not None:
                line[index] = read(line[index])
    return [_made(model, dict(zip(shape.names, line, strict=True)), alias) for line in values]


def new(model: type[Row], **values: Any) -> Row:
    """A row that is not written yet, as the model's constructor makes it: its columns by their attributes' names, such
    as `letter_id`; those that are not named have their defaults, as far as these are values.

    Raises:
        TypeError: for a name that is no column, or a missing one.

    """
    given = _defaults(model) | values
    if len(given) != len(model._meta.concrete_fields):
        raise TypeError(f"these are not the columns of {model.__name__}: {sorted(values)}")
    return _made(model, given, None)


def link(row: models.Model, name: str, other: models.Model) -> None:
    """Let a row know the one that its foreign key names, without asking whether it may."""
    row._state.fields_cache[name] = other


@cache
def _defaults(model: type[models.Model]) -> dict[str, Any]:
    """Those that are the same value for each row."""
    fields = model._meta.concrete_fields
    return {
        field.attname: field.get_default()
        for field in fields
        if field.default is models.NOT_PROVIDED or not callable(field.default)
    }


def _made(model: type[Row], values: dict[str, Any], alias: str | None) -> Row:
    """Nobody listens for models that are made, so nobody is told."""
    row = model.__new__(model)
    row.__dict__ = values
    row._state = state = ModelState()
    state.adding, state.db = alias is None, alias
    return row
