"""`python -m bench`: every case of mail in and mail out on both databases, then the pure steps; figures in bench/out.

Each of these prints one JSON object; what happens meanwhile goes to stderr:
`inbound --database sqlite --case mixed --mails 4000 --rounds 5`, `outbound --database sqlite --mails 4000 --each 1`,
`client --mails 20000`, `backlog --queued 100000 --finished 1000000`, `live`, `pages --database sqlite`, `micro`,
`understand --rounds 9`.
The company of `pages` is filled once and kept; it takes minutes and gigabytes, so that it runs only where it is named,
and so does `backlog`.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench import backlog, client, inbound, live, micro, outbound, pages, understand
from bench.installation import NotThere
from bench.machine import facts

OUT = Path(__file__).with_name("out")
WHAT = ("inbound", "outbound", "client", "backlog", "live", "pages", "micro", "understand", "all")
CASES = ("mixed", "one-sender")
DATABASES = ("sqlite", "postgres")
EACH = (1, 50)  # copies of a letter: an answer, and a message to many
CLIENT_MAILS = 20_000
LEAST_MAILS = 2000  # a thousand customers who answer and a thousand new people who ask


def main() -> int:
    """Run what was asked for."""
    given = _arguments()
    if given.what == "micro":
        _print(_with_machine(micro.run()))
    elif given.what == "understand":
        _print(_with_machine(understand.run(given.rounds)))
    elif given.what == "inbound":
        _print(_with_machine(inbound.run(given.database, given.case, given.mails, given.rounds)))
    elif given.what == "client":
        _print(_with_machine(client.run(given.mails, given.rounds)))
    elif given.what == "backlog":
        _print(_with_machine(backlog.run(given.database, given.queued, given.finished)))
    elif given.what == "live":
        _print(_with_machine(live.run()))
    elif given.what == "pages":
        _print(_with_machine(pages.run(given.database, given.records, given.messages)))
    elif given.what == "outbound":
        _print(_with_machine(outbound.run(given.database, given.mails, given.each, given.rounds)))
    else:
        return _everything(given)
    return 0


def _everything(given: argparse.Namespace) -> int:
    OUT.mkdir(exist_ok=True)
    _keep("micro", micro.run())
    _keep("understand", understand.run(given.rounds))
    for database in DATABASES:
        with _if_there():
            for case in CASES:
                _keep(f"inbound-{database}-{case}", inbound.run(database, case, given.mails, given.rounds))
        with _if_there():
            for each in EACH:
                _keep(f"outbound-{database}-{each}", outbound.run(database, given.mails, each, given.rounds))
    with _if_there():
        _keep("client", client.run(CLIENT_MAILS, given.rounds))
    with _if_there():
        _keep("live", live.run())
    return 0


@contextmanager
def _if_there() -> Iterator[None]:
    try:
        yield
    except NotThere as lack:
        print(lack, file=sys.stderr)


def _keep(name: str, figures: dict[str, Any]) -> None:
    found = _with_machine(figures)
    (OUT / f"{name}.json").write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    _print(found)


def _with_machine(figures: dict[str, Any]) -> dict[str, Any]:
    return {"machine": facts(), **figures}


def _print(figures: dict[str, Any]) -> None:
    print(json.dumps(figures), flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure what a mail costs.")
    parser.add_argument("what", nargs="?", choices=WHAT, default="all")
    parser.add_argument("--database", choices=DATABASES, default="sqlite")
    parser.add_argument("--case", choices=CASES, default="mixed")
    parser.add_argument("--mails", type=int, default=4000, help=f"half new, half answers; {LEAST_MAILS} or more")
    parser.add_argument("--each", type=int, default=1, help="outbound: copies of one letter")
    parser.add_argument("--queued", type=int, default=100_000, help="backlog: copies that are sent")
    parser.add_argument("--finished", type=int, default=1_000_000, help="backlog: copies among which others wait")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--records", type=int, default=100_000, help="pages: records of the company")
    parser.add_argument("--messages", type=int, default=1_000_000, help="pages: messages in their conversations")
    given = parser.parse_args()
    if given.mails < LEAST_MAILS or given.rounds < 1:
        parser.error(f"at least {LEAST_MAILS} mails and one round")
    return given


if __name__ == "__main__":
    sys.exit(main())
