"""What a test needs of the machine: found, or skipped visibly, or failed where POSTROOM_REQUIRE names it.

A bare machine runs what it can; CI names everything in POSTROOM_REQUIRE, so that nothing is skipped there unseen.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]


def find_corpora() -> Path | None:
    """Folders of test mail with expected answers, kept outside the repository because of their licences."""
    folder = Path(os.environ.get("POSTROOM_CORPORA") or REPOSITORY.parent / "shared" / "corpora")
    return folder if folder.is_dir() else None


def find_postgres() -> Path | None:
    """The folder of PostgreSQL's programs: Debian's newest, else where `initdb` is found."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: int(folder.parent.name))
    candidates = [*reversed(folders), *(Path(path).parent for path in [shutil.which("initdb")] if path)]
    return next((folder for folder in candidates if (folder / "initdb").exists()), None)


def find_program(*names: str) -> Callable[[], Path | None]:
    """A finder of the first of these programs, in PATH and where Debian puts servers."""

    def find() -> Path | None:
        path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])
        found = next((hit for name in names if (hit := shutil.which(name, path=path))), None)
        return Path(found) if found else None

    return find


FINDERS: dict[str, tuple[Callable[[], Path | None], str]] = {
    "corpora": (find_corpora, "set POSTROOM_CORPORA to the folder of test mail"),
    "postgres": (find_postgres, "apt-get install postgresql"),
    "postfix": (find_program("postfix"), "apt-get install postfix"),
    # The same engine without a window of its own takes three quarters of the time.
    "chromium": (
        find_program("chromium-headless-shell", "chromium", "chromium-browser"),
        "apt-get install chromium-headless-shell",
    ),
    "curl": (find_program("curl"), "apt-get install curl"),
}


def required() -> frozenset[str]:
    """The names in POSTROOM_REQUIRE, which must not be skipped."""
    return frozenset(name.strip() for name in os.environ.get("POSTROOM_REQUIRE", "").split(",") if name.strip())


def find(name: str) -> Path | None:
    """Where this machine has it, or None."""
    return FINDERS[name][0]()


def require(name: str) -> Path:
    """Where it is; skips the test where it is absent, and fails it where POSTROOM_REQUIRE says that it must be here."""
    return find(name) or absent(name, FINDERS[name][1])


def absent(name: str, remedy: str) -> NoReturn:
    """Skip, or fail where it is required: for what only turns out to be missing while a test sets itself up."""
    words = f"needs {name}: {remedy}"
    if name in required():
        pytest.fail(f"POSTROOM_REQUIRE names it, and this machine has none; {words}", pytrace=False)
    pytest.skip(words, allow_module_level=True)
