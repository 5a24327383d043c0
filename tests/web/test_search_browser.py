"""The search in a real browser: by mouse, by keyboard alone, by thumb."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import Look, Site, States, context_for, violations, watched

SITE = "searched"
LOOKS: tuple[Look, ...] = ("light", "dark", "phone")
PAGES = ("/search?q=tanaka", "/search?q=offer&kind=conversations", "/search?q=nothinglikeit")


@pytest.fixture(scope="module")
def signed_in(states: States) -> Path:
    return states["jonas"]


@pytest.fixture
def jonas(browser: Browser, site: Site, signed_in: Path) -> Iterator[Page]:
    context = context_for(browser, site, storage_state=signed_in)
    page, complaints = watched(context)
    yield page
    assert complaints == []
    context.close()


@pytest.mark.parametrize("look", LOOKS)
def test_every_page_is_clean(browser: Browser, site: Site, signed_in: Path, look: Look) -> None:
    context = context_for(browser, site, look, storage_state=signed_in)
    page, complaints = watched(context)
    for address in PAGES:
        page.goto(address)
        assert violations(page, look) == [], address
        assert page.evaluate("document.documentElement.scrollWidth <= screen.width"), f"{address} is too wide"
    page.goto("/inbox")
    if look == "phone":
        page.get_by_role("button", name="More", exact=True).tap()
        page.get_by_role("link", name="Search").tap()
        expect(page.get_by_role("heading", name="Search")).to_be_visible()
    else:
        page.keyboard.press("Control+k")
        assert violations(page, look) == []
        page.get_by_role("combobox").fill("aiko")
        expect(page.get_by_role("option").first).to_be_visible()
        assert violations(page, look) == []
    assert complaints == []
    context.close()


def test_by_mouse(jonas: Page, site: Site) -> None:
    jonas.goto("/inbox")
    jonas.get_by_role("link", name="Search").click()
    field = jonas.get_by_role("combobox", name="Search")
    expect(field).to_be_focused()
    field.fill("42 vans")
    jonas.get_by_role("option", name="vans").first.click()
    jonas.wait_for_url(f"**/leads/{site.ids['lead']}*#m*")

    jonas.goto("/search")
    jonas.get_by_role("searchbox").fill("tanaka")
    expect(jonas.locator("#found mark").first).to_have_text("Tanaka")
    jonas.get_by_role("link", name="All contacts").click()
    expect(jonas.locator("#found [data-nav]")).to_have_count(20)
    jonas.get_by_role("searchbox").fill("tanaka aiko")
    expect(jonas.locator("#found mark").nth(1)).to_have_text("Tanaka")
    expect(jonas.get_by_role("link", name="Contacts", exact=True).last).to_have_attribute("aria-current", "page")
    jonas.get_by_role("searchbox").fill("nothinglikeit")
    jonas.get_by_role("link", name="Clear").click()
    expect(jonas.get_by_text("Search everything that was written here")).to_be_visible()


def test_by_keyboard_alone(jonas: Page, site: Site) -> None:
    keys = jonas.keyboard
    jonas.goto("/profile")
    keys.press("/")
    field = jonas.get_by_role("combobox", name="Search")
    expect(field).to_be_focused()
    keys.type("address bo")
    option = jonas.get_by_role("option", name="Contacts")
    expect(option).to_have_attribute("aria-selected", "true")
    assert field.get_attribute("aria-activedescendant") == option.get_attribute("id")
    keys.press("ArrowDown")
    expect(option).to_have_attribute("aria-selected", "false")
    keys.press("ArrowUp")
    keys.press("Enter")
    jonas.wait_for_url("**/contacts")

    keys.press("/")
    expect(jonas.get_by_role("searchbox", name="Filter by name or address")).to_be_focused()
    keys.press("Control+k")
    expect(field).to_be_focused()
    keys.press("Escape")
    expect(jonas.get_by_role("dialog")).to_have_count(0)
    keys.press("Control+k")
    keys.type("quotation 17")
    keys.press("Enter")
    jonas.wait_for_url("**/leads/*")
    expect(jonas.get_by_role("heading", name="Quotation 17", level=1)).to_be_visible()

    keys.press("Control+k")
    keys.type("quotation")
    expect(jonas.locator("#palette").get_by_role("option").first).to_be_visible()
    keys.press("ArrowUp")
    keys.press("Enter")
    jonas.wait_for_url("**/search?q=quotation")
    keys.press("Escape")
    keys.press("j")
    expect(jonas.locator("#found [data-nav]").first).to_be_focused()
    keys.press("j")
    keys.press("k")
    keys.press("Enter")
    jonas.wait_for_url("**/leads/*")


def test_a_link_to_an_old_message_shows_it_in_its_place(browser: Browser, site: Site, signed_in: Path) -> None:
    """A bare link, too: it finds the page that the message is on, and from there one goes to the newest."""
    said = site.news("talk")
    lead, old, newest = said["lead"], said["first"] + 20, said["last"]
    for look in LOOKS:
        context = context_for(browser, site, look, storage_state=signed_in)
        page, complaints = watched(context)
        page.goto(f"/leads/{lead}#m{old}")
        page.wait_for_url(f"**/leads/{lead}?at={old}#m{old}")
        expect(page.locator(f"#m{old}")).to_be_in_viewport()
        assert page.evaluate("document.querySelector(':target').id") == f"m{old}"
        assert page.locator(f"#m{newest}").count() == 0
        way = page.get_by_role("navigation", name="Place in the conversation")
        expect(way).to_be_in_viewport()
        assert violations(page, look) == []
        way.get_by_role("link", name="Newer").click()
        expect(page.locator(f"#m{old + 11}")).to_have_count(1)
        page.get_by_role("link", name="Newest messages").click()
        page.wait_for_url(f"**/leads/{lead}")
        expect(page.locator(f"#m{newest}")).to_be_visible()
        assert complaints == []
        context.close()


def test_without_script(browser: Browser, site: Site, signed_in: Path) -> None:
    context = context_for(browser, site, storage_state=signed_in, java_script_enabled=False)
    page = context.new_page()
    page.goto("/inbox")
    page.get_by_role("link", name="Search").click()
    page.get_by_role("searchbox").fill("tanaka")
    page.get_by_role("button", name="Search").click()
    expect(page.locator("#found mark").first).to_have_text("Tanaka")
    context.close()
