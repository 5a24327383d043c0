"""A whole installation under its supervisor, for a test: its own folder and ports, ended with the test."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support import ready
from tests.support.running import free_port

PATIENCE = 60.0  # seconds; machines that share their cores are slow at times


def wait_for(what: Callable[[], Any], words: str) -> Any:
    """The first true value of `what`; fails after a while."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if value := what():
            return value
        time.sleep(0.05)
    raise AssertionError(f"waited in vain: {words}")


@dataclass
class House:
    """Where it lives; `process` is its supervisor while one runs, `log` what the last one wrote."""

    var: Path
    web_port: int = field(default_factory=free_port)
    smtp_port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def environment(self) -> dict[str, str]:
        mine = {name: value for name, value in os.environ.items() if not name.startswith(("POSTROOM_", "DATABASE_"))}
        mine |= {"POSTROOM_VAR": str(self.var), "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
        mine |= {"POSTROOM_WEB_PORT": str(self.web_port), "POSTROOM_SMTP_PORT": str(self.smtp_port)}
        mine |= {"POSTROOM_RESTART_SECONDS": "0.1"}
        mine.pop("DJANGO_SETTINGS_MODULE", None)
        return mine

    @property
    def log(self) -> str:
        return (self.var.parent / "log").read_text(encoding="utf-8")

    def run(self, *arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        """A command line, until it ends."""
        return subprocess.run(
            [sys.executable, "-m", "postroom", *arguments],
            env=self.environment,
            cwd=self.var.parent,
            input=given,
            capture_output=True,
            timeout=PATIENCE,
            check=False,
        )

    def start(self, verb: str = "serve") -> None:
        """Start its supervisor and wait until it says that it is ready."""
        with (self.var.parent / "log").open("wb") as log:
            command = [sys.executable, "-m", "postroom", verb]
            self.process = subprocess.Popen(
                command, env=self.environment, cwd=self.var.parent, stdout=log, stderr=subprocess.STDOUT
            )
        wait_for(lambda: "Postroom is ready" in self.log or self.process is None or self.process.poll(), "ready")
        assert "Postroom is ready" in self.log, self.log

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        """Send a signal and wait for the end; the exit status."""
        assert self.process is not None
        self.process.send_signal(number)
        status = self.process.wait(PATIENCE)
        self.process = None
        return status

    def children(self) -> dict[str, int]:
        """The process id of each kind of child."""
        assert self.process is not None
        return children_of(self.process.pid)

    def get(self, path: str, token: str = "") -> Any:
        """What the API answers."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        request = urllib.request.Request(f"http://127.0.0.1:{self.web_port}/api/v1{path}", headers=headers)
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return json.load(answer)


def children_of(parent: int) -> dict[str, int]:
    """The children of a process that are Postroom's, by their verb."""
    found = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            if int(status.read_text().rpartition(")")[2].split()[1]) == parent:
                words = (status.parent / "cmdline").read_bytes().decode().split("\0")
                found[words[words.index("postroom") + 1]] = int(status.parent.name)
        except (OSError, ValueError):  # it ended meanwhile, or is none of ours
            continue
    return found


def alive(pid: int) -> bool:
    """Whether a process is there and is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@contextmanager
def house(folder: Path, kind: str) -> Iterator[House]:
    """An installation in a folder: of this kind, see `ready`, or "" for an empty folder. What still runs at the end
    is killed.
    """
    made = House(folder / "var")
    if kind:
        ready.put(kind, made.var)
    try:
        yield made
    finally:
        if made.process is not None:
            left = made.children().values()
            made.process.kill()
            made.process.wait()
            wait_for(lambda: not any(alive(pid) for pid in left), "the children follow their supervisor")
