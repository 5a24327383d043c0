"""The pages of outgoing servers: who reaches them, what they say, and that no secret is in any of them."""

from __future__ import annotations

import base64
import html
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from asgiref.sync import async_to_sync
from django.http import QueryDict, StreamingHttpResponse
from django.test import AsyncClient, Client
from django.utils import translation
from django.views.debug import SafeExceptionReporterFilter

from postroom.directory.models import User
from postroom.infra.dns import Limits, Resolver
from postroom.infra.models import Change
from postroom.outbound.models import Delivery, OutgoingServer
from postroom.outbound.providers.catalogue import PROVIDERS
from postroom.outbound.servers import sender_check
from postroom.outbound.servers import services as servers
from postroom.outbound.servers.services import ServerFields
from tests.support import factory
from tests.support.authority import Authority
from tests.support.dns_server import Fault, Records, serving
from tests.support.smtp_script import Script, scripted
from tests.web.conftest import World, make_world

pytestmark = [pytest.mark.django_db, pytest.mark.either_database]

SECRET = "correct-battery-7"
SENT = {
    "name": "Company mail",
    "priority": "10",
    "from_filter": "acme.example",
    "host": "smtp.acme.example",
    "port": "",
    "encryption": "starttls",
    "authentication": "login",
    "username": "post@acme.example",
    "password": SECRET,
    "max_connections": "4",
}


@pytest.fixture
def world(db: None) -> World:
    """Made for each test, since some commit."""
    return make_world()


@pytest.fixture
def row(world: World) -> OutgoingServer:
    fields = ServerFields(
        name="Company mail",
        company=world.acme.pk,
        host="smtp.acme.example",
        username="post@acme.example",
        password=SECRET,
        from_filter="acme.example",
    )
    return servers.create_server(user=world.admin, fields=fields)


# Member, administrator, operator, administrator of another company, somebody without a company.
PAGES = {
    "/settings": (200, 200, 200, 200, 200),
    "/settings/servers": (403, 200, 200, 200, 403),
    "/settings/servers/default": (403, 200, 200, 200, 403),
    "/settings/servers/new": (403, 200, 200, 200, 403),
    "/settings/servers/choice?from=x@acme.example": (403, 200, 200, 200, 403),
    "/settings/servers/choice/dns?from=": (403, 200, 200, 200, 403),
    "/settings/servers/{pk}": (403, 200, 404, 404, 403),
    "/settings/servers/999999": (403, 404, 404, 404, 403),
    "/profile": (200, 200, 200, 200, 200),
}


@pytest.mark.parametrize("address", PAGES)
def test_who_gets_which_page(client: Client, world: World, row: OutgoingServer, address: str) -> None:
    assert client.get(address.format(pk=row.pk)).status_code == 302
    for name, status in zip(("member", "admin", "operator", "stranger", "lonely"), PAGES[address], strict=True):
        client.force_login(getattr(world, name))
        response = client.get(address.format(pk=row.pk))
        assert response.status_code == status, name
        if name in {"stranger", "operator"} and status == 200:
            assert "smtp.acme.example" not in response.content.decode(), name


VERBS = ("", "/archive", "/restore", "/test", "/size", "/move", "/test-mail")


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize(("name", "status"), [("member", 403), ("operator", 404), ("stranger", 404), ("lonely", 403)])
def test_who_may_not_change_a_server(
    client: Client, world: World, row: OutgoingServer, verb: str, name: str, status: int
) -> None:
    client.force_login(getattr(world, name))
    assert client.post(f"/settings/servers/{row.pk}{verb}", SENT | {"name": "Mine now"}).status_code == status
    row.refresh_from_db()
    assert (row.name, row.is_active) == ("Company mail", True)


def test_adding_changing_archiving_restoring(client: Client, world: World) -> None:
    client.force_login(world.admin)
    response = client.post("/settings/servers/new", SENT)
    made = OutgoingServer.objects.get()
    assert (response.status_code, response.headers["Location"]) == (302, f"/settings/servers/{made.pk}")
    assert (made.company, made.port) == (world.acme, 587)
    address = f"/settings/servers/{made.pk}"
    client.post(address, SENT | {"name": "Other", "password": "", "trusted_relay": "on", "port": "2525"})
    made.refresh_from_db()
    assert (made.name, made.trusted_relay, made.port) == ("Other", True, 2525)
    client.post(f"{address}/archive")
    page = client.get(address).content.decode()
    assert "Other is archived. No mail leaves by it." in page
    assert "Restore" in page
    client.post(f"{address}/restore")
    made.refresh_from_db()
    assert made.is_active


