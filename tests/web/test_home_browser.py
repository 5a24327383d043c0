"""The first run and Home in a real browser: by mouse, by keyboard alone, in every look."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import Look, Site, context_for, sign_in, violations, watched
from tests.support.factory import PASSWORD

LOOKS: tuple[Look, ...] = ("light", "dark", "phone")
SITE = "empty"  # nobody can sign in yet
STEPS = ("company", "domain", "addresses", "you")


@pytest.fixture(scope="module")
def code(site: Site) -> str:
    return site.run("postroom", "init", "--browser").strip().rpartition("code=")[2]


def _fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= screen.width"))


@pytest.mark.parametrize("look", LOOKS)
def test_the_steps_by_mouse(browser: Browser, site: Site, code: str, look: Look) -> None:
    context = context_for(browser, site, look, timezone_id="Europe/Stockholm")
    page, complaints = watched(context)
    page.goto("/")
    expect(page).to_have_url(re.compile("/welcome$"))
    assert violations(page, look) == []
    page.get_by_label("Setup code").fill(code)
    page.get_by_role("button", name="Begin").click()
    expect(page.get_by_label("Time zone")).to_have_value("Europe/Stockholm")
    page.get_by_label("Name").fill("Acme")
    for step in STEPS[:-1]:
        expect(page).to_have_url(re.compile(f"/welcome/{step}$"))
        assert violations(page, look) == []
        assert _fits(page)
        if step == "domain":
            page.get_by_label("Domain").fill("acme.example")
        page.get_by_role("button", name="Continue").click()
    assert violations(page, look) == []
    page.get_by_role("link", name="Addresses").click()
    page.get_by_label("Leads").fill("bounce")
    assert complaints == []
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("is a service address")).to_be_visible()
    expect(page.get_by_label("Leads")).to_have_value("bounce")
    assert violations(page, look) == []
    page.get_by_role("button", name="Leave for later").click()
    expect(page).to_have_url(re.compile("/welcome/you$"))
    page.goto("/welcome")  # left, and taken up again where it was
    expect(page).to_have_url(re.compile("/welcome/you$"))
    assert [said for said in complaints if "422" not in said] == []
    context.close()


def test_everything_by_keyboard_alone_until_home(browser: Browser, site: Site, code: str) -> None:
    context = context_for(browser, site)
    page, complaints = watched(context)
    page.goto(f"/welcome?code={code}")
    expect(page.get_by_label("Name")).to_be_focused()
    page.keyboard.type("Acme")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Domain")).to_be_focused()
    page.keyboard.type("acme.example")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Leads")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Name", exact=True)).to_be_focused()
    for words in ("Ada Lind", "ada@acme.example", "ada", PASSWORD):
        page.keyboard.type(words)
        page.keyboard.press("Tab")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Home")).to_be_visible()
    expect(page.get_by_text("Acme is ready.")).to_be_visible()
    expect(page.get_by_text("Nothing needs attention.")).to_be_visible()
    assert complaints == []
    page.keyboard.press("j")
    first = page.locator("#attention [data-nav]").first
    expect(first).to_be_focused()
    target = first.get_attribute("href")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{site.url}{target}")
    page.keyboard.press("Escape")  # out of the field that waits for a name
    page.keyboard.press("g")
    page.keyboard.press("h")
    expect(page.get_by_role("heading", name="Home")).to_be_visible()
    assert page.goto("/welcome").status == 404  # type: ignore[union-attr]
    page.goto("/")
    site.run("tests.web.trouble")
    expect(page.get_by_role("heading", name="1 arrival failed")).to_be_visible()  # it came by itself
    context.close()
    for look in LOOKS:
        _look_at_home(browser, site, look)


def _look_at_home(browser: Browser, site: Site, look: Look) -> None:
    context = context_for(browser, site, look)
    page, complaints = watched(context)
    sign_in(page, "ada")
    expect(page.get_by_role("heading", name="1 arrival failed")).to_be_visible()
    expect(page.locator("#needs")).to_have_text(re.compile("^1"))
    assert violations(page, look) == []
    assert _fits(page)
    page.get_by_role("link", name="See why").click()
    expect(page).to_have_url(re.compile(r"/arrivals\?state=failed$"))
    assert complaints == []
    context.close()
