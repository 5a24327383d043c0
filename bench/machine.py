"""What the figures were measured on."""

from __future__ import annotations

import os
import platform
import sqlite3
import time
from pathlib import Path

PACE_STEPS = 1_000_000


def pace_ms() -> float:
    """Milliseconds that a fixed piece of Python takes just now: shared machines are twice as slow in some minutes."""
    began = time.perf_counter()
    sum(number * number for number in range(PACE_STEPS))
    return round((time.perf_counter() - began) * 1000, 1)


def facts() -> dict[str, str | int]:
    """Cores that this process may use, processor, kernel, Python, SQLite."""
    models = [line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")]
    return {
        "cores": len(os.sched_getaffinity(0)),
        "processor": models[0] if models else platform.machine(),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "load_before": round(os.getloadavg()[0] * 100) // 100,
    }


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
