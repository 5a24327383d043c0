"""`python -m tests.soak --points 50 --mails 1000 --seed 7`, `python -m tests.soak outbound --workers 2 --database
postgres` and `python -m tests.soak understand --rounds 20000`: prints the outcome as JSON; 1 where anything is wrong.
"""

from __future__ import annotations

import argparse
import json
import secrets
import sys
from dataclasses import asdict

from tests.soak import sending
from tests.soak.storm import Outcome, run
from tests.soak.understanding import run as understanding
from tests.support.postgres import running
from tests.support.require import find


def main() -> int:
    """Run what was asked for, on one database or on both."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.soak", description="Kill processes and look for lost mail; read changed mail."
    )
    parser.add_argument("what", nargs="?", choices=("inbound", "outbound", "understand"), default="inbound")
    parser.add_argument("--points", type=int, default=50, help="how often something is killed")
    parser.add_argument("--mails", type=int, default=1000)
    parser.add_argument("--workers", type=int, default=1, help="outbound: workers that send at once")
    parser.add_argument("--rounds", type=int, default=20_000, help="understand: mails that are changed and read")
    parser.add_argument("--first", type=int, default=1, help="understand: the number of the first round")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1_000_000))
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    given = parser.parse_args()
    print(f"seed {given.seed}", file=sys.stderr, flush=True)
    outcome = _run(given)
    print(json.dumps(asdict(outcome), indent=2))
    return 1 if outcome.wrong else 0


def _run(given: argparse.Namespace) -> Outcome | sending.Sent | understanding.Understanding:
    if given.what == "understand":
        return understanding.run(given.seed, given.rounds, given.first)
    if given.database == "sqlite":
        return _storm(given, "")
    programs = find("postgres")
    if programs is None:
        sys.exit("PostgreSQL is not installed: apt-get install postgresql")
    with running(programs) as server:
        return _storm(given, server.create_database())


def _storm(given: argparse.Namespace, database_url: str) -> Outcome | sending.Sent:
    if given.what == "outbound":
        return sending.run(given.seed, given.points, given.mails, database_url, given.workers)
    return run(given.seed, given.points, given.mails, database_url)


if __name__ == "__main__":
    sys.exit(main())
