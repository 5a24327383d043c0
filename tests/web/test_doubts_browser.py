"""What is shown of how far a From is believed, in a real browser: each level, each warning, in every look."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.support.browser import Look, Site, States, context_for, violations, watched

SITE = "doubts"
LOOKS: tuple[Look, ...] = ("light", "dark", "phone")


@pytest.mark.parametrize("look", LOOKS)
def test_every_page_that_shows_it_is_clean(browser: Browser, site: Site, states: States, look: Look) -> None:
    context = context_for(browser, site, look, storage_state=states["admin"])
    page, complaints = watched(context)
    for address in (
        f"/leads/{site.ids['lead']}",
        f"/inbox/{site.ids['lead']}",
        "/inbox",
        "/arrivals",
        f"/arrivals/{site.ids['held']}",
        f"/arrivals/{site.ids['arrival']}",
        f"/settings/domains/{site.ids['domain']}",
    ):
        page.goto(address)
        assert violations(page, look) == [], address
        assert page.evaluate("document.documentElement.scrollWidth <= screen.width"), address
    assert complaints == []
    context.close()


def test_a_reader_sees_it_without_colours(browser: Browser, site: Site, states: States) -> None:
    context = context_for(browser, site, storage_state=states["admin"])
    page, _ = watched(context)
    page.goto(f"/leads/{site.ids['lead']}")
    for words in ("Unverified", "Could not be checked", "Forged", "Unverified: says it is one of us"):
        expect(page.locator("#thread .tag", has_text=words).first).to_be_visible()
    expect(page.locator("#thread .proved").first).to_have_attribute("title", "Verified: freemail.example signed it.")
    warned = page.get_by_role("note", name="Warning")
    expect(warned).to_have_count(2)
    expect(warned.last).to_contain_text("asks to refuse mail like this one")
    expect(warned.first).to_contain_text("Its domain looks like acme.example")
    expect(page.locator("#thread .av.nobody")).to_have_count(2)
    context.close()


def test_held_mail_says_why_and_is_released(browser: Browser, site: Site, states: States) -> None:
    context = context_for(browser, site, storage_state=states["admin"])
    page, _ = watched(context)
    page.goto(f"/arrivals/{site.ids['held']}")
    expect(page.locator(".route")).to_contain_text("rspamd takes it for spam: 7.5 points of 15.0")
    page.get_by_role("button", name="Release", exact=True).click()
    expect(page.get_by_role("status").filter(has_text="Released").first).to_be_visible()
    context.close()
