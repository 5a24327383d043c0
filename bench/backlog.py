"""A long queue: what the worker holds in memory while it empties one, and what a claim costs among what is finished.

`python -m bench.backlog CLAIMS` is the second measurement, in a process of its own.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any

import django

from bench.figures import Wrong, say, spread
from bench.installation import NotThere, Prepared, prepared
from bench.outbound import OPEN, server_at
from bench.processes import resident
from bench.yardsticks import PATH
from tests.support.running import Installation, free_port, kill, stop, wait_for_port

EACH = 50  # copies of a letter of the long queue
DRAIN_SECONDS = 600.0
LOOK_SECONDS = 0.5
BEGUN = 0.05  # part of the queue that is sent when the first look is taken: by then everything was loaded
CLAIMS, BATCH = 20, 200
TURNS = 3  # of both databases, one after the other, so that a slow minute of the machine meets both


def run(database: str, queued: int, finished: int) -> dict[str, Any]:
    """Memory over `queued` copies, then the time of a claim among `finished` ones against none.

    Raises:
        NotThere: the machine has no smtp-sink.

    """
    sink = shutil.which("smtp-sink", path=PATH)
    if sink is None:
        raise NotThere("Postfix is not installed: apt-get install postfix")
    with prepared(database, "bench.prepare_outgoing", str(queued), str(EACH)) as (company, folder):
        memory = _memory(company, folder, queued, sink)
        say(f"{database} memory: {json.dumps(memory)}")
    return {"database": database, "queued": queued, **memory, "finished": finished, **_claims(database, finished)}


def _memory(company: Prepared, folder: Path, queued: int, program: str) -> dict[str, float]:
    port = free_port()
    sink = subprocess.Popen([program, "-u", "nobody", f"127.0.0.1:{port}", "128"], start_new_session=True)
    worker = None
    try:
        wait_for_port(port, sink)
        installation = company.copy(folder / "emptied")
        installation.extra = server_at(port)
        worker, began = installation.worker("outbound"), time.time()
        looks = {
            name: _held_at(company, installation, worker, round(queued * left))
            for name, left in {"begin": 1 - BEGUN, "middle": 0.5, "end": 0.0}.items()
        }
        seconds = time.time() - began
    finally:
        stop([process for process in (worker, sink) if process is not None])
    return {
        **{f"memory_mb_{name}": round(held / 1e6, 1) for name, held in looks.items()},
        "memory_grown": round(looks["end"] / looks["begin"], 3),
        "sent_per_second": round(queued / seconds),
    }


def _held_at(company: Prepared, installation: Installation, worker: subprocess.Popen[bytes], left: int) -> int:
    """What the worker holds as soon as no more than so many copies are left to be sent."""
    until = time.monotonic() + DRAIN_SECONDS
    while company.count(installation, OPEN) > left:
        if time.monotonic() > until or worker.poll() is not None:
            kill(worker)
            raise Wrong(f"copies stay in the queue: {installation.said('worker')[-2000:]}")
        time.sleep(LOOK_SECONDS)
    return resident(worker.pid)


def _claims(database: str, finished: int) -> dict[str, Any]:
    copies = TURNS * CLAIMS * BATCH
    arguments = ("bench.prepare_outgoing", str(copies), str(EACH))
    found: dict[str, list[float]] = {"none": [], "finished": []}
    with (
        prepared(database, *arguments) as (none, folder),
        prepared(database, *arguments, str(finished)) as (some, more),
    ):
        places = {"none": none.copy(folder / "claimed"), "finished": some.copy(more / "claimed")}
        for _ in range(TURNS):
            for name, installation in places.items():
                found[name] += _claimed(installation)
    figures = {f"claim_ms_{name}": spread(times) for name, times in found.items()}
    ratio = figures["claim_ms_finished"]["median"] / figures["claim_ms_none"]["median"]
    return {**figures, "claim_ratio": round(ratio, 2)}


def _claimed(installation: Installation) -> list[float]:
    done = installation.run("bench.backlog", str(CLAIMS))
    if done.returncode:
        raise Wrong(f"nothing was claimed: {done.stderr.decode()[-2000:]}")
    times: list[float] = json.loads(done.stdout.splitlines()[-1])
    return times


# --- in a process of its own ------------------------------------------------------------------------------------------


def main(claims: int) -> None:
    """Claim as the worker does; milliseconds of each, but for the first, which opens the database."""
    claim: Any = import_module("postroom.outbound.steps.claim").claim
    times = []
    for _ in range(claims):
        began = time.perf_counter()
        rows = claim(BATCH)
        times.append((time.perf_counter() - began) * 1000)
        if len(rows) != BATCH:
            raise Wrong(f"{len(rows)} copies were claimed")
    print(json.dumps(times[1:]))


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "postroom.project.settings")
    django.setup()
    main(int(sys.argv[1]))
