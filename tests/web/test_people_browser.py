"""Users, companies, tokens and the pages of developer mode in a real browser: by mouse, by keyboard alone, clean."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.support.browser import Look, Site, States, context_for, violations, watched

LOOKS: tuple[Look, ...] = ("light", "dark", "phone")
PAGES = ("/settings?q=blacklisted", "/settings/users")  # all others: see test_every_page_browser
SKIPPED = ("Transition was aborted", "status of 422")  # a page left before it has faded in; a form sent wrong
STEPS = 60  # presses of Tab within which anything on a page is reached


@pytest.fixture(scope="module")
def signed_in(states: States) -> Path:
    return states["admin"]


@pytest.fixture
def admin(browser: Browser, site: Site, signed_in: Path) -> Iterator[Page]:
    context = context_for(browser, site, storage_state=signed_in, permissions=["clipboard-read", "clipboard-write"])
    page, complaints = watched(context)
    yield page
    assert _serious(complaints) == []
    context.close()


def _serious(complaints: list[str]) -> list[str]:
    return [said for said in complaints if not any(words in said for words in SKIPPED)]


def _toast(page: Page) -> Locator:
    return page.locator(".toast:not(#link, #failed)")


@pytest.mark.parametrize("look", LOOKS)
def test_every_page_is_clean(browser: Browser, site: Site, signed_in: Path, look: Look) -> None:
    context = context_for(browser, site, look, storage_state=signed_in)
    page, complaints = watched(context)
    for address in PAGES:
        page.goto(address)
        assert violations(page, look) == [], address
        assert page.evaluate("document.documentElement.scrollWidth <= screen.width"), f"{address} is too wide"
    assert _serious(complaints) == []
    page.goto("/settings/tokens")
    page.get_by_role("button", name="Make token").click()
    expect(page.get_by_role("alert")).to_be_focused()
    assert violations(page, look) == []
    context.close()


def test_people_by_mouse(admin: Page, browser: Browser, site: Site) -> None:
    admin.goto("/settings")
    admin.get_by_role("link", name="Users").click()
    admin.get_by_role("link", name="Invite").first.click()
    admin.get_by_label("Name", exact=True).fill("Mary Poe")
    admin.get_by_label("Mail address").fill("jonas@acme.example")
    admin.get_by_role("button", name="Invite").click()
    expect(admin.locator("#email-error")).to_be_visible()
    expect(admin.get_by_label("Name", exact=True)).to_have_value("Mary Poe")
    admin.get_by_label("Mail address").fill("mary@acme.example")
    admin.get_by_role("button", name="Invite").click()
    expect(admin.get_by_role("heading", name="A link for Mary Poe")).to_be_visible()
    admin.get_by_role("button", name="Copy link").click()
    link = admin.locator(".secret .mono").inner_text()
    assert admin.evaluate("navigator.clipboard.readText()") == link

    mary = context_for(browser, site)
    theirs, complaints = watched(mary)
    theirs.goto(re.sub(r"^https?://[^/]+", site.url, link))
    assert violations(theirs) == []
    theirs.get_by_label("Password").fill("quite a long phrase")
    theirs.keyboard.press("Enter")
    expect(theirs.get_by_text("You sign in as mary.")).to_be_visible()

    admin.get_by_label("Acme").select_option(label="Administrator")
    admin.get_by_role("button", name="Save role").click()
    expect(_toast(admin)).to_have_text(re.compile("Saved"))
    theirs.goto("/settings/users")
    expect(theirs.get_by_role("heading", name="Users", level=1)).to_be_visible()

    admin.get_by_role("button", name="Deactivate").first.click()
    assert violations(admin) == []
    admin.get_by_role("dialog").get_by_role("button", name="Deactivate").click()
    expect(_toast(admin)).to_contain_text("Mary Poe is deactivated and signed out everywhere.")
    theirs.goto("/settings")
    theirs.wait_for_url("**/sign-in**")
    assert _serious(complaints) == []
    mary.close()

    admin.goto("/settings/tokens")
    admin.get_by_label("What it is for").fill("Nightly export")
    admin.get_by_role("button", name="Make token").click()
    expect(admin.locator(".secret .mono")).to_have_text(re.compile("^pr_"))
    admin.get_by_role("button", name="Revoke Nightly export").click()
    admin.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(_toast(admin)).to_contain_text("“Nightly export” does not work any more.")


def test_developer_pages_by_mouse(admin: Page) -> None:
    admin.goto("/settings")
    admin.get_by_role("searchbox", name="Search settings").fill("ir.cron")
    expect(admin.get_by_role("link", name="Scheduled actions")).to_be_visible()
    expect(admin.get_by_role("link", name="Users")).to_have_count(0)
    admin.get_by_role("searchbox", name="Search settings").fill("Blacklisted Email Addresses")
    expect(admin.get_by_text("There is no list of blocked receivers yet.")).to_be_visible()
    admin.get_by_role("searchbox", name="Search settings").fill("")
    admin.get_by_role("switch", name="Developer mode").click()
    admin.get_by_role("link", name="Scheduled actions").click()
    job = admin.locator(".job", has_text="infra.forget")
    job.get_by_role("button", name="Run now").click()
    expect(_toast(admin)).to_contain_text("Tidy up has run:")
    job.get_by_role("switch").click()
    expect(job.get_by_text("Resting")).to_be_visible()
    job.get_by_role("switch").click()
    expect(job.get_by_text("Resting")).to_have_count(0)

    admin.goto("/developer/parameters")
    admin.get_by_role("link", name="mail.incoming.limit.alias").click()
    admin.get_by_label("Value").fill("many")
    admin.get_by_role("button", name="Save").click()
    expect(admin.get_by_label("Value")).to_have_value("many")
    admin.get_by_label("Value").fill("9")
    admin.get_by_role("button", name="Save").click()
    expect(_toast(admin)).to_contain_text("Saved.")
    admin.get_by_role("button", name="Reset to default").click()
    expect(admin.get_by_label("Value")).to_have_value("5")
    admin.goto("/developer/queue")
    admin.locator(".counts a").first.click()
    expect(admin.get_by_role("heading", level=1)).to_have_text(re.compile("Outbox|Arrivals"))


def _tab_to(page: Page, wanted: Locator) -> None:
    """Go to an element as those do who have no mouse."""
    for _ in range(STEPS):
        if wanted.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{wanted} is not reached by Tab")


def test_people_by_keyboard_alone(admin: Page) -> None:
    keys = admin.keyboard
    admin.goto("/")
    keys.press("g")
    keys.press("s")
    admin.wait_for_url("**/settings")
    keys.press("/")
    keys.type("invite")
    expect(admin.locator("#sections a")).to_have_count(1)
    keys.press("Tab")
    _tab_to(admin, admin.get_by_role("link", name="Users"))
    keys.press("Enter")
    admin.wait_for_url("**/settings/users")
    keys.press("/")
    keys.type("jonas")
    expect(admin.locator("#user-rows .srv")).to_have_count(1)
    _tab_to(admin, admin.locator("#user-rows .srv"))
    keys.press("Enter")
    expect(admin.get_by_label("Name", exact=True)).to_have_value("Jonas Lindqvist")
    _tab_to(admin, admin.get_by_role("radio", name="By mail"))
    keys.press("ArrowRight")
    _tab_to(admin, admin.get_by_label("Signature"))
    keys.type("Jonas, sales")
    keys.press("Tab")
    _tab_to(admin, admin.get_by_role("button", name="Save", exact=True))
    keys.press("Enter")
    expect(_toast(admin)).to_contain_text("Saved.")
    expect(admin.get_by_label("Signature")).to_have_value(re.compile("Jonas, sales"))
    expect(admin.get_by_role("radio", name="In the inbox")).to_be_checked()


def test_the_rest_by_keyboard_alone(admin: Page) -> None:
    keys = admin.keyboard
    admin.goto("/settings/companies")
    _tab_to(admin, admin.get_by_role("link", name="Add company"))
    keys.press("Enter")
    expect(admin.get_by_label("Name", exact=True)).to_be_focused()
    keys.type("Initech")
    keys.press("Enter")
    expect(_toast(admin)).to_contain_text("Initech is added. Invite its people next.")

    admin.goto("/developer/parameters/new")
    expect(admin.get_by_role("textbox", name="Key")).to_be_focused()
    keys.type("acme.colour")
    keys.press("Tab")
    keys.type("teal")
    keys.press("Enter")
    expect(_toast(admin)).to_contain_text("Saved.")
    _tab_to(admin, admin.get_by_role("button", name="Remove"))
    keys.press("Enter")
    expect(_toast(admin)).to_contain_text("Removed.")

    admin.goto("/developer/actions")
    _tab_to(admin, admin.get_by_role("button", name="Run now Tidy up"))
    keys.press("Enter")
    expect(_toast(admin)).to_contain_text("Tidy up has run:")
    admin.goto("/settings/tokens")
    _tab_to(admin, admin.get_by_label("What it is for"))
    keys.type("By keyboard")
    keys.press("Enter")
    expect(admin.get_by_role("heading", name="The token “By keyboard”")).to_be_focused()
    _tab_to(admin, admin.get_by_role("button", name="Revoke By keyboard"))
    keys.press("Enter")
    keys.press("Tab")
    keys.press("Enter")
    expect(_toast(admin)).to_contain_text("does not work any more")
