"""The SMTP client alone: our own against aiosmtplib, the same mails over ten connections into the same smtp-sink.

`python -m bench.client ours PORT MAILS CONNECTIONS` is one client in a process of its own: its figures are its CPU and
nobody else's. Neither renders anything: every mail is the same bytes.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

import aiosmtplib
import uvloop

from bench.figures import Wrong, say, spread
from bench.installation import NotThere
from bench.machine import pace_ms
from bench.processes import cpu_seconds
from bench.yardsticks import PATH
from postroom.outbound.transports.protocol import Copy, Result, Server
from postroom.outbound.transports.smtp.opening import open_session
from tests.support.running import REPOSITORY, free_port, stop, wait_for_port

CONNECTIONS = 10
BYTES = 8000
WINDOW = 20  # copies that a session is given at once, as the wire does
SECONDS = 300.0
LINE = b"The van for the depot stands in the yard with its papers on the seat.\r\n"
HEAD = b"From: a@bench.example\r\nTo: b@bench.example\r\nSubject: Vans\r\n\r\n"
MAIL = HEAD + LINE * ((BYTES - len(HEAD)) // len(LINE))
SENDER, RECIPIENT = "a@bench.example", "b@bench.example"


def run(mails: int, rounds: int) -> dict[str, Any]:
    """Both clients in turn, so that a slow minute of the machine meets both.

    Raises:
        NotThere: the machine has no smtp-sink.

    """
    sink = shutil.which("smtp-sink", path=PATH)
    if sink is None:
        raise NotThere("Postfix is not installed: apt-get install postfix")
    found: dict[str, list[dict[str, float]]] = {name: [] for name in CLIENTS}
    paces = []
    for number in range(rounds):
        paces.append(pace_ms())
        for name, figures in found.items():
            figures.append(_round(sink, name, mails))
            say(f"client round {number + 1} of {rounds}, {name}: {json.dumps(figures[-1])}")
    result: dict[str, Any] = {"mails": mails, "bytes_a_mail": len(MAIL), "connections": CONNECTIONS, "rounds": rounds}
    result["pace_ms"] = paces
    for name, figures in found.items():
        result[name] = {key: spread([one[key] for one in figures]) for key in figures[0]}
    for key, ratio in {"mails_per_second": 1, "cpu_us_per_mail": -1}.items():
        ours, theirs = (result[name][key]["median"] for name in ("ours", "aiosmtplib"))
        result[f"{key}_ratio"] = round((ours / theirs) ** ratio, 1)
    return result


def _round(program: str, name: str, mails: int) -> dict[str, float]:
    port = free_port()
    sink = subprocess.Popen([program, "-u", "nobody", f"127.0.0.1:{port}", "128"], start_new_session=True)
    try:
        wait_for_port(port, sink)
        before = cpu_seconds(sink.pid)
        done = subprocess.run(
            [sys.executable, "-m", "bench.client", name, str(port), str(mails), str(CONNECTIONS)],
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
        )
        if done.returncode:
            raise Wrong(f"{name} did not send everything: {done.stderr[-2000:]}")
        figures: dict[str, float] = json.loads(done.stdout)
        return figures | {"sink_cpu_us_per_mail": (cpu_seconds(sink.pid) - before) / mails * 1e6}
    finally:
        stop([sink])


# --- in a process of its own ------------------------------------------------------------------------------------------


async def _ours(port: int, mails: int) -> int:
    """Send over one connection; how many were taken."""
    session = await open_session(replace(Server(1, "Bench", "smtp", "127.0.0.1", port), encryption="none"))
    taken = 0
    for window in _windows([Copy(number, SENDER, RECIPIENT, lambda: MAIL) for number in range(mails)]):
        async for _, outcome in session.send(window):
            taken += outcome.result is Result.ACCEPTED
    await session.close()
    return taken


def _windows(copies: Sequence[Copy]) -> list[Sequence[Copy]]:
    return [copies[start : start + WINDOW] for start in range(0, len(copies), WINDOW)]


async def _aiosmtplib(port: int, mails: int) -> int:
    client = aiosmtplib.SMTP(hostname="127.0.0.1", port=port, use_tls=False, start_tls=False)
    await client.connect()
    for _ in range(mails):
        await client.sendmail(SENDER, [RECIPIENT], MAIL)
    await client.quit()
    return mails


CLIENTS: dict[str, Callable[[int, int], Awaitable[int]]] = {"ours": _ours, "aiosmtplib": _aiosmtplib}


async def _all(name: str, port: int, mails: int, connections: int) -> dict[str, float]:
    each = mails // connections
    await CLIENTS[name](port, WINDOW)  # what is done once is done before the clock runs
    began, used = time.perf_counter(), time.process_time()
    taken = sum(await asyncio.gather(*(CLIENTS[name](port, each) for _ in range(connections))))
    if taken != each * connections:
        raise Wrong(f"{taken} of {each * connections} mails were taken")
    return {
        "mails_per_second": round(taken / (time.perf_counter() - began)),
        "cpu_us_per_mail": round((time.process_time() - used) / taken * 1e6, 1),
    }


def main() -> None:
    """One client."""
    name, *numbers = sys.argv[1:]
    uvloop.install()
    print(json.dumps(asyncio.run(_all(name, *map(int, numbers)))))


if __name__ == "__main__":
    main()
