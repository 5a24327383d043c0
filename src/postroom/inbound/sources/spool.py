"""The spool: mail that `postroom mailgate` could not hand over waits here as files and is taken in later, once each."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from postroom.inbound.services import Arrival, accept
from postroom.infra.blobs import sync_folder
from postroom.infra.logs import logger

log = logger(__name__)

SUFFIX = ".mail"
AT_ONCE = 64
AT_ONCE_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Spooled:
    """A spooled mail: its file and what it says."""

    file: Path
    arrival: Arrival


def take_in(folder: Path) -> int:
    """Accept what lies in the spool, oldest first, and remove what is safely kept; returns how many.

    A file whose first line is broken is moved to `broken/` beside it, never deleted.

    Raises:
        DatabaseError, OSError: nothing was removed that is not kept.

    """
    taken = 0
    while batch := _next(folder):
        accept([one.arrival for one in batch], check_catchall=False)
        for one in batch:
            one.file.unlink()
        sync_folder(folder)
        taken += len(batch)
    return taken


def _next(folder: Path) -> list[Spooled]:
    try:
        files = sorted(file for file in folder.iterdir() if file.suffix == SUFFIX)[:AT_ONCE]
    except FileNotFoundError:
        return []
    batch: list[Spooled] = []
    size = 0
    for file in files:
        if size > AT_ONCE_BYTES:
            break
        spooled = _read(file)
        if spooled is not None:
            batch.append(spooled)
            size += len(spooled.arrival.raw)
    return batch


def _read(file: Path) -> Spooled | None:
    first, _, raw = file.read_bytes().partition(b"\n")
    try:
        envelope = json.loads(first)
        arrival = Arrival(
            source="pipe",
            key=str(envelope["id"]),
            sender=str(envelope["sender"]),
            recipients=tuple(str(one) for one in envelope["recipients"]),
            raw=raw,
            from_headers=bool(envelope["from_headers"]),
        )
    except (ValueError, KeyError, TypeError) as error:
        _set_aside(file, error)
        return None
    return Spooled(file, arrival)


def _set_aside(file: Path, error: Exception) -> None:
    aside = file.parent / "broken"
    aside.mkdir(exist_ok=True)
    file.rename(aside / file.name)
    log.error(
        "a spooled mail has no readable envelope and was moved aside", file=str(aside / file.name), error=repr(error)
    )
