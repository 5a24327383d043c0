"""The spool: mail that `postroom mailgate` could not hand over waits here as files and is taken in later, once each."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.db import DataError

from postroom.inbound.services import Arrival, accept
from postroom.infra.blobs import sync_folder
from postroom.infra.logs import logger

log = logger(__name__)

SUFFIX = ".mail"
AT_ONCE = 64
AT_ONCE_BYTES = 16 * 1024 * 1024
BROKEN = (ValueError, TypeError, KeyError)  # an envelope that is none
UNFIT = (ValueError, DataError)  # a mail that the database will never take as it is


@dataclass(frozen=True, slots=True)
class Spooled:
    """A spooled mail: its file and what it says."""

    file: Path
    arrival: Arrival


class Spool:
    """A folder of spooled mail, oldest first by name."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._unreadable: set[str] = set()  # told once

    def take_in(self) -> int:
        """Accept what lies in the spool and remove what is safely kept; returns how many.

        A file whose envelope is broken, or whose mail can't be kept as it is, is moved to `broken/` beside it, never
        deleted; one that may not be read stays where it is.

        Raises:
            DatabaseError, OSError: nothing was removed that is not kept.

        """
        return sum(self._keep(batch) for batch in self._batches())

    def _keep(self, batch: list[Spooled]) -> int:
        try:
            accept([one.arrival for one in batch], check_catchall=False)
        except UNFIT as error:
            if len(batch) > 1:
                return sum(self._keep([one]) for one in batch)
            self._set_aside(batch[0].file, error)
            return 0
        for one in batch:
            one.file.unlink()
        sync_folder(self.folder)
        return len(batch)

    def _batches(self) -> Iterator[list[Spooled]]:
        batch: list[Spooled] = []
        size = 0
        for spooled in filter(None, map(self._read, self._files())):
            batch.append(spooled)
            size += len(spooled.arrival.raw)
            if len(batch) >= AT_ONCE or size >= AT_ONCE_BYTES:
                yield batch
                batch, size = [], 0
        if batch:
            yield batch

    def _files(self) -> list[Path]:
        """Files only: what a link names is not the spool's, and a named pipe would be waited for."""
        try:
            with os.scandir(self.folder) as entries:
                names = [one.name for one in entries if one.is_file(follow_symlinks=False)]
        except FileNotFoundError:
            return []
        return [self.folder / name for name in sorted(names) if name.endswith(SUFFIX) and name[0] != "."]

    def _read(self, file: Path) -> Spooled | None:
        try:
            first, _, raw = file.read_bytes().partition(b"\n")
        except FileNotFoundError:
            return None  # another process took it
        except OSError as error:
            if file.name not in self._unreadable:
                log.warning("a spooled mail can't be read", file=str(file), error=str(error))
                self._unreadable.add(file.name)
            return None
        try:
            return Spooled(file, _arrival(json.loads(first), raw))
        except BROKEN as error:
            self._set_aside(file, error)
            return None

    def _set_aside(self, file: Path, error: Exception) -> None:
        aside = self.folder / "broken"
        aside.mkdir(exist_ok=True)
        file.rename(aside / file.name)
        log.error(
            "a spooled mail can't be taken in and was moved aside", file=str(aside / file.name), error=repr(error)
        )


def _arrival(envelope: dict[str, object], raw: bytes) -> Arrival:
    recipients = envelope["recipients"]
    if not isinstance(recipients, list):
        raise TypeError("recipients are no list")
    return Arrival(
        source="pipe",
        key=str(envelope["id"]),
        sender=str(envelope["sender"]),
        recipients=tuple(str(one) for one in recipients),
        raw=raw,
        from_headers=bool(envelope["from_headers"]),
    )
