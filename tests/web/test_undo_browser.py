"""Undoing and scheduling in a real browser: the toast and its seconds, the key, what stands in the composer again."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import Look, Site, States, context_for, watched
from tests.support.browser import violations as found_by_axe

SITE = "talk"
LOOKS: tuple[Look, ...] = ("light", "dark", "phone")
EXPECTED = ("htmx:afterRequest", "htmx:sendAbort")


@pytest.fixture(autouse=True)
def undoable(site: Site) -> Iterator[None]:
    site.tell("tests.web.talking", "undoable")
    yield
    site.tell("tests.web.talking", "at_once")


@pytest.fixture
def page(browser: Browser, site: Site, states: States) -> Iterator[Page]:
    context = context_for(browser, site, storage_state=states["admin"])
    page, complaints = watched(context)
    page.goto(f"/leads/{site.ids['answered']}")
    yield page
    context.close()
    assert [said for said in complaints if not said.startswith(EXPECTED) and "422" not in said] == []


def _send(page: Page, text: str) -> None:
    page.locator("#compose-body").fill(text)
    page.get_by_role("button", name="Send message").click()
    expect(page.locator("#thread .out .bubble").first).to_contain_text(text)


def test_z_takes_back_what_was_sent(page: Page) -> None:
    before = page.locator("[data-id]").count()
    page.locator("#compose-files").set_input_files({"name": "offer.pdf", "mimeType": "application/pdf", "buffer": b"%"})
    _send(page, "Too early.")
    toast = page.locator("#sent")
    expect(toast).to_contain_text("Message sent.")
    expect(toast.locator(".left")).to_have_text("28 s", timeout=10_000)
    expect(page.locator(".going").first).to_contain_text("Leaves in")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("z")
    expect(page.locator("[data-id]")).to_have_count(before)
    expect(toast).to_be_hidden()
    expect(page.locator("#live")).to_have_text("Taken back. It stands in the composer again.")
    expect(page.locator("#compose-body")).to_have_value("Too early.")
    expect(page.locator("#compose-body")).to_be_focused()
    expect(page.get_by_label("offer.pdf")).to_be_checked()
    page.reload()
    expect(page.locator("#compose-body")).to_have_value("Too early.")
    page.get_by_role("button", name="Send message").click()
    expect(page.locator("#thread .out .files").first).to_contain_text("offer.pdf")
    page.reload()
    expect(page.locator("#compose-body")).to_have_value("")


def test_what_was_typed_since_stays_below(page: Page) -> None:
    _send(page, "First thought.")
    page.locator("#compose-body").fill("Second thought.")
    page.locator("#sent").get_by_role("button", name="Undo").click()
    expect(page.locator("#compose-body")).to_have_value("First thought.\n\nSecond thought.")
    page.reload()
    expect(page.locator("#compose-body")).to_have_value("First thought.\n\nSecond thought.")
    page.get_by_role("button", name="Throw draft away").click()
    expect(page.locator("#compose-body")).to_have_value("")
    page.reload()
    expect(page.locator("#compose-body")).to_have_value("")


def test_it_leaves_the_pages_of_others(page: Page, browser: Browser, site: Site, states: States) -> None:
    context = context_for(browser, site, storage_state=states["jonas"])
    other, complaints = watched(context)
    other.goto(f"/leads/{site.ids['answered']}")
    other.wait_for_timeout(1500)
    _send(page, "Only for a moment.")
    there = other.locator("#thread .out .bubble").first
    expect(there).to_contain_text("Only for a moment.")
    expect(other.locator(".going").first).not_to_contain_text("Undo")
    page.locator(".going").first.get_by_role("button", name="Undo").click()
    expect(there).not_to_contain_text("Only for a moment.")
    context.close()
    assert [said for said in complaints if not said.startswith(EXPECTED)] == []
    page.get_by_role("button", name="Throw draft away").click()


def test_too_late_it_says_what_left(page: Page, site: Site) -> None:
    _send(page, "Gone already.")
    site.tell("tests.web.talking", "leaves")
    page.locator("#sent").get_by_role("button", name="Undo").click()
    expect(page.locator("#live")).to_have_text("It is too late: the message has left.")
    expect(page.locator("#thread .out .bubble").first).to_contain_text("Gone already.")
    gone = page.locator("#thread .out").filter(has_text="Gone already.")  # what another test sent may still be going
    expect(gone.locator(".going")).to_have_count(0)
    expect(page.locator("#compose-body")).to_have_value("")


def test_a_message_is_scheduled_moved_and_cancelled_by_keyboard(page: Page) -> None:
    page.locator("#compose-body").fill("For tomorrow.")
    page.locator(".composer .later-menu summary").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name=re.compile("^Tomorrow"))).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name=re.compile("^Tomorrow"))).to_be_hidden()
    expect(page.locator(".composer .later-menu summary")).to_be_focused()
    page.keyboard.press("Enter")
    page.get_by_role("button", name=re.compile("^Tomorrow")).focus()
    page.keyboard.press("Enter")
    bar = page.locator(".going.planned").first
    expect(bar).to_contain_text("Scheduled for tomorrow at 08:00")
    expect(page.locator("#sent")).to_be_hidden()
    bar.get_by_role("link", name="Change time").click()
    page.get_by_role("button", name="In 1 hour").click()
    expect(bar).to_contain_text("Scheduled for")
    expect(bar).not_to_contain_text("tomorrow at 08:00")
    bar.get_by_role("button", name="Cancel").click()
    expect(page.locator("#compose-body")).to_have_value("For tomorrow.")
    expect(page.locator(".going.planned")).to_have_count(0)
    page.get_by_role("button", name="Throw draft away").click()


def test_a_time_that_has_passed_is_refused_beside_its_field(page: Page) -> None:
    page.locator("#compose-body").fill("For yesterday.")
    page.locator(".composer .later-menu summary").click()
    page.locator("#later-at").fill("2020-01-01T08:00")
    page.keyboard.press("Enter")
    expect(page.locator("#compose-problem-later")).to_contain_text("That time has passed")
    expect(page.locator("#compose-body")).to_have_value("For yesterday.")
    page.locator("#compose-body").fill("")


def violations(page: Page, look: Look) -> list[str]:
    """What axe finds once what came has landed: half faded in, its words are paler than they will be."""
    page.evaluate("document.getAnimations().filter(one => one.animationName === 'land').forEach(one => one.finish())")
    return found_by_axe(page, look)


@pytest.mark.parametrize("look", LOOKS)
def test_every_state_is_clean(browser: Browser, site: Site, states: States, look: Look) -> None:
    context = context_for(browser, site, look, storage_state=states["admin"])
    page, complaints = watched(context)
    page.goto(f"/leads/{site.ids['answered']}")
    page.locator("#compose-body").focus()
    page.locator("#compose-body").fill(f"Here it is, {look}.")
    page.locator(".composer .later-menu summary").click()
    assert violations(page, look) == []
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Send message").click()
    expect(page.locator("#sent")).to_contain_text("Message sent.")
    assert violations(page, look) == []
    page.locator("#sent").get_by_role("button", name="Undo").click()
    expect(page.get_by_role("button", name="Throw draft away")).to_be_visible()
    assert violations(page, look) == []
    page.locator(".composer .later-menu summary").click()
    page.get_by_role("button", name="In 1 hour").click()
    expect(page.locator(".going.planned").first).to_be_visible()
    assert violations(page, look) == []
    assert page.evaluate("document.documentElement.scrollWidth <= screen.width")
    page.locator(".going.planned").first.get_by_role("link", name="Change time").click()
    assert violations(page, look) == []
    page.go_back()
    page.locator(".going.planned").first.get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Throw draft away").click()
    expect(page.get_by_role("button", name="Throw draft away")).to_have_count(0)
    page.goto("/leads?view=list")
    for box in page.locator("[data-pick]").all()[:3]:
        box.check(force=True)
    page.get_by_role("button", name="Write to them").click()
    expect(page.get_by_role("heading", name="Write to")).to_be_visible()
    assert violations(page, look) == []
    page.get_by_label("Text").fill("Our prices change.")
    page.locator(".new-message .row .btn.primary").click()
    expect(page.get_by_role("heading", name="Written to 3 records")).to_be_visible()
    assert violations(page, look) == []
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("z")
    expect(page.get_by_text("Undone: nothing was sent.").first).to_be_visible()
    assert violations(page, look) == []
    page.get_by_role("link", name="Write it again").click()
    expect(page.get_by_label("Text")).to_have_value("Our prices change.")
    assert complaints == []
    context.close()
