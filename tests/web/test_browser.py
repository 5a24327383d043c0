"""The pages in a real browser: what people do with eyes, keys and fingers, and what hostile mail tries."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.support.browser import Look, Site, States, context_for, violations, watched

LOOKS: tuple[Look, ...] = ("light", "dark", "phone")
PAGES = {
    "leads": "/leads",
    "tickets, none": "/tickets",
    "nothing matches": "/leads?q=nothing",
    "record": "/leads/{lead}",
    "arrivals": "/arrivals",
    "refusals": "/arrivals/refused",
    "arrival, routed": "/arrivals/{routed}",
    "arrival, held": "/arrivals/{held}",
    "source": "/arrivals/{routed}/source",
}
WIDTHS = (320, 360, 768, 834, 1024, 1280, 1440, 1920)


@pytest.fixture
def admin(browser: Browser, site: Site, states: States) -> Iterator[tuple[Page, list[str]]]:
    context = context_for(browser, site, storage_state=states["admin"])
    yield watched(context)
    context.close()


@pytest.mark.parametrize("look", LOOKS)
def test_every_page_is_clean(browser: Browser, site: Site, states: States, look: Look) -> None:
    context = context_for(browser, site, look, storage_state=states["admin"])
    page, complaints = watched(context)
    for name, address in PAGES.items():
        page.goto(address.format(**site.ids))
        page.wait_for_load_state("load")
        assert violations(page, look) == [], name
        assert page.evaluate("document.documentElement.scrollWidth <= screen.width"), f"{name} is too wide"
    if look == "phone":
        page.goto(f"/leads/{site.ids['lead']}")
        page.get_by_text("Details").click()
        expect(page.get_by_role("heading", name="People of the conversation")).to_be_visible()
        assert violations(page, look) == []
    assert complaints == []
    context.close()


@pytest.mark.parametrize("look", LOOKS)
def test_pages_without_a_company_are_clean(browser: Browser, site: Site, states: States, look: Look) -> None:
    for username, address in (("lonely", "/leads"), ("lonely", "/arrivals"), ("", "/sign-in"), ("", "/nowhere")):
        context = context_for(browser, site, look, storage_state=states[username] if username else None)
        page, complaints = watched(context)
        page.goto(address)
        assert violations(page, look) == []
        assert [said for said in complaints if "status of 40" not in said] == []
        context.close()


def test_nothing_overflows_at_any_width(admin: tuple[Page, list[str]], site: Site) -> None:
    page, _complaints = admin
    for name, address in PAGES.items():
        page.goto(address.format(**site.ids))
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate("document.documentElement.scrollWidth <= screen.width"), f"{name} at {width}"
            if width >= 768:  # only panes scroll
                assert page.evaluate("document.documentElement.scrollHeight <= innerHeight"), f"{name} at {width}"


def test_signing_in_says_what_is_wrong_and_leads_on(browser: Browser, site: Site) -> None:
    context = context_for(browser, site)
    page = context.new_page()
    page.goto("/leads?q=quotation")
    page.get_by_label("User name").fill("jonas")
    page.get_by_label("Password").fill("wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("do not belong together")
    expect(page.get_by_label("Password")).to_be_focused()
    page.get_by_label("Password").fill("correct horse battery")
    page.keyboard.press("Enter")
    page.wait_for_url("**/leads?q=quotation")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/sign-in")
    page.go_back()
    page.wait_for_url("**/sign-in**")
    context.close()


def test_the_list_filters_as_one_types_and_pages_by_key(admin: tuple[Page, list[str]]) -> None:
    page, complaints = admin
    page.goto("/leads")
    rows = page.locator("[data-row]")
    expect(rows).to_have_count(50)
    page.get_by_label("Filter by title or contact").press_sequentially("tanaka")
    expect(rows).to_have_count(20)
    page.wait_for_url("**/leads?q=tanaka")
    page.get_by_label("Filter by title or contact").fill("no such thing")
    expect(page.get_by_text("Nothing matches “no such thing”.")).to_be_visible()
    page.get_by_role("link", name="Clear filter").click()
    page.get_by_role("link", name="Older").click()
    expect(rows).to_have_count(11)
    page.get_by_role("link", name="Newest").click()
    expect(rows).to_have_count(50)
    page.get_by_text("Filter and sort").click()
    page.get_by_label("Stage").select_option("Won")
    page.wait_for_url("**/leads?stage=Won")
    expect(page.get_by_text("Nothing is in the stage “Won”.")).to_be_visible()
    page.go_back()
    expect(rows).to_have_count(50)
    assert complaints == []


def test_everything_by_keyboard(admin: tuple[Page, list[str]]) -> None:
    page, _complaints = admin
    page.goto("/leads")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    expect(page.locator("[data-row] a.title").first).to_be_focused()
    page.keyboard.press("/")
    expect(page.get_by_label("Filter by title or contact")).to_be_focused()
    page.keyboard.type("jk?")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("a")
    page.wait_for_url("**/arrivals")
    page.keyboard.press("g")
    page.keyboard.press("t")
    page.wait_for_url("**/tickets")
    page.keyboard.press("g")
    page.keyboard.press("r")
    page.wait_for_url("**/leads")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/leads/\d+$"))
    page.keyboard.press("j")
    expect(page.locator("[data-id]").first).to_be_focused()


def test_single_keys_can_be_switched_off(browser: Browser, site: Site, states: States) -> None:
    context = context_for(browser, site, storage_state=states["quiet"])
    page = context.new_page()
    page.goto("/leads")
    page.keyboard.press("?")
    page.keyboard.press("g")
    page.keyboard.press("t")
    page.keyboard.press("j")
    expect(page.locator("a.title:focus")).to_have_count(0)
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert page.url.endswith("/leads")
    page.get_by_role("button", name="Keyboard shortcuts").click()
    expect(page.get_by_text("Single keys are switched off")).to_be_visible()
    context.close()


def test_the_theme_stays(admin: tuple[Page, list[str]]) -> None:
    page, _complaints = admin
    page.goto("/leads")
    page.get_by_role("button", name="Switch between light and dark").click()
    page.goto("/tickets")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_mail_in_html_shows_itself_and_does_nothing(admin: tuple[Page, list[str]], site: Site) -> None:
    page, complaints = admin
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"/leads/{site.ids['lead']}")
    element = page.locator("iframe.mail")
    element.scroll_into_view_if_needed()
    frame = page.frame_locator("iframe.mail")
    expect(frame.get_by_text("The numbers look right.")).to_be_visible()
    expect(frame.get_by_text("The numbers look right.")).to_have_css("color", "rgb(179, 35, 34)")
    expect(frame.get_by_text("older words, quoted")).to_be_hidden()
    assert frame.locator("img").evaluate("image => image.complete && image.naturalWidth") == 1
    height = element.evaluate("frame => frame.clientHeight")
    assert height == pytest.approx(
        frame.locator("body").evaluate("body => body.getBoundingClientRect().height"), abs=12
    )
    page.get_by_role("link", name="Show everything").click()
    expect(frame.get_by_text("older words, quoted")).to_be_visible()
    until = time.monotonic() + 5
    while element.evaluate("frame => frame.clientHeight") <= height:
        assert time.monotonic() < until, "the frame grows with what it shows"
    page.get_by_role("link", name="Hide quoted text").click()
    expect(frame.get_by_text("older words, quoted")).to_be_hidden()
    expect(page).to_have_title(re.compile("Telematics"))
    assert all(url.startswith(site.url) for url in asked)
    assert complaints == []


def test_a_frame_that_is_not_fetched_yet_does_not_grow(admin: tuple[Page, list[str]], site: Site) -> None:
    page, _complaints = admin
    page.goto(f"/leads/{site.ids['lead']}")
    page.evaluate(
        "() => { const far = document.createElement('iframe'); far.className = 'mail'; far.id = 'far';"
        " document.getElementById('thread').append(far);"
        " document.dispatchEvent(new Event('htmx:afterSettle')) }"
    )
    far = page.locator("#far")
    height = far.evaluate("frame => frame.clientHeight")
    page.wait_for_timeout(500)
    assert far.evaluate("frame => frame.clientHeight") == height


def _news_arrives(page: Page, site: Site, verb: str, words: str) -> float:
    """Seconds from the commit until a page shows `words`."""
    page.wait_for_timeout(1500)  # the stream is open
    site.news(verb)
    began = time.monotonic()
    expect(page.get_by_text(words).first).to_be_visible()
    return time.monotonic() - began


def test_a_list_brings_new_records_by_itself(admin: tuple[Page, list[str]], site: Site) -> None:
    page, complaints = admin
    page.goto("/leads")
    assert _news_arrives(page, site, "lead", "Fresh from the post") < 3
    expect(page.locator("[data-row].fresh")).to_have_count(1)
    expect(page.locator("#live")).to_have_text("The list has news")
    page.goto("/arrivals")
    assert _news_arrives(page, site, "arrival", "Settled while you looked") < 3
    page.goto("/arrivals/refused")
    assert _news_arrives(page, site, "refusal", "Refused while you looked") < 3
    assert complaints == []


def test_a_conversation_brings_new_messages_once(admin: tuple[Page, list[str]], site: Site) -> None:
    page, complaints = admin
    page.set_viewport_size({"width": 1440, "height": 500})
    newest = site.news("lead")["lead"]
    page.goto(f"/leads/{newest}")
    before = page.locator("[data-id]").count()
    assert _news_arrives(page, site, "message", "A word that came while you looked") < 3
    expect(page.locator("[data-id]")).to_have_count(before + 1)
    for _ in range(3):
        site.news("message")
    expect(page.locator("[data-id]")).to_have_count(before + 4)
    ids = page.locator("[data-id]").evaluate_all("all => all.map(one => Number(one.dataset.id))")
    assert ids == sorted(set(ids), reverse=True)
    page.locator("#talk").evaluate("pane => { pane.scrollTop = 300 }")
    site.news("message")
    expect(page.get_by_role("button", name="1 new message")).to_be_visible()
    page.get_by_role("button", name="1 new message").click()
    assert page.locator("#talk").evaluate("pane => pane.scrollTop") == 0
    assert complaints == []


def test_earlier_messages_come_when_asked_for(admin: tuple[Page, list[str]], site: Site) -> None:
    page, complaints = admin
    page.goto(f"/leads/{site.news('talk')['lead']}")
    messages = page.locator("[data-id]")
    for count in (30, 60, 90, 120):
        expect(messages).to_have_count(count)
        more = page.get_by_role("link", name="Earlier messages")
        if count < 120:
            more.click()
        else:
            expect(more).to_have_count(0)
    expect(messages.last).to_contain_text("Word 0 of many")
    ids = messages.evaluate_all("all => all.map(one => Number(one.dataset.id))")
    assert ids == sorted(set(ids), reverse=True)
    assert complaints == []


def test_a_page_says_when_news_may_be_late(admin: tuple[Page, list[str]], site: Site) -> None:
    page, _complaints = admin
    page.route("**/events**", lambda route: route.abort())
    page.goto("/leads")
    expect(page.get_by_text("Reconnecting. News may be late.")).to_be_visible(timeout=15_000)


def test_releasing_asks_first_and_then_says_so(admin: tuple[Page, list[str]], site: Site) -> None:
    page, complaints = admin
    page.goto(f"/arrivals/{site.ids['held']}")
    page.get_by_role("button", name="Release and always allow").click()
    dialog = page.get_by_role("dialog", name="Release, and always allow this sender?")
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_be_hidden()
    page.get_by_role("button", name="Release and always allow").click()
    dialog.get_by_role("button", name="Release and always allow").click()
    expect(page.get_by_text("is always allowed from now on")).to_be_visible()
    assert complaints == []


def test_pages_work_without_script(browser: Browser, site: Site, states: States) -> None:
    context: BrowserContext = context_for(browser, site, storage_state=states["admin"], java_script_enabled=False)
    page = context.new_page()
    page.goto("/leads")
    page.get_by_label("Filter by title or contact").fill("tanaka")
    page.get_by_role("button", name="Filter").click()
    expect(page.locator("[data-row]")).to_have_count(20)
    page.goto(f"/leads/{site.ids['lead']}")
    frame = page.frame_locator("iframe.mail")
    page.get_by_role("link", name="Show everything").click()
    expect(frame.get_by_text("older words, quoted")).to_be_visible()
    page.goto(f"/arrivals/{site.ids['held']}")
    expect(page.get_by_text("What became of it")).to_be_visible()
    context.close()


def test_a_page_is_small(admin: tuple[Page, list[str]], site: Site) -> None:
    page, _complaints = admin
    bodies: list[int] = []
    page.on("response", lambda response: bodies.append(int(response.headers.get("content-length", 0))))
    page.goto("/leads")
    page.wait_for_load_state("load")
    assert sum(bodies) < 120_000, "bytes on the wire of a first visit"


def test_slash_goes_where_words_are_typed(admin: tuple[Page, list[str]]) -> None:
    page, _complaints = admin
    page.goto("/outbox")
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.goto("/arrivals")
    page.keyboard.press("/")
    expect(page.locator("#palette-q")).to_be_focused()


def test_a_phone_s_empty_composer_shows_all_its_words(browser: Browser, site: Site, states: States) -> None:
    context = context_for(browser, site, "phone", storage_state=states["admin"])
    page = context.new_page()
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto(f"/leads/{site.ids['lead']}")
    field, send = page.locator("#compose-body"), page.locator("#compose-send")
    expect(send).to_be_hidden()
    wide = (
        "field => { const line = document.createElement('canvas').getContext('2d'), look = getComputedStyle(field);"
        " line.font = look.font; return [line.measureText(field.placeholder).width,"
        " field.clientWidth - parseFloat(look.paddingLeft) - parseFloat(look.paddingRight)] }"
    )
    needed, there = field.evaluate(wide)
    assert needed <= there
    field.tap()
    expect(send).to_be_visible()
    context.close()


def test_the_server_ends_soon_though_pages_listen(admin: tuple[Page, list[str]], site: Site) -> None:
    """The last test: afterwards the site is gone."""
    page, _complaints = admin
    page.goto("/leads")
    page.wait_for_timeout(1000)
    assert site.stop() < 3
