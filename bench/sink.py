"""The yardstick: the same load into Postfix's smtp-sink, which takes mail and forgets it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from bench.processes import cpu_seconds
from tests.support.running import REPOSITORY, free_port, stop, wait_for_port


def sink_figures(mails: Path, rounds: int, connections: int) -> list[dict[str, float]]:
    """Figures of a bare sink, a round each; nothing where the machine has none."""
    program = shutil.which("smtp-sink", path="/usr/sbin:/usr/bin:/usr/local/sbin")
    if program is None:
        print("no smtp-sink on this machine (apt-get install postfix): no ratio to it", file=sys.stderr)
        return []
    return [_round(program, mails, connections) for _ in range(rounds)]


def _round(program: str, mails: Path, connections: int) -> dict[str, float]:
    port = free_port()
    sink = subprocess.Popen([program, "-u", "nobody", f"127.0.0.1:{port}", "128"], start_new_session=True)
    try:
        wait_for_port(port, sink)
        before = cpu_seconds(sink.pid)
        done = subprocess.run(
            [sys.executable, "-m", "bench.load", str(port), str(connections), str(mails)],
            cwd=REPOSITORY,
            capture_output=True,
            check=True,
        )
        sent: dict[str, Any] = json.loads(done.stdout)
        number = sum(sent["replies"].values())
        return {
            "accepted_per_second": number / (sent["last"] - sent["first"]),
            "cpu_us_per_mail": (cpu_seconds(sink.pid) - before) / number * 1e6,
            "generator_cpu_us_per_mail": sent["cpu"] / number * 1e6,
        }
    finally:
        stop([sink])
