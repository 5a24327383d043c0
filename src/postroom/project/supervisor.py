"""Starts the processes of an installation, starts them again when they die, stops them together; without Django.

Each child leads a process group of its own: what it started ends with it, and Ctrl-C reaches the supervisor alone,
which then stops the children. A child watches for the supervisor's death by itself (`follow_supervisor`).
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

STOP_SECONDS = 10.0
LONGEST_PAUSE = 30.0
LIVED_LONG = 30.0  # seconds after which a child counts as healthy, so that its next pause is the first one again
LOOK_SECONDS = 0.05
PARENT = "POSTROOM_SUPERVISOR"  # the supervisor's process id, as its children are told

EX_UNAVAILABLE = 69
EX_NOPERM = 77


class Unstartable(Exception):
    """Something outside stands in the way. The words name it and say what to do."""

    def __init__(self, words: str, code: int = EX_UNAVAILABLE) -> None:
        super().__init__(words)
        self.code = code


@dataclass(frozen=True, slots=True)
class Door:
    """An address that a child will serve. `flag` is the option that changes its port."""

    host: str
    port: int
    flag: str

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"

    @property
    def reachable_host(self) -> str:
        """Where this machine reaches it: an address that means *all* is reached by loopback."""
        return {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104


def ensure_free(door: Door) -> None:
    """Try the port that a child will take.

    Raises:
        Unstartable: it is taken, or not ours to take.

    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            door.host or None, door.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen(1)
    except PermissionError:
        words = f"Port {door.port} needs more rights than this user has: start as root or give {door.flag}."
        raise Unstartable(words, EX_NOPERM) from None
    except socket.gaierror as error:
        raise Unstartable(f"{door.host} is no address of this machine: {error.strerror}.") from None
    except OSError as error:
        raise Unstartable(_busy(door, error)) from None


def _busy(door: Door, error: OSError) -> str:
    if "in use" in str(error.strerror):
        return f"Port {door.port} on {door.host} is in use: stop what uses it or give {door.flag}."
    return f"Port {door.port} on {door.host} cannot be served: {error.strerror}."


@contextlib.contextmanager
def alone(run_dir: Path) -> Iterator[None]:
    """Hold the folder's lock: two supervisors of one folder would stop each other's children.

    Raises:
        Unstartable: another one holds it.

    """
    run_dir.mkdir(parents=True, exist_ok=True)
    with (run_dir / "serve.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Unstartable(f"Postroom runs from {run_dir.parent} already: stop it or give --var.") from None
        yield


@dataclass
class Child:
    """One kind of process: how it is started, and how its last run went."""

    name: str
    command: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    failures: int = 0
    start_at: float = 0.0

    def start(self) -> None:
        environment = os.environ | {PARENT: str(os.getpid())}
        self.process = subprocess.Popen(self.command, env=environment, process_group=0)  # noqa: S603 our own program
        self.started = time.monotonic()

    def sweep(self) -> None:
        """End what is left of its group; the leader is gone or has had its time."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)


@dataclass
class Supervisor:
    """Runs children until told to stop. `on_ready` is called once, when `is_ready` first says so."""

    children: Sequence[Child]
    first_pause: float
    is_ready: Callable[[], bool] = lambda: True
    on_ready: Callable[[], None] = lambda: None
    _stop: bool = False  # no Event: a handler that sets one while `wait` holds its lock waits for itself
    _ready: bool = False

    def run(self) -> int:
        """Start everything, keep it running, stop it at SIGINT, SIGTERM or SIGHUP; the exit status."""
        for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(name, self._told_to_stop)
        try:
            for child in self.children:
                child.start()
            while not self._stop:
                time.sleep(LOOK_SECONDS)
                self._look()
        finally:
            self._stop_all()
        return 0

    def _told_to_stop(self, number: int, frame: FrameType | None) -> None:
        self._stop = True

    def _look(self) -> None:
        for child in self.children:
            self._look_after(child)
        if not self._ready and self.is_ready() and not self._stop:
            self._ready = True
            self.on_ready()

    def _look_after(self, child: Child) -> None:
        if child.process is None:
            if time.monotonic() >= child.start_at:
                child.start()
        elif (status := child.process.poll()) is not None:
            child.sweep()
            pause = self._pause_after(child)
            child.process, child.start_at = None, time.monotonic() + pause
            print(f"{child.name} ended ({_how(status)}); it is started again in {pause:g} s.", file=sys.stderr)

    def _pause_after(self, child: Child) -> float:
        lived = time.monotonic() - child.started
        child.failures = 1 if lived > LIVED_LONG else child.failures + 1
        return float(min(LONGEST_PAUSE, self.first_pause * 2 ** (child.failures - 1)))

    def _stop_all(self) -> None:
        """SIGTERM to all, SIGKILL to those who are still there ten seconds later."""
        running = [child for child in self.children if child.process is not None]
        for child in running:
            _send(child, signal.SIGTERM)
        until = time.monotonic() + STOP_SECONDS
        for child in running:
            assert child.process is not None
            try:
                child.process.wait(max(0.0, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                print(f"{child.name} did not stop in {STOP_SECONDS:g} s and was killed.", file=sys.stderr)
            child.sweep()
            child.process.wait()


def _send(child: Child, number: signal.Signals) -> None:
    assert child.process is not None
    with contextlib.suppress(ProcessLookupError):
        child.process.send_signal(number)


def _how(status: int) -> str:
    return f"signal {signal.Signals(-status).name}" if status < 0 else f"exit status {status}"


def command_of(verb: str, *arguments: str) -> list[str]:
    """The command that runs a verb of Postroom in a process of its own."""
    return [sys.executable, "-m", "postroom", verb, *arguments]


def follow_supervisor() -> None:
    """In a child: stop when the supervisor dies, however it dies. Where the kernel cannot tell, a thread looks."""
    parent = int(os.environ.get(PARENT, "0"))
    if not parent:
        return
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None, use_errno=True).prctl(pr_set_pdeathsig, int(signal.SIGTERM), 0, 0, 0)
    else:
        threading.Thread(target=_watch, args=(parent,), daemon=True).start()
    if os.getppid() != parent:  # it died before we asked to be told
        sys.exit(EX_UNAVAILABLE)


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1.0)
    os.kill(os.getpid(), signal.SIGTERM)


def answers_http(door: Door, host: str, path: str) -> bool:
    """Whether a web server answers there with anything at all."""
    request = f"GET {path} HTTP/1.0\r\nHost: {host}\r\n\r\n".encode()
    return _talk(door, request).startswith(b"HTTP/1.")


def answers_smtp(door: Door) -> bool:
    """Whether a mail server greets there."""
    return _talk(door, b"").startswith(b"220")


def _talk(door: Door, request: bytes) -> bytes:
    try:
        with socket.create_connection((door.reachable_host, door.port), timeout=2.0) as connection:
            connection.sendall(request)
            answer = connection.recv(200)
            if not request:
                connection.sendall(b"QUIT\r\n")
            return answer
    except OSError:
        return b""
