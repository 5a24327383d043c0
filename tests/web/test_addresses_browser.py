"""Alias domains and aliases in a real browser: by mouse, and by keyboard alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import Look, Site, States, context_for, violations, watched

LOOKS: tuple[Look, ...] = ("light", "dark", "phone")
MOST_TABS = 80


@pytest.fixture(scope="module")
def admin(states: States) -> Path:
    return states["admin"]


def _clean(page: Page, where: str) -> None:
    assert violations(page) == [], where
    assert page.evaluate("document.documentElement.scrollWidth <= screen.width"), f"{where} is too wide"


@pytest.mark.parametrize("look", LOOKS)
def test_every_page_is_clean(browser: Browser, site: Site, admin: Path, look: Look) -> None:
    context = context_for(browser, site, look, storage_state=admin)
    page, complaints = watched(context)
    page.goto("/settings/domains/1")
    page.get_by_label("Bounce", exact=True).fill("returns")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Give up these addresses?")).to_be_visible()
    _clean(page, "the question")
    page.get_by_role("button", name="Back to the form").click()
    expect(page.get_by_label("Bounce", exact=True)).to_have_value("returns")
    _clean(page, "a domain")
    assert complaints == []
    page.goto("/settings/aliases/new")
    page.get_by_role("button", name="Add alias").last.click()
    expect(page.get_by_role("alert")).to_be_focused()
    _clean(page, "an alias with mistakes")
    context.close()


def test_addresses_by_mouse(browser: Browser, site: Site, admin: Path) -> None:
    context = context_for(browser, site, storage_state=admin)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page, complaints = watched(context)
    page.goto("/settings/domains")
    page.get_by_role("link", name="Add domain").click()
    page.get_by_label("Domain", exact=True).fill("second.example")
    page.get_by_label("Acme", exact=True).check()
    page.locator("form.setform").get_by_role("button", name="Add domain").click()
    expect(page.get_by_text("second.example is added.")).to_be_visible()
    page.get_by_role("button", name="Copy bounce@second.example").click()
    expect(page.locator("#live")).to_have_text("Copied.")
    assert page.evaluate("navigator.clipboard.readText()") == "bounce@second.example"
    page.get_by_role("button", name="Move second.example up").click()
    expect(page.get_by_role("navigation", name="Domains").get_by_role("link").first).to_contain_text("second.example")

    page.goto("/settings/aliases")
    page.get_by_role("link", name="Add alias").click()
    page.get_by_label("Address", exact=True).fill("hello")
    page.get_by_label("Domain", exact=True).select_option(label="@second.example")
    page.get_by_label("Name of the desk").fill("Greeters")
    page.locator("form.setform").get_by_role("button", name="Add alias").click()
    expect(page.get_by_text("hello@second.example is added.")).to_be_visible()
    page.get_by_label("Address", exact=True).fill("welcome")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("No sent message carries the old address.")).to_be_visible()
    page.get_by_role("button", name="Change addresses").click()
    expect(page.locator("aside").get_by_text("hello@second.example")).to_be_visible()
    page.get_by_label("Filter by address or desk").fill("greeters")
    expect(page.locator("#alias-rows .srv")).to_have_count(1)
    page.get_by_role("button", name="Delete alias").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete alias").click()
    expect(page.get_by_text("welcome@second.example is deleted.")).to_be_visible()
    assert complaints == []
    context.close()


def _tab_to(page: Page, name: str) -> None:
    """Press Tab until the element of this name has the focus."""
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        focused = page.evaluate(
            "(e => (e.labels?.[0]?.textContent || e.getAttribute('aria-label') || e.textContent || '').trim())"
            "(document.activeElement)"
        )
        if focused == name:
            return
    raise AssertionError(f"{name} was not reached by Tab")


def test_addresses_by_keyboard_alone(browser: Browser, site: Site, admin: Path) -> None:
    context = context_for(browser, site, storage_state=admin)
    page, complaints = watched(context)
    page.goto("/settings/domains/new")
    _tab_to(page, "Domain")
    page.keyboard.type("keys.example")
    _tab_to(page, "Acme")
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    expect(page.get_by_text("keys.example is added.")).to_be_visible()
    _tab_to(page, "Move keys.example up")
    page.keyboard.press("Enter")
    page.wait_for_url("**moved=up")
    expect(page.get_by_role("button", name="Move keys.example")).not_to_have_count(0)
    assert "Move keys.example" in page.evaluate("document.activeElement.getAttribute('aria-label') || ''")

    page.goto("/settings/aliases/new")
    _tab_to(page, "Address")
    page.keyboard.type("keyboard")
    _tab_to(page, "Name of the desk")
    page.keyboard.type("Typists")
    page.keyboard.press("Enter")
    expect(page.get_by_text("is added. Mail to it makes records now.")).to_be_visible()
    _tab_to(page, "Address")
    page.keyboard.press("Control+A")
    page.keyboard.type("typing")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Give up")).to_be_focused()
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "none", "no ring around a page"
    _tab_to(page, "Change addresses")
    page.keyboard.press("Enter")
    expect(page.get_by_text("goes on working.").first).to_be_visible()
    expect(page.get_by_role("heading", name="typing@")).to_be_visible()
    page.keyboard.press("/")
    expect(page.get_by_label("Filter by address or desk")).to_be_focused()
    assert complaints == []
    context.close()
