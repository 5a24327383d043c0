"""Outgoing servers by the API: secrets go in and never come out; what is wrong is said field by field."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from postroom.infra import secrets
from postroom.infra.config import config
from postroom.infra.dns import Resolver
from postroom.outbound import choice
from postroom.outbound.models import Delivery, OutgoingServer
from postroom.outbound.servers import sender_check
from tests.api.calls import Caller, caller, problem
from tests.support import factory
from tests.support.acme import Acme
from tests.support.authority import Authority
from tests.support.dns_server import Records, serving
from tests.support.sending import post
from tests.support.smtp_server import SmtpServer

pytestmark = [pytest.mark.django_db, pytest.mark.either_database]

WORD = "a-secret-word"


@pytest.fixture
def ada(acme: Acme) -> Caller:
    return caller(acme.admin)


@pytest.fixture
def whole(acme: Acme) -> dict[str, Any]:
    """A server with all that it needs."""
    return {
        "name": "Company mail",
        "company": acme.company.pk,
        "host": "smtp.acme.example",
        "username": "postroom",
        "password": WORD,
        "from_filter": "acme.example",
    }


def test_a_server_is_added_with_what_is_usual(ada: Caller, whole: dict[str, Any]) -> None:
    made = ada.send("POST", "/servers", whole)
    assert made.status_code == 201
    body = made.json()
    assert (body["port"], body["encryption"], body["priority"], body["active"]) == (587, "starttls", 10, True)
    assert (body["has_password"], body["editable"]) == (True, True)
    assert ada.get(f"/servers/{body['id']}").json() == body
    assert ada.get("/servers").json() == {"items": [body], "next": None}


def test_a_password_never_comes_out(ada: Caller, whole: dict[str, Any]) -> None:
    made = ada.send("POST", "/servers", whole)
    path = f"/servers/{made.json()['id']}"
    answers = [made, ada.get(path), ada.get("/servers"), ada.send("PATCH", path, {"password": WORD, "port": 0})]
    answers += [ada.send("PATCH", path, {"password": WORD, "port": 70_000}), ada.send("POST", f"{path}/archive")]
    assert not [
        answer for answer in answers if WORD in answer.content.decode() or '"password"' in answer.content.decode()
    ]
    assert secrets.decrypt(bytes(OutgoingServer.objects.get().secret)) == WORD


def test_a_patch_changes_what_it_names(ada: Caller, whole: dict[str, Any]) -> None:
    before = ada.send("POST", "/servers", whole).json()
    after = ada.send("PATCH", f"/servers/{before['id']}", {"priority": 3, "from_filter": ""}).json()
    assert after == {**before, "priority": 3, "from_filter": ""}
    assert ada.send("PATCH", f"/servers/{before['id']}", {}).json() == after
    assert secrets.decrypt(bytes(OutgoingServer.objects.get().secret)) == WORD


def test_a_password_follows_to_no_other_host(ada: Caller, whole: dict[str, Any]) -> None:
    made = ada.send("POST", "/servers", whole).json()
    path = f"/servers/{made['id']}"
    found = problem(ada.send("PATCH", path, {"host": "smtp.evil.example"}), 422)
    assert [error["where"] for error in found["errors"]] == ["body.password"]
    assert ada.get(path).json() == made


def test_a_server_is_archived_and_restored(ada: Caller, acme: Acme) -> None:
    row = factory.server(acme.company)
    assert ada.send("POST", f"/servers/{row.pk}/archive").json()["active"] is False
    assert ada.send("POST", f"/servers/{row.pk}/restore").json()["active"] is True


def test_servers_of_all_companies_are_seen_and_left_alone(ada: Caller, acme: Acme) -> None:
    row = factory.server(None, "Everybody's", username="operator")
    (shown,) = ada.get("/servers").json()["items"]
    assert (shown["editable"], shown["has_password"], shown["username"]) == (False, False, "")
    for method, path in (("PATCH", ""), ("POST", "/archive"), ("POST", "/restore"), ("POST", "/test")):
        problem(ada.send(method, f"/servers/{row.pk}{path}", {} if method == "PATCH" else None), 403)
    operator = caller(factory.user("op", is_operator=True))
    assert operator.get(f"/servers/{row.pk}").json()["editable"]
    made = {"name": "Shared", "company": None, "host": "mx.host.example", "authentication": "none"}
    assert operator.send("POST", "/servers", made).status_code == 201


BAD: list[tuple[dict[str, Any], str]] = [
    ({"name": ""}, "body.name"),
    ({"name": "x" * 121}, "body.name"),
    ({"company": None}, "body.company"),
    ({"company": 4711}, "body.company"),
    ({"company": 10**30}, "company"),
    ({"company": "acme"}, "company"),
    ({"host": ""}, "body.host"),
    ({"host": "smtp.acme.example:25"}, "body.host"),
    ({"host": "169.254.169.254"}, "body.host"),
    ({"host": "a\r\nb"}, "body.host"),
    ({"port": -1}, "port"),
    ({"port": 65_536}, "body.port"),
    ({"port": 10**12}, "port"),
    ({"port": "smtp"}, "port"),
    ({"encryption": "ssl"}, "encryption"),
    ({"authentication": "oauth"}, "authentication"),
    ({"username": ""}, "body.username"),
    ({"password": ""}, "body.password"),
    ({"password": "x" * 4097}, "body.password"),
    ({"from_filter": "not a domain"}, "body.from_filter"),
    ({"priority": -1}, "body.priority"),
    ({"max_connections": 0}, "body.max_connections"),
    ({"max_connections": 101}, "body.max_connections"),
    ({"trusted_relay": "perhaps"}, "trusted_relay"),
    ({"owner": 4711}, "body.owner"),
    ({"secret": "x"}, "secret"),
    ({"is_active": False}, "is_active"),
]


@pytest.mark.parametrize(("wrong", "where"), BAD)
def test_a_field_that_is_wrong_is_named(ada: Caller, whole: dict[str, Any], wrong: dict[str, Any], where: str) -> None:
    added = problem(ada.send("POST", "/servers", {**whole, **wrong}), 422)
    assert any(where in error["where"] for error in added["errors"]), added
    assert not OutgoingServer.objects.exists()
    made = ada.send("POST", "/servers", whole).json()
    if wrong != {"password": ""}:  # which keeps the known one
        problem(ada.send("PATCH", f"/servers/{made['id']}", wrong), 422)
        assert ada.get(f"/servers/{made['id']}").json() == made


@pytest.mark.parametrize("body", [None, "{", "[]", "7"])
@pytest.mark.parametrize("path", ["/servers", "/servers/simulate"])
def test_a_body_that_is_none(ada: Caller, path: str, body: str | None) -> None:
    response = ada.send("POST", path, body)
    problem(response, response.status_code)
    assert response.status_code in {400, 422}


def test_a_server_is_tried(ada: Caller, acme: Acme) -> None:
    with SmtpServer() as there:
        row = factory.server(acme.company, port=there.port)
        found = ada.send("POST", f"/servers/{row.pk}/test").json()
    assert found["worked"]
    assert {step["key"]: step["about"] for step in found["steps"]}["rcpt"] == acme.admin.email
    failed = ada.send("POST", f"/servers/{row.pk}/test").json()
    assert not failed["worked"]
    assert failed["steps"][-1]["text"]
    assert failed["steps"][-1]["advice"]


def test_a_hosted_company_is_refused_port_25_with_a_hint(
    ada: Caller, acme: Acme, whole: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(config(), "hosted_domain", "host.example")
    refused = problem(ada.send("POST", "/servers/test", {**whole, "port": 25}), 422)
    assert "465, 587 or 2525" in {one["where"]: one["what"] for one in refused["errors"]}["body.port"]
    row = factory.server(acme.company, port=25)
    for step in (
        ada.send("POST", f"/servers/{row.pk}/test").json()["steps"][-1],
        ada.send("POST", f"/servers/{row.pk}/size").json()["step"],
    ):  # from before it was hosted
        assert (step["kind"], step["state"]) == ("refused-port", "failed")
        assert "465, 587 or 2525" in step["text"]


def test_a_password_without_its_key_is_said(ada: Caller, acme: Acme, monkeypatch: pytest.MonkeyPatch) -> None:
    row = factory.server(acme.company, authentication="login", username="u", secret=secrets.encrypt(WORD))
    monkeypatch.setattr(config(), "encryption_keys", secrets.new_key())
    assert "POSTROOM_ENCRYPTION_KEYS" in problem(ada.send("POST", f"/servers/{row.pk}/test"), 409)["detail"]


def test_the_simulator_says_which_server_and_why(ada: Caller, acme: Acme) -> None:
    factory.server(acme.company, "Relay", from_filter="acme.example")
    found = ada.send("POST", "/servers/simulate", {"email": "Amara@acme.example", "name": "Amara"}).json()
    assert (found["server_name"], found["author"]) == ("Relay", {"email": "amara@acme.example", "name": "Amara"})
    assert found["trace"]
    other = ada.send("POST", "/servers/simulate", {"email": "x@else.example"}).json()
    assert other["author"]["email"] == "notifications@acme.example"


def test_the_simulator_asks_the_personal_server_of_who_writes(ada: Caller, acme: Acme) -> None:
    factory.server(acme.company, "Hers", from_filter="amara@acme.example", owner=acme.amara)
    asked = {"email": "amara@acme.example"}
    assert ada.send("POST", "/servers/simulate", asked).json()["server_name"] != "Hers"
    hers = ada.send("POST", "/servers/simulate", {**asked, "user": acme.amara.pk}).json()
    assert (hers["server_name"], hers["author"]["name"]) == ("Hers", "Amara Okafor")


def test_the_simulator_tells_all_that_stands_on_the_wire(
    ada: Caller, acme: Acme, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = factory.server(acme.company, "Relay", host="relay.example", from_filter="acme.example")
    record = factory.record(acme.support)
    table: Records = {("acme.example", "TXT"): ['"v=spf1 a:relay.example -all"'], ("relay.example", "A"): ["192.0.2.3"]}
    asked = {"email": "amara@acme.example", "record": record.pk, "recipient": "bob@x.example", "server": row.pk}
    with serving(table) as there:
        monkeypatch.setattr(sender_check, "resolver", lambda: Resolver([there.address]))
        found = ada.send("POST", "/servers/simulate", asked).json()
        assert ada.send("POST", "/servers/simulate", {**asked, "dns": False}).json()["checks"] == []
    assert (found["case"], found["recipient"], found["reply_to"], found["return_path"]) == (
        "forced", "bob@x.example", "support@acme.example", "bounce@acme.example",
    )  # fmt: skip
    assert (found["reply_tagged"], found["return_tagged"]) == (True, True)
    assert [(one["server"], one["chosen"]) for one in found["candidates"]] == [(row.pk, True)]
    verdicts = {check["method"]: check["verdict"] for check in found["checks"]}
    assert verdicts == {"SPF": "aligned", "DKIM": "cannot be told", "DMARC": "no record"}
    assert [step["step"] for step in found["trace"]] == ["from", "server", "choice", "return path", "reply to"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "email"),
        ({"email": "amara"}, "not a mail address"),
        ({"email": "x" * 321}, "email"),
        ({"email": "a@x.example", "company": 4711}, "company"),
        ({"email": "a@x.example", "company": 0}, "company"),
        ({"email": "a@x.example", "user": 4711}, "user"),
        ({"email": "a@x.example", "record": 4711}, "record"),
        ({"email": "a@x.example", "server": 4711}, "server"),
        ({"email": "a@x.example", "server": -1}, "server"),
        ({"email": "a@x.example", "recipient": "bob"}, "recipient"),
        ({"email": "a@x.example", "from": "b@x.example"}, "from"),
    ],
)
def test_a_question_that_cannot_be_answered(ada: Caller, body: dict[str, Any], words: str) -> None:
    assert words in json.dumps(problem(ada.send("POST", "/servers/simulate", body), 422))


def test_what_a_test_found_is_kept_until_the_server_changes(ada: Caller, acme: Acme) -> None:
    with SmtpServer() as there:
        row = factory.server(acme.company, port=there.port)
        assert ada.get(f"/servers/{row.pk}").json()["worked"] is None
        ada.send("POST", f"/servers/{row.pk}/test")
    shown = ada.get(f"/servers/{row.pk}").json()
    assert (shown["worked"], bool(shown["tested_at"])) == (True, True)
    renamed = ada.send("PATCH", f"/servers/{row.pk}", {"name": "Renamed"}).json()
    assert renamed["worked"] is True
    moved = ada.send("PATCH", f"/servers/{row.pk}", {"port": 26}).json()
    assert (moved["worked"], moved["tested_at"]) == (None, None)


def test_a_server_is_asked_for_its_size(ada: Caller, acme: Acme) -> None:
    with SmtpServer() as there:
        row = factory.server(acme.company, port=there.port)
        found = ada.send("POST", f"/servers/{row.pk}/size").json()
    assert (found["size"], found["step"]["key"]) == (36_700_160, "size")
    failed = ada.send("POST", f"/servers/{row.pk}/size").json()
    assert (failed["size"], failed["step"]["kind"]) == (0, "wrong-port")


def test_what_needs_a_server_keeps_it_until_it_is_moved(ada: Caller, acme: Acme) -> None:
    row, other = factory.server(acme.company), factory.server(acme.company, "Other")
    post(acme, "hanna@customer.example", forced_server=row.pk)
    found = problem(ada.send("POST", f"/servers/{row.pk}/archive"), 409)
    assert found["errors"] == [{"where": "letters", "what": "1 letter waits to leave by it"}]
    (use,) = ada.get(f"/servers/{row.pk}/uses").json()["items"]
    assert (use["key"], use["count"]) == ("letters", 1)
    problem(ada.send("POST", f"/servers/{row.pk}/move", {"to": row.pk}), 422)
    assert ada.send("POST", f"/servers/{row.pk}/move", {"to": other.pk}).json() == {"items": []}
    assert ada.send("POST", f"/servers/{row.pk}/archive").json()["active"] is False


def test_a_test_mail_goes_by_its_server(ada: Caller, acme: Acme) -> None:
    row = factory.server(acme.company)
    sent = ada.send("POST", f"/servers/{row.pk}/test-mail")
    assert sent.status_code == 202
    delivery = Delivery.objects.select_related("letter").get(pk=sent.json()["delivery"])
    assert (delivery.address, delivery.letter.forced_server_id) == (acme.admin.email, row.pk)
    row.is_active = False
    row.save()
    assert "archived" in problem(ada.send("POST", f"/servers/{row.pk}/test-mail"), 409)["detail"]


def test_a_client_certificate_goes_in_and_its_key_never_comes_out(
    ada: Caller, whole: dict[str, Any], tmp_path: Path
) -> None:
    certificate, key = Authority(tmp_path).client("postroom")
    given = {**whole, "authentication": "certificate", "certificate": certificate, "certificate_key": key}
    made = ada.send("POST", "/servers", given)
    assert (made.status_code, made.json()["certificate_subject"]) == (201, "CN=postroom")
    answers = [made, ada.get(f"/servers/{made.json()['id']}"), ada.get("/servers")]
    assert not any("PRIVATE KEY" in one.content.decode() or "CERTIFICATE" in one.content.decode() for one in answers)
    wrong = {**given, "certificate_key": Authority(tmp_path).client("other")[1]}
    assert problem(ada.send("POST", "/servers", wrong), 422)["errors"][0]["where"] == "body.certificate_key"


def test_providers_are_listed_and_guessed(ada: Caller) -> None:
    listed = ada.get("/servers/providers").json()["items"]
    assert {"gmail", "microsoft-connector", "generic"} <= {one["key"] for one in listed}
    (gmail,) = ada.get("/servers/providers?address=ada@gmail.com").json()["items"]
    assert (gmail["host"], gmail["from_filter"]) == ("smtp.gmail.com", "ada@gmail.com")
    assert ada.get("/servers/providers?address=nonsense").json()["items"] == []


def test_the_default_server_is_told_without_its_password(
    ada: Caller, whole: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = ada.get("/servers/default").json()
    assert (shown["transport"], shown["host"], shown["port"], shown["alone"]) == ("outbox", "", None, True)
    for name, value in {
        "outgoing_server": "relay.acme.example",
        "outgoing_port": 2525,
        "outgoing_user": "postroom-user",
        "outgoing_password": WORD,
        "from_filter": "acme.example, news@else.example",
    }.items():
        monkeypatch.setattr(config(), name, value)
    choice.forget()
    ada.send("POST", "/servers", whole)
    answer = ada.get("/servers/default")
    shown = answer.json()
    assert (shown["transport"], shown["host"], shown["port"]) == ("smtp", "relay.acme.example", 2525)
    assert (shown["from_filter"], shown["alone"], shown["folder"]) == ("acme.example, news@else.example", False, "")
    assert WORD not in answer.content.decode()
    assert "postroom-user" not in answer.content.decode()
