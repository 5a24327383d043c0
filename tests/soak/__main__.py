"""`python -m tests.soak --points 50 --mails 1000 --seed 7`: prints the outcome as JSON; 1 where anything is wrong."""

from __future__ import annotations

import argparse
import json
import secrets
import sys
from dataclasses import asdict

from tests.soak.storm import Outcome, run
from tests.support.postgres import running
from tests.support.require import find


def main() -> int:
    """Run what was asked for, on one database or on both."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description="Kill processes and look for lost mail.")
    parser.add_argument("--points", type=int, default=50, help="how often something is killed")
    parser.add_argument("--mails", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1_000_000))
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    given = parser.parse_args()
    print(f"seed {given.seed}", file=sys.stderr, flush=True)
    outcome = _run(given)
    print(json.dumps(asdict(outcome), indent=2))
    return 1 if outcome.wrong else 0


def _run(given: argparse.Namespace) -> Outcome:
    if given.database == "sqlite":
        return run(given.seed, given.points, given.mails)
    programs = find("postgres")
    if programs is None:
        sys.exit("PostgreSQL is not installed: apt-get install postgresql")
    with running(programs) as server:
        return run(given.seed, given.points, given.mails, server.create_database())


if __name__ == "__main__":
    sys.exit(main())
