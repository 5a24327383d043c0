"""The pages of hosting in a real browser, filled, and pages of a copy: clean, small, no wider than their screen."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.support.browser import Site, context_for, serving, sign_in
from tests.support.chromium import running_chromium
from tests.support.require import require
from tests.support.running import Installation, free_port
from tests.web.test_every_page_browser import Walk


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    require("chromium")
    hosted = {"POSTROOM_HOSTED_DOMAIN": "host.example", "POSTROOM_HOSTED_CONTACT": "hosting@host.example"}
    var = tmp_path_factory.mktemp("hosting")
    site = Site(Installation(var, extra=hosted), free_port())
    site.run("postroom", "prepare")
    site.ids = json.loads(site.run("tests.web.everything"))
    site.run("tests.web.hosted")
    with serving(site):
        yield site


@pytest.fixture(scope="module")
def walk(site: Site) -> Iterator[Walk]:
    with running_chromium(require("chromium")) as browser:
        context = context_for(browser, site)
        sign_in(context.new_page(), "administrator")
        yield Walk.begin(context)
        context.close()


def test_the_pages_are_clean(site: Site, walk: Walk) -> None:
    company = site.ids["company"]
    for path in ("usage", "monitor", f"monitor/{company}", "plans", "installation"):
        walk.look_at(f"/settings/{path}")
    assert walk.found == []


def test_a_company_sees_what_is_left(walk: Walk) -> None:
    walk.page.goto("/settings?q=quota")
    walk.page.get_by_role("link", name="Daily usage").click()
    assert walk.page.get_by_text("of 200 mails left today").first.is_visible()
    walk.page.get_by_text("The last 30 days").first.click()
    assert f"{datetime.now(UTC):%-d %b}" in walk.page.inner_text("main")


def test_a_copy_says_so_until_somebody_takes_over(site: Site, walk: Walk) -> None:
    known = Path(site.installation.var / "instance")
    before = known.read_text(encoding="ascii")
    known.write_text(f"another {before.split()[1]}\n", encoding="ascii")
    page: Page = walk.page
    page.goto("/settings/installation")  # which asks anew
    for path in ("/settings/installation", "/leads", "/inbox", "/"):
        walk.look_at(path)
        assert page.get_by_text("nothing is sent until an operator takes over").is_visible(), path
    assert walk.found == []
    page.goto("/settings/installation")
    page.get_by_label("Withdraw it").check()
    page.get_by_role("button", name="Take over").first.click()
    asked = page.get_by_role("dialog")
    asked.get_by_role("button", name="Cancel").click()
    assert page.get_by_text("This is a copy of another installation").first.is_visible()
    page.get_by_role("button", name="Take over").first.click()
    asked.get_by_role("button", name="Take over").click()
    page.get_by_text("The database is this installation's own.").wait_for()
    assert not page.get_by_text("nothing is sent until an operator takes over").is_visible()
    assert known.read_text(encoding="ascii").split()[0] not in {"another", before.split()[0]}
