"""The worker process: arrivals are settled in its main thread, copies are sent by a thread beside it, a third decides
about many copies for people.

Each has its own connection to the database and lives on when the other fails.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType

from django.db import connection

from postroom.inbound.worker import Worker
from postroom.infra.config import config
from postroom.infra.logs import logger
from postroom.outbound.queue.operations import Clerk
from postroom.outbound.sender.worker import Sender
from postroom.project.garbage import keep_what_is_loaded

log = logger(__name__)

AGAIN_SECONDS = 5.0
END_SECONDS = 9.0  # the supervisor gives ten


def serve() -> None:
    """Run them all, or the one that the configuration names, until SIGTERM or SIGINT."""
    stopping, only = threading.Event(), config().worker_only
    settling, sending, deciding = Worker(), Sender(), Clerk()

    def stop() -> None:
        stopping.set()
        settling.stop()
        sending.stop()
        deciding.stop()

    def told(signum: int, frame: FrameType | None) -> None:
        """In a thread of its own: this one may hold the lock of the very event that is to be set."""
        threading.Thread(target=stop, name="stop", daemon=True).start()

    signal.signal(signal.SIGTERM, told)
    signal.signal(signal.SIGINT, told)
    connection.ensure_connection()
    keep_what_is_loaded()
    sender = threading.Thread(target=sending.run, name="sender", daemon=True)
    clerk = threading.Thread(target=deciding.run, name="clerk", daemon=True)
    if only != "inbound":
        sender.start()
        clerk.start()
    if only != "outbound":
        _keep_running(settling.run, stopping)
    stopping.wait()
    stop()
    if sender.ident:
        sender.join(END_SECONDS)
        clerk.join(END_SECONDS)
    connection.close()


def _keep_running(run: Callable[[], None], stopping: threading.Event) -> None:
    """Until it ends because it was asked to; what it can't cope with ends nothing else."""
    while not stopping.is_set():
        try:
            run()
        except Exception as error:
            log.exception("settling failed", exc_info=error)
            stopping.wait(AGAIN_SECONDS)
