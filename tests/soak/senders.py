"""Senders that do not give up: each mail is sent again until somebody says 250 or ends with 0."""

from __future__ import annotations

import contextlib
import queue
import smtplib
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from bench.letters import SALES
from tests.soak.mails import Planned
from tests.support.running import Installation

THREADS = 8
TRY_AGAIN = 75  # EX_TEMPFAIL
PAUSE_SECONDS = 0.1


@dataclass
class Log:
    """What the senders saw: the mails that were taken, how often one had to be sent again, what was refused."""

    taken: int = 0
    again: int = 0
    refused: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, *, taken: int = 0, again: int = 0, refused: str = "") -> None:
        with self._lock:
            self.taken += taken
            self.again += again
            self.refused += [refused] if refused else []


class Senders:
    """Threads that send what is planned, in order."""

    def __init__(self, installation: Installation, planned: Sequence[Planned]) -> None:
        self.log = Log()
        self.limit = len(planned)  # no further mail is begun once so many were taken
        self._installation = installation
        self._left: queue.SimpleQueue[Planned] = queue.SimpleQueue()
        for one in planned:
            self._left.put(one)
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(THREADS)]
        self._stopping = False

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def join(self, seconds: float) -> bool:
        """Whether all is sent within `seconds`; otherwise the senders give up."""
        until = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
        self._stopping = True
        return not any(thread.is_alive() for thread in self._threads)

    def _run(self) -> None:
        door = _Door(self._installation)
        with contextlib.suppress(queue.Empty):
            while not self._stopping:
                one = self._left.get_nowait()
                while self.log.taken >= self.limit and not self._stopping:
                    time.sleep(0.002)
                self._deliver(one, door)
        door.close()

    def _deliver(self, one: Planned, door: _Door) -> None:
        while not self._stopping:
            try:
                taken = pipe(self._installation, one) if one.piped else door.send(one)
            except RefusedForGood as error:
                self.log.note(refused=f"{one.subject}: {error}")
                return
            self.log.note(taken=int(taken), again=int(not taken))
            if taken:
                return
            time.sleep(PAUSE_SECONDS)


class RefusedForGood(Exception):
    """Somebody said 5xx or its like: a promise that nothing is wrong with us was broken."""


class _Door:
    """A connection to the listener, opened again when it is lost."""

    def __init__(self, installation: Installation) -> None:
        self._port = installation.port
        self._connection: smtplib.SMTP | None = None

    def send(self, one: Planned) -> bool:
        """Whether the listener said 250."""
        try:
            if self._connection is None:
                self._connection = smtplib.SMTP("127.0.0.1", self._port, timeout=30.0)
            self._connection.sendmail(one.sender, [SALES], one.raw)
        except smtplib.SMTPResponseException as error:
            if error.smtp_code >= 500:
                raise RefusedForGood(str(error)) from None
            self.close()
            return False
        except smtplib.SMTPRecipientsRefused as error:
            if any(code >= 500 for code, _ in error.recipients.values()):
                raise RefusedForGood(str(error)) from None
            self.close()
            return False
        except (OSError, smtplib.SMTPException):
            self.close()
            return False
        return True

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None


def pipe(installation: Installation, one: Planned) -> bool:
    """Pipe a mail through mailgate, with the line ends of a pipe; whether it ended with 0."""
    done = subprocess.run(
        [sys.executable, "-m", "postroom", "mailgate", "-f", one.sender, SALES],
        env=installation.environment(),
        cwd=installation.var,
        input=one.raw.replace(b"\r\n", b"\n"),
        capture_output=True,
        check=False,
        timeout=120,
    )
    if done.returncode not in (0, TRY_AGAIN):
        raise RefusedForGood(f"mailgate ended with {done.returncode}: {done.stderr.decode()}")
    return done.returncode == 0
