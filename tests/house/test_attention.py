"""What needs attention names pages that there are: a next step that leads nowhere is worse than none."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from postroom.web.urls import urlpatterns
from tests.house import source

POSITION = 3  # of `page` among the fields of Attention
PAGES = {pattern.name for pattern in urlpatterns}


def pages(tree: ast.AST) -> Iterator[str]:
    """The pages that a module names in its items; a page that is worked out cannot be checked, and is named so."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Attention":
            given = next((one.value for one in node.keywords if one.arg == "page"), None)
            yield from _constants(given or node.args[POSITION])


def _constants(node: ast.expr) -> Iterator[str]:
    match node:
        case ast.Constant(value=str(name)):
            yield name
        case ast.IfExp(body=first, orelse=second):
            yield from _constants(first)
            yield from _constants(second)
        case _:
            yield f"not a constant: {ast.unparse(node)}"


MODULES = [module for module in source.product() if any(pages(module.tree))]


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_every_next_step_is_a_page(module: source.Module) -> None:
    assert set(pages(module.tree)) <= PAGES


def test_what_the_check_sees() -> None:
    assert len(MODULES) >= 5
    tree = ast.parse("Attention(w, t, x, 'a' if b else 'c', d)\nAttention(w, t, x, action=d, page=worked_out())")
    assert list(pages(tree)) == ["a", "c", "not a constant: worked_out()"]
    assert {"home", "outbound", "server"} <= PAGES
