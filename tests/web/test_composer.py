"""The record page in a real browser: writing, what the composer keeps, what moves by itself, for every screen."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import Look, Site, States, context_for, sign_in, violations, watched
from tests.support.factory import PASSWORD

SITE = "talk"
LOOKS: tuple[Look, ...] = ("light", "dark", "phone")
EXPECTED = ("htmx:afterRequest", "htmx:sendAbort")  # a change that somebody makes goes before news of the same place


@pytest.fixture
def page(browser: Browser, site: Site, states: States) -> Iterator[Page]:
    """The answered lead as Amara sees it; nothing may be complained of."""
    context = context_for(browser, site, storage_state=states["admin"])
    page, complaints = watched(context)
    page.goto(f"/leads/{site.ids['answered']}")
    yield page
    context.close()
    assert [said for said in complaints if not said.startswith(EXPECTED) and "422" not in said] == []


def _told(site: Site, verb: str) -> dict[str, int]:
    return site.tell("tests.web.talking", verb)


def _text(page: Page) -> str:
    return str(page.locator("#compose-body").input_value())


def _chips(page: Page) -> list[str]:
    chips: list[str] = page.locator(".chip").evaluate_all("all => all.map(one => one.dataset.email)")
    return chips


def _stream_is_open(page: Page) -> None:
    page.wait_for_timeout(1500)


@pytest.mark.parametrize("look", LOOKS)
def test_the_composer_is_clean_in_every_state(browser: Browser, site: Site, states: States, look: Look) -> None:
    context = context_for(browser, site, look, storage_state=states["admin"])
    page, complaints = watched(context)
    page.goto(f"/leads/{site.ids['quiet']}")
    assert violations(page, look) == []
    page.goto(f"/leads/{site.ids['answered']}")
    assert violations(page, look) == []
    page.locator("#compose-body").focus()
    assert violations(page, look) == []
    page.locator("#compose-add").press_sequentially("har")
    expect(page.get_by_role("option", name="Harald Nyman")).to_be_visible()
    assert violations(page, look) == []
    page.keyboard.press("Escape")
    page.locator("#compose-add").fill("")
    page.locator("#followers-faces").click()
    expect(page.get_by_role("heading", name="Followers")).to_be_visible()
    assert violations(page, look) == []
    page.keyboard.press("Escape")
    page.locator("#compose-body").focus()
    page.get_by_role("button", name="Why this sender?").click()
    assert violations(page, look) == []
    page.keyboard.press("Escape")
    page.locator(f"#m{site.ids['sent']} .copy summary").first.click()
    expect(page.locator(".steps").first).to_be_visible()
    assert violations(page, look) == []
    page.locator("#compose-body").focus()
    page.locator("#compose-add").fill(", ".join(f"person{number}@company.example" for number in range(30)))
    page.keyboard.press("Enter")
    expect(page.locator(".chip")).to_have_count(33)
    assert violations(page, look) == []
    page.get_by_text("Note", exact=True).first.click()
    assert violations(page, look) == []
    page.evaluate("sessionStorage.clear()")
    assert page.evaluate("document.documentElement.scrollWidth <= screen.width")
    copy = str(page.locator("[id^=cd]").first.get_attribute("id"))[2:]
    page.goto(f"/copies/{copy}")
    expect(page.get_by_role("heading", name="A copy for")).to_be_visible()
    assert violations(page, look) == []
    assert complaints == []
    context.close()


def test_nothing_overflows_at_any_width(page: Page) -> None:
    page.locator("#compose-body").fill("word " * 200)
    for width in (320, 360, 390, 768, 834, 1024, 1280, 1440, 1920):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth <= screen.width"), width
    page.locator("#compose-body").fill("")


def test_a_message_is_written_and_sent(page: Page, site: Site) -> None:
    before = page.locator("[data-id]").count()
    expect(page.locator(".who-line")).to_contain_text("Hanna Sjöberg")
    expect(page.get_by_text("Also told:")).to_contain_text("by mail")
    page.keyboard.press("m")
    expect(page.locator("#compose-body")).to_be_focused()
    page.keyboard.type("Here is the offer.")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#thread .out .bubble").first).to_contain_text("Here is the offer.")
    expect(page.locator("[data-id]")).to_have_count(before + 1)
    assert _text(page) == ""
    posted = _told(site, "posted")
    assert (posted["hanna"], posted["note"]) == (1, 0)
    page.wait_for_timeout(1300)
    ids = page.locator("[data-id]").evaluate_all("all => all.map(one => one.id)")
    assert len(ids) == len(set(ids)), "one's own message and its news are one message"
    page.reload()
    assert _text(page) == "", "what was sent is no draft any more"


def test_somebody_is_taken_out_and_somebody_added(page: Page, site: Site) -> None:
    assert "hanna.sjoberg@norrgard.example" in _chips(page)
    page.get_by_role("button", name="Remove Hanna Sjöberg").first.click()
    assert "hanna.sjoberg@norrgard.example" not in _chips(page)
    add = page.get_by_label("Add somebody by name or address")
    add.press_sequentially("har")
    expect(page.get_by_role("option", name="Harald Nyman")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator('.chip[data-email="harald@nyman.example"]')).to_be_visible()
    add.press_sequentially("Nils <nils@new.example>,")
    expect(page.locator('.chip[data-email="nils@new.example"]')).to_have_text(re.compile("Nils"))
    add.fill("no address")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert").filter(has_text="“no address” is not a mail address")).to_be_visible()
    add.fill("")
    page.locator("#compose-body").fill("To others this time")
    page.get_by_role("button", name="Send message").click()
    wire = page.locator("#thread .out .wire").first
    expect(wire).to_contain_text("harald@nyman.example")
    expect(wire).to_contain_text("nils@new.example")
    assert "hanna" not in wire.inner_text()
    assert _told(site, "posted")["hanna"] == 0


def test_a_note_names_nobody_outside(page: Page, site: Site) -> None:
    page.keyboard.press("n")
    expect(page.locator("#compose-body")).to_be_focused()
    expect(page.locator(".who-line")).to_be_hidden()
    expect(page.locator(".subject")).to_be_hidden()
    expect(page.get_by_text("Only your own people read this.")).to_be_visible()
    assert "norrgard" not in page.locator("#composer").inner_text()
    expect(page.locator("#compose")).to_have_css("background-color", re.compile("oklch|rgb"))
    page.keyboard.type("Ask @Pri")
    expect(page.locator("#compose-mentions-0")).to_contain_text("Priya Nair")
    page.keyboard.press("Enter")
    assert _text(page) == "Ask @Priya Nair "
    page.get_by_role("button", name="Log note").click()
    expect(page.locator("#thread .note .bubble").first).to_contain_text("Ask @Priya Nair")
    expect(page.locator("#thread .note .told").first).to_contain_text("Priya Nair by mail")
    posted = _told(site, "posted")
    assert (posted["note"], posted["hanna"]) == (1, 0)
    expect(page.get_by_role("radio", name="Note")).to_be_checked()


def test_keys_answer_whoever_has_the_focus(page: Page, site: Site) -> None:
    page.locator("#thread .msg.in:not(.claim)").first.focus()
    page.keyboard.press("r")
    expect(page.locator("#compose-body")).to_be_focused()
    expect(page.get_by_role("radio", name="Message")).to_be_checked()
    assert "hanna.sjoberg@norrgard.example" in _chips(page)
    page.keyboard.press("Escape")
    page.locator("#thread .msg.note").first.focus()
    page.keyboard.press("r")
    expect(page.get_by_role("radio", name="Note")).to_be_checked()


def test_what_is_wrong_keeps_what_was_written(page: Page) -> None:
    page.get_by_role("button", name="Send message").click()
    expect(page.get_by_role("alert").filter(has_text="There is nothing to send")).to_be_visible()
    expect(page.locator("#compose-body")).to_be_focused()
    page.locator("#compose-files").set_input_files({"name": "a.txt", "mimeType": "text/plain", "buffer": b"abc"})
    page.locator("#compose-body").fill("Kept words")
    page.get_by_label("Add somebody by name or address").fill("nobody")
    page.locator("#compose-body").focus()
    page.get_by_role("button", name="Send message").click()
    expect(page.get_by_role("alert").filter(has_text="“nobody” is not a mail address")).to_be_visible()
    assert _text(page) == "Kept words"
    expect(page.locator("#compose-picked")).to_contain_text("a.txt")
    page.reload()
    assert _text(page) == "Kept words", "a reload keeps the draft"
    page.locator("#compose-body").fill("")


def test_a_server_that_is_away_loses_nothing(browser: Browser, site: Site, states: States) -> None:
    context = context_for(browser, site, storage_state=states["admin"])
    page = context.new_page()
    page.goto(f"/leads/{site.ids['answered']}")
    page.route("**/post", lambda route: route.abort())
    page.locator("#compose-body").fill("Kept words")
    page.keyboard.press("Control+Enter")
    page.get_by_role("button", name="Send message").click()
    expect(page.get_by_role("alert").filter(has_text="Nothing was sent, your text is still here")).to_be_visible()
    assert _text(page) == "Kept words"
    context.close()


def test_a_session_that_ends_keeps_the_draft(browser: Browser, site: Site) -> None:
    context = context_for(browser, site)
    page = context.new_page()
    sign_in(page, "jonas")
    page.goto(f"/leads/{site.ids['answered']}")
    page.locator("#compose-body").fill("Written before the session ended")
    context.clear_cookies(name="sessionid")
    page.get_by_role("button", name="Send message").click()
    page.wait_for_url("**/sign-in**")
    page.get_by_label("User name").fill("jonas")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/leads/**")
    expect(page.locator("#compose-body")).to_have_value("Written before the session ended")
    context.close()


def test_files_are_chosen_dropped_removed_and_weighed(page: Page, site: Site) -> None:
    files = page.locator("#compose-files")
    files.set_input_files({"name": "one.txt", "mimeType": "text/plain", "buffer": b"abc"})
    files.set_input_files({"name": "two.txt", "mimeType": "text/plain", "buffer": b"abc"})
    page.evaluate(
        """() => {
            const box = new DataTransfer();
            box.items.add(new File(['abc'], 'dropped.txt', { type: 'text/plain' }));
            const at = { bubbles: true, cancelable: true };
            document.querySelector('#compose').dispatchEvent(new DragEvent('drop', { ...at, dataTransfer: box }));
            const paste = new DataTransfer();
            paste.items.add(new File(['abc'], 'pasted.png', { type: 'image/png' }));
            const event = new ClipboardEvent('paste', { ...at, clipboardData: paste });
            document.querySelector('#compose-body').dispatchEvent(event);
        }"""
    )
    picked = page.locator("#compose-picked li")
    expect(picked).to_have_count(4)
    page.get_by_role("button", name="Remove two.txt").click()
    expect(picked).to_have_count(3)
    page.evaluate(
        """() => {
            const box = new DataTransfer();
            box.items.add(new File([new Uint8Array(30e6)], 'huge.bin'));
            const event = new DragEvent('drop', { bubbles: true, cancelable: true, dataTransfer: box });
            document.querySelector('#compose').dispatchEvent(event);
        }"""
    )
    expect(page.get_by_role("alert").filter(has_text="huge.bin has 30.0 MB: one file may have")).to_be_visible()
    page.locator("#compose-body").fill("With files")
    before = page.locator("[data-id]").count()
    page.get_by_role("button", name="Send message").click()
    page.wait_for_timeout(300)
    assert page.locator("[data-id]").count() == before, "nothing leaves while it is too large"
    page.get_by_role("button", name="Remove huge.bin").click()
    page.get_by_role("button", name="Send message").click()
    expect(page.locator("#thread .out .files").first).to_contain_text("dropped.txt")
    assert _told(site, "posted")["files"] == 3


def test_a_double_click_sends_once(page: Page, site: Site) -> None:
    before = _told(site, "posted")["count"]
    page.locator("#compose-body").fill("Only once")
    page.get_by_role("button", name="Send message").dblclick()
    expect(page.locator("#thread .out .bubble").first).to_contain_text("Only once")
    page.wait_for_timeout(300)
    assert _told(site, "posted")["count"] == before + 1


def test_states_move_by_themselves_and_nothing_else_does(page: Page, site: Site) -> None:
    page.set_viewport_size({"width": 1440, "height": 700})
    body = page.locator("#compose-body")
    body.fill("A draft while mails are on their way")
    strip = page.locator(f"#b{site.ids['sent']}")
    strip.locator(".copy.bad summary").click()
    expect(strip.locator(".steps").first).to_be_visible()
    _stream_is_open(page)
    target = page.locator(f"#m{site.ids['sent']}")
    target.evaluate("one => one.scrollIntoView({ block: 'center' })")
    body.focus()
    page.keyboard.press("End")
    before = target.bounding_box()
    expect(strip.get_by_text("waits for the next try")).to_be_visible()
    _told(site, "delivered")
    expect(strip.get_by_text("waits for the next try")).to_have_count(0, timeout=5000)
    after = target.bounding_box()
    assert before
    assert after
    assert abs(before["y"] - after["y"]) < 2, "the reader stays where they are"
    expect(strip.locator(".steps").first).to_be_visible()
    expect(body).to_be_focused()
    assert _text(page) == "A draft while mails are on their way"
    _told(site, "answer")
    expect(page.locator("#thread .bubble").first).to_contain_text("One more thing.", timeout=5000)
    after = target.bounding_box()
    assert after
    assert abs(before["y"] - after["y"]) < 2
    expect(page.get_by_role("button", name="1 new message")).to_be_visible()
    assert _text(page) == "A draft while mails are on their way"
    newest = page.locator("#thread .out").first
    _told(site, "refused")
    expect(newest.locator(".copy.bad")).to_be_visible(timeout=5000)
    expect(newest.locator(".node .broken")).to_be_visible()
    body.fill("")


def test_somebody_else_changes_the_followers(page: Page, site: Site) -> None:
    page.locator("#compose-body").fill("Draft")
    page.get_by_role("button", name="Remove Hanna Sjöberg").first.click()
    _stream_is_open(page)
    _told(site, "follow")
    expect(page.locator('.chip[data-email="harald@nyman.example"][data-fixed]')).to_be_visible(timeout=5000)
    assert "hanna.sjoberg@norrgard.example" not in _chips(page), "whom one took out stays out"
    assert _text(page) == "Draft"
    page.locator("#compose-body").fill("")


def test_followers_by_hand(page: Page) -> None:
    page.locator("#followers-faces").click()
    pop = page.locator("#fol")
    expect(pop.get_by_text("(you)")).to_be_visible()
    pop.get_by_role("button", name="Unfollow").click()
    expect(pop.get_by_text("(you)")).to_have_count(0)
    pop.get_by_role("button", name="Follow").click()
    expect(pop.get_by_text("(you)")).to_be_visible()
    pop.get_by_label("Add a follower by name or address").press_sequentially("mare")
    page.get_by_role("option", name=re.compile("Marek")).first.click()
    expect(pop.get_by_text("Marek Dvořák", exact=True)).to_be_visible()
    expect(pop).to_be_visible()
    expect(pop.get_by_label("Notes for Marek Dvořák")).to_have_count(0)
    pop.get_by_role("button", name="Remove Marek Dvořák").click()
    expect(pop.get_by_text("Marek Dvořák", exact=True)).to_have_count(0)
    notes = pop.get_by_label("Notes for Priya Nair")
    before = notes.is_checked()
    notes.click()
    page.wait_for_timeout(500)
    page.reload()
    page.locator("#followers-faces").click()
    assert page.locator("#fol").get_by_label("Notes for Priya Nair").is_checked() != before


def test_accepting_passes_on_and_keeps_the_draft(page: Page, site: Site) -> None:
    page.locator("#compose-body").fill("Draft")
    message = page.locator(f"#m{site.ids['outsider']}")
    expect(message.get_by_text("Unverified outsider")).to_be_visible()
    message.get_by_role("button", name="Accept and pass on").click()
    expect(message.get_by_text("Unverified outsider")).to_have_count(0)
    expect(message.locator(".copies").first).to_be_visible()
    assert _text(page) == "Draft"
    page.locator("#compose-body").fill("")


def test_members_see_states_and_decide_nothing(browser: Browser, site: Site, states: States) -> None:
    context = context_for(browser, site, storage_state=states["jonas"])
    page = context.new_page()
    page.goto(f"/leads/{site.ids['answered']}")
    strip = page.locator(f"#b{site.ids['sent']}")
    expect(strip.get_by_text("not delivered")).to_be_visible()
    expect(strip.get_by_role("button", name="Send again")).to_have_count(0)
    context.close()


def test_sending_again_is_a_click(page: Page, site: Site) -> None:
    strip = page.locator(f"#b{site.ids['sent']}")
    strip.get_by_role("button", name=re.compile("Send again")).first.click()
    expect(strip.get_by_text("not delivered")).to_have_count(0)
    expect(page.locator("#live")).to_have_text("Queued again.")


def test_the_composer_of_a_phone_opens_when_it_is_touched(browser: Browser, site: Site, states: States) -> None:
    context = context_for(browser, site, "phone", storage_state=states["admin"])
    page = context.new_page()
    page.goto(f"/leads/{site.ids['answered']}")
    expect(page.locator(".who-line")).to_be_hidden()
    page.locator("#compose-body").tap()
    expect(page.locator(".who-line")).to_be_visible()
    page.keyboard.type("x")
    page.locator("#thread .bubble").first.tap()
    expect(page.locator(".who-line")).to_be_visible()
    context.close()


def test_posting_works_without_script(browser: Browser, site: Site, states: States) -> None:
    context = context_for(browser, site, storage_state=states["admin"], java_script_enabled=False)
    page = context.new_page()
    page.goto(f"/leads/{site.ids['answered']}")
    page.get_by_role("button", name="Send message").click()
    expect(page.get_by_text("There is nothing to send")).to_be_visible()
    page.get_by_role("checkbox", name="Hanna Sjöberg").uncheck()
    page.get_by_label("Add somebody by name or address").fill("nils@new.example")
    page.locator("#compose-body").fill("Without script")
    page.get_by_role("button", name="Send message").click()
    expect(page.get_by_text("Message sent.")).to_be_visible()
    expect(page.locator("#thread .out .bubble").first).to_contain_text("Without script")
    expect(page.locator("#thread .out .wire").first).to_contain_text("nils@new.example")
    assert _told(site, "posted")["hanna"] == 0
    page.get_by_text("Note", exact=True).first.click()
    page.locator("#compose-body").fill("A plain note")
    page.get_by_role("button", name="Log note").click()
    expect(page.locator("#thread .note .bubble").first).to_contain_text("A plain note")
    context.close()
