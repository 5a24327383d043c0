"""Every plugin is tested: one file, one suite that names it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.house import source

FOLDERS = (
    "core/routing/rules",
    "inbound/filters",
    "inbound/sources",
    "outbound/feedback",
    "outbound/transports",
    "records/types",
)


def plugins(folder: str) -> list[Path]:
    """The plugins of a folder: files and packages whose names do not start with an underscore."""
    found = (source.PACKAGE / folder).glob("[!_]*")
    return sorted(path for path in found if path.suffix == ".py" or (path / "__init__.py").exists())


@cache
def named_by_tests() -> frozenset[str]:
    """Every dotted name that some suite imports, and every short text in it: a contract suite lists keys."""
    suites = [module for module in source.tests() if not module.name.startswith("tests/house/")]
    return frozenset(name for module in suites for node in ast.walk(module.tree) for name in _names(node))


def _names(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Import(names=names):
            yield from (alias.name for alias in names)
        case ast.ImportFrom(module=str(base), names=names):
            yield from (base, *(f"{base}.{alias.name}" for alias in names))
        case ast.Constant(value=str(text)) if len(text) < 40:
            yield text


def is_tested(folder: str, plugin: str) -> bool:
    """Whether a suite imports the plugin or lists its key."""
    dotted = f"postroom.{folder.replace('/', '.')}.{plugin}"
    wanted = {dotted, plugin, plugin.replace("_", " ")}
    return any(name in wanted or name.startswith(f"{dotted}.") for name in named_by_tests())


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_plugin_has_a_suite(folder: str) -> None:
    untested = [path.stem for path in plugins(folder) if not is_tested(folder, path.stem)]
    assert not untested, f"{folder}: no test imports or names {untested}"


def test_the_folders_hold_plugins() -> None:
    assert len(plugins("core/routing/rules")) >= 7
    assert not is_tested("core/routing/rules", "a_rule_that_nobody_wrote")
