"""Step 2: read the bytes, in processes of their own: a mail that kills or stalls a reader harms nobody else."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass

from postroom.core.errors import PostroomError
from postroom.core.message.understood import Understood, understand, understand_all
from postroom.infra.logs import logger

log = logger(__name__)


class Unreadable(PostroomError):
    """A mail that could not be read within its time, that ended the process which read it or that upset the reading."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Mails that are being read, in as many shares as there are processes; no share where that could not begin."""

    raws: Sequence[bytes]
    shares: Sequence[Future[list[Understood]]] = ()


def read_now(raw: bytes) -> Understood:
    """One mail, in this process.

    Raises:
        Unreadable: something in it upsets the reading.

    """
    [understood] = Reader(0, 0.0).finish(Reading([raw]))
    if isinstance(understood, Unreadable):
        raise understood
    return understood


class Reader:
    """Reads mail in `processes` other processes, or within this one where there are none.

    `seconds` is the time for a batch; a batch that takes longer is read again one by one.
    """

    def __init__(self, processes: int, seconds: float) -> None:
        self._processes = processes
        self._seconds = seconds
        self._pool: ProcessPoolExecutor | None = None

    def start(self, raws: Sequence[bytes]) -> Reading:
        """Begin to read these, in the other processes where there are any."""
        if not self._processes or not raws:
            return Reading(raws)
        shares = [raws[start :: self._processes] for start in range(min(self._processes, len(raws)))]
        try:
            return Reading(raws, [self._opened().submit(understand_all, share) for share in shares])
        except BrokenProcessPool:
            self.close()
            return Reading(raws)

    def finish(self, reading: Reading, stay: Callable[[], None] = lambda: None) -> list[Understood | Unreadable]:
        """Every mail understood, or why not; never raises for what a mail holds.

        `stay` is called before each that is read by itself, since that may take as long as all together.
        """
        done = self._shares(reading)
        if not done:
            return [self._alone(raw, stay) for raw in reading.raws]
        return [done[index % len(done)][index // len(done)] for index in range(len(reading.raws))]

    def _shares(self, reading: Reading) -> list[list[Understood]]:
        """What was read together; nothing where one of them upsets that."""
        try:
            if not self._processes:
                return [understand_all(reading.raws)]
            return [future.result(timeout=self._seconds) for future in reading.shares]
        except (BrokenProcessPool, CancelledError, TimeoutError):
            self.close()
        except Exception as error:  # noqa: BLE001 whatever one of them holds must not keep the others
            log.warning("reading failed, going one by one", mails=len(reading.raws), error=repr(error))
        return []

    def _alone(self, raw: bytes, stay: Callable[[], None]) -> Understood | Unreadable:
        stay()
        try:
            if not self._processes:
                return understand(raw)
            return self._opened().submit(understand, raw).result(timeout=self._seconds)
        except BrokenProcessPool:
            self.close()
            return Unreadable("Reading this mail ended the process that read it.")
        except TimeoutError:
            self.close()
            return Unreadable(f"Reading this mail took longer than {self._seconds:g} seconds.")
        except Exception as error:
            log.exception("a mail could not be read", exc_info=error)
            return Unreadable(f"Reading this mail failed ({type(error).__name__}); the log says where.")

    def _opened(self) -> ProcessPoolExecutor:
        if self._pool is None:
            context = multiprocessing.get_context("forkserver")
            context.set_forkserver_preload(["postroom.core.message.understood"])
            self._pool = ProcessPoolExecutor(self._processes, mp_context=context, initializer=_let_parent_stop_us)
        return self._pool

    def close(self) -> None:
        """Stop the processes, also those that are stuck."""
        if self._pool is None:
            return
        self._pool.shutdown(wait=False, cancel_futures=True)
        for process in multiprocessing.active_children():  # the worker has no others
            process.kill()
        self._pool = None


def _let_parent_stop_us() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
