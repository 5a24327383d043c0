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

import axe_playwright_python
import httpx
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

from tests.support import ready
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
    teller: subprocess.Popen[str] | None = None

    def stop(self) -> float:
        """Ask the server to end; the seconds that it took. 0 where it has ended already."""
        if self.teller is not None:
            self.teller.communicate(timeout=15)
            self.teller = None
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

    def tell(self, module: str, verb: str) -> dict[str, int]:
        """Something happens while browsers look: what this verb of a module does; see `telling`."""
        if self.teller is None:
            self.teller = self._new_teller()
        assert self.teller.stdin
        assert self.teller.stdout
        self.teller.stdin.write(f"{module} {verb}\n")
        self.teller.stdin.flush()
        said: dict[str, int] | None = json.loads(self.teller.stdout.readline() or "null")
        assert said is not None, self.installation.said("telling")
        return said

    def news(self, verb: str) -> dict[str, int]:
        return self.tell("tests.web.filling", verb)

    def _new_teller(self) -> subprocess.Popen[str]:
        with (self.installation.var / "telling.log").open("w") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "tests.support.telling"],
                env=self.installation.environment(),
                cwd=REPOSITORY,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )


@contextmanager
def running_site(folder: Path, kind: str = "filled") -> Iterator[Site]:
    """A site on a SQLite database of this kind under `folder`, until the block ends; see `ready`."""
    site = Site(Installation(folder), free_port())
    site.ids = ready.put(kind, folder)
    with serving(site):
        yield site


@contextmanager
def serving(site: Site) -> Iterator[Site]:
    """The pages of an installation whose database and static files are there, until the block ends."""
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


# htmx's own word where news replaced the line that asked; `app.js` then puts what came into its place.
OVERTAKEN = "htmx:oobErrorNoTarget"
# Chromium's own words where a page was shown before its short fade could begin: it comes without one.
NO_TRANSITION = ("ViewTransition opt-in disabled", "Transition was aborted because of invalid state")


def watched(context: BrowserContext) -> tuple[Page, list[str]]:
    """A page, and a list that grows with everything that it complains of."""
    page, complaints = context.new_page(), list[str]()
    page.add_init_script(
        "addEventListener('securitypolicyviolation',"
        " e => console.error('policy: ' + e.violatedDirective + ' ' + e.blockedURI))"
    )
    page.on("console", lambda said: complaints.append(said.text) if _complains(said) else None)
    page.on("pageerror", lambda error: None if _no_fade(str(error)) else complaints.append(str(error)))
    return page, complaints


def _complains(said: ConsoleMessage) -> bool:
    return said.type in {"error", "warning"} and OVERTAKEN not in said.text


def _no_fade(error: str) -> bool:
    return any(words in error for words in NO_TRANSITION)


AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
RUN = """asked => axe.run(document, {resultTypes: ['violations'], ...asked})
    .then(found => found.violations.flatMap(one => one.nodes.map(node => `${one.id}: ${node.html}`)))"""
CONTRAST = "color-contrast"  # the rule that takes most of the time
ASKED: dict[Look, dict[str, Any]] = {
    "light": {},
    "dark": {"runOnly": [CONTRAST]},
    "phone": {"rules": {CONTRAST: {"enabled": False}}},
}


def violations(page: Page, look: Look = "light") -> list[str]:
    """What axe finds: in the light everything, in the dark the colours, on a phone all but those."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    found: list[str] = page.evaluate(RUN, ASKED[look])
    return found


class States:
    """For each user the browser's state after signing in, which is done once."""

    def __init__(self, browser: Browser, site: Site) -> None:
        self._browser, self._site = browser, site
        self._kept: dict[str, Path] = {}

    def __getitem__(self, username: str) -> Path:
        if username not in self._kept:
            context = context_for(self._browser, self._site)
            sign_in(context.new_page(), username)
            self._kept[username] = self._site.installation.var / f"{username}.json"
            context.storage_state(path=self._kept[username])
            context.close()
        return self._kept[username]


def sign_in(page: Page, username: str) -> None:
    page.goto("/sign-in")
    page.get_by_label("User name").fill(username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: not url.endswith("/sign-in"))
