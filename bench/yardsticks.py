"""What others make of the same sink: Postfix's smtp-source, and one connection of aiosmtplib with the same mails.

`python -m bench.yardsticks PORT MAILS` is that connection in a process of its own: its figures are its own CPU.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import aiosmtplib
import uvloop

from bench.figures import Wrong
from bench.letters import SALES, bodies
from bench.processes import children_seconds, cpu_seconds
from postroom.core.addresses import Address
from postroom.core.message.draft import Draft
from postroom.core.message.render import render
from tests.support.running import REPOSITORY

PATH = "/usr/sbin:/usr/bin:/usr/local/sbin"
SECONDS = 300.0
BYTES = 6500
SENDER, RECIPIENT = "a@bench.example", "b@bench.example"


def smtp_source(port: int, sink: int, mails: int, connections: int) -> Mapping[str, float]:
    """Postfix's own client: no queue, nothing rendered, no record of what became of a mail. `sink` is its process."""
    program = shutil.which("smtp-source", path=PATH)
    if program is None:
        print("no smtp-source on this machine: no ratio to it", file=sys.stderr)
        return {}
    command = [
        program, "-s", str(connections), "-m", str(mails), "-l", str(BYTES), "-f", SENDER, "-t", RECIPIENT,
        f"127.0.0.1:{port}",
    ]  # fmt: skip
    used = children_seconds()
    figures = _timed(
        "smtp_source", sink, mails, lambda: subprocess.run(command, check=True, capture_output=True, timeout=SECONDS)
    )
    return _with_own(figures, "smtp_source", (children_seconds() - used) / mails * 1e6)


def one_connection(port: int, sink: int, mails: int) -> Mapping[str, float]:
    """One connection of aiosmtplib, mail after mail: rendered before the clock runs, no queue, no record."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.yardsticks", str(port), str(sink), str(mails)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )
    if done.returncode:
        raise Wrong(f"aiosmtplib did not send everything: {done.stderr[-2000:]}")
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def _timed(name: str, sink: int, mails: int, send: Callable[[], object]) -> dict[str, float]:
    before, began = cpu_seconds(sink), time.time()
    send()
    return {
        f"{name}_per_second": mails / (time.time() - began),
        f"{name}_cpu_us_per_mail": (cpu_seconds(sink) - before) / mails * 1e6,
    }


def _with_own(figures: dict[str, float], name: str, own: float) -> dict[str, float]:
    """With the sender's own CPU beside the sink's."""
    return figures | {f"{name}_cpu_us_per_mail": figures[f"{name}_cpu_us_per_mail"] + own}


def _mail(number: int) -> bytes:
    """The same letters that the queue holds."""
    text, html = bodies(number)
    author, to = Address(SENDER, "Amara Okafor"), Address(RECIPIENT, f"Änna Reader {number}")
    return render(
        Draft(
            author=author,
            to=(to,),
            reply_to=(Address(SALES, author.name),),
            subject=f"Re: Vans for depot {number}",
            text=text,
            html=html,
            message_id=f"bench.{number}@bench.example",
            date=datetime(2026, 1, 1, tzinfo=UTC),
        )
    )


async def _send(port: int, mails: list[bytes]) -> None:
    client = aiosmtplib.SMTP(hostname="127.0.0.1", port=port, use_tls=False, start_tls=False)
    await client.connect()
    for one in mails:
        await client.sendmail(SENDER, [RECIPIENT], one)
    await client.quit()


def main() -> None:
    """One connection."""
    port, sink, count = map(int, sys.argv[1:])
    mails = [_mail(number) for number in range(count)]
    uvloop.install()
    used = time.process_time()
    figures = _timed("aiosmtplib", sink, count, lambda: asyncio.run(_send(port, mails)))
    print(json.dumps(_with_own(figures, "aiosmtplib", (time.process_time() - used) / count * 1e6)))


if __name__ == "__main__":
    main()
