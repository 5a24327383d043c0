"""Inbox and Outbox in a real browser, with a listener and a worker: reading, keys, news, replies that come home."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.support.browser import Look, Site, States, context_for, violations, watched
from tests.support.running import stop

SITE = "talk"
LOOKS: tuple[Look, ...] = ("light", "dark", "phone")
WIDTHS = (320, 360, 768, 834, 1024, 1279, 1280, 1440, 1920)
PAGES = {
    "inbox": "/inbox",
    "a conversation": "/inbox/{answered}",
    "outbox": "/outbox",
    "nothing matches": "/outbox?q=nothing+like+it",
    "a copy that failed": "/outbox/2",
    "a copy that waits": "/outbox/3",
    "source": "/outbox/2/source",
}
SKIPPED = "Transition was aborted"  # Chromium says so where a page is left before it has faded in
LATE = 15_000  # milliseconds that a listener and a worker on a busy machine may take


@pytest.fixture(scope="module")
def post(site: Site) -> Iterator[None]:
    """A listener and a worker of the same installation."""
    running = [site.installation.listener(), site.installation.worker()]
    yield
    stop(running)


@pytest.fixture
def page(browser: Browser, site: Site, states: States) -> Iterator[Page]:
    """What Amara sees; nothing may be complained of."""
    context = context_for(browser, site, storage_state=states["admin"])
    page, complaints = watched(context)
    yield page
    context.close()
    assert [said for said in complaints if not said.startswith(SKIPPED)] == []


def _told(site: Site, verb: str) -> dict[str, int]:
    return site.tell("tests.web.talking", verb)


def _row(page: Page, site: Site) -> str:
    return f"#t{site.ids['answered']}"


def _opened(page: Page, address: str) -> None:
    """Go there, and wait until the page hears of news."""
    with page.expect_request("**/events**"):
        page.goto(address)
    page.wait_for_timeout(700)


def _unread(page: Page, site: Site) -> None:
    """Something of the answered lead stands unread, nothing else does."""
    _told(site, "answer")
    page.goto("/inbox")
    expect(page.locator(_row(page, site))).to_be_visible()


@pytest.mark.parametrize("look", LOOKS)
def test_every_page_is_clean(browser: Browser, site: Site, states: States, look: Look) -> None:
    _told(site, "answer")
    context = context_for(browser, site, look, storage_state=states["admin"])
    page, complaints = watched(context)
    for name, address in PAGES.items():
        page.goto(address.format(**site.ids))
        assert violations(page, look) == [], name
        assert page.evaluate("document.documentElement.scrollWidth <= screen.width"), f"{name} is too wide"
    assert complaints == []
    context.close()


def test_nothing_overflows_at_any_width(page: Page, site: Site) -> None:
    for name, address in PAGES.items():
        page.goto(address.format(**site.ids))
        if name == "a conversation":
            expect(page.get_by_role("button", name="Mark unread")).to_be_visible()
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate("document.documentElement.scrollWidth <= screen.width"), f"{name} at {width}"
            panes = page.locator(".conv, .threads, .letter").evaluate_all(
                "all => all.filter(one => one.scrollWidth > one.clientWidth + 1).length"
            )
            assert panes == 0, f"something is too wide in {name} at {width}"
        page.set_viewport_size({"width": 834, "height": 1112})
        assert violations(page) == [], f"{name} on a tablet"


def test_a_new_message_appears_by_itself_and_is_counted(page: Page, site: Site) -> None:
    _unread(page, site)
    before = int(page.locator("#unread").get_attribute("data-count") or 0)
    page.get_by_role("button", name="Mark “Telematics").first.click()
    expect(page.locator(_row(page, site))).to_have_count(0)
    expect(page.locator("#unread")).to_have_attribute("data-count", str(before - 1))
    _opened(page, "/inbox")
    expect(page.get_by_text("No conversations wait for you.")).to_be_visible()
    expect(page).to_have_title("Inbox · Postroom")
    _told(site, "answer")
    expect(page.locator(_row(page, site))).to_contain_text("One more thing.")
    expect(page.locator("#unread")).to_have_text(re.compile("^1"))
    expect(page).to_have_title("(1) Inbox · Postroom")
    expect(page.locator("#live")).to_have_text("The inbox has news")


def test_a_conversation_that_is_seen_on_its_record_is_read(page: Page, site: Site) -> None:
    _unread(page, site)
    page.goto("/leads")
    before = int(page.locator("#unread").get_attribute("data-count") or 0)
    assert before
    page.goto(f"/leads/{site.ids['answered']}")
    expect(page.locator("#unread")).to_have_attribute("data-count", str(before - 1), timeout=LATE)


def test_reading_by_keyboard(page: Page, site: Site) -> None:
    _unread(page, site)
    page.keyboard.press("j")
    expect(page.locator(f"#ta{site.ids['answered']}")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/inbox/{site.ids['answered']}")
    row = page.locator(_row(page, site))
    expect(row).to_have_class(re.compile("unread"))
    expect(page.get_by_role("button", name="Mark unread")).to_be_visible()
    expect(row).not_to_have_class(re.compile("unread"))
    expect(page).to_have_title(re.compile("^Telematics"))
    page.keyboard.press("u")
    expect(row).to_have_class(re.compile("unread"))
    expect(page).to_have_title(re.compile(r"^\(1\) Telematics"))
    page.wait_for_timeout(2000)
    expect(row).to_have_class(re.compile("unread"))
    expect(page.locator("#act-done")).to_be_visible()
    page.keyboard.press("e")
    page.wait_for_url("**/inbox")
    expect(page.get_by_text("No conversations wait for you.")).to_be_visible()
    expect(page.get_by_text("vans” is done.")).to_be_visible()
    page.keyboard.press("g")
    page.keyboard.press("o")
    page.wait_for_url("**/outbox")
    page.keyboard.press("g")
    page.keyboard.press("i")
    page.wait_for_url("**/inbox")


def test_done_from_the_list_moves_on(page: Page, site: Site) -> None:
    _unread(page, site)
    page.keyboard.press("j")
    page.keyboard.press("e")
    expect(page.locator(_row(page, site))).to_have_count(0)
    assert page.url.endswith("/inbox")


def test_what_comes_while_one_reads_is_read_and_the_draft_stays(page: Page, site: Site) -> None:
    _opened(page, f"/inbox/{site.ids['answered']}")
    expect(page.locator("#unread")).to_have_attribute("data-count", "0")
    body = page.locator("#compose-body")
    body.fill("Half a sen")
    messages = page.locator("#thread [data-id]")
    before = messages.count()
    _told(site, "answer")
    expect(messages).to_have_count(before + 1)
    expect(body).to_have_value("Half a sen")
    expect(body).to_be_focused()
    expect(page.locator("#unread")).to_have_attribute("data-count", "0", timeout=LATE)
    expect(page.locator(_row(page, site))).not_to_have_class(re.compile("unread"))
    body.fill("Whole sentence, from the inbox.")
    page.keyboard.press("Control+Enter")
    expect(messages).to_have_count(before + 2)
    expect(messages.first).to_contain_text("Whole sentence, from the inbox.")
    assert page.url.endswith(f"/inbox/{site.ids['answered']}")


def test_a_phone_shows_the_list_or_the_conversation(browser: Browser, site: Site, states: States) -> None:
    _told(site, "answer")
    context: BrowserContext = context_for(browser, site, "phone", storage_state=states["admin"])
    page, complaints = watched(context)
    page.goto("/inbox")
    page.locator(f"#ta{site.ids['answered']}").tap()
    page.wait_for_url(f"**/inbox/{site.ids['answered']}")
    expect(page.locator(_row(page, site))).to_be_hidden()
    expect(page.locator("#thread")).to_be_visible()
    expect(page.get_by_role("button", name="Mark unread")).to_be_visible()
    page.get_by_role("link", name="Back to the inbox").tap()
    page.wait_for_url("**/inbox")
    assert [said for said in complaints if not said.startswith(SKIPPED)] == []
    context.close()


def test_the_outbox_follows_what_happens(page: Page, site: Site) -> None:
    _opened(page, "/outbox?state=failed")
    rows = page.locator("[data-row]")
    before = rows.count()
    _told(site, "refused")
    expect(rows).to_have_count(before + 1)
    page.get_by_label("State").select_option("Any state")
    page.get_by_label("Filter by recipient or subject").press_sequentially("inkop")
    expect(rows.first).to_contain_text("Inköp")
    page.wait_for_url("**/outbox?q=inkop")
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/outbox/\d+$"))
    frame = page.frame_locator("iframe.mail")
    expect(frame.get_by_text("attached is the draft order form")).to_be_visible()
    page.get_by_text("Plain text", exact=True).click()
    expect(page.locator(".plain-text")).to_contain_text("attached is the draft order form")
    expect(page.locator("iframe.mail")).to_be_hidden()
    page.get_by_role("button", name="Send again").click()
    expect(page.get_by_text("Queued again.")).to_be_visible()
    expect(page.locator("#fate")).to_contain_text("Waiting")
    page.get_by_role("button", name="Hold").click()
    expect(page.locator("#fate").get_by_role("button", name="Release")).to_be_visible()


def test_a_members_rail_has_no_outbox(browser: Browser, site: Site, states: States) -> None:
    context = context_for(browser, site, storage_state=states["jonas"])
    page = context.new_page()
    page.goto("/")
    page.wait_for_url("**/inbox")
    expect(page.get_by_role("link", name="Inbox")).to_be_visible()
    expect(page.get_by_role("link", name="Outbox")).to_have_count(0)
    expect(page.get_by_text("You hear of messages by mail")).to_be_visible()
    context.close()


@pytest.mark.usefixtures("post")
@pytest.mark.parametrize("kept", [("token", "references"), ("token",), ("references",)])
def test_a_reply_as_recipient_comes_home(page: Page, site: Site, kept: tuple[str, ...]) -> None:
    answered = _told(site, "answer")["message"]
    page.goto("/outbox?q=hanna")
    page.locator("[data-row] a.title").first.click()
    page.get_by_label("Answer", exact=True).fill(f"Home with {' and '.join(kept)}, to {answered}.")
    for name in ("token", "references"):
        page.locator(f"#reply [name={name}]").set_checked(name in kept)
    page.get_by_role("button", name="Send reply").click()
    expect(page.get_by_role("heading", name="The listener took the reply")).to_be_visible(timeout=LATE)
    expect(page.locator("#reply")).to_contain_text(re.compile(r"250 2\.0\.0 Kept as arrival \d+"))
    home = page.locator(f"#arrived a[href='/leads/{site.ids['answered']}']")
    expect(home).to_be_visible(timeout=LATE)
    home.click()
    expect(page.locator("#thread [data-id]").first).to_contain_text(f"to {answered}.")


@pytest.mark.usefixtures("post")
def test_a_reply_without_any_mark_is_no_part_of_the_conversation(page: Page, site: Site) -> None:
    _told(site, "answer")
    page.goto("/outbox?q=hanna")
    page.locator("[data-row] a.title").first.click()
    page.get_by_label("Answer", exact=True).fill("Nothing names where this belongs.")
    for name in ("token", "references"):
        page.locator(f"#reply [name={name}]").set_checked(False)
    page.get_by_role("button", name="Send reply").click()
    expect(page.locator("#arrived a[href^='/leads/']")).to_be_visible(timeout=LATE)
    expect(page.locator(f"#arrived a[href='/leads/{site.ids['answered']}']")).to_have_count(0)
