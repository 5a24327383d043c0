"""A real site for a real browser: its own folder and database, uvicorn on a free port, Debian's Chromium."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import httpx
from playwright.sync_api import Browser, BrowserContext, Page

from tests.support.factory import PASSWORD
from tests.support.require import REPOSITORY
from tests.support.running import Installation, free_port

STARTING_SECONDS = 60.0
Look = Literal["light", "dark", "phone"]


@dataclass
class Site:
    """A running site. `ids` names what was filled in."""

    installation: Installation
    port: int
    ids: dict[str, int] = field(default_factory=dict)
    server: subprocess.Popen[bytes] | None = None

    def stop(self) -> float:
        """Ask the server to end; the seconds that it took. 0 where it has ended already."""
        if self.server is None or self.server.poll() is not None:
            return 0.0
        began = time.monotonic()
        self.server.send_signal(signal.SIGTERM)
        self.server.wait(15)
        return time.monotonic() - began

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def run(self, *command: str) -> str:
        """Run `python -m COMMAND` on the site's folder and return what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", *command],
            env=self.installation.environment(),
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def news(self, verb: str) -> dict[str, int]:
        """Something happens while browsers look."""
        said: dict[str, int] = json.loads(self.run("tests.web.filling", verb))
        return said


@contextmanager
def running_site(folder: Path) -> Iterator[Site]:
    """A site on a new SQLite database under `folder`, filled, until the block ends."""
    site = Site(Installation(folder), free_port())
    site.run("django", "migrate", "-v0")
    site.ids = json.loads(site.run("tests.web.filling", "fill"))
    with serving(site):
        yield site


@contextmanager
def serving(site: Site) -> Iterator[Site]:
    """The pages of an installation whose database is there, until the block ends."""
    site.run("django", "collectstatic", "--noinput", "-v0")
    server = site.installation.start(
        "uvicorn",
        "postroom.project.asgi:application",
        "--lifespan=off",
        "--timeout-graceful-shutdown=3",
        f"--port={site.port}",
        log="web",
    )
    site.server = server
    try:
        _await_answer(site, server)
        yield site
    finally:
        site.stop()


def _await_answer(site: Site, server: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + STARTING_SECONDS
    while time.monotonic() < until:
        assert server.poll() is None, (site.installation.var / "web.log").read_text(encoding="utf-8")
        try:
            httpx.get(f"{site.url}/sign-in", timeout=5)
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError(f"the site did not answer within {STARTING_SECONDS} s")


def context_for(browser: Browser, site: Site, look: Look = "light", **options: Any) -> BrowserContext:
    """A fresh visitor with a light, a dark or a phone's screen."""
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
    screen = phone if look == "phone" else {"viewport": {"width": 1440, "height": 900}}
    scheme: Literal["light", "dark"] = "dark" if look == "dark" else "light"
    return browser.new_context(base_url=site.url, color_scheme=scheme, **screen, **options)


# Chromium's own words where a page was shown before its short fade could begin: it comes without one.
NO_TRANSITION = ("ViewTransition opt-in disabled", "Transition was aborted because of invalid state")


def watched(context: BrowserContext) -> tuple[Page, list[str]]:
    """A page, and a list that grows with everything that it complains of."""
    page, complaints = context.new_page(), list[str]()
    page.add_init_script(
        "addEventListener('securitypolicyviolation',"
        " e => console.error('policy: ' + e.violatedDirective + ' ' + e.blockedURI))"
    )
    page.on("console", lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: None if _no_fade(str(error)) else complaints.append(str(error)))
    return page, complaints


def _no_fade(error: str) -> bool:
    return any(words in error for words in NO_TRANSITION)


def sign_in(page: Page, username: str) -> None:
    page.goto("/sign-in")
    page.get_by_label("User name").fill(username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: not url.endswith("/sign-in"))
