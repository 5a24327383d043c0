"""Lists, the board and the form of records in a real browser: by mouse, by keyboard alone, by thumb."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import Look, Site, States, context_for, violations, watched

LOOKS: tuple[Look, ...] = ("light", "dark", "phone")
PAGES = {
    "list": "/leads?view=list",
    "board": "/leads?view=board",
    "board, none": "/tickets?view=board",
    "board, nothing matches": "/leads?view=board&q=nothing",
}  # all others: see test_every_page_browser


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
    for name, address in PAGES.items():
        page.goto(address.format(**site.ids))
        assert violations(page, look) == [], name
        assert page.evaluate("document.documentElement.scrollWidth <= screen.width"), f"{name} is too wide"
    page.goto("/leads?view=list")
    page.locator("[data-pick]").first.check()
    page.get_by_text("Filter and sort").click()
    assert violations(page, look) == []
    page.keyboard.press("Escape")
    if look == "phone":
        page.goto("/leads?view=board")
        _move_by_dialog(page)
    assert complaints == []
    context.close()


def _move_by_dialog(page: Page) -> None:
    """A thumb drags nothing: the button of a card opens the stages."""
    card = page.locator(".column").nth(0).locator(".card-row").nth(5)
    number = card.locator(".mono").inner_text()
    card.get_by_role("button", name=f"Move {number}").tap()
    dialog = page.get_by_role("dialog", name="Move to")
    expect(dialog.get_by_role("button", name="New", exact=True)).to_be_disabled()
    assert violations(page) == []
    dialog.get_by_role("button", name="Proposition").tap()
    expect(page.locator("#live")).to_have_text(f"Moved {number} to Proposition.")
    expect(page.locator(".column[data-stage=Proposition]")).to_contain_text(number)


def test_by_mouse(jonas: Page, site: Site) -> None:
    jonas.goto("/leads?view=list")
    boxes = jonas.locator("[data-pick]")
    boxes.nth(1).check()
    boxes.nth(4).click(modifiers=["Shift"])
    expect(jonas.locator("#bulk .chosen")).to_have_text("4 chosen")
    jonas.get_by_label("Assign to").select_option(label="Amara Okafor")
    jonas.get_by_role("button", name="Assign", exact=True).click()
    expect(jonas.locator(".toast:not(#link, #failed)")).to_contain_text("Assigned 4 records to Amara Okafor.")

    jonas.get_by_text("Filter and sort").click()
    jonas.get_by_label("Owner").select_option(label="Amara Okafor")
    expect(jonas.locator("tr[data-row]")).to_have_count(4)
    jonas.get_by_label("Sorted by").select_option(label="Title")
    expect(jonas.locator("tr[data-row] .title").first).to_have_text("Quotation 56")
    with jonas.expect_download() as file:
        jonas.get_by_role("link", name="Export as CSV").click()
    assert len(Path(file.value.path()).read_text(encoding="utf-8-sig").splitlines()) == 5

    jonas.get_by_role("link", name="Board").click()
    card = jonas.locator(".column[data-stage=New] .card-row").first
    number = card.locator(".mono").inner_text()
    card.drag_to(jonas.locator(".column[data-stage=Qualified]"))
    expect(jonas.locator("#live")).to_have_text(f"Moved {number} to Qualified.")
    expect(jonas.locator(".column[data-stage=Qualified]")).to_contain_text(number)
    jonas.reload()
    expect(jonas.locator(".column[data-stage=Qualified]")).to_contain_text(number)
    expect(jonas.locator(".column[data-stage=New] [data-count]")).to_have_text("3")

    jonas.goto("/leads?view=board")
    jonas.locator(".column[data-stage=New]").get_by_role("link", name="Show more").click()
    expect(jonas.locator(".column[data-stage=New] .card-row")).to_have_count(30)


def test_by_keyboard_alone(jonas: Page, site: Site) -> None:
    keys = jonas.keyboard
    jonas.goto("/leads?view=list")
    for key in ("j", "x", "j", "j", "X"):
        keys.press(key)
    expect(jonas.locator("#live")).to_have_text("3 chosen")
    jonas.get_by_label("Assign to").focus()
    keys.type("Jonas")
    keys.press("Tab")
    keys.press("Enter")
    expect(jonas.locator(".toast:not(#link, #failed)")).to_contain_text("Assigned 3 records to Jonas Lindqvist.")

    keys.press("c")
    expect(jonas.get_by_label("Title")).to_be_focused()
    keys.press("Enter")
    expect(jonas.get_by_text("Give it a title: what is it about?")).to_be_visible()
    expect(jonas.get_by_label("Title")).to_be_focused()
    keys.type("Vans by keyboard")
    keys.press("Tab")
    keys.type("Marek")
    expect(jonas.get_by_role("option").first).to_be_visible()
    keys.press("Enter")
    expect(jonas.get_by_role("combobox", name="Contact")).to_have_value("Marek Dvořák")
    keys.press("Enter")
    expect(jonas.get_by_role("heading", name="Vans by keyboard", level=1)).to_be_visible()

    jonas.goto("/leads?view=board")
    keys.press("j")
    card = jonas.locator(".card-row", has_text="Vans by keyboard")
    expect(card.get_by_role("link")).to_be_focused()
    number = card.locator(".mono").inner_text()
    keys.press("Space")
    expect(jonas.locator("#live")).to_have_text(f"{number} picked up. It stands in New.")
    keys.press("ArrowRight")
    expect(jonas.locator("#live")).to_have_text("Qualified, stage 2 of 4")
    keys.press("Escape")
    expect(jonas.locator("#live")).to_have_text(f"{number} left in New.")
    for key in ("Space", "ArrowRight", "ArrowRight", "Space"):
        keys.press(key)
    expect(jonas.locator("#live")).to_have_text(f"Moved {number} to Proposition.")
    expect(card.get_by_role("link")).to_be_focused()
    expect(jonas.locator(".column[data-stage=Proposition]")).to_contain_text(number)
    keys.press("ArrowLeft")
    expect(card.get_by_role("link")).not_to_be_focused()
    keys.press("Enter")
    jonas.wait_for_url("**/leads/*")
