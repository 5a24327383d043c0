"""The inbox in a real browser: by mouse, by keyboard alone, by touch; in light, dark and on a phone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import APIResponse, Browser, Page, Route, expect

from tests.support.browser import Look, Site, States, context_for, violations, watched

SITE = "inbox"
LOOKS: tuple[Look, ...] = ("light", "dark", "phone")
PAGES = ("/inbox?tab=all", "/inbox?tab=snoozed", "/inbox/{hanna}?tab=all")  # others: see test_every_page_browser
NEWS = "document.querySelector('#conversations form').replaceWith(document.createElement('form'))"
WIDTHS = (320, 360, 768, 834, 1024, 1279, 1280, 1920)
SKIPPED = "Transition was aborted"  # Chromium says so where a page is left before it has faded in


@pytest.fixture(scope="module")
def signed_in(states: States) -> Path:
    return states["admin"]


@pytest.fixture
def page(browser: Browser, site: Site, signed_in: Path) -> Iterator[Page]:
    """What Amara sees; nothing may be complained of, but for the refusal of a time that has passed."""
    context = context_for(browser, site, storage_state=signed_in)
    page, complaints = watched(context)
    yield page
    context.close()
    assert [said for said in complaints if SKIPPED not in said and "422" not in said] == []


def _does(site: Site, verb: str) -> dict[str, int]:
    return site.tell("tests.web.inboxing", verb)


def _opened(page: Page, address: str) -> None:
    """Go there, and wait until the page hears of news."""
    with page.expect_request("**/events**"):
        page.goto(address)
    page.wait_for_timeout(500)


@pytest.mark.parametrize("look", LOOKS)
def test_every_page_is_clean(browser: Browser, site: Site, signed_in: Path, look: Look) -> None:
    context = context_for(browser, site, look, storage_state=signed_in)
    page, complaints = watched(context)
    for address in PAGES:
        page.goto(address.format(**site.ids))
        page.wait_for_load_state("load")
        assert violations(page, look) == [], address
        for width in WIDTHS if look == "light" else ():
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate("document.documentElement.scrollWidth <= screen.width"), f"{address} at {width}"
    page.locator("#act-snooze").click()
    expect(page.locator("#snooze")).to_be_visible()
    assert violations(page, look) == [], "the dialog"
    assert [said for said in complaints if SKIPPED not in said] == []
    context.close()


def test_by_mouse(page: Page, site: Site) -> None:
    _opened(page, "/inbox?tab=all")
    row, count = page.locator(f"#t{site.ids['aiko']}"), page.locator("#unread")
    before = _does(site, "unread")
    expect(row).to_contain_text("Mentions you")
    expect(page.locator(f"#t{site.ids['marek']}")).to_contain_text("did not arrive")
    expect(page.locator(f"#t{site.ids['luca']}")).to_contain_text("Has attachments")
    number = int(count.get_attribute("data-count") or 0)

    row.hover()
    row.get_by_role("button", name="Mark “Partnership Kansai Fleet” as done").click()
    expect(row).to_have_count(0)
    expect(count).to_have_attribute("data-count", str(number - 1))
    page.get_by_role("button", name="Undo").click()
    expect(row).to_have_class(re.compile("unread"))
    expect(count).to_have_attribute("data-count", str(number))
    assert _does(site, "unread") == before

    page.get_by_role("button", name="Mark all as read").click()
    expect(page.locator("#did")).to_contain_text("conversations are read.")
    expect(count).to_have_attribute("data-count", "0")
    page.get_by_role("button", name="Undo").click()
    expect(count).to_have_attribute("data-count", str(number))
    assert _does(site, "unread") == before

    row.hover()
    row.get_by_role("link", name="Snooze").click()
    page.get_by_label("Date and time").fill("2020-01-01T08:00")
    page.locator("#snooze").get_by_role("button", name="Snooze").click()
    expect(page.locator("#snooze-problem")).to_have_text("That time has passed: choose one that is to come.")
    page.get_by_role("button", name=re.compile("Tomorrow")).click()
    expect(page.locator("#snooze")).to_be_hidden()
    expect(page.locator("#did")).to_contain_text("comes back tomorrow at 08:00")
    expect(row).to_have_count(0)
    page.get_by_role("button", name="More lists").click()
    page.locator("#lists").get_by_role("link", name="Snoozed").click()
    expect(row).to_contain_text("tomorrow at 08:00")
    _opened(page, "/inbox")
    _does(site, "wake")
    expect(page.locator("[data-row]").first).to_have_id(f"t{site.ids['aiko']}")


def test_what_was_done_can_be_undone_where_news_overtakes_the_answer(page: Page, site: Site) -> None:
    _opened(page, "/inbox?tab=all")
    row = page.locator(f"#t{site.ids['aiko']}")
    page.route("**/done", lambda route: (page.evaluate(NEWS), route.continue_()))
    row.hover()
    row.get_by_role("button", name="as done").click()
    expect(page.locator("#did").get_by_role("button", name="Undo")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(row.get_by_role("button", name="as done")).to_have_count(1)


def test_a_late_answer_does_not_bring_back_what_was(page: Page, site: Site) -> None:
    """That to the first act comes after the second act is done, with the list as it was between the two."""
    _does(site, "untouched")
    _opened(page, "/inbox?tab=all")
    row = page.locator(f"#t{site.ids['hanna']}")
    late: list[tuple[Route, APIResponse]] = []
    page.route("**/star", lambda route: late.append((route, route.fetch())))
    row.hover()
    row.locator("[data-star]").click()
    expect(row).to_have_class(re.compile("starred"))
    row.locator("[data-unread]").click()
    expect(row).not_to_have_class(re.compile("unread"))
    page.wait_for_timeout(1500)
    ((route, answer),) = late
    with page.expect_response("**/inbox?tab=all"):
        route.fulfill(response=answer)
    expect(row).not_to_have_class(re.compile("unread"))


def test_what_could_not_be_done_is_said(browser: Browser, site: Site, signed_in: Path) -> None:
    """Whether the server refused it or did not answer at all; the list stays as it is."""
    _does(site, "untouched")
    page = context_for(browser, site, storage_state=signed_in).new_page()
    _opened(page, "/inbox?tab=all")
    row, said = page.locator(f"#t{site.ids['hanna']}"), page.locator("#failed")
    ways: tuple[tuple[Callable[[Route], None], str], ...] = (
        (lambda route: route.abort(), "The server did not answer."),
        (lambda route: route.fulfill(status=403), "That was not done."),
    )
    for fail, words in ways:
        page.route("**/star", fail)
        row.hover()
        row.locator("[data-star]").click()
        expect(said).to_contain_text(words)
        expect(row).not_to_have_class(re.compile("starred"))
        page.unroute("**/star")
    page.context.close()


def test_by_keyboard_alone(page: Page, site: Site, browser: Browser, signed_in: Path) -> None:
    _does(site, "untouched")
    other, complaints = watched(context_for(browser, site, storage_state=signed_in))
    _opened(other, "/inbox?tab=all")
    _opened(page, "/inbox?tab=all")
    hanna = site.ids["hanna"]
    row, theirs = page.locator(f"#t{hanna}"), other.locator(f"#t{hanna}")
    while not page.locator(f"#ta{hanna}:focus").count():
        page.keyboard.press("j")
    page.keyboard.press("s")
    expect(row).to_have_class(re.compile("starred"))
    expect(theirs).to_have_class(re.compile("starred"))
    expect(page.locator(f"#ta{hanna}")).to_be_focused()
    page.keyboard.press("u")
    expect(row).not_to_have_class(re.compile("unread"))
    page.keyboard.press("u")
    expect(row).to_have_class(re.compile("unread"))
    page.keyboard.press("z")
    expect(page.locator("#snooze")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#snooze")).to_be_hidden()
    expect(row).to_be_visible()
    page.locator(f"#ta{hanna}").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/inbox/{hanna}?tab=all")
    expect(page.locator("#act-star")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("s")
    expect(page.locator("#act-star")).to_have_attribute("aria-pressed", "false")
    expect(row).not_to_have_class(re.compile("starred"))
    page.keyboard.press("e")
    page.wait_for_url("**/inbox?tab=all")
    expect(row).to_have_count(0)
    expect(theirs).to_have_count(0)
    while not page.get_by_role("button", name="Undo").evaluate("one => one === document.activeElement"):
        page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(row).to_be_visible()
    expect(theirs).to_be_visible()
    page.keyboard.press("g")
    page.keyboard.press("i")
    page.wait_for_url("**/inbox")
    other.context.close()
    assert [said for said in complaints if SKIPPED not in said] == []


def test_what_was_read_and_done_stands_open_again_when_it_is_undone(page: Page, site: Site) -> None:
    """The unread list has a conversation no more that was read before it was done."""
    marek = site.ids["marek"]
    _opened(page, f"/inbox/{marek}")
    expect(page.locator("#reading")).to_contain_text("Read")
    page.keyboard.press("e")
    page.wait_for_url("**/inbox")
    row = page.locator(f"#t{marek}")
    expect(row).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    page.wait_for_url(f"**/inbox/{marek}")
    expect(page.locator(".toast").filter(has_text="Undone.")).to_be_visible()
    expect(row).to_be_visible()
    expect(page.get_by_role("heading", name="Invoice INV/2026/0871", level=2)).to_be_visible()
    expect(page.locator("#act-done")).to_be_visible()


def test_a_new_message_begins_a_conversation(page: Page, site: Site) -> None:
    page.goto("/inbox")
    page.get_by_role("link", name="New message").click()
    expect(page.get_by_label("To", exact=True)).to_be_focused()
    page.keyboard.type("Nina Holm")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("“Nina Holm” is not a mail address.")).to_be_visible()
    assert violations(page) == []
    page.get_by_label("To", exact=True).fill("Nina Holm <nina@holm.example>")
    page.get_by_label("Subject").fill("Trackers for 12 vans")
    page.get_by_label("Becomes").select_option(label="Lead: Fleet")
    page.get_by_label("Text").fill("Dear Nina,\n\nhere is what we spoke of.")
    page.keyboard.press("Control+Enter")
    page.wait_for_url(re.compile(r"/inbox/\d+$"))
    expect(page.get_by_role("heading", name="Trackers for 12 vans", level=2)).to_be_visible()
    expect(page.locator("#thread")).to_contain_text("here is what we spoke of.")


def test_a_phone_shows_the_list_or_the_conversation(browser: Browser, site: Site, signed_in: Path) -> None:
    context = context_for(browser, site, "phone", storage_state=signed_in)
    page, complaints = watched(context)
    page.goto("/inbox?tab=all")
    page.locator(f"#ta{site.ids['hanna']}").tap()
    page.wait_for_url(f"**/inbox/{site.ids['hanna']}?tab=all")
    expect(page.locator(f"#t{site.ids['hanna']}")).to_be_hidden()
    page.locator("#act-star").tap()
    expect(page.locator("#act-star")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("link", name="Back to the inbox").tap()
    page.wait_for_url("**/inbox?tab=all")
    expect(page.locator(f"#t{site.ids['hanna']}")).to_contain_text("Starred")
    assert [said for said in complaints if SKIPPED not in said] == []
    context.close()
