"""Every page of the resolver in a real browser, for an administrator of a company with one of everything.

Clean for axe in light, dark and on a phone; nothing against the policy, nothing in the console; a cold visit of few
requests and bytes; no page wider than its screen. A new page is walked to without being named here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest
from django.urls import resolve
from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, Request

from tests.support.browser import Look, Site, States, context_for, violations, watched
from tests.support.populated import KINDS
from tests.web.test_access_matrix import ADDRESSES, concrete

SITE = "everything"
WIDTHS = (320, 768, 1024, 1280, 1920)
MOST_REQUESTS, MOST_BYTES = 6, 52_000
GROUPS: dict[str, tuple[str, ...]] = {
    "records": ("leads", "records", "desks", "copies", "messages", "attachments"),
    "settings": ("settings",),
    "developer": ("developer", "arrivals", "outbox"),
    "others": (),  # all that stands in no other group
}
OPEN = ("sign-in", "nowhere")  # for those who are not signed in
LATER = "status of 404"  # what the console says of a page that is not there
ENDED = """document.getAnimations().forEach(one => {
    one.effect.getComputedTiming().endTime === Infinity ? one.cancel() : one.finish();
})"""


@dataclass
class Walk:
    """A browser that goes from page to page, and what it finds wrong."""

    page: Page
    wire: CDPSession
    complaints: list[str]
    found: list[str] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)

    @classmethod
    def begin(cls, context: BrowserContext) -> Walk:
        page, complaints = watched(context)
        walk = cls(page, context.new_cdp_session(page), complaints)
        page.on("requestfinished", walk.noted)
        return walk

    def noted(self, request: Request) -> None:
        self.requests.append(request)

    def look_at(self, address: str) -> None:
        """Everything that is asked of a page."""
        self._visit(address)
        self._axe(address, "light")
        self.page.emulate_media(color_scheme="dark")
        self._axe(address, "dark")
        self.page.emulate_media(color_scheme="light")
        for width in WIDTHS:
            self._screen(width)
            if not self.page.evaluate("document.documentElement.scrollWidth <= screen.width"):
                self.found.append(f"{address} is too wide at {width}")
        self._screen(390, phone=True)
        self._axe(f"{address} on a phone", "light")  # its own parts in their colours
        self.wire.send("Emulation.clearDeviceMetricsOverride")
        self.wire.send("Emulation.setTouchEmulationEnabled", {"enabled": False})
        self.found += [f"{address}: {said}" for said in self.complaints if LATER not in said]
        self.complaints.clear()

    def _visit(self, address: str) -> None:
        self.wire.send("Network.clearBrowserCache")
        self.requests.clear()
        self.page.goto(address)
        self.page.wait_for_load_state("load")
        own = [one for one in self.requests if one.frame == self.page.main_frame]
        sent = sum(one.sizes()["responseBodySize"] for one in own)
        if len(own) > MOST_REQUESTS or sent > MOST_BYTES:
            self.found.append(f"{address}: {len(own)} requests, {sent} bytes")

    def _axe(self, address: str, look: Look) -> None:
        self.page.evaluate(ENDED)
        self.found += [f"{address}, {look}: {one}" for one in violations(self.page, look)]

    def _screen(self, width: int, *, phone: bool = False) -> None:
        screen = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": phone or width < 700}
        self.wire.send("Emulation.setDeviceMetricsOverride", {**screen, "screenWidth": width, "screenHeight": 900})
        if phone:
            self.wire.send("Emulation.setTouchEmulationEnabled", {"enabled": True, "maxTouchPoints": 1})


@pytest.fixture(scope="module")
def signed_in(states: States) -> Path:
    return states["administrator"]


@cache
def asked() -> dict[str, tuple[str, ...]]:
    """The addresses of each group; of those that lead to one view, such as leads and tickets, the first."""
    views: dict[object, str] = {}
    for address in ADDRESSES:
        if not address.startswith(("api/", "sign-", "home/")):
            path = concrete(address, dict.fromkeys(KINDS.values(), 1))
            views.setdefault((resolve(path).func, *address.split("/")[1:]), address)
    known = {area: group for group, areas in GROUPS.items() for area in areas}
    return {
        group: tuple(one for one in views.values() if known.get(one.split("/")[0], "others") == group)
        for group in GROUPS
    }


def pages_of(context: BrowserContext, site: Site, addresses: Sequence[str]) -> list[str]:
    """The paths that answer with a page, and not with a piece of one, a file, or that the method is another."""
    found = []
    for address in addresses:
        path = concrete(address, site.ids)
        answer = context.request.get(path, max_redirects=0)
        if answer.ok and answer.headers.get("content-type", "").startswith("text/html") and "<main" in answer.text():
            found.append(path)
        answer.dispose()
    return found


@pytest.mark.parametrize("group", GROUPS)
def test_every_page_is_clean_small_and_fits(browser: Browser, site: Site, signed_in: Path, group: str) -> None:
    context = context_for(browser, site, storage_state=signed_in)
    context.add_cookies([{"name": "developer", "value": "on", "url": site.url}])
    walk = Walk.begin(context)
    pages = pages_of(context, site, asked()[group])
    assert len(pages) >= 5
    for path in pages:
        walk.look_at(path)
    context.close()
    if group == "others":
        stranger = context_for(browser, site)
        outside = Walk.begin(stranger)
        for path in OPEN:
            outside.look_at(f"/{path}")
        stranger.close()
        walk.found += outside.found
    assert walk.found == []
