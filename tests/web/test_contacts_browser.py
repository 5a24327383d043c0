"""Contacts in a real browser: by mouse, by keyboard alone, by thumb."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import Look, Site, States, context_for, violations, watched

LOOKS: tuple[Look, ...] = ("light", "dark", "phone")
PAGES = ("/contacts", "/contacts?q=nobody", "/contacts/2/merge?other=5")  # all others: see test_every_page_browser


@pytest.fixture(scope="module")
def signed_in(states: States) -> Path:
    return states["jonas"]


@pytest.fixture
def jonas(browser: Browser, site: Site, signed_in: Path) -> Iterator[Page]:
    context = context_for(browser, site, storage_state=signed_in)
    page, complaints = watched(context)
    yield page
    assert [said for said in complaints if "status of 422" not in said] == []
    context.close()


@pytest.mark.parametrize("look", LOOKS)
def test_every_page_is_clean(browser: Browser, site: Site, signed_in: Path, look: Look) -> None:
    context = context_for(browser, site, look, storage_state=signed_in)
    page, complaints = watched(context)
    for address in PAGES:
        page.goto(address)
        assert violations(page, look) == [], address
        assert page.evaluate("document.documentElement.scrollWidth <= screen.width"), f"{address} is too wide"
    page.goto("/contacts/2")
    if look == "phone":
        page.get_by_text("Conversations", exact=True).first.tap()
        expect(page.get_by_role("link", name="Quotation 1")).to_be_visible()
        assert violations(page, look) == []
    page.get_by_role("link", name="Merge…").click()
    expect(page.get_by_role("dialog", name="Merge with Aiko Tanaka")).to_be_visible()
    assert violations(page, look) == []
    assert complaints == []
    context.close()


def test_by_mouse(jonas: Page) -> None:
    jonas.goto("/inbox")
    jonas.get_by_role("link", name="Contacts").click()
    expect(jonas.get_by_role("heading", name="Contacts", level=1)).to_be_visible()
    jonas.get_by_role("searchbox").fill("tanaka")
    expect(jonas.locator("tr[data-row]")).to_have_count(20)
    boxes = jonas.locator("[data-pick]")
    boxes.nth(0).check()
    expect(jonas.get_by_role("button", name="Merge…")).to_be_disabled()
    boxes.nth(1).check()
    jonas.get_by_role("button", name="Merge…").click()
    jonas.get_by_role("button", name="Merge into Aiko Tanaka").click()
    expect(jonas.locator(".toast:not(#link, #failed)")).to_contain_text("Aiko Tanaka is part of Aiko Tanaka now.")
    expect(jonas.locator(".contact-addresses li")).to_have_count(2)
    expect(jonas.locator(".contact-history li")).to_have_count(2)

    jonas.get_by_role("button", name="Make main").click()
    expect(jonas.locator(".toast:not(#link, #failed)")).to_contain_text("Mail goes to aiko.")
    jonas.get_by_label("Organisation").fill("Tanaka K.K.")
    jonas.get_by_role("button", name="Save").click()
    expect(jonas.get_by_label("Organisation")).to_have_value("Tanaka K.K.")
    jonas.get_by_role("link", name="New message").click()
    expect(jonas.get_by_label("To", exact=True)).to_have_value('"Aiko Tanaka" <' + _main(jonas) + ">")


def _main(page: Page) -> str:
    """The main address, as the page before showed it."""
    page.go_back()
    main = page.locator(".contact-addresses li").first.locator(".mono").inner_text()
    page.go_forward()
    return main


def test_a_refused_address_can_be_loaded_again(jonas: Page) -> None:
    jonas.goto("/contacts/2")
    field = jonas.get_by_label("Another address")
    field.fill("no address")
    field.press("Enter")
    for _ in range(2):
        expect(jonas.locator("#email-error")).to_contain_text("is no mail address")
        expect(field).to_have_value("no address")
        expect(field).to_be_focused()
        jonas.reload()
    expect(jonas).to_have_title("Aiko Tanaka · Postroom")


def test_by_keyboard_alone(jonas: Page) -> None:
    keys = jonas.keyboard
    jonas.goto("/inbox")
    keys.press("g")
    keys.press("c")
    expect(jonas.get_by_role("heading", name="Contacts", level=1)).to_be_visible()
    jonas.wait_for_load_state()  # its keys are heard from then on
    keys.press("c")
    expect(jonas.get_by_label("Mail address")).to_be_focused()
    keys.type("no address")
    keys.press("Enter")
    expect(jonas.get_by_text("is no mail address")).to_be_visible()
    expect(jonas.get_by_label("Mail address")).to_be_focused()
    keys.press("Control+A")
    keys.type("zz@keyboard.example")
    keys.press("Enter")
    expect(jonas.get_by_role("heading", name="zz", level=1)).to_be_visible()

    jonas.get_by_role("link", name="Merge…").focus()
    keys.press("Enter")
    expect(jonas.get_by_label("Other contact")).to_be_focused()
    keys.type("Marek")
    expect(jonas.get_by_role("dialog").get_by_role("option").first).to_be_visible()
    keys.press("Enter")
    expect(jonas.get_by_role("heading", name="Merge contacts")).to_be_visible()
    jonas.get_by_role("button", name="Merge into zz").focus()
    keys.press("Enter")
    expect(jonas.locator(".toast:not(#link, #failed)")).to_contain_text("Marek Dvořák is part of zz now.")
    keys.press("j")
    expect(jonas.locator(".contact-history a").first).to_be_focused()
    keys.press("Enter")
    jonas.wait_for_url("**/leads/*")
    jonas.locator("#facts").get_by_role("link", name="zz", exact=True).click()
    expect(jonas.get_by_role("heading", name="zz", level=1)).to_be_visible()
