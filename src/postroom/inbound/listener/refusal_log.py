"""What the doors refused, on its way into the database; into a bounded file while the database is away."""

from __future__ import annotations

import json
import time
from collections import deque
from dataclasses import asdict, replace
from pathlib import Path

from django.db import DatabaseError, close_old_connections

from postroom.inbound.listener.answers import clean
from postroom.inbound.services import Refused, note_refusals
from postroom.infra.config import config

MOST_WAITING = 10_000
MOST_BYTES = 1024 * 1024
AT_ONCE = 500
MOST_NAMED = 200  # recipients that are told apart for one peer within an hour
MOST_PEERS = 10_000
HOUR = 3600.0  # seconds
OTHERS = "(and others)"


class RefusalLog:
    """Takes refusals from any thread; `flush` writes them down from one that may use the database."""

    def __init__(self) -> None:
        self._waiting: deque[Refused] = deque(maxlen=MOST_WAITING)
        self._named: dict[str, set[str]] = {}  # recipients that a peer was refused for, since `_since`
        self._since = time.monotonic()

    def note(self, refused: Refused) -> None:
        self._waiting.append(
            replace(
                self._capped(refused),
                helo=clean(refused.helo),
                sender=clean(refused.sender),
                words=clean(refused.words),
            )
        )

    def _capped(self, refused: Refused) -> Refused:
        """Whoever guesses names for hours fills a bounded number of rows."""
        refused = replace(refused, recipient=clean(refused.recipient))
        if time.monotonic() - self._since > HOUR or len(self._named) > MOST_PEERS:
            self._named.clear()
            self._since = time.monotonic()
        named = self._named.setdefault(refused.peer, set())
        if len(named) < MOST_NAMED:
            named.add(refused.recipient)
        return refused if refused.recipient in named else replace(refused, recipient=OTHERS)

    def flush(self) -> None:
        """Write what is waiting, and what an earlier failure left in the file.

        Raises:
            OSError: neither the database nor the file took them; they still wait.

        """
        left = read()
        while self._waiting or left:
            batch = [self._waiting.popleft() for _ in range(min(AT_ONCE, len(self._waiting)))]
            try:
                note_refusals(left + batch)
            except DatabaseError:
                close_old_connections()
                self._leave(batch)
                return
            if left:
                path().unlink(missing_ok=True)
            left = []

    def _leave(self, batch: list[Refused]) -> None:
        try:
            _append(batch)
        except OSError:
            self._waiting.extendleft(reversed(batch))
            raise


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


def _append(batch: list[Refused]) -> None:
    file = path()
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a", encoding="utf-8") as handle:
        for refused in batch:
            if handle.tell() > MOST_BYTES:
                return
            handle.write(json.dumps(asdict(refused)) + "\n")
