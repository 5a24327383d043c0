"""Mail in: how many mails a second are accepted and settled, and what each costs in every process."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.figures import Wrong, say, spread
from bench.installation import Prepared, prepared
from bench.letters import FOLLOWERS, ONLY_SENDER, Posted, mixed, warm_up
from bench.load import save
from bench.processes import cpu_seconds
from bench.sink import sink_figures
from tests.support.running import REPOSITORY, Installation, kill, stop

CONNECTIONS = 20
WARM_UP = 100
SETTLE_SECONDS = 120.0
OPEN = "SELECT count(*) FROM inbound_inboundmail WHERE due IS NOT NULL"


def run(database: str, case: str, mails: int, rounds: int) -> dict[str, Any]:
    """One case: the median of its rounds with the least and the most, and the ratio to a bare sink."""
    sender = ONLY_SENDER if case == "one-sender" else None
    posted = mixed(mails, sender)
    filled = ("bench.prepare", str(mails // 2), *([sender.email] if sender else []))
    with prepared(database, *filled) as (company, folder):
        save(posted, folder / "mails")
        save(warm_up(WARM_UP), folder / "warm-up")
        figures = []
        for number in range(rounds):
            figures.append(_round(company, folder, f"{database}-{number}", posted))
            say(f"{database} {case} round {number + 1} of {rounds}: {json.dumps(figures[-1])}")
        sink = sink_figures(folder / "mails", rounds, CONNECTIONS)
    result: dict[str, Any] = {"database": database, "case": case, "mails": mails, "rounds": rounds}
    result["bytes_a_mail"] = sum(len(one.raw) for one in posted) // len(posted)
    result |= {key: spread([one[key] for one in figures]) for key in figures[0]}
    if sink:
        result["sink"] = {key: spread([one[key] for one in sink]) for key in sink[0]}
        sinks, ours = result["sink"]["accepted_per_second"], result["accepted_per_second"]
        result["accepted_to_sink"] = round(ours["median"] / sinks["median"], 3)
    return result


def _round(company: Prepared, folder: Path, name: str, posted: list[Posted]) -> dict[str, float]:
    installation = company.copy(folder / name)
    listener, worker = installation.listener(), installation.worker("inbound")
    try:
        send(folder / "warm-up", installation.port)
        _wait_until_settled(company, installation, [listener, worker])
        roots = {"listener": listener.pid, "worker": worker.pid}
        if server := company.server_pid():
            roots["database"] = server
        before = {key: cpu_seconds(pid) for key, pid in roots.items()}
        sent = send(folder / "mails", installation.port)
        settled_at = _wait_until_settled(company, installation, [listener, worker])
        used = {key: cpu_seconds(pid) - before[key] for key, pid in roots.items()}
        _check(company, installation, sent, posted)
        return _figures(sent, settled_at, used, len(posted))
    finally:
        stop([listener, worker])


def _figures(sent: Mapping[str, Any], settled_at: float, used: Mapping[str, float], mails: int) -> dict[str, float]:
    figures = {
        "accepted_per_second": mails / (sent["last"] - sent["first"]),
        "settled_per_second": mails / (settled_at - sent["first"]),
        "cpu_us_per_mail": sum(used.values()) / mails * 1e6,
        **{f"{key}_cpu_us_per_mail": seconds / mails * 1e6 for key, seconds in used.items()},
        "generator_cpu_us_per_mail": sent["cpu"] / mails * 1e6,
        "answer_ms_median": sent["median_ms"],
        "answer_ms_p99": sent["p99_ms"],
    }
    return {key: round(value, 1) for key, value in figures.items()}


def send(mails: Path, port: int) -> dict[str, Any]:
    """Let a load process send a file of mails; what it saw."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.load", str(port), str(CONNECTIONS), str(mails)],
        cwd=REPOSITORY,
        capture_output=True,
        check=False,
        timeout=300,
    )
    if done.returncode:
        raise Wrong(f"the load generator failed: {done.stderr.decode()[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _wait_until_settled(company: Prepared, installation: Installation, processes: list[Any]) -> float:
    """The time when no arrival is left open."""
    until = time.monotonic() + SETTLE_SECONDS
    while company.count(installation, OPEN):
        if time.monotonic() > until or any(process.poll() is not None for process in processes):
            kill(*processes)
            raise Wrong(
                f"arrivals stay open: {installation.said('worker')[-2000:]} {installation.said('smtp')[-2000:]}"
            )
        time.sleep(0.02)
    return time.time()


def _check(company: Prepared, installation: Installation, sent: Mapping[str, Any], posted: list[Posted]) -> None:
    """Every mail was accepted, settled once and did what it should: half new records, half answers in their place."""
    mails, replies = len(posted), len(posted) // 2

    def count(sql: str) -> int:
        return company.count(installation, sql)

    counts = {
        "answers 250": (sent["replies"].get("250", 0), mails),
        "arrivals": (count(f"{_ARRIVALS} {_OURS}"), mails + WARM_UP),
        "routed": (count(f"{_ARRIVALS} {_OURS} AND state = 'routed'"), mails + WARM_UP),
        "routes": (count(_ROUTES), mails + WARM_UP + replies),
        "records": (count("SELECT count(*) FROM records_record"), mails + WARM_UP),
        "messages": (
            count("SELECT count(*) FROM conversations_message"),
            mails + WARM_UP + replies,
        ),
        "copies": (count(_COPIES), FOLLOWERS * (mails + WARM_UP + replies)),
        "threads with an answer": (count(f"SELECT count(*) FROM ({_ANSWERED}) a"), replies),
    }
    wrong = {name: pair for name, pair in counts.items() if pair[0] != pair[1]}
    if wrong:
        raise Wrong(f"found and expected differ: {wrong}; the worker said {installation.said('worker')[-1000:]}")


_OURS = "WHERE source <> 'bench'"
_ARRIVALS = "SELECT count(*) FROM inbound_inboundmail"
_ROUTES = "SELECT count(*) FROM inbound_route WHERE state = 'routed' AND message_id IS NOT NULL"
_COPIES = "SELECT count(*) FROM outbound_delivery"
_ANSWERED = "SELECT thread_id FROM conversations_message GROUP BY thread_id HAVING count(*) = 2"
