"""The record page in a real browser: answering, forwarding and changing notes by mouse and by keyboard alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import Look, Site, States, context_for, violations, watched

SITE = "changes"
LOOKS: tuple[Look, ...] = ("light", "dark", "phone")
SKIPPED = "Transition was aborted"  # Chromium says so where a page is left before it has faded in


@pytest.fixture(scope="module")
def signed_in(states: States) -> Path:
    return states["jonas"]


@pytest.fixture
def page(browser: Browser, site: Site, signed_in: Path) -> Iterator[Page]:
    """What Jonas sees; nothing may be complained of."""
    context = context_for(browser, site, storage_state=signed_in)
    page, complaints = watched(context)
    yield page
    context.close()
    assert [said for said in complaints if not said.startswith(SKIPPED)] == []


def _lead(site: Site) -> str:
    return f"/leads/{site.ids['answered']}"


def _mail(page: Page) -> str:
    """The mail by Hanna, which has files."""
    return f"#{page.locator('#thread .msg.in[data-from^=hanna]').first.get_attribute('id')}"


def _posted(site: Site) -> dict[str, int]:
    return site.tell("tests.web.talking", "posted")


@pytest.mark.parametrize("look", LOOKS)
def test_everything_is_clean(browser: Browser, site: Site, signed_in: Path, look: Look) -> None:
    context = context_for(browser, site, look, storage_state=signed_in)
    page, complaints = watched(context)
    page.goto(_lead(site))
    mail = page.locator(_mail(page))
    mail.locator(".msg-menu summary").click()
    expect(mail.get_by_role("link", name="Forward")).to_be_visible()
    assert violations(page, look) == [], "an open menu"
    mail.get_by_role("link", name="Forward").click()
    expect(page.get_by_role("group", name="Files that go along")).to_be_visible()
    assert violations(page, look) == [], "a forward"
    assert page.evaluate("document.documentElement.scrollWidth <= screen.width")
    page.locator("#compose-leave").click()
    expect(page.locator(".aside")).to_have_count(0)
    page.wait_for_timeout(200)  # until the focus has settled: what opens afterwards stays open
    note = page.locator(f"#m{site.ids['note']}")
    note.locator(".msg-menu summary").click()
    note.get_by_role("link", name="Edit note").click()
    expect(page.get_by_label("Text of the note")).to_be_focused()
    assert violations(page, look) == [], "a note that is edited"
    assert page.evaluate("document.documentElement.scrollWidth <= screen.width")
    page.goto(f"/messages/{site.ids['sent']}/original")
    assert violations(page, look) == [], "the original"
    assert page.evaluate("document.documentElement.scrollWidth <= screen.width")
    assert [said for said in complaints if not said.startswith(SKIPPED)] == []
    context.close()


def test_a_forward_by_mouse_with_dropped_and_pasted_files(page: Page, site: Site) -> None:
    page.goto(_lead(site))
    page.locator("#compose-body").fill("Can you do this?")
    mail = page.locator(_mail(page))
    mail.hover()
    mail.locator(".msg-menu summary").click()
    mail.get_by_role("link", name="Forward").click()
    expect(page.locator(".aside")).to_contain_text("Forwarding the message by Hanna")
    expect(page.locator("#compose-body")).to_have_value("Can you do this?")
    expect(mail.locator(".msg-menu[open]")).to_have_count(0)
    page.get_by_label("secret.pdf").uncheck()
    page.evaluate("""() => {
        const at = { bubbles: true, cancelable: true }, files = new DataTransfer(), more = new DataTransfer();
        files.items.add(new File(['abc'], 'dropped.txt', { type: 'text/plain' }));
        more.items.add(new File(['abc'], 'pasted.png', { type: 'image/png' }));
        document.querySelector('#compose').dispatchEvent(new DragEvent('drop', { ...at, dataTransfer: files }));
        const paste = new ClipboardEvent('paste', { ...at, clipboardData: more });
        document.querySelector('#compose-body').dispatchEvent(paste);
        const bar = document.querySelector('#compose-sending');
        const count = () => { window.progress = (window.progress || 0) + !bar.hidden; };
        new MutationObserver(count).observe(bar, { attributes: true });
    }""")
    expect(page.locator("#compose-picked li")).to_have_count(2)
    page.get_by_role("button", name="Remove pasted.png").click()
    page.locator("#compose-add").fill("nina@supplier.example")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Forward message").click()
    expect(page.locator(".aside")).to_have_count(0)
    expect(page.locator("#thread .msg").first).to_contain_text("Can you do this?")
    assert page.evaluate("window.progress") >= 1, "the way of the files is shown"
    done = _posted(site)
    assert (done["told"], done["files"]) == (1, 2), "one file chosen, one dropped; who follows is not told again"


def test_a_forward_that_was_left_leaves_the_single_keys(page: Page, site: Site) -> None:
    page.goto(_lead(site))
    page.locator(_mail(page)).focus()
    page.keyboard.press("f")
    expect(page.locator("#compose-add")).to_be_focused()
    page.keyboard.type("later")
    page.goto(_lead(site))
    expect(page.locator(".aside")).to_be_visible()
    page.wait_for_timeout(300)  # until the composer that came has settled
    assert page.evaluate("document.activeElement === document.body")
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    page.keyboard.press("Escape")
    page.locator("#compose-leave").click()
    expect(page.locator(".aside")).to_have_count(0)


def test_a_file_that_is_too_large_is_named_before_anything_is_sent(page: Page, site: Site) -> None:
    page.goto(_lead(site))
    before = _posted(site)["count"]
    page.evaluate("document.querySelector('#composer').dataset.mostEach = 2")
    page.locator("#compose-files").set_input_files({"name": "big.bin", "mimeType": "", "buffer": b"abc"})
    expect(page.locator("#compose-problem-files")).to_contain_text("big.bin has 1 kB: one file may have 20 MB")
    page.locator("#compose-body").fill("With a file")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#compose-files")).to_be_focused()
    assert _posted(site)["count"] == before


def test_answers_by_keyboard(page: Page, site: Site) -> None:
    page.goto(_lead(site))
    page.locator(_mail(page)).focus()
    page.keyboard.press("r")
    expect(page.locator(".aside")).to_contain_text("Answering Hanna")
    expect(page.locator("#compose-body")).to_be_focused()
    page.keyboard.type("Half a sen")
    page.reload()
    expect(page.locator(".aside")).to_contain_text("Answering Hanna")
    expect(page.locator("#compose-body")).to_have_value("Half a sen")
    page.keyboard.type("tence.")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#thread .msg").first).to_contain_text("Half a sentence.")
    assert _posted(site)["hanna"] == 1
    page.keyboard.press("Escape")
    page.locator(_mail(page)).focus()
    page.keyboard.press("Shift+R")
    expect(page.locator(".chips[data-field=cc] .chip").filter(has_text="Inköp")).to_be_visible()
    page.keyboard.press("Escape")
    page.locator(_mail(page)).focus()
    page.keyboard.press("f")
    expect(page.locator("#compose-add")).to_be_focused()


def test_a_note_is_changed_and_deleted_by_keyboard(page: Page, site: Site) -> None:
    page.goto(_lead(site))
    page.keyboard.press("n")
    page.keyboard.type("Frist thought")
    page.keyboard.press("Control+Enter")
    note = page.locator("#thread .msg.note").first
    expect(note).to_contain_text("Frist thought")
    page.keyboard.press("Escape")
    note.focus()
    for _ in range(3):
        if page.evaluate("document.activeElement.matches('.msg-menu summary')"):
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    for _ in range(10):
        page.keyboard.press("ArrowDown")
        if page.evaluate("document.activeElement.textContent") == "Edit note":
            break
    page.keyboard.press("Enter")
    field = page.get_by_label("Text of the note")
    expect(field).to_be_focused()
    page.keyboard.press("Control+A")
    page.keyboard.type("First thought")
    page.evaluate("document.querySelector('.msg.editing').classList.remove('editing')")  # as before htmx has settled
    with page.expect_response(re.compile(r"/states")):
        page.evaluate("htmx.trigger('#states', 'live')")
    page.wait_for_timeout(100)
    expect(field).to_have_value("First thought")
    page.keyboard.press("Control+Enter")
    expect(note).to_contain_text("First thought")
    expect(note).to_contain_text("edited")
    expect(note).to_be_focused()
    note.locator(".msg-menu summary").focus()
    page.keyboard.press("Enter")
    expect(note.locator(".msg-menu[open]")).to_have_count(1)
    delete = note.get_by_role("button", name="Delete note")
    for _ in range(10):
        if delete.evaluate("one => one === document.activeElement"):
            break
        page.keyboard.press("Tab")
    expect(delete).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="Delete this note?")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#thread .msg.note").first).to_contain_text("Note deleted by Jonas Lindqvist")
    expect(page.locator("#thread")).not_to_contain_text("First thought")


def test_the_way_and_the_owner_change_and_the_log_says_so(page: Page, site: Site) -> None:
    page.goto(_lead(site))
    page.wait_for_timeout(700)
    page.get_by_role("button", name="Qualified").click()
    expect(page.locator(".stages [aria-current=step]")).to_have_text("Qualified")
    expect(page.locator("#thread .change").first).to_contain_text("Qualified")
    page.get_by_label("Owner").select_option("Jonas Lindqvist")
    expect(page.locator("#thread .change").first).to_contain_text("Jonas Lindqvist")
    page.get_by_role("button", name="Mark won").click()
    expect(page.locator(".stages [aria-current=step]")).to_have_text("Won")
    expect(page.get_by_role("button", name="Mark won")).to_have_count(0)


def test_keys_go_to_the_records_beside_within_the_filter(page: Page) -> None:
    page.goto("/leads?q=Quotation+1")
    titles = page.locator("[data-row] a.title").all_inner_texts()
    page.locator("[data-row] a.title").nth(1).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(titles[1])
    page.keyboard.press("]")
    expect(page.get_by_role("heading", level=1)).to_have_text(titles[2])
    page.keyboard.press("[")
    expect(page.get_by_role("heading", level=1)).to_have_text(titles[1])
    page.get_by_role("link", name="Next record").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(titles[2])
    page.locator(".crumbs a").click()
    page.wait_for_url(re.compile(r"/leads\?q=Quotation"))


def _tab_to(page: Page, selector: str, back: bool = False) -> None:
    """As somebody without a mouse goes there."""
    for _ in range(80):
        if page.evaluate("one => document.activeElement?.matches(one)", selector):
            return
        page.keyboard.press("Shift+Tab" if back else "Tab")
    raise AssertionError(f"the keyboard does not reach {selector}")


def test_a_member_s_day_by_keyboard_alone(page: Page, site: Site, tmp_path: Path) -> None:
    page.goto("/leads")
    titles = page.locator("[data-row] a.title").all_inner_texts()
    addresses = page.locator("[data-row] a.title").evaluate_all("all => all.map(one => one.getAttribute('href'))")
    at = addresses.index(_lead(site))
    for _ in range(at + 1):
        page.keyboard.press("j")
    page.keyboard.press("Enter")
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_have_text(titles[at])

    page.keyboard.press("n")
    page.keyboard.type("@Pri")
    expect(page.locator("#compose-mentions")).to_be_visible()
    page.keyboard.press("Enter")
    page.keyboard.type("look at this")
    offer = tmp_path / "offer.txt"
    offer.write_text("36 vans")
    _tab_to(page, "#compose-files")
    with page.expect_file_chooser(timeout=5000) as chooser:
        page.keyboard.press("Space")
    chooser.value.set_files(offer)
    expect(page.locator("#compose-picked")).to_contain_text("offer.txt")
    _tab_to(page, "#compose-send")
    page.keyboard.press("Enter")
    note = page.locator("#thread .msg.note").first
    expect(note).to_contain_text("@Priya Nair look at this")
    expect(note).to_contain_text("offer.txt")

    page.keyboard.press("Escape")
    page.keyboard.press("m")
    page.keyboard.type("Dear Hanna, it is done.")
    page.keyboard.press("Control+Enter")
    sent = page.locator("#thread .msg.out").first
    expect(sent).to_contain_text("Dear Hanna, it is done.")
    sent.focus()
    _tab_to(page, f"#{sent.get_attribute('id')} .copy summary")
    page.keyboard.press("Enter")
    expect(sent.locator(".steps").first).to_contain_text("Queued")

    before = page.locator(".stages [aria-current=step]").inner_text()
    _tab_to(page, ".stages button:not([aria-current])", back=True)
    page.keyboard.press("Enter")
    expect(page.locator(".stages [aria-current=step]")).not_to_have_text(before)
    page.locator("h1").click()
    _tab_to(page, "#owner-of")
    page.keyboard.type("Priya")
    expect(page.locator("#thread .change").first).to_contain_text("Priya Nair")
    _tab_to(page, ".crumbs a", back=True)
    page.keyboard.press("]" if at + 1 < len(titles) else "[")
    expect(heading).to_have_text(titles[at + 1] if at + 1 < len(titles) else titles[at - 1])
