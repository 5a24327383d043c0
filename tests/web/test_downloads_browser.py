"""The page behind a link and the pages of whoever sent it, in a real browser: light, dark and on a phone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.support.browser import Look, Site, States, context_for, violations, watched

LOOKS: tuple[Look, ...] = ("light", "dark", "phone")


@pytest.fixture(scope="module")
def ids(site: Site) -> dict[str, int]:
    return site.tell("tests.web.linking", "fill")


@pytest.mark.parametrize("look", LOOKS)
def test_whoever_has_the_link_sees_a_clean_page_and_gets_the_file(
    browser: Browser, site: Site, ids: dict[str, int], look: Look
) -> None:
    context = context_for(browser, site, look, accept_downloads=True)
    page, complaints = watched(context)
    for token in ("plain", "risky", "long"):
        page.goto(f"/d/{token}")
        expect(page.get_by_role("heading", name="A file for you")).to_be_visible()
        assert page.get_by_text("can run a program").count() == (token == "risky")
        assert violations(page, look) == [], token
        assert page.evaluate("document.documentElement.scrollWidth <= screen.width"), f"{token} is too wide"
    page.goto("/d/plain")
    with page.expect_download() as started:
        page.get_by_role("button", name="Download").click()
    assert started.value.suggested_filename == "plans.pdf"
    assert started.value.path().read_bytes() == b"large" * 1000
    assert complaints == []
    for token in ("over", "revoked", "never"):
        page.goto(f"/d/{token}")
        expect(page.get_by_text("Ask whoever sent you the mail")).to_be_visible()
        assert violations(page, look) == [], token
    assert [said for said in complaints if "status of 404" not in said] == []
    context.close()


@pytest.mark.parametrize("look", LOOKS)
def test_whoever_sent_it_sees_what_became_of_it(
    browser: Browser, site: Site, states: States, ids: dict[str, int], look: Look
) -> None:
    context = context_for(browser, site, look, storage_state=states["admin"])
    page, complaints = watched(context)
    for address in (f"/messages/{ids['message']}/links", f"/outbox/{ids['copy']}", f"/copies/{ids['copy']}"):
        page.goto(address)
        expect(page.get_by_text("setup.html").first).to_be_visible()
        assert violations(page, look) == [], address
        assert page.evaluate("document.documentElement.scrollWidth <= screen.width"), f"{address} is too wide"
    assert complaints == []
    context.close()


def test_one_is_revoked_and_given_back(browser: Browser, site: Site, states: States, ids: dict[str, int]) -> None:
    context = context_for(browser, site, storage_state=states["admin"])
    page, _complaints = watched(context)
    page.goto(f"/messages/{ids['message']}/links")
    page.get_by_role("button", name="Revoke plans.pdf").click()
    expect(page.get_by_text("Revoked: the link leads nowhere.")).to_be_visible()
    assert page.request.get(f"{site.url}/d/plain").status == 404
    page.get_by_role("button", name="Renew for 30 days plans.pdf").click()
    expect(page.get_by_text("Renewed: the link leads to its file.")).to_be_visible()
    assert page.request.get(f"{site.url}/d/plain").status == 200
    context.close()


def test_the_composer_says_beforehand_what_the_server_does_not_take(
    browser: Browser, site: Site, states: States, ids: dict[str, int]
) -> None:
    site.tell("tests.web.linking", "small_server")
    context = context_for(browser, site, storage_state=states["admin"])
    page, complaints = watched(context)
    page.goto(f"/leads/{site.ids['lead']}")
    page.locator("#compose-body").focus()
    large, beyond = page.locator("#compose-as-links"), page.locator("#compose-beyond-ascii")
    expect(large).to_be_hidden()
    expect(beyond).to_be_hidden()
    page.set_input_files("#compose-files", {"name": "small.pdf", "mimeType": "application/pdf", "buffer": b"x" * 1000})
    expect(page.get_by_text("small.pdf")).to_be_visible()
    expect(large).to_be_hidden()
    page.set_input_files("#compose-files", {"name": "big.pdf", "mimeType": "application/pdf", "buffer": b"x" * 300_000})
    expect(large).to_contain_text("larger than Small post takes (196 kB) and would fail")
    page.locator("#compose-add").fill("jürgen@firm.example")
    page.keyboard.press("Enter")
    expect(beyond).to_contain_text("Small post does not carry")
    expect(beyond).to_contain_text("jürgen@firm.example")
    assert violations(page, "light") == []
    page.get_by_role("button", name="Remove big.pdf").click()
    expect(large).to_be_hidden()
    page.locator(".chip", has_text="jürgen").get_by_role("button").click()
    expect(beyond).to_be_hidden()
    assert complaints == []
    context.close()
