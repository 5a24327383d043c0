"""What stands in the repository: complete, portable, and about the product only."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from tests.house import source

# Joined here, so that this file does not hold what it looks for.
ELSEWHERE = [
    "/work" + "/",
    "/ro" + "ot/",
    "pypi" + ".org",
    "python" + "hosted",
    "npm" + "js.org",
    "deb.debian" + ".org",
    "chat" + "gpt",
    "clau" + "de",
    "anth" + "ropic",
    "open" + "ai",
]
UNFINISHED = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X|NotImplemented" + r"Error)\b")
SKIPS = re.compile(r"pytest\.(?:skip|importorskip|xfail)\(|mark\.(?:skip|skipif|xfail)\b")
MAY_SKIP = {"tests/support/require.py", "tests/house/test_repository.py"}
LOCKS = sorted((source.REPOSITORY / "requirements").glob("*.txt"))


def texts() -> dict[str, str]:
    """Every text file of the repository, by name."""
    found: dict[str, str] = {}
    for path in source.files():
        data = path.read_bytes()
        if b"\0" not in data and path.suffix != ".eml":
            found[str(path.relative_to(source.REPOSITORY))] = data.decode("utf-8", "replace")
    return found


def test_nothing_names_another_place() -> None:
    found = [f"{name}: {word}" for name, text in texts().items() for word in ELSEWHERE if word in text.lower()]
    assert not found


def test_nothing_is_left_unfinished() -> None:
    code = {module.name: module.text for module in (*source.product(), *source.tests())}
    found = [f"{name}: {hit[0]}" for name, text in code.items() if (hit := UNFINISHED.search(text))]
    assert not found


def test_skips_go_through_one_place() -> None:
    found = [module.name for module in source.tests() if module.name not in MAY_SKIP and SKIPS.search(module.text)]
    assert not found, "tests.support.require skips visibly, and fails where CI says so"


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_a_lock_pins_every_file_and_names_no_index(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8")
    assert not re.search(r"://|--(?:index|extra|find|trusted)|^-e", text, re.MULTILINE)
    entries = re.split(r"\n(?=[a-zA-Z])", "\n" + text.partition("\n\n")[2] if text.startswith("\n") else text)
    pinned = [entry for entry in entries if re.match(r"[a-zA-Z]", entry)]
    assert len(pinned) > 20
    assert not [entry.splitlines()[0] for entry in pinned if "==" not in entry or "--hash=sha256:" not in entry]


def test_commands_can_be_run() -> None:
    programs = [".ci/run", "requirements/install", "requirements/compile"]
    assert not [name for name in programs if not os.access(source.REPOSITORY / name, os.X_OK)]


def test_the_makefile_stays_small() -> None:
    assert len(recipes()) <= 10, "a newcomer reads them all"


def recipes() -> set[str]:
    """The recipes of the Makefile."""
    return set(re.findall(r"^([a-z]+):", (source.REPOSITORY / "Makefile").read_text(), re.MULTILINE))
