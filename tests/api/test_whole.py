"""What holds for the whole API: every list by cursor, every creation once for a key, every refusal a problem."""

from __future__ import annotations

import json
from collections import Counter
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import pytest
from django.test import Client
from ninja import Schema

from postroom.api import schemas
from postroom.api.urls import api
from postroom.conversations.notes import edit_note
from postroom.directory.models import User
from postroom.directory.services import create_token
from postroom.records.editing import edit_record
from tests.api.calls import BASE, Caller, caller, problem
from tests.support import factory
from tests.support.populated import Populated, populate

pytestmark = pytest.mark.django_db

DOCUMENT = json.loads(json.dumps(api.get_openapi_schema(path_prefix="")))
OPERATIONS = [(method, path, one) for path, methods in DOCUMENT["paths"].items() for method, one in methods.items()]
# Answers with the list as it is then; what is a list of the program itself, or of the uses of one server.
NOT_IN_PAGES = {"move_domain", "list_alike_contacts", "list_providers", "list_server_uses", "move_server_uses"}


def schema_of(operation: dict[str, Any]) -> dict[str, Any]:
    """The form of what an operation answers."""
    good: dict[str, Any] = next((one for status, one in operation["responses"].items() if int(status) < 300), {})
    found: dict[str, Any] = good.get("content", {}).get("application/json", {}).get("schema", {})
    while "$ref" in found:
        found = DOCUMENT["components"]["schemas"][found["$ref"].rpartition("/")[2]]
    return found


def names(operation: dict[str, Any]) -> set[str]:
    return {one["name"] for one in operation.get("parameters", [])}


@pytest.fixture
def filled() -> Populated:
    return populate()


@pytest.fixture
def admin(filled: Populated) -> User:
    user = filled.users["administrator"]
    user.is_operator = True
    user.save()
    return user


@pytest.fixture
def program(admin: User) -> Caller:
    return Caller(create_token(user=admin, name="test").secret)


def test_every_list_comes_in_pages() -> None:
    lists = {one["operationId"]: one for _, _, one in OPERATIONS if "items" in schema_of(one).get("properties", {})}
    assert len(lists) > 20
    for name in lists.keys() - NOT_IN_PAGES:
        assert {"cursor", "limit"} <= names(lists[name]), name
        assert "next" in schema_of(lists[name])["required"], name


def test_every_form_is_named_once() -> None:
    """Of two classes of one name the document would keep the last, and describe the answers of the other wrongly."""
    modules = [import_module(f"{schemas.__name__}.{one.name}") for one in iter_modules(schemas.__path__)]
    forms = [
        form.__name__
        for module in modules
        for form in vars(module).values()
        if isinstance(form, type) and issubclass(form, Schema) and form.__module__ == module.__name__
    ]
    assert len(forms) > 100
    assert [name for name, times in Counter(forms).items() if times > 1] == []


def test_every_creation_takes_a_key() -> None:
    makers = {one["operationId"]: one for _, _, one in OPERATIONS if "201" in one["responses"]}
    assert len(makers) > 10
    assert [name for name, one in makers.items() if "Idempotency-Key" not in names(one)] == []


@pytest.mark.parametrize("path", ["/parameters", "/scheduled-actions", "/tokens", "/domains", "/desks", "/attention"])
def test_a_short_list_has_pages_too(program: Caller, admin: User, path: str) -> None:
    create_token(user=admin, name="another")
    whole = program.get(path, limit=200).json()
    assert whole["next"] is None
    rows, cursor = [], ""
    while True:
        page = program.get(path, limit=1, cursor=cursor).json()
        rows += page["items"]
        if page["next"] is None:
            break
        cursor = page["next"]
    assert rows == whole["items"]
    problem(program.get(path, cursor="x"), 422)


@pytest.mark.parametrize("path", ["/api/v1/", "/api/v2/records", "/api/nowhere", "/api/v1/records/"])
def test_an_unknown_address_is_a_problem(path: str) -> None:
    problem(Client().get(path), 404)  # type: ignore[arg-type]


def test_a_page_that_is_not_there_stays_a_page() -> None:
    assert Client().get("/apiary").headers["Content-Type"].startswith("text/html")


def test_another_host_is_a_problem(settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["postroom.example"]
    problem(Client().get(f"{BASE}/health", headers={"Host": "evil.example"}), 400)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["text/xml", "application/x-www-form-urlencoded", "text/plain"])
@pytest.mark.parametrize("path", ["/records", "/tokens", "/servers/simulate"])
def test_a_body_that_says_it_is_no_json_is_not_read(program: Caller, path: str, kind: str) -> None:
    headers = {"Authorization": f"Bearer {program.secret}"}
    problem(Client().post(f"{BASE}{path}", "x", content_type=kind, headers=headers), 415)  # type: ignore[arg-type]


