"""Writing by the API: messages and notes, people, files, and requests that count once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from postroom.conversations import services
from postroom.conversations.models import Attachment, Message, Notification
from postroom.directory.models import Contact
from postroom.infra import idempotency
from postroom.infra.clock import now
from postroom.infra.models import AnsweredRequest
from postroom.outbound.models import Delivery
from postroom.records.models import Record
from tests.api.calls import Caller, caller, problem
from tests.support import factory
from tests.support.acme import Acme

pytestmark = pytest.mark.django_db


def colleague(acme: Acme) -> int:
    return Contact.objects.get(user=acme.admin).pk


def told(message: dict[str, Any]) -> set[str]:
    return set(Notification.objects.filter(message=message["id"]).values_list("email", flat=True))


def post(program: Caller, record: Record, body: object, key: str = "", what: str = "messages") -> Any:
    headers = {"Idempotency-Key": key} if key else {}
    return program.send("POST", f"/records/{record.pk}/{what}", body, headers)


def test_a_message_goes_to_those_who_are_suggested(amara: Caller, record: Record) -> None:
    made = post(amara, record, {"body": "We have 42."})
    assert made.status_code == 201
    message = made.json()
    assert (message["text"], message["subject"], message["standing"]) == ("We have 42.", "Re: Vans", "member")
    assert message["trace"]
    assert told(message) == {"hanna@customer.example"}
    assert amara.get(f"/records/{record.pk}/messages").json()["items"] == [message]


def test_people_are_named_as_in_a_header_or_taken_apart(amara: Caller, record: Record) -> None:
    to = ["Bo Ek <bo@customer.example>", {"email": "cy@customer.example", "name": "Cy"}]
    message = post(amara, record, {"body": "Hi", "subject": "Both", "to": to, "cc": ["di@customer.example"]}).json()
    assert message["to"] == [
        {"email": "bo@customer.example", "name": "Bo Ek"},
        {"email": "cy@customer.example", "name": "Cy"},
    ]
    assert message["cc"] == [{"email": "di@customer.example", "name": ""}]
    assert message["subject"] == "Both"
    assert told(message) == {"bo@customer.example", "cy@customer.example", "di@customer.example"}


def test_to_nobody_is_to_followers_alone(amara: Caller, record: Record) -> None:
    assert told(post(amara, record, {"body": "Hi", "to": []}).json()) == set()
    assert told(amara.form(f"/records/{record.pk}/messages", {"body": "Hi", "to": ""}).json()) == set()


def test_a_note_is_heard_by_those_whom_it_mentions(amara: Caller, acme: Acme, record: Record) -> None:
    note = post(amara, record, {"body": "@Ada look", "mentions": [colleague(acme)]}, what="notes").json()
    assert (note["visibility"], note["kind"]) == ("internal", "note")
    assert told(note) == {"admin@acme.example"}


@pytest.mark.parametrize("what", ["messages", "notes"])
def test_files_come_as_a_form(amara: Caller, acme: Acme, record: Record, what: str) -> None:
    files = [
        SimpleUploadedFile("offer.pdf", b"%PDF", "application/pdf"),
        SimpleUploadedFile("ö.txt", b"x", "text/plain"),
    ]
    fields = {"body": "Here", "mentions": [colleague(acme)], "files": files}
    more = {"to": ["Bo <bo@customer.example>", "cy@customer.example"]} if what == "messages" else {}
    message = amara.form(f"/records/{record.pk}/{what}", {**fields, **more}).json()
    assert [(file["name"], file["type"], file["size"]) for file in message["attachments"]] == [
        ("offer.pdf", "application/pdf", 4),
        ("ö.txt", "text/plain", 1),
    ]
    assert amara.get(f"/attachments/{message['attachments'][0]['id']}").content == b"%PDF"
    assert "admin@acme.example" in told(message)
    assert ("bo@customer.example" in told(message)) is (what == "messages")


@pytest.mark.parametrize("what", ["messages", "notes"])
def test_the_same_key_posts_once(amara: Caller, record: Record, what: str) -> None:
    first = post(amara, record, {"body": "Once"}, "k1", what)
    copies = Delivery.objects.count()
    again = post(amara, record, {"body": "Once"}, "k1", what)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert (Message.objects.count(), Delivery.objects.count()) == (1, copies)


def test_a_key_counts_for_its_user_and_request_alone(amara: Caller, acme: Acme, record: Record) -> None:
    mine = post(amara, record, {"body": "Once"}, "k1").json()
    hers = post(caller(acme.admin), record, {"body": "Once"}, "k1").json()
    assert mine["id"] != hers["id"]
    assert "another request" in problem(post(amara, record, {"body": "Twice"}, "k1"), 422)["detail"]
    assert "another request" in problem(post(amara, record, {"body": "Once"}, "k1", "notes"), 422)["detail"]
    other = factory.record(acme.sales)
    assert "another request" in problem(post(amara, other, {"body": "Once"}, "k1"), 422)["detail"]
    assert Message.objects.count() == 2


def test_files_belong_to_the_request_of_a_key(amara: Caller, record: Record) -> None:
    def send(data: bytes) -> Any:
        file = SimpleUploadedFile("a.txt", data, "text/plain")
        path = f"/records/{record.pk}/messages"
        return amara.form(path, {"body": "Hi", "files": file}, {"Idempotency-Key": "k1"})

    assert send(b"one").json() == send(b"one").json()
    problem(send(b"two"), 422)
    assert Attachment.objects.count() == 1


def test_a_key_is_forgotten_after_a_day(amara: Caller, record: Record) -> None:
    first = post(amara, record, {"body": "Daily"}, "k1").json()
    AnsweredRequest.objects.update(at=now() - timedelta(hours=23))
    assert post(amara, record, {"body": "Daily"}, "k1").json() == first
    assert idempotency.forget_old() == 0
    AnsweredRequest.objects.update(at=now() - timedelta(hours=25))
    assert post(amara, record, {"body": "Daily"}, "k1").json()["id"] != first["id"]
    AnsweredRequest.objects.update(at=now() - timedelta(hours=25))
    assert idempotency.forget_old() == 1


def test_what_failed_is_not_remembered(amara: Caller, record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    problem(post(amara, record, {"body": ""}, "k1"), 422)
    with monkeypatch.context() as broken:
        broken.setattr(services, "_post", lambda *args: 1 / 0)
        problem(post(amara, record, {"body": "Hi"}, "k1"), 500)
    assert not AnsweredRequest.objects.exists()
    assert post(amara, record, {"body": "Hi"}, "k1").status_code == 201


def test_a_disk_that_is_full_is_said(amara: Caller, record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(services, "_post", full)
    assert "nothing was sent" in problem(post(amara, record, {"body": "Hi"}), 507)["detail"]
    assert not Message.objects.exists()


BAD: list[tuple[object, int, str]] = [
    ("{", 422, "JSON"),
    (b"\xff\xfe", 422, "JSON"),
    ("[]", 422, "object"),
    ("null", 422, "object"),
    ({}, 422, "nothing to send"),
    ({"body": " \n"}, 422, "nothing to send"),
    ({"body": None}, 422, "body.body"),
    ({"body": ["x"]}, 422, "body.body"),
    ({"body": "x", "colour": "red"}, 422, "colour"),
    ({"body": "x" * 262_145}, 422, "too long"),
    ('{"body": "\\ud800"}', 422, "body"),
    ({"body": "x", "mentions": [0]}, 422, "mentions"),
    ({"body": "x", "mentions": [10**30]}, 422, "mentions"),
    ({"body": "x", "mentions": ["me"]}, 422, "mentions"),
    ({"body": "x", "mentions": [4711]}, 422, "Only our own people"),
    ({"body": "x", "mentions": list(range(1, 502))}, 422, "may have 500"),
]
BAD_PEOPLE: list[tuple[object, int, str]] = [
    ({"body": "x", "to": "bo@customer.example"}, 422, "to"),
    ({"body": "x", "to": [None]}, 422, "to.0"),
    ({"body": "x", "to": ["nobody"]}, 422, "to.0"),
    ({"body": "x", "to": ["(" * 990_000 + ") bo@x.example"]}, 422, "one address"),
    ({"body": "x", "to": [""]}, 422, "to.0"),
    ({"body": "x", "to": ["a@x.example, b@x.example"]}, 422, "one address"),
    ({"body": "x", "to": [{"name": "Bo"}]}, 422, "email"),
    ({"body": "x", "to": [{"email": "bo"}]}, 422, "'bo' is not a mail address"),
    ({"body": "x", "to": [{"email": "bo@x.example\r\nBcc: all@x.example"}]}, 422, "not a mail address"),
    ({"body": "x", "to": [{"email": "x" * 400}]}, 422, "email"),
    ({"body": "x", "to": ["sales@acme.example"]}, 422, "address of ours"),
    ({"body": "x", "to": [f"p{number}@x.example" for number in range(51)]}, 422, "may have 50"),
    ({"body": "x", "cc": None}, 422, "cc"),
    ({"body": "x", "subject": 7}, 422, "subject"),
]


@pytest.mark.parametrize("key", ["", "k1"])
@pytest.mark.parametrize(
    ("what", "body", "status", "words"),
    [("messages", *bad) for bad in (*BAD, *BAD_PEOPLE)] + [("notes", *bad) for bad in BAD],
)
def test_bad_input_is_answered_in_words_and_posts_nothing(
    amara: Caller, record: Record, what: str, body: object, status: int, words: str, key: str
) -> None:
    found = problem(post(amara, record, body, key, what), status)
    assert words in str(found)
    assert not Message.objects.exists()
    assert not Delivery.objects.exists()


@pytest.mark.parametrize("field", ["to", "cc", "subject"])
def test_a_note_has_no_recipients(amara: Caller, record: Record, field: str) -> None:
    assert field in str(problem(post(amara, record, {"body": "x", field: "a@x.example"}, what="notes"), 422))


def test_controls_in_what_is_written_reach_no_header(amara: Caller, record: Record) -> None:
    subject = "Vans\r\nBcc: all@x.example\0"
    message = post(
        amara, record, {"body": "a\0b", "subject": subject, "to": [{"email": "bo@x.example", "name": "B\n\0o"}]}
    )
    assert message.status_code == 201
    assert message.json()["subject"] == "Vans Bcc: all@x.example"
    assert message.json()["to"] == [{"email": "bo@x.example", "name": "B o"}]


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("text/plain", b"hi", 415),
        ("", b"hi", 415),
        ("application/x-www-form-urlencoded", b"body=hi", 415),
        ("multipart/form-data", b"hi", 400),
        ("multipart/form-data; boundary=x", b"--x\r\nbroken", 422),
        ("application/json", b"x" * 3_000_000, 413),
    ],
)
def test_a_body_of_another_kind(amara: Caller, record: Record, kind: str, body: bytes, status: int) -> None:
    headers = {"Authorization": f"Bearer {amara.secret}"}
    path = f"/api/v1/records/{record.pk}/messages"
    response: Any = amara.client.generic("POST", path, body, content_type=kind, headers=headers)
    problem(response, status)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"body": "x", "colour": "red"}, "colour"),
        ({"body": "x", "mentions": "me"}, "mentions"),
        ({"body": "x", "to": "nobody"}, "to"),
        ({"body": "x", "photo": SimpleUploadedFile("a.png", b"x")}, "photo"),
        ({"body": ""}, "nothing to send"),
    ],
)
def test_a_form_that_is_wrong(amara: Caller, record: Record, fields: dict[str, Any], words: str) -> None:
    assert words in str(problem(amara.form(f"/records/{record.pk}/messages", fields), 422))
    assert not Message.objects.exists()


def test_files_that_are_too_large(amara: Caller, record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("postroom.conversations.checks.LARGEST_FILES", 3)
    file = SimpleUploadedFile("a.txt", b"four", "text/plain")
    found = problem(amara.form(f"/records/{record.pk}/messages", {"body": "Hi", "files": file}), 422)
    assert "too large" in found["detail"]


def test_a_key_that_is_too_long(amara: Caller, record: Record) -> None:
    problem(post(amara, record, {"body": "x"}, "k" * 201), 422)
