"""What a page costs in a company with years of mail: milliseconds for each, and what a first visit carries.

The database is filled once (`bench.crowd`) and kept in bench/out for the next run.
"""

from __future__ import annotations

import gzip
import http.client
import re
import shutil
import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from bench.figures import Wrong, say
from bench.installation import NotThere
from bench.letters import CROWD_PASSWORD as PASSWORD
from bench.machine import pace_ms
from bench.processes import cpu_seconds
from tests.support.postgres import Server, kept
from tests.support.require import find
from tests.support.running import Installation, free_port, stop

KEPT = Path(__file__).with_name("out") / "crowd"
VIEWS = 30
ROUNDS = 3  # over all pages: a busy minute of the machine is in one of them
PAGES = {
    "member": (
        "/inbox", "/inbox?tab=all", "/inbox?tab=starred", "/leads", "/leads?q=pallet", "/leads?stage=Won",
        "/leads?owner=me&sort=activity", "/leads?sort=title", "/leads?view=board", "/leads/1", "/leads/{middle}",
        "/tickets", "/contacts", "/contacts?q=nadia", "/contacts/1", "/contacts/20",
        "/search?q=offer", "/search?q=Sj%C3%B6berg", "/search?q=LEAD-1", "/search?q=of", "/search?q=offer+harbour",
        "/search?q=person77%40customer77.example", "/search?q=77777%40crowd.example", "/search?q=warranty+tanaka",
        "/search?q=zzqq", "/search?q=pallet&kind=conversations", "/search?q=pallet&kind=conversations&before=500000",
        "/search?q=77&kind=records", "/search/palette?q=nadia+berg", "/profile",
    ),
    "admin": (
        "/", "/arrivals", "/outbox", "/outbox?state=failed", "/settings", "/settings/servers", "/settings/domains",
        "/settings/aliases", "/settings/users", "/developer/queue", "/developer/messages",
    ),
}  # fmt: skip


def run(database: str, records: int, messages: int) -> dict[str, Any]:
    """Milliseconds of every page: median, 95th percentile and CPU, each as in the middle one of three rounds; bytes of
    a first visit.

    Raises:
        NotThere: there is no PostgreSQL on this machine.

    """
    with _crowd(database, records, messages) as installation, _web(installation) as site:
        middle = records // 2 // 10 * 10 + 1  # a lead
        asked = [(who, page.format(middle=middle)) for who, some in PAGES.items() for page in some]
        paces, rounds = [], []
        for _ in range(ROUNDS):
            paces.append(pace_ms())
            rounds.append({one: site.measure(*one) for one in asked})
        pages = {f"{who} {page}": _middle([each[who, page] for each in rounds]) for who, page in asked}
        return {
            "database": database,
            "records": records,
            "messages": messages,
            "pace_ms": paces,
            "worst_p95_ms": max(one["p95_ms"] for one in pages.values()),
            "first_visit": site.first_visit("member", f"/leads/{middle}"),
            "pages": pages,
        }


def _middle(rounds: Sequence[Mapping[str, float]]) -> dict[str, float]:
    return {name: statistics.median(one[name] for one in rounds) for name in rounds[0]}


@contextmanager
def _crowd(database: str, records: int, messages: int) -> Iterator[Installation]:
    """The filled installation, from an earlier run where there is one of this size."""
    folder = KEPT / f"{database}-{records}-{messages}"
    done = folder / "filled"
    if not done.exists():
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    with _server(database, folder) as url:
        installation = Installation(folder / "var", url)
        if not done.exists():
            say(f"filling {folder}: this takes minutes and is done once")
            _must(installation, "bench.prepare_crowd", str(records), str(messages))
            done.touch()
        _must(installation, "bench.prepare_crowd")
        yield installation


