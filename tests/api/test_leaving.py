"""By the API: undoing, scheduled messages, drafts, and one text to several records."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from postroom.conversations.batch_posting import post_due
from postroom.conversations.models import Batch, Draft, Leaving, Message
from postroom.infra.clock import now
from postroom.outbound.models import Delivery
from postroom.records.models import Record
from tests.api.calls import Caller, caller, problem
from tests.support import factory
from tests.support.acme import Acme

pytestmark = pytest.mark.django_db


def said(answer: Any, status: int) -> str:
    """What a refusal says."""
    words: str = problem(answer, status)["detail"]
    return words


def _post(program: Caller, record: Record, **fields: Any) -> dict[str, Any]:
    body = {"body": "We have 42.", "undo_seconds": 10, **fields}
    answer = program.send("POST", f"/records/{record.pk}/messages", body)
    assert answer.status_code == 201, answer.content
    posted: dict[str, Any] = answer.json()
    return posted


def test_a_message_says_until_when_it_can_be_undone(amara: Caller, record: Record) -> None:
    posted = _post(amara, record)
    at = Leaving.objects.get().at
    assert posted["undo_until"] == at.isoformat().replace("+00:00", "Z")
    assert posted["scheduled_for"] is None
    assert amara.send("GET", f"/records/{record.pk}/messages").json()["items"][0]["undo_until"] == posted["undo_until"]
    assert _post(amara, record, undo_seconds=0)["undo_until"] is None
    assert _post(amara, record, undo_seconds=None)["undo_until"] is None, (
        "the installation of tests has no time to undo"
    )


def test_undone_it_is_a_draft_and_posted_again(amara: Caller, record: Record) -> None:
    file = SimpleUploadedFile("offer.pdf", b"pdf", "application/pdf")
    answer = amara.form(f"/records/{record.pk}/messages", {"body": "Hi", "undo_seconds": "10", "files": file})
    pk = answer.json()["id"]
    undone = amara.send("POST", f"/messages/{pk}/undo")
    assert undone.status_code == 200
    draft = undone.json()
    assert (draft["body"], draft["record"], draft["to"][0]["email"]) == ("Hi", record.pk, "hanna@customer.example")
    assert amara.send("GET", f"/messages/{pk}").status_code == 404
    assert amara.send("GET", f"/records/{record.pk}/drafts").json()["items"] == [draft]
    again = _post(amara, record, body=draft["body"], draft=draft["id"], kept_files=[draft["files"][0]["id"]])
    assert [one["name"] for one in again["attachments"]] == ["offer.pdf"]
    assert not Draft.objects.exists()
    assert amara.send("POST", f"/messages/{pk}/undo").status_code == 404


def test_too_late_says_what_left(amara: Caller, record: Record) -> None:
    posted = _post(amara, record)
    Delivery.objects.update(state="accepted", due=None)
    answer = amara.send("POST", f"/messages/{posted['id']}/undo")
    assert said(answer, 409) == "It is too late: the copy for hanna@customer.example has left."
    assert Message.objects.filter(pk=posted["id"]).exists()


def test_a_message_of_somebody_else(acme: Acme, amara: Caller, record: Record) -> None:
    posted = _post(amara, record)
    answer = caller(acme.admin).send("POST", f"/messages/{posted['id']}/undo")
    assert said(answer, 403) == "Only who wrote a message can undo it."


def test_a_draft_is_thrown_away(acme: Acme, amara: Caller, record: Record) -> None:
    draft = amara.send("POST", f"/messages/{_post(amara, record)['id']}/undo").json()
    assert caller(acme.admin).send("GET", f"/records/{record.pk}/drafts").json()["items"] == []
    assert caller(acme.admin).send("DELETE", f"/drafts/{draft['id']}").status_code == 404
    assert amara.send("DELETE", f"/drafts/{draft['id']}").status_code == 204
    assert amara.send("DELETE", f"/drafts/{draft['id']}").status_code == 404


def test_scheduled_it_leaves_at_its_time_or_another_or_now(amara: Caller, record: Record) -> None:
    at = (now() + timedelta(hours=2)).replace(microsecond=0)
    posted = _post(amara, record, send_at=at.isoformat())
    assert posted["scheduled_for"] == posted["undo_until"] == at.isoformat().replace("+00:00", "Z")
    later = at + timedelta(hours=1)
    moved = amara.send("POST", f"/messages/{posted['id']}/schedule", {"send_at": later.isoformat()}).json()
    assert moved["scheduled_for"] == later.isoformat().replace("+00:00", "Z")
    past = amara.send("POST", f"/messages/{posted['id']}/schedule", {"send_at": "2020-01-01T00:00:00Z"})
    assert said(past, 409).startswith("That time has passed")
    assert amara.send("POST", f"/messages/{posted['id']}/schedule", {"send_at": "2031-01-01T00:00"}).status_code == 422
    sent = amara.send("POST", f"/messages/{posted['id']}/send-now").json()
    assert (sent["scheduled_for"], sent["undo_until"]) == (None, None)
    assert said(amara.send("POST", f"/messages/{posted['id']}/send-now"), 409) == (
        "It is too late: the message has left."
    )


def test_a_conversation_begins_later(acme: Acme, amara: Caller) -> None:
    at = (now() + timedelta(hours=2)).replace(microsecond=0)
    body = {"desk": acme.sales.pk, "subject": "Vans", "body": "Hi", "to": ["nina@holm.example"]}
    made = amara.send("POST", "/conversations", {**body, "send_at": at.isoformat()}).json()
    assert made["scheduled_for"] == at.isoformat().replace("+00:00", "Z")


def test_one_text_to_several_records(acme: Acme, amara: Caller, record: Record) -> None:
    other = factory.record(acme.sales, "Trucks", contact=factory.contact(acme.company, "Nils", "nils@firm.example"))
    nobody = factory.record(acme.sales, "Nobody")
    body = {"records": [record.pk, other.pk, nobody.pk], "body": "Our prices change.", "undo_seconds": 10}
    made = amara.send("POST", "/records/messages", body, {"Idempotency-Key": "k"})
    assert made.status_code == 201, made.content
    batch = made.json()
    assert (batch["state"], batch["total"], batch["posted"]) == ("waits", 3, 0)
    assert batch["left_out"] == [{"record": nobody.pk, "ref": nobody.ref, "why": "It has no contact."}]
    assert batch["undo_until"] is not None
    again = amara.send("POST", "/records/messages", body, {"Idempotency-Key": "k"}).json()
    assert again["id"] == batch["id"]
    Batch.objects.update(at=now())
    post_due()
    done = amara.send("GET", f"/batches/{batch['id']}").json()
    assert (done["state"], done["posted"], done["undo_until"]) == ("done", 2, None)
    assert said(amara.send("POST", f"/batches/{batch['id']}/stop"), 409).startswith("It is too late")
    assert caller(acme.admin).send("GET", f"/batches/{batch['id']}").status_code == 404
    assert caller(acme.admin).send("POST", f"/batches/{batch['id']}/stop").status_code == 404


def test_a_batch_is_undone(amara: Caller, record: Record) -> None:
    batch = amara.send("POST", "/records/messages", {"records": [record.pk], "body": "Hi", "undo_seconds": 10}).json()
    undone = amara.send("POST", f"/batches/{batch['id']}/stop").json()
    assert (undone["state"], undone["undo_until"]) == ("undone", None)
    answer = amara.send("POST", "/records/messages", {"records": [999_999], "body": "Hi"})
    assert said(answer, 422).startswith("Nobody would get it")


def test_how_long_one_may_undo_is_ones_own_choice(amara: Caller, record: Record) -> None:
    assert amara.send("GET", "/me").json()["undo_seconds"] is None
    assert amara.send("PATCH", "/me", {"undo_seconds": 20}).json()["undo_seconds"] == 20
    assert _post(amara, record, undo_seconds=None)["undo_until"] is not None
    assert amara.send("PATCH", "/me", {"undo_seconds": 7}).status_code == 422
    assert amara.send("PATCH", "/me", {"undo_seconds": None}).json()["undo_seconds"] is None
