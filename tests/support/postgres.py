"""A private PostgreSQL for tests: Debian's programs, a folder of its own, a unix socket, fsync on.

`python -m tests.support.postgres COMMAND…` runs a command with DATABASE_URL set to such a server. Tests take the
fixtures of `tests/conftest.py`, which start one server per run and share it among the workers.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.require import find, required

SETTINGS = {
    "listen_addresses": "''",
    "max_connections": "100",
    "fsync": "on",
    "synchronous_commit": "on",
    "log_min_messages": "warning",
}


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: its programs, and the folder that holds its socket, and its data unless those are `kept`."""

    programs: Path
    folder: Path
    kept: Path | None = None

    @property
    def folder_of_data(self) -> Path:
        """Where the data are: beside the socket, or where they are kept."""
        return self.kept or self.folder / "data"

    def url(self, database: str = "postgres") -> str:
        """The address of a database of this server, as DATABASE_URL takes it."""
        return f"postgresql://postgres@/{database}?host={self.folder}"

    def create_database(self, template: str = "template0") -> str:
        """A new database, empty or a copy of another to which nobody is connected; its address."""
        name = f"test_{uuid.uuid4().hex[:12]}"
        self._run("createdb", "--host", str(self.folder), "--username", "postgres", f"--template={template}", name)
        return self.url(name)

    def start(self) -> None:
        """Make the data folder and start; ready for connections on return."""
        user, locale = ("--username=postgres", "--auth=trust"), ("--encoding=UTF8", "--locale=C.UTF-8")
        self._run("initdb", "--pgdata", str(self.folder_of_data), *user, *locale, "--no-sync", "--no-instructions")
        self.resume()

    def resume(self) -> None:
        """Start with the data that is there; ready for connections on return."""
        options = " ".join(f"-c {name}={value}" for name, value in SETTINGS.items())
        log = str(self.folder / "log")
        self._run(
            "pg_ctl", "-D", str(self.folder_of_data), "-w", "-l", log, "-o", f"-k {self.folder} {options}", "start"
        )

    def rest_alone(self) -> None:
        """Analyse nothing by itself: whether a plan is as expected must not depend on when that last happened."""
        self.run_sql("postgres", "ALTER SYSTEM SET autovacuum = off", "SELECT pg_reload_conf()")

    def run_sql(self, database: str, *statements: str) -> None:
        """Run each by itself in this database."""
        said = [f"--command={statement}" for statement in statements]
        to = ("--host", str(self.folder), "--username", "postgres", "--dbname", database)
        self._run("psql", *to, "--quiet", "--set=ON_ERROR_STOP=1", *said)

    def stop(self) -> None:
        """Stop at once, open connections or not, and leave nothing behind."""
        if (self.folder_of_data / "postmaster.pid").exists():
            self._run("pg_ctl", "-D", str(self.folder_of_data), "-w", "-m", "immediate", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, program: str, *arguments: str) -> None:
        command = [*_as_unprivileged(), str(self.programs / program), *arguments]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{program} failed: {done.stderr or done.stdout}")


def _unprivileged() -> str:
    """The user to run the server as: PostgreSQL refuses root. Empty where we are not root."""
    if os.geteuid() != 0:
        return ""
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def _as_unprivileged() -> Sequence[str]:
    user = _unprivileged()
    return ("runuser", "-u", user, "--") if user else ()


def prepare(programs: Path) -> Server:
    """A server that is not started yet, in a new folder that belongs to the user it runs as."""
    folder = Path(tempfile.mkdtemp(prefix="postroom-pg-", dir="/tmp"))  # short: a socket's path has 107 bytes at most
    if user := _unprivileged():
        entry = pwd.getpwnam(user)
        os.chown(folder, entry.pw_uid, entry.pw_gid)
    return Server(programs, folder)


@contextmanager
def running(programs: Path) -> Iterator[Server]:
    """A server for as long as the block runs."""
    server = prepare(programs)
    try:
        server.start()
        yield server
    finally:
        server.stop()


@contextmanager
def kept(server: Server) -> Iterator[Server]:
    """A server for as long as the block runs, on data that stay for the next time. Its folder is reached through a
    short name, since a socket's path has 107 bytes at most.
    """
    short = Path(tempfile.mkdtemp(prefix="postroom-pg-", dir="/tmp"))
    server.folder.mkdir(parents=True, exist_ok=True)
    if user := _unprivileged():
        entry = pwd.getpwnam(user)
        for folder in (short, server.folder):
            os.chown(folder, entry.pw_uid, entry.pw_gid)
    server = Server(server.programs, short, server.folder)
    try:
        if (server.folder_of_data / "PG_VERSION").exists():
            server.resume()
        else:
            server.start()
        yield server
    finally:
        server.stop()


def main(command: Sequence[str]) -> int:
    """Run the command against a private server; without PostgreSQL say so, and fail only where it is required."""
    programs = find("postgres")
    if programs is None:
        print("PostgreSQL is not installed: the tests ran on SQLite only (apt-get install postgresql)", file=sys.stderr)
        return 1 if "postgres" in required() else 0
    with running(programs) as server:
        server.rest_alone()
        url = server.create_database()
        environment = os.environ | {"DATABASE_URL": url, "POSTROOM_TEST_POSTGRES": str(server.folder)}
        return subprocess.run(command, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
