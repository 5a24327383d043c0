"""The queue in a real browser: groups, decisions with progress, choosing rows by mouse and by keyboard, clean."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import Look, Site, States, context_for, violations, watched

LOOKS: tuple[Look, ...] = ("light", "dark", "phone")
SKIPPED = ("Transition was aborted", "status of 422")
MANY = 1200


@pytest.fixture(scope="module")
def ids(site: Site) -> dict[str, int]:
    return site.tell("tests.web.queueing", "fill")


@pytest.fixture
def admin(browser: Browser, site: Site, states: States, ids: dict[str, int]) -> Iterator[Page]:
    context = context_for(browser, site, storage_state=states["admin"])
    page, complaints = watched(context)
    yield page
    assert [said for said in complaints if not any(words in said for words in SKIPPED)] == []
    context.close()


@pytest.mark.parametrize("look", LOOKS)
def test_every_page_is_clean(browser: Browser, site: Site, states: States, ids: dict[str, int], look: Look) -> None:
    context = context_for(browser, site, look, storage_state=states["admin"])
    page, complaints = watched(context)
    for address in (
        "/outbox/queue", "/outbox?reason=put-off", "/outbox/decide?reason=put-off", f"/outbox/{ids['waiting']}",
        "/outbox?state=waiting&destination=nowhere.example",
    ):  # fmt: skip
        page.goto(address)
        assert violations(page, look) == [], address
        assert page.evaluate("document.documentElement.scrollWidth <= screen.width"), f"{address} is too wide"
    page.goto("/outbox")
    page.locator("[data-pick]").first.check()
    expect(page.locator("#bulk")).to_be_visible()
    assert violations(page, look) == []
    assert complaints == []
    context.close()


def test_a_group_is_held_with_progress_and_stopped(admin: Page, site: Site) -> None:
    admin.goto("/outbox/queue")
    row = admin.locator("#reason-put-off")
    expect(row).to_contain_text("1,200")
    row.get_by_role("link", name="Decide…").click()
    expect(admin.get_by_role("heading", name="Decide about 1,200 copies")).to_be_visible()
    admin.get_by_role("button", name="Hold 1,200 copies").click()
    expect(admin.locator("#progress")).to_contain_text("0 of 1,200")
    site.tell("tests.web.queueing", "piece")
    expect(admin.locator("#progress")).to_contain_text("250 of 1,200")
    assert violations(admin) == []
    admin.get_by_role("button", name="Stop").click()
    expect(admin.locator("#progress")).to_contain_text("250 of 1,200 copies followed.")
    admin.get_by_role("link", name="Back to the queue").click()
    expect(admin.locator("#reason-put-off")).to_contain_text("950")
    expect(admin.get_by_role("link", name="251 copies")).to_be_visible()


def test_the_queue_changes_while_one_looks(admin: Page, site: Site) -> None:
    admin.goto("/outbox/decide?reason=put-off")
    admin.get_by_role("button", name=re.compile("Send .* copies now")).click()
    admin.goto("/outbox/queue")
    expect(admin.locator(".operation")).to_contain_text("Send 950 copies now")
    site.tell("tests.web.queueing", "finish")
    expect(admin.locator(".operation")).to_have_count(0)
    expect(admin.locator("#reason-put-off")).to_have_count(0)


def test_rows_are_chosen_by_keyboard_and_decided_about(admin: Page) -> None:
    admin.goto("/outbox?state=waiting&destination=few.example")
    expect(admin.locator("[data-pick]")).to_have_count(4)
    admin.keyboard.press("j")
    admin.keyboard.press("x")
    admin.keyboard.press("j")
    admin.keyboard.press("X")
    expect(admin.locator("#bulk .chosen")).to_have_text("2 chosen")
    admin.get_by_label("Decide", exact=True).select_option("hold")
    admin.get_by_role("button", name="Do it").click()
    expect(admin.locator(".toast:not(#link, #failed)")).to_contain_text("Hold: 2 copies followed.")
    expect(admin.locator("[data-pick]")).to_have_count(2)


def test_scheduling_chosen_rows_asks_for_a_time(admin: Page) -> None:
    admin.goto("/outbox?state=waiting&destination=few.example")
    admin.locator("[data-pick]").first.check()
    admin.get_by_label("Decide", exact=True).select_option("schedule")
    admin.get_by_role("button", name="Do it").click()
    admin.get_by_role("button", name="Schedule 1 copy").click()
    expect(admin.get_by_role("alert")).to_contain_text("Say when")
    admin.get_by_label("Date and time").fill("2030-01-01T09:00")
    admin.get_by_role("button", name="Schedule 1 copy").click()
    expect(admin.get_by_role("alert")).to_contain_text("within a year")


def test_one_copy_is_scheduled_and_sent_by_another_server(admin: Page, ids: dict[str, int]) -> None:
    admin.goto(f"/outbox/{ids['put_off']}")
    admin.locator("#do-change-server summary").click()
    admin.get_by_label("Server", exact=True).select_option("0")
    admin.get_by_role("button", name="Change server", exact=True).click()
    expect(admin.locator("#fate")).to_contain_text("It leaves by")
