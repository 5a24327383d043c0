"""One database, two installations: whatever was copied and however, nothing leaves twice, and what may go on goes on.

Real processes, real databases; the server at the other end counts what each recipient got.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.support import ready
from tests.support.acting import Actor
from tests.support.postgres import Server
from tests.support.require import require
from tests.support.running import Installation, stop
from tests.support.smtp_server import SmtpServer
from tests.support.supervised import wait_for

pytestmark = pytest.mark.slow

COPIES = 40
A_MOMENT = 2.0  # seconds in which a worker that may send would have sent
AFTER = 3  # letters that are written once the copy was made


@dataclass(frozen=True)
class Place:
    """Acme's installation with letters that wait, and the server that takes them."""

    installation: Installation
    server: SmtpServer

    def counts(self) -> dict[str, int]:
        """How often each recipient got something."""
        return dict(self.server.counts())


@pytest.fixture
def sink() -> Iterator[SmtpServer]:
    with SmtpServer() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path, sink: SmtpServer) -> Place:
    """On each database: forty copies wait, nobody sends yet."""
    postgres = request.param == "postgres"
    server: Server | None = request.getfixturevalue("postgres_server") if postgres else None
    return made(tmp_path / "var", sink, server)


def made(var: Path, sink: SmtpServer, server: Server | None = None) -> Place:
    extra = {
        "POSTROOM_OUTGOING_SERVER": "127.0.0.1",
        "POSTROOM_OUTGOING_PORT": str(sink.port),
        "POSTROOM_OUTGOING_ENCRYPTION": "none",
        "POSTROOM_SEND_LEASE_SECONDS": "2",
    }
    one = Installation(var, ready.acme_on(server) if server else "", extra)
    if not server:
        ready.put("acme", var)
    ran(one, "postroom", "prepare")
    with Actor(one) as act:
        act("queue", emails=[f"one{number}@customer.example" for number in range(COPIES)])
    return Place(one, sink)


def ran(one: Installation, *command: str) -> str:
    done = one.run(*command)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


@contextmanager
def sending(*installations: Installation) -> Iterator[None]:
    """Workers of these that only send."""
    workers = [one.worker("outbound") for one in installations]
    try:
        yield
    finally:
        stop(workers)


def states(one: Installation) -> dict[str, int]:
    with Actor(one) as act:
        found: dict[str, int] = act("states")
    return found


def identity(one: Installation) -> dict[str, object]:
    """What the doctor says of it."""
    checks = json.loads(one.run("postroom", "doctor", "--json").stdout)
    return next(check for check in checks if check["name"] == "identity")


def copied_folder(place: Place, to: Path) -> Installation:
    """All of the folder and, where the database is elsewhere, a dump of it restored under another name."""
    shutil.copytree(place.installation.var, to, ignore=shutil.ignore_patterns("*.sock"))
    return replace(place.installation, var=to, database_url=restored(place.installation.database_url))


def parts(url: str) -> tuple[str, tuple[str, ...]]:
    """The name of a database, and how PostgreSQL's programs reach its server."""
    place, _, folder = url.partition("?host=")
    return place.rpartition("/")[2], ("--host", folder, "--username", "postgres")


def restored(url: str) -> str:
    """A dump of this database, restored in a new one of its server; its address."""
    if not url:
        return ""
    name, server = parts(url)
    target = f"{name}_copy"
    pg("createdb", *server, target)
    pg("psql", *server, "--quiet", target, given=pg("pg_dump", *server, name))
    return url.replace(f"/{name}?", f"/{target}?")


def pg(program: str, *arguments: str, given: bytes = b"") -> bytes:
    """What one of PostgreSQL's programs says."""
    command = [str(require("postgres") / program), *arguments]
    return subprocess.run(command, input=given, check=True, capture_output=True).stdout


def all_sent(place: Place) -> None:
    wait_for(lambda: sum(place.counts().values()) >= COPIES, "all are sent")


def nobody_got_two(place: Place, of: int = COPIES) -> None:
    counts = place.counts()
    assert len(counts) == of
    assert set(counts.values()) == {1}