def test_an_operator_adds_a_server_for_all_companies(client: Client, world: World) -> None:
    client.force_login(world.operator)
    client.post("/settings/servers/new", SENT)
    shared = OutgoingServer.objects.get()
    assert shared.company is None
    client.force_login(world.admin)
    page = client.get(f"/settings/servers/{shared.pk}").content.decode()
    assert "This server serves all companies" in page
    assert 'name="host"' not in page
    assert "post@acme.example" not in page
    assert client.post(f"/settings/servers/{shared.pk}", SENT).status_code == 404


def test_what_is_wrong_is_said_and_what_was_typed_stays(client: Client, world: World) -> None:
    client.force_login(world.admin)
    wrong = {"name": "", "port": "abc", "priority": "-3", "host": "<b>no host</b>", "from_filter": "ä@@"}
    response = client.post("/settings/servers/new", SENT | wrong)
    page = response.content.decode()
    assert response.status_code == 422
    for name in ("name", "port", "priority", "host", "from_filter"):
        assert f'id="{name}-error"' in page
        assert page.count(f'name="{name}"') == 1
    assert 'value="abc"' in page
    assert "&lt;b&gt;no host&lt;/b&gt;" in page
    assert SECRET not in page, "a password is typed again"
    assert not OutgoingServer.objects.exists()


@pytest.mark.parametrize("given", ["99999999999999999999", "x", "-1", "1.5"])
def test_numbers_that_are_none(client: Client, world: World, given: str) -> None:
    client.force_login(world.admin)
    for name in ("company", "owner", "max_connections", "priority", "port"):
        assert client.post("/settings/servers/new", SENT | {name: given}).status_code == 422, name


def test_the_default_server_stands_last_with_its_meaning(client: Client, world: World) -> None:
    client.force_login(world.admin)
    page = client.get("/settings/servers").content.decode()
    assert "outbox: kept here, not sent" in page
    assert "In use" in page
    client.post("/settings/servers/new", SENT)
    page = client.get("/settings/servers").content.decode()
    assert "Not in use" in page
    assert page.index("Company mail") < page.index("Default server")


