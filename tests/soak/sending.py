"""One run of sending: workers are killed while copies leave; then the sink's own count is held against the states."""

from __future__ import annotations

import json
import random
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.soak.sink import CountingSink
from tests.support.running import Installation, kill, stop

CONNECTIONS = 4
WINDOW = 5  # small, so that most copies are still to be sent after many kills
LEASE_SECONDS = 5  # a live worker on a busy machine must not lose its windows
SEND_SECONDS = 600.0
STILL_SECONDS = 15.0
COPIES_A_LETTER = 3


@dataclass
class Sent:
    """How a run went. `wrong` is empty where nobody got a copy twice, nothing waits for ever, and no state lies."""

    seed: int
    workers: int
    copies: int
    kills: int = 0
    taken: int = 0
    states: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    wrong: list[str] = field(default_factory=list)


def run(seed: int, points: int, copies: int, database_url: str = "", workers: int = 1) -> Sent:
    """`copies` copies leave by `workers` workers, and at `points` random moments one of these is killed."""
    began, outcome = time.monotonic(), Sent(seed, workers, copies)
    with (
        tempfile.TemporaryDirectory(prefix="postroom-soak-", ignore_cleanup_errors=True) as folder,
        CountingSink(seed) as sink,
    ):
        installation = Installation(Path(folder), database_url, _settings(sink.port))
        done = installation.run("bench.prepare_outgoing", str(copies), str(COPIES_A_LETTER))
        assert not done.returncode, done.stderr.decode()
        crew = [installation.worker() for _ in range(workers)]
        chance = random.Random(seed)
        try:
            for after in sorted(chance.randrange(copies * 9 // 10) for _ in range(points)):
                _wait_for(sink, after)
                time.sleep(chance.random() * 0.05)
                victim = chance.randrange(workers)
                kill(crew[victim])
                outcome.kills += 1
                print(f"{sink.taken} copies taken, killed a worker", file=sys.stderr, flush=True)
                crew[victim] = installation.worker()
            rows = _wait_until_settled(installation)
        finally:
            stop(crew)
        outcome.taken = sink.taken
        outcome.wrong = _compare(rows, sink.counts, outcome)
        if outcome.wrong:
            outcome.wrong.append(f"the workers said: {installation.said('worker')[-3000:]}")
    outcome.seconds = round(time.monotonic() - began, 1)
    return outcome


def _settings(port: int) -> dict[str, str]:
    return {
        "POSTROOM_OUTGOING_SERVER": "127.0.0.1",
        "POSTROOM_OUTGOING_PORT": str(port),
        "POSTROOM_OUTGOING_ENCRYPTION": "none",
        "POSTROOM_OUTGOING_CONNECTIONS": str(CONNECTIONS),
        "POSTROOM_SEND_WINDOW": str(WINDOW),
        "POSTROOM_SEND_LEASE_SECONDS": str(LEASE_SECONDS),
    }


def _wait_for(sink: CountingSink, taken: int) -> None:
    """Until the sink has so many, or gets none any more: copies that became unknown may never come."""
    until = time.monotonic() + STILL_SECONDS
    before = sink.taken
    while sink.taken < taken and time.monotonic() < until:
        time.sleep(0.002)
        if sink.taken > before:
            before, until = sink.taken, time.monotonic() + STILL_SECONDS


def _wait_until_settled(installation: Installation) -> list[tuple[str, str]]:
    """Each copy's address and state, once none is open or the time is over."""
    until = time.monotonic() + SEND_SECONDS
    while True:
        done = installation.run("tests.soak.copies")
        assert not done.returncode, done.stderr.decode()
        rows = [(address, state) for address, state in json.loads(done.stdout)]
        if time.monotonic() > until or not {state for _, state in rows} & {"queued", "claimed", "transmitting"}:
            return rows
        time.sleep(0.5)


def _compare(rows: list[tuple[str, str]], counts: Mapping[str, int], outcome: Sent) -> list[str]:
    """What is wrong, in words: `accepted` is one copy at the sink, `unknown` none or one, and there is nothing else."""
    wrong = [f"{address} got {count} copies" for address, count in counts.items() if count > 1]
    for address, state in rows:
        outcome.states[state] = outcome.states.get(state, 0) + 1
        if state == "accepted" and counts.get(address, 0) != 1:
            wrong.append(f"{address} is accepted, and the sink counted {counts.get(address, 0)}")
        elif state not in ("accepted", "unknown"):
            wrong.append(f"{address} is left {state}")
    if len(rows) != outcome.copies:
        wrong.append(f"{outcome.copies} copies were queued and {len(rows)} are there")
    most = outcome.kills * CONNECTIONS * WINDOW
    if outcome.states.get("unknown", 0) > most:
        wrong.append(f"{outcome.states['unknown']} copies are unknown after {outcome.kills} kills: more than {most}")
    return wrong[:50]
