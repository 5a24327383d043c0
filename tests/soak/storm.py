"""One run: mail arrives, processes are killed and started again, and in the end everything is looked at."""

from __future__ import annotations

import hashlib
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.soak.mails import Planned, plan
from tests.soak.senders import Senders
from tests.support.running import Installation, kill, stop

SEND_SECONDS = 600.0
QUIET_SECONDS = 90.0
LEASE_SECONDS = "3"
AHEAD = 40  # mails that may be taken beyond the next kill, so that there is always work to be interrupted
VERBS = {"listener": "smtp", "worker": "worker"}
VICTIMS = (("listener",), ("worker",), ("listener", "worker"))


@dataclass
class Outcome:
    """How a run went. `wrong` is empty where nothing was lost and nothing was doubled."""

    seed: int
    taken: int = 0
    again: int = 0
    kills: list[str] = field(default_factory=list)
    seconds: float = 0.0
    wrong: list[str] = field(default_factory=list)


@dataclass
class Crew:
    """The processes of an installation, killed and started again one by one."""

    installation: Installation
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    said: dict[str, int] = field(default_factory=dict)

    def start(self, names: Sequence[str]) -> None:
        for name in names:
            self.said[name] = len(self.installation.said(VERBS[name]))
            self.running[name] = self.installation.start("postroom", VERBS[name])

    def are_ready(self, names: Sequence[str]) -> bool:
        """Whether these have said so since they were started."""
        return all("is ready" in self.installation.said(VERBS[name])[self.said[name] :] for name in names)

    def kill(self, names: Sequence[str]) -> None:
        """The process alone first, at once, as a crash does; then what is left of its group, as the supervisor does."""
        for name in names:
            self.running[name].kill()
        kill(*(self.running[name] for name in names))

    def stop(self) -> None:
        stop(list(self.running.values()))


def run(seed: int, points: int, mails: int, database_url: str = "") -> Outcome:
    """`mails` arrive, and at `points` random moments something is killed; `database_url`: instead of SQLite."""
    began, outcome = time.monotonic(), Outcome(seed)
    with tempfile.TemporaryDirectory(prefix="postroom-soak-", ignore_cleanup_errors=True) as folder:
        installation = Installation(Path(folder), database_url, {"POSTROOM_LEASE_SECONDS": LEASE_SECONDS})
        done = installation.run("bench.prepare", "0")
        assert not done.returncode, done.stderr.decode()
        planned, crew = plan(seed, mails), Crew(installation)
        try:
            crew.start(("listener", "worker"))
            senders = Senders(installation, planned)
            senders.start()
            outcome.kills = _strike(random.Random(seed), points, mails, senders, crew)
            if not senders.join(SEND_SECONDS):
                outcome.wrong.append(f"{mails - senders.log.taken} mails were never taken within {SEND_SECONDS:g} s")
            outcome.taken, outcome.again = senders.log.taken, senders.log.again
            outcome.wrong += senders.log.refused + _wait_until_quiet(installation)
        finally:
            crew.stop()
        outcome.wrong += _inspect(installation, planned)
        if outcome.wrong:
            outcome.wrong += [f"{log} said: {installation.said(log)[-3000:]}" for log in ("smtp", "worker")]
    outcome.seconds = round(time.monotonic() - began, 1)
    return outcome


def _strike(chance: random.Random, points: int, mails: int, senders: Senders, crew: Crew) -> list[str]:
    """Kill at random moments while mails are on their way: each at a number of mails, and some milliseconds after."""
    struck = []
    for after in sorted(chance.randrange(mails * 9 // 10) for _ in range(points)):
        senders.limit = after + AHEAD
        names = chance.choice(VICTIMS)
        until = time.monotonic() + SEND_SECONDS
        while (senders.log.taken < after or not crew.are_ready(names)) and time.monotonic() < until:
            time.sleep(0.002)
        time.sleep(chance.random() * 0.1)
        crew.kill(names)
        struck.append("+".join(names))
        print(f"{senders.log.taken} mails taken, killed {struck[-1]}", file=sys.stderr, flush=True)
        time.sleep(chance.random() * 0.2)
        crew.start(names)
    senders.limit = mails
    return struck


def _wait_until_quiet(installation: Installation) -> list[str]:
    """Until the spool is empty and no arrival is open; what is left after a bounded time."""
    until, left = time.monotonic() + QUIET_SECONDS, ["nobody looked"]
    while left and time.monotonic() < until:
        time.sleep(0.5)
        spooled = [f"{file.name} is left in the spool" for file in (installation.var / "spool").glob("*.mail")]
        left = spooled or _open(installation)
    return left


def _open(installation: Installation) -> list[str]:
    done = installation.run("tests.soak.left")
    return done.stdout.decode().split("\n")[:-1] if not done.returncode else [done.stderr.decode()]


def _inspect(installation: Installation, planned: Sequence[Planned]) -> list[str]:
    listed = {
        one.message_id: {
            "subject": one.subject,
            "raw": hashlib.sha256(one.raw.replace(b"\r\n", b"\n").rstrip(b"\n")).hexdigest(),
            "attached": one.attached,
        }
        for one in planned
    }
    (installation.var / "planned.json").write_text(json.dumps(listed), encoding="utf-8")
    done = installation.run("tests.soak.inspection", str(installation.var / "planned.json"))
    if done.returncode:
        return [done.stderr.decode()]
    found: list[str] = json.loads(done.stdout)
    return found
