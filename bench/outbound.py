"""Mail out: from the queue until a sink took every copy and each answer is recorded, and what a copy costs.

The same number of mails then goes into the same sink by Postfix's smtp-source, and by one connection of aiosmtplib:
the yardsticks of the same minute. What counts is CPU, the sink's included, and the ratios.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

from bench.figures import Wrong, say, spread
from bench.installation import NotThere, Prepared, prepared
from bench.processes import cpu_seconds
from bench.yardsticks import PATH, one_connection, smtp_source
from tests.support.running import Installation, free_port, kill, stop, wait_for_port

CONNECTIONS = 4
SEND_SECONDS = 180.0
OPEN = "SELECT count(*) FROM outbound_delivery WHERE state IN ('queued', 'claimed', 'transmitting')"
TAKEN = "SELECT count(*) FROM outbound_delivery WHERE state = 'accepted'"
TRIES = "SELECT count(*) FROM outbound_attempt WHERE outcome = 'accepted'"


def run(database: str, copies: int, each: int, rounds: int) -> dict[str, Any]:
    """`copies` copies, `each` of one letter: the median of the rounds with the least and the most.

    Raises:
        NotThere: the machine has no smtp-sink.

    """
    sink = shutil.which("smtp-sink", path=PATH)
    if sink is None:
        raise NotThere("Postfix is not installed: apt-get install postfix")
    figures = []
    with prepared(database, "bench.prepare_outgoing", str(copies), str(each)) as (company, folder):
        for number in range(rounds):
            figures.append(_round(company, folder, f"{database}-{number}", copies, sink))
            say(f"{database} outbound round {number + 1} of {rounds}: {json.dumps(figures[-1])}")
    result: dict[str, Any] = {"database": database, "copies": copies, "copies_a_letter": each, "rounds": rounds}
    return result | {key: spread([one[key] for one in figures]) for key in figures[0]}


def _round(company: Prepared, folder: Path, name: str, copies: int, program: str) -> dict[str, float]:
    port = free_port()
    sink = subprocess.Popen([program, "-u", "nobody", f"127.0.0.1:{port}", "128"], start_new_session=True)
    installation = company.copy(folder / name)
    worker = None
    try:
        wait_for_port(port, sink)
        installation.extra = server_at(port)
        began_sink = cpu_seconds(sink.pid)
        worker = installation.worker("outbound")
        used, seconds = _measure(company, installation, worker, copies)
        sink_cpu = cpu_seconds(sink.pid) - began_sink
        _check(company, installation, copies)
        yardsticks = {**smtp_source(port, sink.pid, copies, CONNECTIONS), **one_connection(port, sink.pid, copies)}
    finally:
        stop([process for process in (worker, sink) if process is not None])
    figures = {
        "sent_per_second": copies / seconds,
        "all_cpu_us_per_copy": (sum(used.values()) + sink_cpu) / copies * 1e6,
        "cpu_us_per_copy": sum(used.values()) / copies * 1e6,
        **{f"{key}_cpu_us_per_copy": value / copies * 1e6 for key, value in used.items()},
        "sink_cpu_us_per_copy": sink_cpu / copies * 1e6,
        **yardsticks,
    }
    return {key: round(value, 3) for key, value in (figures | _ratios(figures)).items()}


def _ratios(figures: dict[str, float]) -> dict[str, float]:
    """How many mails we send while a yardstick sends one, and how much CPU of all processes ours take of its one's."""
    found: dict[str, float] = {}
    for name in (name for name in ("smtp_source", "aiosmtplib") if f"{name}_per_second" in figures):
        found[f"sent_to_{name}"] = figures["sent_per_second"] / figures[f"{name}_per_second"]
        found[f"cpu_to_{name}"] = figures["all_cpu_us_per_copy"] / figures[f"{name}_cpu_us_per_mail"]
    return found


def server_at(port: int) -> dict[str, str]:
    """What makes a sink the default server."""
    return {
        "POSTROOM_OUTGOING_SERVER": "127.0.0.1",
        "POSTROOM_OUTGOING_PORT": str(port),
        "POSTROOM_OUTGOING_ENCRYPTION": "none",
        "POSTROOM_OUTGOING_CONNECTIONS": str(CONNECTIONS),
    }


def _measure(
    company: Prepared, installation: Installation, worker: subprocess.Popen[bytes], copies: int
) -> tuple[dict[str, float], float]:
    """CPU seconds by process, and the time, between the first copy that was taken and the last one recorded."""
    roots = {"worker": worker.pid}
    if server := company.server_pid():
        roots["database"] = server
    _wait(company, installation, worker, lambda left: left < copies)
    before, first, began = (
        {key: cpu_seconds(pid) for key, pid in roots.items()},
        company.count(installation, OPEN),
        time.time(),
    )
    _wait(company, installation, worker, lambda left: left == 0)
    used = {key: cpu_seconds(pid) - before[key] for key, pid in roots.items()}
    share = copies / first  # what was sent before the clock ran is counted as the rest costs
    return {key: value * share for key, value in used.items()}, (time.time() - began) * share


def _wait(company: Prepared, installation: Installation, worker: subprocess.Popen[bytes], done: Any) -> None:
    until = time.monotonic() + SEND_SECONDS
    while not done(company.count(installation, OPEN)):
        if time.monotonic() > until or worker.poll() is not None:
            kill(worker)
            raise Wrong(f"copies stay in the queue: {installation.said('worker')[-2000:]}")
        time.sleep(0.02)


def _check(company: Prepared, installation: Installation, copies: int) -> None:
    found = {"accepted": company.count(installation, TAKEN), "attempts": company.count(installation, TRIES)}
    if set(found.values()) != {copies}:
        raise Wrong(f"{copies} copies were queued, found {found}: {installation.said('worker')[-1000:]}")
