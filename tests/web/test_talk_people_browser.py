"""The people of a conversation in a real browser: offered to a writer, offered as contact, perhaps one person."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import Look, Site, States, context_for, violations, watched

SITE = "passed"
LOOKS: tuple[Look, ...] = ("light", "dark", "phone")


@pytest.fixture
def page(browser: Browser, site: Site, states: States) -> Iterator[Page]:
    """The lead that Jonas made by passing a mail on, as he sees it; nothing may be complained of."""
    context = context_for(browser, site, storage_state=states["jonas"])
    page, complaints = watched(context)
    page.goto(f"/leads/{site.ids['passed']}")
    yield page
    context.close()
    assert complaints == []


def _contact(site: Site) -> int:
    return site.tell("tests.web.passing", "contact")["nina"]


def _chips(page: Page) -> list[str]:
    chips: list[str] = page.locator(".chip").evaluate_all("all => all.map(one => one.dataset.email)")
    return chips


@pytest.mark.parametrize("look", LOOKS)
def test_pages_are_clean_in_every_look(browser: Browser, site: Site, states: States, look: Look) -> None:
    context = context_for(browser, site, look, storage_state=states["jonas"])
    page, complaints = watched(context)
    for address in (f"/leads/{site.ids['passed']}", f"/leads/{site.ids['other']}", f"/contacts/{site.ids['alike']}"):
        page.goto(address)
        assert violations(page, look) == []
        wide: int = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, address
        pane = page.locator("[name=pane][value=facts]")
        if look == "phone" and pane.count():
            pane.check(force=True)
            assert violations(page, look) == []
    context.close()
    assert complaints == []


def test_others_of_the_conversation_become_recipients_by_a_click_and_can_be_taken_back(page: Page) -> None:
    page.locator("#compose-body").focus()
    before = _chips(page)
    assert "bob@holm.example" not in before
    page.locator(".offer", has_text="Bob Holm").click()
    assert [*before, "bob@holm.example"] == _chips(page)
    expect(page.locator("#compose-cc")).to_be_visible()
    expect(page.locator(".offer", has_text="Bob Holm")).to_be_hidden()
    page.get_by_role("button", name="Remove Bob Holm").click()
    assert _chips(page) == before
    expect(page.locator(".offer", has_text="Bob Holm")).to_be_visible()


def test_others_are_reached_by_keyboard(page: Page) -> None:
    page.locator(".offer input").first.focus()
    page.keyboard.press("Space")
    assert "bob@holm.example" in _chips(page)
    assert page.evaluate("document.activeElement.closest('.offer') !== null"), "the next one has the focus"


def test_one_click_makes_who_wrote_first_the_contact_and_one_undoes_it(page: Page, site: Site) -> None:
    expect(page.locator(".offer-writer")).to_contain_text("forwarded by you")
    page.get_by_role("button", name="Make them the contact").click()
    expect(page.locator(".offer-writer")).to_contain_text("Nina Holm is the contact, as you chose.")
    expect(page.locator("#facts")).to_contain_text("wrote what one of you passed on")
    assert _contact(site) == 1
    page.locator(".offer-writer").get_by_role("button", name="Undo").click()
    expect(page.get_by_role("button", name="Make them the contact")).to_be_visible()
    assert _contact(site) == 0


def test_two_that_look_alike_are_joined_by_one_click(page: Page, site: Site) -> None:
    page.goto(f"/leads/{site.ids['other']}")
    page.get_by_role("link", name="Look and join").click()
    expect(page.get_by_role("heading", name="The same person?")).to_be_visible()
    page.get_by_role("button", name="Yes, join them").click()
    expect(page.get_by_role("heading", name="The same person?")).to_be_hidden()
    expect(page.locator(".contact-addresses")).to_contain_text("ninaberg+post")
