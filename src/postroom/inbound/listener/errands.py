"""What the listener does beside listening: follow changed addresses, take in the spool, write refusals down."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from django.db import DatabaseError, close_old_connections, connection
from django.db.models import Max

from postroom.inbound.listener.address_table import read_table
from postroom.inbound.listener.reception import Reception
from postroom.inbound.sources.spool import Spool
from postroom.infra.config import config
from postroom.infra.logs import logger
from postroom.infra.models import Change

log = logger(__name__)

EVERY_SECONDS = 0.25
REREAD_SECONDS = 60.0
AWAY_SECONDS = 1.0


class Errands:
    """A thread with its own connection."""

    def __init__(self, reception: Reception) -> None:
        self._reception = reception
        self._spool = Spool(config().spool_path)
        self._seen = 0
        self._read_at = 0.0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="errands")

    def start(self) -> None:
        self._thread.start()

    @property
    def is_running(self) -> bool:
        return self._thread.is_alive()

    def stop(self) -> None:
        """End after the errand at hand; refusals that are waiting are still written down."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.wait(EVERY_SECONDS if self._all_went_well() else AWAY_SECONDS):
            pass
        self._try(self._reception.refusals.flush)
        connection.close()

    def _all_went_well(self) -> bool:
        """Each errand by itself: what keeps one from being done does not hold up the others."""
        errands = (self.reread_if_changed, self._reception.refusals.flush, self._take_in)
        went = [self._try(errand) for errand in errands]
        return all(went)

    def _try(self, errand: Callable[[], None]) -> bool:
        try:
            errand()
        except (DatabaseError, OSError) as error:
            log.warning("an errand has to wait", error=str(error).strip())
        except Exception:
            log.exception("an errand went wrong")
        else:
            return True
        close_old_connections()
        return False

    def _take_in(self) -> None:
        if taken := self._spool.take_in():
            log.info("took in spooled mail", mails=taken)

    def reread_if_changed(self) -> None:
        """A new address table where addresses changed, and once a minute in any case."""
        newest = Change.objects.aggregate(newest=Max("pk"))["newest"] or 0
        changed = newest > self._seen and Change.objects.filter(pk__gt=self._seen, topic="addresses").exists()
        if changed or time.monotonic() - self._read_at > REREAD_SECONDS or not self._read_at:
            self._reception.table = read_table()
            self._read_at = time.monotonic()
        self._seen = newest
