"""Keys point downwards, and SQL stays where it is kept."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest
from django.apps import apps
from django.db import models

from tests.house import source
from tests.house.source import Module

NAMES_OF_HOME = ("base", "connections", "words", "sqlite", "postgres")
HOME_OF_SQL = {f"src/postroom/infra/database/{name}.py" for name in NAMES_OF_HOME}
EXEMPT: dict[str, str] = {}  # "src/postroom/…py": why it speaks SQL or asks which database it has
METHODS = {"raw", "cursor", "execute", "executemany", "executescript"}
NAMES = {"RawSQL", "RunSQL"}
HIDDEN_CALLS = {"post_save", "pre_save", "post_delete", "pre_delete", "m2m_changed", "on_commit"}


def sql(module: Module) -> Iterator[str]:
    """Places where a module speaks SQL by itself or asks for the vendor."""
    for node in ast.walk(module.tree):
        match node:
            case ast.Call(func=ast.Attribute(attr=name)) if name in METHODS:
                yield f"{module.name}:{node.lineno}: .{name}()"
            case ast.Attribute(attr="vendor"):
                yield f"{module.name}:{node.lineno}: .vendor"
            case ast.Name(id=name) | ast.Attribute(attr=name) if name in NAMES:
                yield f"{module.name}:{node.lineno}: {name}"


def names(module: Module, wanted: set[str]) -> Iterator[str]:
    """Places where a module uses or imports one of these names."""
    for node in ast.walk(module.tree):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.alias(name=name) if name in wanted:
                yield f"{module.name}:{node.lineno}: {name}"


def test_sql_stays_in_the_database_package() -> None:
    found = {module.name: list(sql(module)) for module in source.product() if _could_reach_a_database(module)}
    strays = {name: places for name, places in found.items() if places}
    assert strays.keys() == EXEMPT.keys(), f"without a reason, or a reason that is no longer needed: {strays}"


def _could_reach_a_database(module: Module) -> bool:
    return module.name not in HOME_OF_SQL and not module.name.startswith("src/postroom/core/")  # core is pure


def test_nothing_happens_behind_the_back() -> None:
    found = [place for module in source.product() for place in names(module, HIDDEN_CALLS)]
    assert not found, f"what must happen is called, or is a row written in the same transaction: {found}"


@pytest.mark.parametrize(
    "line", ["with connection.cursor() as c: pass", "Record.objects.raw(q)", "x = connection.vendor", "RawSQL('1', [])"]
)
def test_stray_sql_is_seen(line: str) -> None:
    assert list(sql(Module("x.py", line)))


def test_hidden_calls_are_seen() -> None:
    assert list(names(Module("x.py", "from django.db.models.signals import post_save"), HIDDEN_CALLS))
    assert list(names(Module("x.py", "transaction.on_commit(send)"), HIDDEN_CALLS))


def app_of(model: type[models.Model]) -> str:
    """The floor that a model lives on, empty for models of libraries."""
    package, _, rest = model.__module__.partition(".")
    return rest.partition(".")[0] if package == "postroom" else ""


def climbs(origin: str, target: str) -> bool:
    """Whether a key from one app to another leaves the direction in which imports point."""
    floors = source.floors()
    return bool(target) and origin != target and floors[target] >= floors[origin]


def test_foreign_keys_point_downwards() -> None:
    found = [place for model in apps.get_models() if app_of(model) for place in climbing_keys(model)]
    assert not found, f"let a link row on the upper floor know both: {found}"


def climbing_keys(model: type[models.Model]) -> Iterator[str]:
    """The keys of a model that point up or sideways."""
    for field in model._meta.get_fields():
        target = field.related_model if field.concrete else None
        if isinstance(target, type) and climbs(app_of(model), app_of(target)):
            yield f"{model.__name__}.{field.name} → {target.__name__}"


def test_climbing_keys_are_seen() -> None:
    assert climbs("records", "conversations")
    assert climbs("mailings", "inbound")
    assert not climbs("conversations", "records")
    assert not climbs("records", "records")


def test_the_product_has_models_to_look_at() -> None:
    assert {"directory", "domains", "records", "conversations", "inbound"} <= {app_of(m) for m in apps.get_models()}
