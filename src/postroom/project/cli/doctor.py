"""`postroom doctor`: looks at everything that an installation needs, and says what to do where something is wrong."""

from __future__ import annotations

import logging
import os
import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

from postroom.infra.config import Config, config
from postroom.project.cli.check import Check
from postroom.project.cli.identity_check import identity_check
from postroom.project.cli.sending_checks import sending_checks
from postroom.project.cli.serve import HEALTH, Places, places
from postroom.project.cli.shared import Json, Var, print_json, use_django
from postroom.project.supervisor import Door, Unstartable, answers_http, answers_smtp, ensure_free

OLDEST_PYTHON = (3, 11)
LITTLE_ROOM = 1024**3  # bytes
CLOCK_SECONDS = 5.0
NOT_READY = "Run `postroom init` or start `postroom serve`."
NO_EARLIER = datetime(2026, 1, 1, tzinfo=UTC)  # an unset clock is years behind


def doctor(as_json: Json = False, var: Var = None) -> int:
    """Check the installation: each line says what was found and, where something is wrong, what to do."""
    checks = list(_examine(config()))
    if as_json:
        print_json([asdict(check) for check in checks])
    else:
        for check in checks:
            print(f"{'ok     ' if check.ok else 'problem'}  {check.name}: {check.words}")
    return 0 if all(check.ok for check in checks) else 1


def _examine(of: Config) -> Iterator[Check]:
    yield _python()
    yield _folder("folder", of.var, "Make it writable for this user, or give --var.")
    yield _folder("spool", of.spool_path, "Make it writable for this user, or set POSTROOM_SPOOL.")
    yield _room(of.var)
    yield from _database(of)
    at = places(of)
    yield _door("pages", at.web, lambda: answers_http(at.web, at.host, HEALTH))
    yield _door("listener", at.smtp, lambda: answers_smtp(at.smtp))
    yield _socket(of, at)
    yield _waiting(of.spool_path)


def _python() -> Check:
    version = ".".join(map(str, sys.version_info[:3]))
    return Check("python", sys.version_info >= OLDEST_PYTHON, f"{version}.", "Install Python 3.11 or newer.")


def _nearest(path: Path) -> Path:
    """The folder itself, or the one in which it would be made."""
    return next(folder for folder in (path.absolute(), *path.absolute().parents) if folder.exists())


def _can_write(path: Path) -> bool:
    nearest = _nearest(path)
    return nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK)


def _folder(name: str, path: Path, do: str) -> Check:
    """A folder that is there and can be written, or that can be made where it is to be."""
    fits = _can_write(path)
    state = "can be written" if path.exists() else "is made at the first start"
    return Check(name, fits, f"{path} {state if fits else 'cannot be written'}.", do)


def _room(path: Path) -> Check:
    free = shutil.disk_usage(_nearest(path)).free
    words = f"{free / 1024**3:.1f} GB free at {path}."
    return Check("disk", free >= LITTLE_ROOM, words, "Make room: mail is refused when nothing is left.")


def _database(of: Config) -> Iterator[Check]:
    """Reachable, durable, current, and of one mind with us about the time."""
    url = urlsplit(of.database)
    file = Path("/") / unquote(url.path).lstrip("/")
    if url.scheme == "sqlite" and not file.exists():
        yield Check("database", False, f"{file} is not there yet.", NOT_READY)
        return
    if not _can_write(of.var):  # the secret that Django wants could not be kept
        return
    yield (answer := _answer())
    if answer.ok:
        yield (tables := _migrations())
        yield _clock()
        if tables.ok:
            yield identity_check()
            yield from sending_checks(of)


def _answer() -> Check:
    """Whether it answers. Durability was read back when the connection was made: without it none is ever used."""
    use_django()
    from django.db import connection

    from postroom.infra.database.base import reachable
    from postroom.infra.database.connections import NotDurable

    causes = _Causes()
    logging.getLogger("psycopg.pool").addFilter(causes)
    try:
        problem = reachable()
    except NotDurable as error:
        return Check("database", False, str(error), "Mend its settings: no mail is taken like that.")
    if problem:
        first = (causes.last or problem).splitlines()[0]
        return Check("database", False, f"does not answer: {first}.", "Start it, or mend DATABASE_URL.")
    return Check("database", True, f"{connection.display_name} answers; a commit is on disk before it is confirmed.")


class _Causes(logging.Filter):
    """Keeps why a pool cannot connect, which it says to the log alone."""

    last = ""

    def filter(self, record: logging.LogRecord) -> bool:
        self.last = record.getMessage()
        return False


def _migrations() -> Check:
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    waiting = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    words = f"{waiting} are not applied." if waiting else "all are applied."
    return Check("migrations", not waiting, words, NOT_READY)


def _clock() -> Check:
    from postroom.infra.clock import now
    from postroom.infra.database.base import clock

    ours = now()
    apart = abs((clock() - ours).total_seconds())
    if ours < NO_EARLIER:
        return Check("clock", False, f"says {ours:%Y-%m-%d}.", "Set it, and keep it by NTP.")
    words = f"the database's and ours are {apart:.1f} s apart."
    return Check("clock", apart <= CLOCK_SECONDS, words, "Keep both by NTP: leases and limits go by them.")


def _door(name: str, door: Door, answers: Callable[[], bool]) -> Check:
    """Either it answers as ours do, or its port is free for the next start."""
    if answers():
        return Check(name, True, f"{door} answers.")
    try:
        ensure_free(door)
    except Unstartable as error:
        return Check(name, False, str(error))
    return Check(name, True, f"{door} is free; nothing runs there.")


def _socket(of: Config, at: Places) -> Check:
    """The LMTP socket answers while the listener runs, and is of no matter otherwise."""
    path, running = of.lmtp_path, answers_smtp(at.smtp)
    if not running:
        return Check("lmtp", True, f"{path} is served once the listener runs.")
    do = "Start `postroom smtp` again; look at the folder's rights and POSTROOM_LMTP_GROUP."
    greets = _greets(path)
    return Check("lmtp", greets, f"{path} {'answers' if greets else 'does not answer'}.", do)


def _greets(path: Path) -> bool:
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(2.0)
            connection.connect(str(path))
            return connection.recv(200).startswith(b"220")
    except OSError:
        return False


def _waiting(spool: Path) -> Check:
    found = spool.iterdir() if spool.is_dir() else ()
    waiting = sum(1 for path in found if path.is_file() and not path.name.startswith("."))
    words = f"{waiting} mails wait in the spool." if waiting else "nothing waits in the spool."
    return Check("spooled", True, words)
