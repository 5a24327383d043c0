"""What is promised is on the disk: connections that would lose mail are refused; storage that fails says 4xx or 75."""

from __future__ import annotations

import itertools
import os
import resource
import signal
import smtplib
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from django.db import connection

from postroom.core.addresses import Address
from postroom.infra.database import base, postgres, sqlite
from postroom.infra.database.connections import NotDurable
from tests.support import ready
from tests.support.acme import letter
from tests.support.postgres import Server, prepare
from tests.support.require import require
from tests.support.running import Installation, kill, stop, wait_for_port

PATIENCE = 60.0
NUMBERS = itertools.count()


def until(what: Callable[[], object]) -> bool:
    """Whether it comes true within a minute."""
    end = time.monotonic() + PATIENCE
    while not what():
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True


def mail(**changes: object) -> bytes:
    """A mail of somebody who has not written before, so that no loop limit holds it."""
    return letter(author=Address(f"writer{next(NUMBERS)}@customer.example"), **changes)


def send(installation: Installation, raw: bytes) -> tuple[int, bytes]:
    """Send by SMTP; the answer to the data, or to whatever was refused before it."""
    with smtplib.SMTP("127.0.0.1", installation.port, timeout=60) as door:
        try:
            door.sendmail("hanna@customer.example", ["sales@acme.example"], raw)
        except smtplib.SMTPResponseException as error:
            return error.smtp_code, bytes(error.smtp_error if isinstance(error.smtp_error, bytes) else b"")
        except smtplib.SMTPRecipientsRefused as error:
            return next(iter(error.recipients.values()))
    return 250, b""


def pipe(installation: Installation, raw: bytes) -> int:
    """Hand over by mailgate; its exit status."""
    return installation.run(
        "postroom", "mailgate", "-f", "h@customer.example", "sales@acme.example", stdin=raw
    ).returncode


def ask(installation: Installation, expression: str) -> str:
    """What an expression of Django's models is, in a process of this installation; empty where the database is away."""
    program = (
        "import django; django.setup()\n"
        "from postroom.inbound.models import *\n"
        "from postroom.records.models import *\n"
        "from postroom.infra.models import *\n"
        f"print({expression})"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], env=installation.environment(), capture_output=True, check=False, timeout=60
    )
    return done.stdout.decode().strip()


@pytest.fixture
def acme(tmp_path: Path) -> Installation:
    """An installation with Acme in it, on SQLite."""
    return acme_in(tmp_path / "var")


def acme_in(var: Path, database_url: str = "", **extra: str) -> Installation:
    made = Installation(var, database_url, {"POSTROOM_LEASE_SECONDS": "3", **extra})
    if not database_url:
        ready.put("acme", var)
        return made
    done = made.run("tests.support.prepare")
    assert done.returncode == 0, done.stderr.decode()
    return made


@pytest.fixture
def crew() -> Iterator[list[subprocess.Popen[bytes]]]:
    """Processes that end with the test."""
    running: list[subprocess.Popen[bytes]] = []
    yield running
    kill(*running)


# --- connections -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pragma", "words"),
    [("PRAGMA synchronous=NORMAL;", "synchronous is 1"), ("PRAGMA journal_mode=DELETE;", "journal_mode is delete")],
)
def test_a_connection_that_would_lose_mail_is_refused(acme: Installation, pragma: str, words: str) -> None:
    """In each kind of process the settings are the same and Django is set up in the same way."""
    program = (
        "from postroom.infra.database import sqlite\n"
        f"sqlite.INIT += {pragma!r}\n"
        "import django; django.setup()\n"
        "from postroom.inbound.services import Arrival, accept\n"
        "accept([Arrival('smtp', '1', 'a@b.example', ('sales@acme.example',), b'Subject: x\\r\\n\\r\\n')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], env=acme.environment(), capture_output=True, check=False, timeout=60
    )
    assert done.returncode == 1
    assert words.encode() in done.stderr
    assert NotDurable.__name__.encode() in done.stderr
    assert ask(acme, "InboundMail.objects.count()") == "0"


@pytest.mark.parametrize("command", ["smtp", "worker", "web"])
def test_every_process_reads_its_connections_back(acme: Installation, command: str, tmp_path: Path) -> None:
    """Each notes how `durable` was asked and answered; none may work without having asked."""
    folder = tmp_path / "spy"
    folder.mkdir()
    noted = folder / "noted"
    (folder / "sitecustomize.py").write_text(
        "from postroom.infra.database import sqlite\n"
        "real = sqlite.durable\n"
        "def durable(cursor):\n"
        "    level = cursor.execute('PRAGMA synchronous').fetchone()[0]\n"
        f"    open({str(noted)!r}, 'a').write(str(level))\n"
        "    return real(cursor)\n"
        "sqlite.durable = durable\n"
    )
    spied = Installation(acme.var, extra={**acme.extra, "POSTROOM_WEB_PORT": str(acme.port + 1)}, port=acme.port)
    path = f"{folder}{os.pathsep}{spied.environment()['PYTHONPATH']}"
    process = spied.start("postroom", command, extra={"PYTHONPATH": path})
    try:
        if command == "web":
            assert until(lambda: _fetch(acme.port + 1))
        assert until(noted.exists), spied.said(command)
    finally:
        stop([process])
    assert set(noted.read_text()) == {str(sqlite.FULL)}


