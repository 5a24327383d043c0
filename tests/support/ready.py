"""Installations that a run makes once and then copies: migrating and compressing take seconds, a copy takes none.

The folder that holds them is shared by the workers of a run; see `tests/conftest.py`.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from tests.support.postgres import Server
from tests.support.running import Installation

SHARED = "POSTROOM_TEST_SHARED"
PLACE = "instance.place"


@dataclass(frozen=True, slots=True)
class Recipe:
    """A command, `python -m …`, on a copy of another one; what it prints as JSON are ids of what it has made."""

    command: tuple[str, ...]
    base: str = ""


RECIPES = {
    "empty": Recipe(("tests.support.prepare", "empty")),  # tables and static files
    "acme": Recipe(("tests.support.prepare",), "empty"),
    "filled": Recipe(("tests.web.filling", "fill"), "empty"),
    "talk": Recipe(("tests.web.talking", "fill"), "filled"),
    "changes": Recipe(("tests.web.talking", "changes"), "talk"),
    "doubts": Recipe(("tests.web.doubting", "fill"), "filled"),
    "passed": Recipe(("tests.web.passing", "fill"), "filled"),
    "inbox": Recipe(("tests.web.inboxing", "fill"), "filled"),
    "searched": Recipe(("postroom", "search", "rebuild"), "filled"),
    "demo": Recipe(("postroom", "prepare", "--demo"), "empty"),
    "everything": Recipe(("tests.web.everything",), "empty"),
}


def put(name: str, var: Path) -> dict[str, int]:
    """Make `var` an installation of this kind; the ids of what is in it. Files that are there already stay."""
    ready = _made(name, partial(_make, RECIPES[name]))
    _copy(ready / "var", var)
    ids: dict[str, int] = json.loads((ready / "ids").read_text(encoding="utf-8"))
    return ids


def acme_on(server: Server) -> str:
    """The address of a new database of this server with Acme in it, a copy of one that the run migrates once."""
    folder = _made("acme on postgres", partial(_make_on, server))
    return server.create_database(template=_database((folder / "ids").read_text(encoding="utf-8")))


def _database(url: str) -> str:
    return urlsplit(url).path.removeprefix("/")


def _make_on(server: Server, folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    url = server.create_database()
    made = _database(url)
    done = Installation(folder / "var", url).run("tests.support.prepare")
    assert done.returncode == 0, done.stderr.decode()
    server.run_sql(made, f"DELETE FROM infra_parameter WHERE key = '{PLACE}'")
    (folder / "ids").write_text(url, encoding="utf-8")


def _copy(source: Path, var: Path) -> None:
    """Static files are never written to, so that two names may lead to one."""
    shutil.copytree(source, var, dirs_exist_ok=True, ignore=shutil.ignore_patterns("static", "*.log", "instance"))
    shutil.copytree(source / "static", var / "static", dirs_exist_ok=True, copy_function=_link)
    _disown(var / "postroom.sqlite3")


def _disown(database: Path) -> None:
    """Without a place it is no copy, which would send nothing, but an installation that starts for the first time."""
    with contextlib.closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("DELETE FROM infra_parameter WHERE key = ?", [PLACE])


def _link(source: str, target: str) -> None:
    with contextlib.suppress(OSError):  # another file system
        os.link(source, target)
        return
    shutil.copy2(source, target)


def _made(name: str, make: Callable[[Path], None]) -> Path:
    """The folder of this one: the first worker that asks makes it, the others wait for that."""
    shared = Path(os.environ[SHARED])
    folder = shared / f"ready-{name}"
    with (shared / f"ready-{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "ids").exists():
            shutil.rmtree(folder, ignore_errors=True)  # half of one, by a worker that was stopped
            make(folder)
    return folder


def _make(recipe: Recipe, folder: Path) -> None:
    made = Installation(folder / "var")
    ids = put(recipe.base, made.var) if recipe.base else {}
    done = made.run(*recipe.command)
    assert done.returncode == 0, done.stderr.decode()
    ids |= json.loads(done.stdout) if done.stdout.startswith(b"{") else {}
    (folder / "ids").write_text(json.dumps(ids), encoding="utf-8")
