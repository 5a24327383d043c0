"""What the doors refused, on its way into the database; into a bounded file while the database is away."""

from __future__ import annotations

import json
from collections import deque
from dataclasses import asdict
from pathlib import Path

from django.db import DatabaseError, close_old_connections

from postroom.inbound.services import Refused, note_refusals
from postroom.infra.config import config

MOST_WAITING = 10_000
MOST_BYTES = 1024 * 1024
AT_ONCE = 500


class RefusalLog:
    """Takes refusals from any thread; `flush` writes them down from one that may use the database."""

    def __init__(self) -> None:
        self._waiting: deque[Refused] = deque(maxlen=MOST_WAITING)

    def note(self, refused: Refused) -> None:
        self._waiting.append(refused)

    def flush(self) -> None:
        """Write what is waiting, and what an earlier failure left in the file."""
        left = read()
        while self._waiting or left:
            batch = left + [self._waiting.popleft() for _ in range(min(AT_ONCE, len(self._waiting)))]
            try:
                note_refusals(batch)
            except DatabaseError:
                close_old_connections()
                _leave(batch[len(left) :])
                return
            if left:
                path().unlink(missing_ok=True)
            left = []


def path() -> Path:
    """The file that holds refusals while the database is away."""
    return config().var / "refusals.jsonl"


def read() -> list[Refused]:
    """The refusals of the file; lines cut off by a crash are passed over."""
    try:
        lines = path().read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    found = []
    for line in lines:
        try:
            found.append(Refused(**json.loads(line)))
        except (ValueError, TypeError):
            continue
    return found


def _leave(batch: list[Refused]) -> None:
    file = path()
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a", encoding="utf-8") as handle:
        for refused in batch:
            if handle.tell() > MOST_BYTES:
                return
            handle.write(json.dumps(asdict(refused)) + "\n")