def test_a_configured_default_server_is_named(client: Client, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from postroom.infra.config import Config
    from postroom.web.pages.settings.servers import pages

    monkeypatch.setattr(pages, "config", lambda: Config(outgoing_server="relay.host.example", outgoing_port=2525))
    client.force_login(world.admin)
    page = client.get("/settings/servers/default").content.decode()
    assert "relay.host.example:2525" in page
    assert "kept here, not sent" not in page


def _ask(client: Client, **asked: Any) -> str:
    return client.get("/settings/servers/choice", asked, headers={"HX-Request": "true"}).content.decode()


def test_the_simulator_says_which_server_and_why(client: Client, world: World, row: OutgoingServer) -> None:
    client.force_login(world.admin)
    kept = _ask(client, **{"from": "amara@acme.example"})
    assert "Company mail" in kept
    assert "its filter admits acme.example" in kept.lower()
    assert "amara<wbr>@acme.example" in kept
    assert "<form" not in kept, "only the answer"
    foreign = _ask(client, **{"from": "hanna@customer.example"})
    assert "Changed, so that receivers believe it." in foreign or "Nothing admits this From" in foreign
    assert "whole address" in _ask(client, **{"from": "hanna"})
    assert "<script>" not in _ask(client, **{"from": "<script>@x.example"})


def test_the_simulator_knows_personal_servers(client: Client, world: World, row: OutgoingServer) -> None:
    own = ServerFields(
        name="Own mail",
        company=world.acme.pk,
        host="smtp.own.example",
        authentication="none",
        from_filter="member@acme.example",
        owner=world.member.pk,
    )
    servers.create_server(user=world.admin, fields=own)
    client.force_login(world.admin)
    asked = {"from": "member@acme.example"}
    assert "Own mail" not in _ask(client, **asked)
    assert "Own mail" in _ask(client, author=world.member.pk, **asked)
    assert "Own mail" not in _ask(client, author=world.stranger.pk, **asked), "not somebody of another company"


def test_the_simulator_answers_for_companies_of_the_reader_only(
    client: Client, world: World, row: OutgoingServer
) -> None:
    client.force_login(world.stranger)
    assert "Company mail" not in _ask(client, company=world.acme.pk, **{"from": "amara@acme.example"})


def test_the_simulator_takes_a_record_a_recipient_and_a_server(
    client: Client, world: World, row: OutgoingServer
) -> None:
    client.force_login(world.admin)
    asked = {"from": "Hanna <hanna@customer.example>", "to": "bob@customer.example", "record": f"LEAD-{world.lead.pk}"}
    assert world.lead.desk
    assert world.lead.desk.alias
    said = _ask(client, server=row.pk, **asked)
    plain = html.unescape(re.sub(r"<[^>]*>", "", said))
    assert world.lead.title in plain
    assert "Hanna <hanna@customer.example>" in plain
    assert world.lead.desk.alias.address in plain
    assert "bob@customer.example" in plain
    assert "The letter names Company mail. Not admitted" in plain
    assert "Newest" not in plain
    page = client.get("/settings/servers/choice", {**asked, "server": str(row.pk)}).content.decode()
    assert f'<option value="{row.pk}" selected>Company mail' in page
    assert 'hx-get="/settings/servers/choice/dns?from=Hanna' in page, (
        "DNS is asked apart, so that the choice is there at once"
    )


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"record": "LEAD-99999"}, "no record LEAD-99999"),
        ({"record": "ticket-{lead}"}, "no record ticket-"),
        ({"record": "soon"}, "no record soon"),
        ({"to": "bob"}, "recipient is no whole address"),
        ({"from": ""}, "Type who writes"),
        ({"from": "a@b.example, c@d.example"}, "whole address"),
    ],
)
def test_a_question_that_is_none_is_said(client: Client, world: World, asked: dict[str, str], words: str) -> None:
    client.force_login(world.admin)
    named = {key: value.format(lead=world.lead.pk) for key, value in asked.items()}
    assert words in _ask(client, **{"from": "amara@acme.example", **named})


def test_a_record_of_another_company_is_not_there(client: Client, world: World, row: OutgoingServer) -> None:
    client.force_login(world.stranger)
    said = _ask(client, **{"from": "amara@acme.example", "record": str(world.lead.pk), "server": str(row.pk)})
    assert "no record" in said
    assert world.lead.title not in said


