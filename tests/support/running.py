"""An installation of its own with its real processes, for benches and for tests that kill them."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
READY_SECONDS = 60.0


def free_port() -> int:
    """A TCP port that nobody listens on just now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@dataclass
class Installation:
    """A `var` folder, a database and the commands that run on them. `extra` are further environment variables."""

    var: Path
    database_url: str = ""
    extra: Mapping[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)

    def environment(self) -> dict[str, str]:
        """What the processes of this installation see: nothing of this process's own configuration."""
        own = {k: v for k, v in os.environ.items() if not k.startswith("POSTROOM_") and k != "DATABASE_URL"}
        path = os.pathsep.join([str(REPOSITORY / "src"), str(REPOSITORY), own.get("PYTHONPATH", "")])
        return own | {
            "PYTHONPATH": path.rstrip(os.pathsep),
            "DJANGO_SETTINGS_MODULE": "postroom.project.settings",
            "POSTROOM_VAR": str(self.var),
            "POSTROOM_DATABASE_URL": self.database_url,
            "POSTROOM_SMTP_PORT": str(self.port),
            "POSTROOM_UNDO_SECONDS": "0",  # what a test writes leaves at once
            **self.extra,
        }

    def start(self, *command: str, log: str = "", extra: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
        """Start `python -m COMMAND`; what it says goes to the end of `var/LOG.log`, by default the last word's."""
        self.var.mkdir(parents=True, exist_ok=True)
        with (self.var / f"{log or command[-1]}.log").open("ab") as said:
            return subprocess.Popen(
                [sys.executable, "-m", *command],
                env=self.environment() | dict(extra or {}),
                cwd=self.var,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                start_new_session=True,
            )

    def run(self, *command: str, stdin: bytes = b"", timeout: float = 300.0) -> subprocess.CompletedProcess[bytes]:
        """Run `python -m COMMAND` to its end."""
        self.var.mkdir(parents=True, exist_ok=True)
        return subprocess.run(
            [sys.executable, "-m", *command],
            env=self.environment(),
            cwd=self.var,
            input=stdin,
            capture_output=True,
            timeout=timeout,
            check=False,
        )

    def listener(self) -> subprocess.Popen[bytes]:
        """The SMTP and LMTP listener, ready for connections."""
        process = self.start("postroom", "smtp")
        wait_for_port(self.port, process)
        return process

    def worker(self, only: str = "") -> subprocess.Popen[bytes]:
        """A worker, for both ways or one; it may still be starting."""
        return self.start("postroom", "worker", extra={"POSTROOM_WORKER_ONLY": only})

    def said(self, log: str) -> str:
        """What a process has said so far."""
        path = self.var / f"{log}.log"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""


def wait_for_port(
    port: int, process: subprocess.Popen[bytes], seconds: float = READY_SECONDS, greeting: bytes = b"220"
) -> None:
    """Until somebody listens who greets like this: a port that was free may be another server's by now.

    Raises:
        RuntimeError: the process ended, or the time is over.

    """
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1.0) as one:
            if one.recv(512).startswith(greeting):
                return
        if process.poll() is not None:
            raise RuntimeError(f"{process.args!r} ended with {process.returncode} before it listened on {port}")
        time.sleep(0.02)
    raise RuntimeError(f"nobody listened on port {port} within {seconds:g} seconds")


def kill(*processes: subprocess.Popen[bytes]) -> None:
    """Kill -9 these with all that they started, as a crash or the kernel does."""
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    for process in processes:
        process.wait()


def stop(processes: Sequence[subprocess.Popen[bytes]], seconds: float = 10.0) -> None:
    """Ask these to end; kill what does not within `seconds`."""
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
    until = time.monotonic() + seconds
    for process in processes:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(max(0.0, until - time.monotonic()))
    kill(*processes)