@contextmanager
def _server(database: str, folder: Path) -> Iterator[str]:
    """The address of the database: a file, or a PostgreSQL whose data stay in the folder."""
    if database == "sqlite":
        yield ""
        return
    programs = find("postgres")
    if programs is None:
        raise NotThere("PostgreSQL is not installed: apt-get install postgresql")
    with kept(Server(programs, folder / "postgres")) as server:
        yield server.url()


def _must(installation: Installation, *command: str) -> None:
    done = installation.run(*command, timeout=3_600)
    if done.returncode:
        raise Wrong(f"{' '.join(command)} failed: {done.stderr.decode()[-2000:]}")


@dataclass
class _Site:
    """A web process and who is signed in at it."""

    port: int
    pid: int
    cookies: dict[str, str] = field(default_factory=dict)

    def measure(self, who: str, page: str) -> dict[str, float]:
        """A page seen `VIEWS` times, after three that are not counted."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        status = [self._get(connection, who, page)[0] for _ in range(3)][-1]
        before, times = cpu_seconds(self.pid), []
        for _ in range(VIEWS):
            began = time.perf_counter()
            self._get(connection, who, page)
            times.append((time.perf_counter() - began) * 1000)
        used = (cpu_seconds(self.pid) - before) / VIEWS * 1000
        connection.close()
        if status != HTTPStatus.OK:
            raise Wrong(f"{who} {page} answers {status}: its time says nothing")
        found = {
            "median_ms": round(statistics.median(times), 1),
            "p95_ms": round(statistics.quantiles(times, n=20)[-1], 1),
            "cpu_ms": round(used, 1),
        }
        say(f"{who} {page}: {found}")
        return found

    def first_visit(self, who: str, page: str) -> dict[str, int]:
        """Requests and compressed bytes of a page with all that it names, the event stream among them."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        _, body, carried = self._get(connection, who, page)
        assets = sorted(set(re.findall(r'(?:src|href)="(/static/[^"]+)"', body.decode())))
        sizes = {"page": carried} | {one: self._get(connection, who, one)[2] for one in assets}
        connection.close()
        return {"requests": len(sizes) + 1, "bytes": sum(sizes.values()), **sizes}

    def _get(self, connection: http.client.HTTPConnection, who: str, page: str) -> tuple[int, bytes, int]:
        connection.request("GET", page, headers={"Cookie": self._cookie(who), "Accept-Encoding": "br, gzip"})
        answer = connection.getresponse()
        raw = answer.read()
        plain = gzip.decompress(raw) if answer.headers.get("Content-Encoding") == "gzip" else raw
        return answer.status, plain, len(raw)

    def _cookie(self, who: str) -> str:
        if who not in self.cookies:
            self.cookies[who] = self._signed_in(who)
        return self.cookies[who]

    def _signed_in(self, who: str) -> str:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("GET", "/sign-in")
        answer = connection.getresponse()
        answer.read()
        token = re.search(r"csrftoken=(\w+)", answer.headers.get("Set-Cookie", ""))
        given = {"username": who, "password": PASSWORD, "csrfmiddlewaretoken": token[1] if token else ""}
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Cookie": f"csrftoken={token[1] if token else ''}",
        }
        connection.request("POST", "/sign-in", urlencode(given), headers)
        answer = connection.getresponse()
        answer.read()
        session = re.search(r"sessionid=(\w+)", ";".join(answer.headers.get_all("Set-Cookie") or []))
        if session is None:
            raise Wrong(f"{who} can't sign in: {answer.status}")
        connection.close()
        return f"sessionid={session[1]}"


@contextmanager
def _web(installation: Installation) -> Iterator[_Site]:
    _must(installation, "django", "collectstatic", "--noinput", "-v0")
    port = free_port()
    web = installation.start(
        "uvicorn", "postroom.project.asgi:application", "--lifespan=off", "--no-access-log", f"--port={port}", log="web"
    )
    try:
        _await(port)
        yield _Site(port, web.pid)
    finally:
        stop([web])


def _await(port: int) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/sign-in")
            connection.getresponse().read()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise Wrong("the web process does not answer")