@pytest.mark.parametrize(("fault", "word"), [(None, "no record"), ("SERVFAIL", "could not ask")])
def test_what_dns_says_stands_under_the_choice(
    client: Client, world: World, row: OutgoingServer, fault: Fault | None, word: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    table: Records = {("smtp.acme.example", "A"): ["192.0.2.3"]}
    if fault:
        table = dict.fromkeys([("acme.example", "TXT"), ("_dmarc.acme.example", "TXT"), *table], fault)
    client.force_login(world.admin)
    with serving(table) as there:
        asks = Resolver([there.address], Limits(0.3, 1))
        monkeypatch.setattr(sender_check, "resolver", lambda: asks)
        headers = {"HX-Request": "true"}
        asked = {"from": "amara@acme.example"}
        said = client.get("/settings/servers/choice/dns", asked, headers=headers).content.decode()
        page = client.get("/settings/servers/choice/dns", asked).content.decode()
    for shown in (said, page):
        assert shown.count(f"</svg>{word}</span>") == 2
        other = {"no record", "could not ask"} - {word}
        assert f"</svg>{other.pop()}</span>" not in shown
    assert ("In its place" in said) is (fault is None)
    assert "Outgoing servers" in page
    assert "<form" not in said


def _mark_words(monkeypatch: pytest.MonkeyPatch, reader: User) -> None:
    """Let whatever is translated for a reader say so, and into which language."""
    reader.language = "de"
    reader.save()
    translation.gettext("Sign in")  # only now is it there to be replaced
    monkeypatch.setattr(translation._trans, "gettext", lambda words: f"{translation.get_language()}‹{words}›")  # type: ignore[attr-defined]


async def _tested(user: User, address: str, sent: dict[str, str]) -> str:
    client = AsyncClient()
    await client.aforce_login(user)
    response = await client.post(address, sent, headers={"HX-Request": "true"})
    assert isinstance(response, StreamingHttpResponse)
    return b"".join([part async for part in response]).decode()


@pytest.mark.django_db(transaction=True)
def test_a_test_streams_its_steps(world: World) -> None:
    script = Script(login=("post@acme.example", SECRET))
    with scripted(script):
        sent = SENT | {"host": "127.0.0.1", "port": str(script.port), "encryption": "none"}
        said = async_to_sync(_tested)(world.admin, "/settings/servers/new/test", sent)
    assert said.count("<li") == 7
    assert "It works, with 1 warning" in said
    assert "nothing is sent" in said
    assert any(line.startswith("RCPT TO:<admin@acme.example>") for line in script.heard)
    assert not OutgoingServer.objects.exists(), "nothing is saved"


@pytest.mark.django_db(transaction=True)
def test_what_is_wrong_with_a_server_is_said_in_the_readers_language(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    _mark_words(monkeypatch, world.admin)
    with scripted(Script()) as script:
        sent = SENT | {"host": "127.0.0.1", "port": str(script.port), "encryption": "starttls"}
        said = async_to_sync(_tested)(world.admin, "/settings/servers/new/test", sent)
    assert f"de‹The server offers no STARTTLS on port {script.port}: " in said
    assert "de‹Try TLS on port 465, " in said
    wrong = async_to_sync(_tested)(world.admin, "/settings/servers/new/test", SENT | {"host": ""})
    assert "de‹Enter the server's host name" in html.unescape(wrong)


@pytest.mark.django_db(transaction=True)
def test_a_test_of_a_wrong_form_says_what_is_wrong(world: World) -> None:
    said = async_to_sync(_tested)(world.admin, "/settings/servers/new/test", SENT | {"host": ""})
    assert "It does not work yet" in said
    assert "host name" in said


def test_a_test_without_script_is_a_page(client: Client, world: World) -> None:
    client.force_login(world.admin)
    script = Script()
    with scripted(script):
        sent = SENT | {"host": "127.0.0.1", "port": str(script.port), "encryption": "none"}
        response = client.post("/settings/servers/new/test", sent)
    page = response.content.decode()
    assert "Connect to port" in page
    assert 'value="127.0.0.1"' in page
    assert SECRET not in page


def test_a_key_that_is_gone_is_said(
    client: Client, world: World, row: OutgoingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from postroom.infra import secrets
    from postroom.infra.config import Config

    monkeypatch.setattr(secrets, "config", lambda: Config(encryption_keys=secrets.new_key()))
    client.force_login(world.admin)
    response = client.post(f"/settings/servers/{row.pk}/test", SENT | {"password": ""})
    assert "POSTROOM_ENCRYPTION_KEYS" in response.content.decode()


def _forms(secret: str) -> list[str]:
    """A secret as it may be echoed: itself, and what a login makes of it."""
    login = f"\0post@acme.example\0{secret}"
    return [secret, *(base64.b64encode(one.encode()).decode() for one in (secret, login))]


def test_a_secret_is_in_no_page_log_or_change(
    client: Client,
    world: World,
    row: OutgoingServer,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    client.force_login(world.admin)
    script = Script(login=("nobody", "else"))
    with scripted(script):
        there = SENT | {"host": "127.0.0.1", "port": str(script.port), "encryption": "none"}
        answers = [
            *(client.get(address.format(pk=row.pk)) for address in PAGES if "999" not in address),
            client.post(f"/settings/servers/{row.pk}", SENT | {"name": ""}),
            client.post(f"/settings/servers/{row.pk}", SENT, follow=True),
            client.post(f"/settings/servers/{row.pk}/test", there),
        ]
    assert "535" in answers[-1].content.decode(), "the server echoed what it was told"
    told = [answer.content.decode() for answer in answers] + [str(answer.headers) for answer in answers]
    told += [caplog.text, *capsys.readouterr(), repr(list(Change.objects.values())), repr(vars(row))]
    assert not [secret for secret in _forms(SECRET) if any(secret in words for words in told)]
    cipher = bytes(row.secret).decode()
    assert not any(cipher in words for words in told[:-1])


@pytest.mark.parametrize("address", ["new", "new/test", "new/size", "{pk}", "{pk}/test", "{pk}/size"])
def test_reports_of_errors_leave_secrets_out(client: Client, world: World, row: OutgoingServer, address: str) -> None:
    client.force_login(world.admin)
    answer = client.post(f"/settings/servers/{address.format(pk=row.pk)}", SENT | {"name": ""})
    request = answer.wsgi_request
    request.POST = QueryDict(urlencode({"password": SECRET, "certificate_key": SECRET, "name": "Relay"}))
    shown = SafeExceptionReporterFilter().get_post_parameters(request)
    assert (shown["name"], SECRET in str(shown)) == ("Relay", False)


def _provider(client: Client, **asked: str) -> str:
    return client.get("/settings/servers/provider", asked).content.decode()


def test_a_provider_says_what_it_refuses_and_fills_the_form(client: Client, world: World) -> None:
    client.force_login(world.admin)
    chosen = _provider(client, provider="outlook", address="ada@acme.example")
    for words in ('data-host="smtp.office365.com"', 'data-port="587"', "data-chosen", "Send as", "learn.microsoft.com"):
        assert words in chosen
    guessed = _provider(client, address="ada@gmail.com")
    assert 'data-provider="gmail"' in guessed
    assert "data-chosen" not in guessed, "a guess goes over nothing"
    assert 'data-filter="ada@gmail.com"' in guessed
    for nothing in ({}, {"address": "nonsense"}, {"provider": "nobody"}, {"address": "x" * 5000}):
        assert not _provider(client, **nothing).strip()
    assert "No provider was recognised for acme.example" in _provider(client, address="ada@acme.example")
    client.force_login(world.member)
    assert client.get("/settings/servers/provider").status_code == 403


def test_what_is_known_of_a_provider_is_in_the_readers_language(
    client: Client, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    _mark_words(monkeypatch, world.admin)
    client.force_login(world.admin)
    one = PROVIDERS["gmail"]
    page = html.unescape(_provider(client, provider=one.key))
    for words in (*one.restrictions, one.username_hint, one.key_hint):
        assert f"de‹{words}›" in page
    assert f'aria-label="de‹{one.name}›"' in page


def test_a_provider_is_guessed_by_mx(client: Client, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from postroom.core.authentication.questions import Answer, Question
    from postroom.outbound.providers import lookup

    asked: list[Question] = []

    class Mx:
        def ask_now(self, question: Question, seconds: float) -> tuple[Answer]:
            asked.append(question)
            found = question.name == "acme.example"
            return (Answer("found", ("acme-example.mail.protection.outlook.com",)) if found else Answer("unknown"),)

    monkeypatch.setattr(lookup, "resolver", Mx)
    client.force_login(world.admin)
    page = _provider(client, address="ada@acme.example")
    assert 'data-host="acme-example.mail.protection.outlook.com"' in page
    unasked = _provider(client, address="ada@else.example")
    assert "data-fill" not in unasked, "nobody could be asked: no guess"
    assert "No provider was recognised for else.example" in unasked
    assert [one.type for one in asked] == ["MX", "MX"]


def test_without_script_a_provider_fills_the_page(client: Client, world: World) -> None:
    client.force_login(world.admin)
    page = client.get("/settings/servers/new", {"provider": "sendgrid", "address": "ada@acme.example"}).content.decode()
    for words in ('value="smtp.sendgrid.net"', 'value="apikey"', 'value="acme.example"', "The word apikey"):
        assert words in page


def test_what_a_provider_refuses_stands_with_a_kept_server(client: Client, world: World) -> None:
    client.force_login(world.admin)
    client.post("/settings/servers/new", SENT | {"provider": "mailjet"})
    page = client.get(f"/settings/servers/{OutgoingServer.objects.get().pk}").content.decode()
    assert "dev.mailjet.com" in page


def test_a_server_in_use_says_so_and_one_button_moves_it(client: Client, world: World, row: OutgoingServer) -> None:
    other = factory.server(world.acme, "Other relay")
    waiting = factory.delivery(world.lead)
    type(waiting.letter).objects.filter(pk=waiting.letter_id).update(forced_server=row)
    client.force_login(world.admin)
    response = client.post(f"/settings/servers/{row.pk}/archive")
    page = response.content.decode()
    assert response.status_code == 409
    assert "1 letter waits to leave by it" in page
    assert "Move and archive" in page
    client.post(f"/settings/servers/{row.pk}/move", {"to": "nonsense"})
    row.refresh_from_db()
    assert row.is_active
    client.post(f"/settings/servers/{row.pk}/move", {"to": other.pk})
    row.refresh_from_db()
    waiting.letter.refresh_from_db()
    assert (row.is_active, waiting.letter.forced_server) == (False, other)


@pytest.mark.django_db(transaction=True)
def test_a_test_of_a_kept_server_is_remembered_and_proves_only_so_much(world: World, row: OutgoingServer) -> None:
    script = Script(login=("post@acme.example", SECRET))
    with scripted(script):
        there = {"host": "127.0.0.1", "port": script.port, "encryption": "none"}
        OutgoingServer.objects.filter(pk=row.pk).update(**there)
        sent = SENT | {name: str(value) for name, value in there.items()} | {"password": ""}
        said = async_to_sync(_tested)(world.admin, f"/settings/servers/{row.pk}/test", sent)
    assert "not that receivers do" in said
    assert "Send me a test mail" in said
    row.refresh_from_db()
    assert row.test_worked
    client = Client()
    client.force_login(world.admin)
    page = client.get(f"/settings/servers/{row.pk}").content.decode()
    assert "Worked when tested" in page
    assert "not that receivers do" in page
    assert "Every step" in page


def test_a_test_mail_is_shown_until_it_is_through(client: Client, world: World, row: OutgoingServer) -> None:
    client.force_login(world.admin)
    address = f"/settings/servers/{row.pk}/test-mail"
    page = client.post(address, headers={"HX-Request": "true"}).content.decode()
    assert f"Test mail to {world.admin.email}" in page
    assert 'hx-trigger="every 1s"' in page
    sent = Delivery.objects.get()
    Delivery.objects.filter(pk=sent.pk).update(state="accepted", due=None, words="250 taken")
    page = client.get(f"{address}/{sent.pk}").content.decode()
    assert "250 taken" in page
    assert "hx-trigger" not in page
    client.force_login(world.stranger)
    assert client.get(f"{address}/{sent.pk}").status_code == 404
    client.force_login(world.admin)
    assert client.post(address).status_code == 302
    OutgoingServer.objects.filter(pk=row.pk).update(is_active=False)
    assert "archived server sends nothing" in client.post(address, headers={"HX-Request": "true"}).content.decode()


def test_the_server_is_asked_how_large_a_mail_may_be(client: Client, world: World) -> None:
    client.force_login(world.admin)
    script = Script(offers=("SIZE 36700160",))
    with scripted(script):
        sent = SENT | {"host": "127.0.0.1", "port": str(script.port), "encryption": "none"}
        page = client.post("/settings/servers/new/size", sent, headers={"HX-Request": "true"}).content.decode()
        assert 'value="35"' in page
        assert "<form" not in page
        assert 'value="35"' in client.post("/settings/servers/new/size", sent).content.decode()
    page = client.post("/settings/servers/new/size", sent, headers={"HX-Request": "true"}).content.decode()
    assert "Nothing listens at" in page


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("25", 25 * 2**20), ("0.5", 2**19), ("1,5", 3 * 2**19), ("25 MB", 25 * 2**20), ("", 0), ("x", None), ("-1", None)],
)
def test_megabytes_are_read(client: Client, world: World, typed: str, kept: int | None) -> None:
    client.force_login(world.admin)
    response = client.post("/settings/servers/new", SENT | {"max_size": typed, "daily_limit": "500"})
    if kept is None:
        assert response.status_code == 422
        assert 'id="max_size-error"' in response.content.decode()
        return
    made = OutgoingServer.objects.get()
    assert (made.max_size, made.daily_limit) == (kept, 500)


def test_a_client_certificate_is_shown_by_subject_and_end_only(client: Client, world: World, tmp_path: Path) -> None:
    certificate, key = Authority(tmp_path).client("postroom")
    client.force_login(world.admin)
    given = SENT | {"authentication": "certificate", "certificate": certificate, "certificate_key": key}
    client.post("/settings/servers/new", given)
    made = OutgoingServer.objects.get()
    page = client.get(f"/settings/servers/{made.pk}").content.decode()
    assert "CN=postroom, valid until" in page
    assert "BEGIN" not in page
    wrong = client.post("/settings/servers/new", given | {"certificate_key": "x"})
    assert "no private key" in wrong.content.decode()
    assert "BEGIN CERTIFICATE" not in wrong.content.decode(), "it is pasted again"
