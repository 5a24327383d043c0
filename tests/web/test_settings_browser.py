"""Settings and the profile in a real browser: adding a server, testing it, asking which one is used."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.support.authority import Authority
from tests.support.browser import Look, Site, States, context_for, running_site, violations, watched
from tests.support.require import require
from tests.support.smtp_script import SILENCE, Script, scripted

LOOKS: tuple[Look, ...] = ("light", "dark", "phone")
WIDTHS = (320, 360, 768, 834, 1024, 1280, 1440, 1920)
Admin = tuple[Page, list[str]]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[Site]:
    require("chromium")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(authority.file))
        with running_site(tmp_path_factory.mktemp("site")) as site:
            yield site


@pytest.fixture
def admin(browser: Browser, site: Site, states: States) -> Iterator[Admin]:
    context = context_for(browser, site, storage_state=states["admin"])
    yield watched(context)
    context.close()


def _fill(page: Page, script: Script, **fields: str) -> None:
    """The form of a new server, filled for a server under test."""
    page.goto("/settings/servers/new")
    values = {
        "Name": "Company mail",
        "Sends for": "acme.example",
        "SMTP server": "localhost",
        "Port": str(script.port),
        "User name": "post@acme.example",
        "Password": "correct-battery-7",
    }
    for label, value in (values | fields).items():
        page.get_by_label(label, exact=True).fill(value)


def _save(page: Page) -> None:
    page.locator("#server-form").get_by_role("button", name=re.compile("^(Save|Add server)$")).click()


@pytest.mark.parametrize("look", LOOKS)
def test_every_page_is_clean(browser: Browser, site: Site, states: States, authority: Authority, look: Look) -> None:
    context = context_for(browser, site, look, storage_state=states["admin"])
    page, complaints = watched(context)
    with scripted(Script(authority.context("other.example"))) as script:
        _fill(page, script, Name=f"Seen {look}")
        page.locator("details.more summary").click()
        page.get_by_role("button", name="Test connection").click()
        expect(page.get_by_role("heading", name="It does not work yet")).to_be_visible()
        expect(page.get_by_text("but for other.example.")).to_be_visible()
        assert violations(page, look) == []
    _save(page)
    page.wait_for_url(re.compile(r"/settings/servers/\d+$"))
    assert violations(page, look) == []
    assert complaints == []
    page.goto("/settings/servers/new")
    _save(page)
    expect(page.get_by_role("alert")).to_be_focused()
    assert violations(page, look) == []
    context.close()


def test_nothing_overflows_at_any_width(admin: Admin) -> None:
    page, complaints = admin
    for address in ("/settings", "/settings/servers/new", "/profile"):
        page.goto(address)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate("document.documentElement.scrollWidth <= screen.width"), f"{address} at {width}"
            if width >= 768:  # only panes scroll
                assert page.evaluate("document.documentElement.scrollHeight <= innerHeight"), f"{address} at {width}"
    assert complaints == []


def test_a_server_is_tried_then_added_and_used(admin: Admin, authority: Authority) -> None:
    page, complaints = admin
    page.goto("/leads")
    page.keyboard.press("g")
    page.keyboard.press("s")
    page.wait_for_url("**/settings")
    with scripted(Script(authority.context("localhost"))) as script:
        _fill(page, script, Name="Our own", Priority="1")
        page.get_by_role("button", name="Test connection").click()
        expect(page.get_by_role("heading", name="It works")).to_be_visible()
        expect(page.locator("#test li")).to_have_count(8)
        expect(page.get_by_text("235 2.7.0 welcome")).to_be_visible()
        expect(page.locator("#live")).to_have_text("It works")
        assert "DATA" not in script.heard
    _save(page)
    expect(page.get_by_text("Our own is added. Mail may leave by it now.")).to_be_visible()
    expect(page.get_by_role("link", name="Our own")).to_have_attribute("aria-current", "true")
    expect(page.get_by_label("Password", exact=True)).to_have_value("")
    page.get_by_label("From address").fill("amara@acme.example")
    expect(page.locator(".win")).to_contain_text("Our own")
    page.get_by_label("From address").fill("somebody")
    expect(page.get_by_text("Type a whole address")).to_be_visible()
    page.get_by_role("button", name="Archive").click()
    expect(page.get_by_text("Our own is archived.")).to_be_visible()
    page.get_by_role("button", name="Restore").click()
    expect(page.get_by_text("Our own is restored.")).to_be_visible()
    assert complaints == []


def test_steps_appear_while_the_server_keeps_us_waiting(admin: Admin) -> None:
    page, complaints = admin
    with scripted(Script(answers={"MAIL": SILENCE})) as script:
        _fill(page, script)
        page.get_by_label("Encryption").select_option("None")
        page.get_by_label("Port").fill(str(script.port))
        page.get_by_role("button", name="Test connection").click()
        expect(page.get_by_text("Sign in as post@acme.example")).to_be_visible()
        expect(page.get_by_text("Testing the connection")).to_be_visible()
        expect(page.locator(".verdict")).to_have_count(0)
        expect(page.get_by_role("button", name="Test connection")).to_be_disabled()
    expect(page.get_by_role("heading", name="It does not work yet")).to_be_visible(timeout=15_000)
    expect(page.get_by_text("The server closed the connection.")).to_be_visible()
    assert complaints == []


def test_the_encryption_sets_the_port_unless_it_is_another(admin: Admin) -> None:
    page, complaints = admin
    page.goto("/settings/servers/new")
    port, encryption = page.get_by_label("Port"), page.get_by_label("Encryption")
    for words, number in (("TLS", "465"), ("None", "25"), ("STARTTLS", "587")):
        encryption.select_option(words)
        expect(port).to_have_value(number)
    port.fill("2525")
    encryption.select_option("TLS")
    expect(port).to_have_value("2525")
    page.get_by_label("Sign in with").select_option("No login")
    expect(page.get_by_label("User name")).to_be_hidden()
    assert complaints == []


def test_an_address_fills_in_its_provider_and_a_choice_goes_over_it(admin: Admin) -> None:
    page, complaints = admin
    page.goto("/settings/servers/new")
    page.get_by_label("Password", exact=True).fill("correct-battery-7")
    page.get_by_label("Mail address to send from").fill("ada@gmail.com")
    expect(page.get_by_label("SMTP server")).to_have_value("smtp.gmail.com")
    expect(page.get_by_label("User name")).to_have_value("ada@gmail.com")
    expect(page.get_by_label("Provider")).to_have_value("gmail")
    expect(page.get_by_text("make an app password")).to_be_visible()
    assert violations(page) == []
    page.get_by_label("Mail address to send from").fill("ada@norrgard.example")
    expect(page.get_by_label("SMTP server")).to_have_value("")
    expect(page.get_by_label("Provider")).to_have_value("")
    expect(page.get_by_label("User name")).to_have_value("")
    expect(page.get_by_text("No provider was recognised for norrgard.example")).to_be_visible()
    page.get_by_label("Provider").select_option("brevo")
    expect(page.get_by_label("SMTP server")).to_have_value("smtp-relay.brevo.com")
    page.get_by_label("Mail address to send from").fill("ada@gmail.com")
    expect(page.get_by_label("Sends for")).to_have_value("gmail.com")
    expect(page.get_by_label("Provider")).to_have_value("brevo")
    late: list[Route] = []
    page.route("**/provider*", lambda route: late.append(route))  # noqa: PLW0108 it asks what it is given
    page.get_by_label("Provider").select_option("")
    page.get_by_label("SMTP server").fill("smtp.own.example")
    page.wait_for_timeout(500)
    late[-1].continue_()
    page.unroute("**/provider*")
    expect(page.locator("#provider-notes h3")).to_contain_text("Gmail")
    expect(page.get_by_label("SMTP server")).to_have_value("smtp.own.example")
    page.get_by_label("Mail address to send from").fill("ada@yahoo.com")
    expect(page.locator("#provider-notes h3")).to_contain_text("Yahoo")
    expect(page.get_by_label("SMTP server")).to_have_value("smtp.own.example")
    page.get_by_label("Provider").select_option("microsoft-connector")
    expect(page.get_by_label("SMTP server")).to_have_value("yahoo-com.mail.protection.outlook.com")
    expect(page.get_by_label("Port")).to_have_value("25")
    expect(page.get_by_label("Password", exact=True)).to_be_hidden()
    page.get_by_label("Sign in with").select_option("Client certificate")
    expect(page.get_by_label("Private key (PEM)")).to_be_visible()
    page.get_by_label("Sign in with").select_option("As the default server of the configuration")
    expect(page.get_by_label("SMTP server")).to_be_hidden()
    page.get_by_label("Sign in with").select_option("User name and password")
    expect(page.get_by_label("Password", exact=True)).to_have_value("correct-battery-7")
    assert complaints == []


def test_the_simulator_answers_while_one_types(admin: Admin) -> None:
    page, complaints = admin
    page.goto("/settings/servers/choice")
    page.get_by_label("From address").fill("stranger@customer.example")
    expect(page.locator("#choice")).to_contain_text("Changed, so that receivers believe it.")
    page.get_by_text("Record, recipient, server").click()
    page.get_by_label("Record", exact=True).fill(f"LEAD-{10**9}")
    expect(page.locator("#choice")).to_contain_text("There is no record")
    page.get_by_label("Record", exact=True).fill("")
    page.get_by_label("Recipient").fill("bob@customer.example")
    expect(page.locator("#choice .onwire")).to_contain_text("bob@customer.example")
    page.get_by_label("The mail names its server").select_option(index=1)
    expect(page.locator("#choice .win")).to_contain_text("The letter names it")
    page.locator("#choice .why summary").click()
    expect(page.locator("#choice .trace")).to_contain_text("Return path")
    assert violations(page) == []
    assert complaints == []


def test_mistakes_stand_beside_their_fields(admin: Admin) -> None:
    page, _complaints = admin
    page.goto("/settings/servers/new")
    page.get_by_label("Sends for").fill("acme.example, oops")
    page.get_by_label("Port").fill("abc")
    _save(page)
    expect(page.get_by_label("Sends for")).to_have_accessible_description(re.compile("“oops” is no domain"))
    expect(page.get_by_label("Port")).to_have_accessible_description(re.compile("from 1 to 65535"))
    expect(page.get_by_label("Port")).to_have_value("abc")
    expect(page.get_by_label("Name", exact=True)).to_have_attribute("aria-invalid", "true")


def test_a_phone_shows_the_list_then_one_server(
    browser: Browser, site: Site, states: States, authority: Authority
) -> None:
    context = context_for(browser, site, "phone", storage_state=states["admin"])
    page, complaints = watched(context)
    page.goto("/settings/servers")
    expect(page.get_by_role("link", name="Default server")).to_be_visible()
    expect(page.locator(".servers > .pane")).to_be_hidden()
    page.get_by_role("link", name="Default server").tap()
    expect(page.get_by_text("a folder of this installation")).to_be_visible()
    expect(page.locator(".servers > .list")).to_be_hidden()
    page.get_by_role("link", name="Outgoing servers").tap()
    page.wait_for_url("**/settings/servers")
    page.get_by_role("button", name="More", exact=True).tap()
    page.get_by_role("navigation", name="More").get_by_role("link", name="Profile").tap()
    page.wait_for_url("**/profile")
    assert complaints == []
    context.close()


def test_a_profile_is_kept(browser: Browser, site: Site, states: States) -> None:
    context = context_for(browser, site, storage_state=states["jonas"])
    page, complaints = watched(context)
    page.goto("/settings")
    expect(page.locator(".tile")).to_have_count(2)  # a member's are the API tokens and the profile
    page.get_by_role("link", name="Jonas Lindqvist").click()
    page.wait_for_url("**/profile")
    page.get_by_label("Signature").fill("Jonas\n<b>Nordics</b>")
    expect(page.locator("#signature-preview")).to_have_text("Jonas\n<b>Nordics</b>")
    expect(page.get_by_text("comes to your mailbox")).to_be_visible()
    page.get_by_text("In the inbox", exact=True).click()
    expect(page.get_by_text("comes to your mailbox")).to_be_hidden()
    expect(page.get_by_text("No mail is sent to you.")).to_be_visible()
    page.get_by_label("Time zone").select_option("Europe/Stockholm")
    page.get_by_label("Single keys").uncheck()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    expect(page.get_by_label("Signature")).to_have_value("Jonas\n<b>Nordics</b>")
    expect(page.get_by_label("In the inbox")).to_be_checked()
    expect(page.locator("html[data-keys]")).to_have_count(0)
    assert violations(page) == []
    assert complaints == []
    context.close()


def test_pages_work_without_script(browser: Browser, site: Site, states: States) -> None:
    context = context_for(browser, site, storage_state=states["admin"], java_script_enabled=False)
    page = context.new_page()
    with scripted(Script()) as script:
        _fill(page, script)
        page.get_by_label("Encryption").select_option("None")
        page.get_by_role("button", name="Test connection").click()
        expect(page.get_by_text("Sign in as post@acme.example")).to_be_visible()
        expect(page.get_by_label("Port")).to_have_value(str(script.port))
    page.get_by_label("From address").fill("amara@acme.example")
    page.get_by_role("button", name="Show").click()
    expect(page.locator(".win")).to_be_visible()
    expect(page.get_by_label("From address")).to_have_value("amara@acme.example")
    context.close()
