"""CPU time of processes with all that they started, read from /proc."""

from __future__ import annotations

import os
import resource
from collections import defaultdict
from pathlib import Path

PAGE = os.sysconf("SC_PAGE_SIZE")
TICKS = os.sysconf("SC_CLK_TCK")


def _stat(pid: str) -> tuple[int, int] | None:
    """Parent and ticks of a process: user, system, and those of its children that ended and were waited for."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()
    return int(fields[1]), sum(map(int, fields[11:15]))


def _pids() -> list[str]:
    return [entry.name for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def children_seconds() -> float:
    """CPU seconds of those of this process's children that ended and were waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def resident(pid: int) -> int:
    """Bytes of memory that a process holds, without its children."""
    return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * PAGE


def cpu_seconds(*roots: int) -> float:
    """CPU seconds of these processes and their descendants so far, those that have ended included."""
    found = {int(pid): stat for pid in _pids() if (stat := _stat(pid))}
    children = defaultdict(list)
    for pid, (parent, _) in found.items():
        children[parent].append(pid)
    left, ticks = [pid for pid in roots if pid in found], 0
    while left:
        pid = left.pop()
        ticks += found[pid][1]
        left += children[pid]
    return ticks / TICKS