def _fetch(port: int) -> bool:
    command = f"import urllib.request as r; r.urlopen('http://127.0.0.1:{port}/api/v1/health', timeout=5)"
    return subprocess.run([sys.executable, "-c", command], capture_output=True, check=False, timeout=30).returncode == 0


@pytest.mark.django_db
def test_this_connection_is_durable() -> None:
    with connection.cursor() as cursor:
        assert base.engine().durable(cursor) == ""


@pytest.mark.parametrize(
    ("level", "problem"), [("on", ""), ("off", "synchronous_commit is off"), ("local", "is local")]
)
def test_postgres_is_asked_too(postgres_url: str, level: str, problem: str) -> None:
    with psycopg.connect(postgres_url) as server, server.cursor() as cursor:
        cursor.execute(f"SET synchronous_commit = {level}".encode())
        assert problem in postgres.durable(cursor)
        assert bool(problem) == bool(postgres.durable(cursor))


# --- no room ---------------------------------------------------------------------------------------------------------


def test_a_full_database_says_later_and_loses_nothing(acme: Installation, crew: list[subprocess.Popen[bytes]]) -> None:
    pages = acme.var / "postroom.sqlite3"
    limited = _with_limit(acme, f"PRAGMA max_page_count={pages.stat().st_size // 4096 + 40};")
    crew.append(limited)
    answers = [send(acme, mail(text="x" * 30_000))[0] for _ in range(30)]
    assert set(answers) == {250, 452}
    assert pipe(acme, mail(text="x" * 30_000)) == 0, "to the spool"
    taken = answers.count(250)
    assert int(ask(acme, "InboundMail.objects.count()")) == taken
    kill(crew.pop())
    crew += [acme.listener(), acme.worker()]
    assert send(acme, mail())[0] == 250
    assert until(lambda: ask(acme, "InboundMail.objects.filter(state='routed').count()") == str(taken + 2))
    assert ask(acme, "Record.objects.count()") == str(taken + 2)


def _with_limit(installation: Installation, pragma: str) -> subprocess.Popen[bytes]:
    """A listener whose database may not grow."""
    folder = installation.var / "limit"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(f"from postroom.infra.database import sqlite\nsqlite.INIT += {pragma!r}\n")
    path = f"{folder}{os.pathsep}{installation.environment()['PYTHONPATH']}"
    process = installation.start("postroom", "smtp", extra={"PYTHONPATH": path})
    wait_for_port(installation.port, process)
    return process


def test_no_room_for_a_blob_says_later_and_leaves_no_half_file(
    acme: Installation, crew: list[subprocess.Popen[bytes]]
) -> None:
    crew.append(acme.listener())
    resource.prlimit(crew[0].pid, resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
    assert send(acme, mail())[0] == 250
    code, words = send(acme, mail(text="x" * 3_000_000))
    assert code == 452, words
    assert send(acme, mail())[0] == 250, "a small one still has room"
    assert [file for file in (acme.var / "blobs").rglob("*") if file.is_file()] == []
    assert ask(acme, "(InboundMail.objects.count(), Blob.objects.count())") == "(2, 0)"


def test_no_room_for_the_spool_says_try_again(acme: Installation) -> None:
    program = (
        "import resource, signal, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "sys.argv[1:] = ['mailgate', 'sales@acme.example']\nfrom postroom.__main__ import main; sys.exit(main())"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=acme.environment(),
        input=mail(text="x" * 9000),
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 75, done.stderr.decode()
    assert list((acme.var / "spool").iterdir()) == []


# --- database away ---------------------------------------------------------------------------------------------------


@pytest.fixture
def own_server() -> Iterator[Server]:
    """A PostgreSQL that a test may stop."""
    server = prepare(require("postgres"))
    server.start()
    yield server
    server.stop()


def test_a_database_that_is_away_loses_nothing(
    own_server: Server, tmp_path: Path, crew: list[subprocess.Popen[bytes]]
) -> None:
    acme = acme_in(tmp_path / "var", own_server.create_database())
    crew += [acme.listener(), acme.worker()]
    assert send(acme, mail())[0] == 250
    assert until(lambda: "is ready" in acme.said("worker"))
    pid = int((own_server.folder / "data" / "postmaster.pid").read_text().split()[0])
    os.kill(pid, signal.SIGQUIT)
    assert until(lambda: not Path(f"/proc/{pid}").exists())
    code, words = send(acme, mail())
    assert (code, words[:3]) == (451, b"4.3")
    assert pipe(acme, mail()) == 0
    assert len(list((acme.var / "spool").glob("*.mail"))) == 1
    own_server.resume()
    assert until(lambda: send(acme, mail())[0] == 250)
    assert until(lambda: ask(acme, "InboundMail.objects.filter(state='routed').count()") == "3")
    assert ask(acme, "Record.objects.count()") == "3"
    assert not list((acme.var / "spool").glob("*.mail"))
