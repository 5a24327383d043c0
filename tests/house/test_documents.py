"""Documents stay true: what they name exists, and decisions have one form."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from tests.house import source
from tests.house.test_repository import recipes

DECISIONS = sorted((source.REPOSITORY / "docs" / "adr").glob("*.md"))
RECIPE = re.compile(r"(?:^|`)make ([a-z]+)(?: [a-z]+)*(?:`|$| )", re.MULTILINE)
LINK = re.compile(r"\]\(([^)#]+)(?:#[^)]*)?\)")
PLACE = re.compile(r"`((?:src|tests|docs|bench|requirements|\.ci)/[\w./-]*)`")
PYTHON = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
TREE = re.compile(r"`((?:core|infra|directory|domains|records|conversations|inbound|web|api|project)/[\w./-]*)`")


def _name(path: Path) -> str:
    return str(path.relative_to(source.REPOSITORY))


@pytest.mark.parametrize("path", source.documents(), ids=_name)
def test_recipes_exist(path: Path) -> None:
    assert set(RECIPE.findall(path.read_text(encoding="utf-8"))) <= recipes()


@pytest.mark.parametrize("path", source.documents(), ids=_name)
def test_links_and_places_exist(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    links = [path.parent / link for link in LINK.findall(text) if "://" not in link and not link.startswith("mailto:")]
    places = [source.REPOSITORY / place for place in PLACE.findall(text)]
    inside = [source.PACKAGE / place for place in TREE.findall(text)]
    assert not [str(place) for place in links + places + inside if not place.exists()]


def code(path: Path) -> list[ast.Module]:
    """The Python that a document shows."""
    return [ast.parse(block, path.name) for block in PYTHON.findall(path.read_text(encoding="utf-8"))]


def imports(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Each (module, name) that a piece of code imports from the product."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("postroom."):
            yield from ((node.module or "", alias.name) for alias in node.names)


@pytest.mark.parametrize("path", [path for path in source.documents() if code(path)], ids=_name)
def test_shown_code_imports_what_exists(path: Path) -> None:
    wanted = {pair for tree in code(path) for pair in imports(tree)}
    assert not [pair for pair in wanted if not hasattr(import_module(pair[0]), pair[1])]


@pytest.mark.parametrize("path", DECISIONS, ids=_name)
def test_a_decision_says_its_rule_first(path: Path) -> None:
    number, text = path.name[:4], path.read_text(encoding="utf-8")
    assert re.match(rf"# {number}\. [A-Z]", text), "the first line is '# NNNN. Title'"
    paragraphs = [part for part in text.split("\n\n") if part.strip()]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d, (accepted|replaced by \d{4})", paragraphs[1].strip())
    assert paragraphs[2].startswith("**Rule.**")
    assert paragraphs[3].startswith("**Consequence.**")
    assert len(text.split()) <= 400, "half a page"


def test_decisions_are_numbered_without_gaps() -> None:
    assert [int(path.name[:4]) for path in DECISIONS] == list(range(1, len(DECISIONS) + 1))


def test_the_readme_starts_and_tests_with_one_command_each() -> None:
    text = (source.REPOSITORY / "README.md").read_text(encoding="utf-8")
    assert {"demo", "test"} <= set(RECIPE.findall(text))