@pytest.mark.parametrize("place", ["postgres"], indirect=True)  # the same on both, as far as this goes
def test_both_go_on_and_each_recipient_gets_one(place: Place, tmp_path: Path) -> None:
    """The folder was copied, the database with it; both workers run at once."""
    copy = copied_folder(place, tmp_path / "copy")
    with sending(copy, place.installation):
        all_sent(place)
        time.sleep(A_MOMENT)
    nobody_got_two(place)
    assert states(copy) == {"queued": COPIES}
    assert identity(copy)["ok"] is False
    assert identity(place.installation)["ok"] is True
    assert b"postroom takeover" in copy.run("postroom", "send-queue").stderr
    with Actor(copy) as act:
        act("queue", emails=[f"late{number}@customer.example" for number in range(AFTER)])
    said = ran(copy, "postroom", "takeover", "--yes")
    assert f"{COPIES} copies that waited are held" in said
    assert identity(copy)["ok"] is True
    with sending(copy, place.installation):
        wait_for(lambda: states(copy).get("accepted") == AFTER, "what was written in the copy is sent")
    nobody_got_two(place, COPIES + AFTER)
    assert states(copy) == {"held": COPIES, "accepted": AFTER}


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)  # the same on both, as far as this goes
def test_a_worker_that_runs_hears_of_the_takeover(place: Place, tmp_path: Path) -> None:
    """The machine is gone; its database, on another one with nothing beside it, goes on where it was left."""
    moved = copied_folder(place, tmp_path / "moved")
    (moved.var / "instance").unlink()
    with sending(moved):
        time.sleep(A_MOMENT)
        assert states(moved) == {"queued": COPIES}
        ran(moved, "postroom", "takeover", "--yes", "--waiting", "send")
        all_sent(place)
    nobody_got_two(place)


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)  # the same on both, as far as this goes
def test_what_was_claimed_when_it_was_copied(place: Place, tmp_path: Path) -> None:
    """The copy holds leases of a worker that runs elsewhere: they end in both, and one of both sends."""
    with Actor(place.installation) as act:
        assert act("claim") == COPIES
    copy = copied_folder(place, tmp_path / "copy")
    with sending(copy, place.installation):
        all_sent(place)
        time.sleep(A_MOMENT)
    ran(copy, "postroom", "takeover", "--yes")
    with sending(copy):
        time.sleep(A_MOMENT)
    nobody_got_two(place)
    assert states(copy) == {"held": COPIES}


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)  # the counts say it on both
def test_an_older_backup_in_its_own_place(place: Place, tmp_path: Path) -> None:
    """Nothing but its content tells: what ran here had counted further."""
    one = place.installation
    backup = backed_up(one, tmp_path)
    worker = one.worker()
    try:
        all_sent(place)
        wait_for(lambda: (one.var / "instance").read_text().split()[1] != "0", "it counted on")
    finally:
        stop([worker])
    wait_for(lambda: states(one) == {"accepted": COPIES}, "all are settled")
    put_back(one, backup)
    assert states(one) == {"queued": COPIES}
    with sending(one):
        time.sleep(A_MOMENT)
    nobody_got_two(place)
    assert "older" in str(identity(one)["found"])
    ran(one, "postroom", "takeover", "--yes", "--waiting", "cancel")
    with sending(one):
        time.sleep(A_MOMENT)
    nobody_got_two(place)
    assert states(one) == {"cancelled": COPIES}
    assert identity(one)["ok"] is True


def backed_up(one: Installation, folder: Path) -> Path:
    """The database as a file, beside what runs on."""
    path = folder / "backup"
    if one.database_url:
        name, server = parts(one.database_url)
        path.write_bytes(pg("pg_dump", "--clean", "--if-exists", *server, name))
        return path
    with sqlite3.connect(one.var / "postroom.sqlite3") as source, sqlite3.connect(path) as target:
        source.backup(target)
    return path


def put_back(one: Installation, backup: Path) -> None:
    """Into the same database, or over the same file."""
    if one.database_url:
        name, server = parts(one.database_url)
        pg("psql", *server, "--quiet", name, given=backup.read_bytes())
        return
    for more in ("-wal", "-shm"):
        (one.var / f"postroom.sqlite3{more}").unlink(missing_ok=True)
    (one.var / "postroom.sqlite3").write_bytes(backup.read_bytes())  # the same file, with another content


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)  # the same on both, as far as this goes
def test_a_new_name_of_the_machine_or_container(place: Place) -> None:
    """The name of the machine and every setting that holds one differ; the data are the same, so it goes on."""
    one = place.installation
    renamed = replace(
        one,
        extra={
            **one.extra,
            "HOSTNAME": "another",
            "POSTROOM_SMTP_NAME": "another.acme.example",
            "POSTROOM_HOSTS": "another.acme.example",
            "POSTROOM_PUBLIC_URL": "https://another.acme.example",
        },
    )
    worker = started_under_another_name(renamed)
    try:
        all_sent(place)
    finally:
        stop([worker])
    nobody_got_two(place)
    found = identity(renamed)
    assert "https://another.acme.example" in str(found["found"])  # a warning alone
    assert "copy" not in str(found["found"])
    assert "https://another.acme.example from now on" in ran(renamed, "postroom", "takeover")
    assert identity(renamed)["ok"] is True


def started_under_another_name(one: Installation) -> subprocess.Popen[bytes]:
    """A worker on a machine with another name, where this one may give itself such a view; else the settings alone."""
    environment = one.environment() | {"POSTROOM_WORKER_ONLY": "outbound"}
    rename: Sequence[str] = (
        "unshare",
        *(("-Ur",) if os.geteuid() else ()),
        "--uts",
        "sh",
        "-c",
        'hostname another && exec "$@"',
        "sh",
    )
    probe = [*rename, "hostname"]
    may = shutil.which("unshare") and subprocess.run(probe, capture_output=True, check=False).returncode == 0
    assert not may or subprocess.check_output(probe).decode().strip() == "another" != socket.gethostname()
    command = [*(rename if may else ()), sys.executable, "-m", "postroom", "worker"]
    with (one.var / "worker.log").open("ab") as said:
        return subprocess.Popen(command, env=environment, cwd=one.var, stdout=said, stderr=said, start_new_session=True)


def test_another_machine_of_the_same_installation(tmp_path: Path, sink: SmtpServer, postgres_server: Server) -> None:
    """Nothing stands in its folder: it is held until it is told to which installation it belongs, then it helps."""
    place = made(tmp_path / "var", sink, postgres_server)
    other = replace(place.installation, var=tmp_path / "other")
    with sending(other):
        time.sleep(A_MOMENT)
    assert place.counts() == {}
    found = identity(other)
    assert found["ok"] is False
    own = (place.installation.var / "instance").read_text().split()[0]
    assert f"POSTROOM_INSTANCE={own}" in str(found["do"])
    told = replace(other, extra={**other.extra, "POSTROOM_INSTANCE": own})
    with sending(told, place.installation):
        all_sent(place)
    nobody_got_two(place)
