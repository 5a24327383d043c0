"""A decision about many copies survives the process that carries it out: another goes on where it was."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path

from tests.support.running import Installation, kill, stop

COPIES = 4000
SECONDS = 90.0


def _progress(installation: Installation) -> dict[str, int]:
    """How far the operation is, read from the file itself: a process would take longer to start than it all takes."""
    with closing(sqlite3.connect(installation.var / "postroom.sqlite3", timeout=30)) as database:
        row = database.execute("SELECT done, skipped FROM outbound_queueoperation").fetchone()
        held = database.execute("SELECT count(*) FROM outbound_delivery WHERE state = 'held'").fetchone()
    return {"done": row[0], "held": held[0], "skipped": row[1]}


def _wait(installation: Installation, least: int) -> dict[str, int]:
    until = time.monotonic() + SECONDS
    while (found := _progress(installation))["done"] < least and time.monotonic() < until:
        time.sleep(0.01)
    return found


def test_a_killed_worker_leaves_nothing_half_done(tmp_path: Path) -> None:
    installation = Installation(tmp_path)
    done = installation.run("bench.prepare_outgoing", str(COPIES), "4")
    assert not done.returncode, done.stderr.decode()
    done = installation.run("tests.journeys.decided", "hold")
    assert not done.returncode, done.stderr.decode()
    worker = installation.start("tests.journeys.decided", "work")
    try:
        found = _wait(installation, 1)
        kill(worker)
        found = _progress(installation)
        assert 0 < found["done"] < COPIES, "it has to be killed on its way"
        assert found["held"] == found["done"]  # a piece is done and noted, or neither
        worker = installation.start("tests.journeys.decided", "work")
        found = _wait(installation, COPIES)
    finally:
        stop([worker])
    assert found == {"done": COPIES, "held": COPIES, "skipped": 0}