def test_a_body_that_is_too_large_is_a_problem(program: Caller, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    problem(program.send("POST", "/records", {"title": "x" * 200}), 413)


def test_a_server_is_made_once_for_a_key(program: Caller, filled: Populated) -> None:
    given = {"name": "Post", "host": "mx.acme.example", "authentication": "none", "company": filled.acme.pk}
    key = {"Idempotency-Key": "one"}
    first = program.send("POST", "/servers", given, key)
    assert first.status_code == 201
    assert program.send("POST", "/servers", given, key).json() == first.json()
    problem(program.send("POST", "/servers", {**given, "name": "Other"}, key), 422)


def test_a_link_is_told_once_for_a_key(program: Caller, filled: Populated) -> None:
    address, key = f"/users/{filled.users['member'].pk}/link", {"Idempotency-Key": "one"}
    assert program.send("POST", address, None, key).json()["url"]
    assert program.send("POST", address, None, key).json() == {
        "user": filled.users["member"].pk,
        "url": "",
        "mailed": False,
    }


def test_changes_of_a_record(program: Caller, filled: Populated, admin: User) -> None:
    pk = filled.things["record"]
    for title in ("43 vans", "44 vans"):
        edit_record(user=admin, record_id=pk, title=title)
    found = program.get(f"/records/{pk}/changes", limit=1).json()
    assert [(one["field"], one["after"], one["by"]["email"]) for one in found["items"]] == [
        ("title", "44 vans", admin.email)
    ]
    (older,) = program.get(f"/records/{pk}/changes", cursor=found["next"]).json()["items"]
    assert (older["before"], older["after"]) == ("Telematics for 42 delivery vans", "43 vans")


def test_a_list_as_a_file(program: Caller) -> None:
    answer = program.get("/records/export", type="ticket")
    lines = b"".join(answer).decode().splitlines()
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert (len(lines), "GPS drift in tunnels" in lines[1]) == (2, True)


def test_a_message_and_its_headers(program: Caller, filled: Populated) -> None:
    pk = filled.things["message"]
    assert program.get(f"/messages/{pk}").json()["text"] == "Hello from Borås"
    found = program.get(f"/messages/{pk}/original").json()
    assert {"name": "From", "value": "Hanna Sjöberg <hanna@norrgard.example>"} in found["headers"]
    assert (found["arrival"], found["source"]) == (None, False)
    problem(program.get(f"/messages/{pk}/source"), 404)


def test_the_mail_of_a_message_that_came(program: Caller, filled: Populated) -> None:
    message = factory.message(filled_record(filled), "By mail")
    arrival = factory.arrival(filled.acme)
    factory.route(arrival, filled.acme, "thread:1", message=message)
    assert program.get(f"/messages/{message.pk}/original").json()["arrival"] == arrival.pk
    answer = program.get(f"/messages/{message.pk}/source")
    assert (answer["Content-Type"], answer.content) == ("message/rfc822", factory.RAW)
    problem(caller(filled.users["member"]).get(f"/messages/{message.pk}/source"), 404)


@pytest.mark.parametrize(
    ("how", "named"), [("reply", ("message", 1, 0)), ("reply-all", ("message", 1, 1)), ("forward", ("message", 0, 0))]
)
def test_a_draft_can_be_posted(program: Caller, filled: Populated, how: str, named: tuple[str, int, int]) -> None:
    message = factory.message(filled_record(filled), "Hello", to=[], cc=[["inkop@norrgard.example", "Inköp"]])
    draft = program.get(f"/messages/{message.pk}/draft", how=how).json()
    assert (draft["kind"], len(draft["to"]), len(draft["cc"])) == named
    body = {name: value for name, value in draft.items() if name not in {"kind", "record"}} | {"body": "Thanks"}
    body["to"] = body["to"] or [{"email": "nina@holm.example"}]
    assert program.send("POST", f"/records/{draft['record']}/messages", body).status_code == 201


def test_a_note_is_answered_by_a_note(program: Caller, filled: Populated, admin: User) -> None:
    assert program.get(f"/messages/{filled.things['note']}/draft").json()["kind"] == "note"
    edit_note(user=admin, message_id=filled.things["note"], body="Pst")
    assert program.send("DELETE", f"/messages/{filled.things['note']}").status_code == 204
    problem(program.get(f"/messages/{filled.things['note']}/draft"), 410)


def test_the_queue_messages_and_colleagues(program: Caller, filled: Populated) -> None:
    queue = program.get("/queue").json()
    assert [(one["state"], one["count"]) for one in queue["outbound"]] == [("queued", 2)]
    rows = program.get("/messages").json()["items"]
    assert {one["record"] for one in rows} == {filled.things["record"]}
    assert program.get("/messages", message_id="<nobody@x>").json()["items"] == []
    assert "Member" in [one["name"] for one in program.get("/colleagues", company=filled.acme.pk).json()["items"]]
    assert program.get("/colleagues", company=filled.globex.pk).json()["items"] == []


def test_what_a_renaming_would_give_up(program: Caller, filled: Populated) -> None:
    address = f"/domains/{filled.things['domain']}"
    before = program.get(address).json()
    found = program.send("POST", f"{address}/renaming", {"name": "other.example"}).json()
    assert {one["new"].rpartition("@")[2] for one in found["addresses"]} == {"other.example"}
    assert program.get(address).json() == before
    assert program.send("POST", f"{address}/renaming", {}).json()["addresses"] == []


def test_a_server_is_tried_before_it_is_kept(program: Caller, filled: Populated) -> None:
    given = {"name": "Post", "host": "127.0.0.1", "port": 1, "encryption": "none", "authentication": "none"}
    found = program.send("POST", "/servers/test", {**given, "company": filled.acme.pk}).json()
    assert not found["worked"]
    assert found["steps"]
    problem(program.send("POST", "/servers/test", {**given, "company": filled.acme.pk, "host": ""}), 422)


def filled_record(filled: Populated) -> Any:
    from postroom.records.models import Record

    return Record.objects.get(pk=filled.things["record"])
