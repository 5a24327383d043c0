"""Changing one's own notes by the API; answering and forwarding a message."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from postroom.conversations.models import Message, Notification
from postroom.infra.clock import now
from postroom.records.models import Record
from tests.api.calls import Caller, problem, somebody
from tests.support import factory
from tests.support.acme import Acme

pytestmark = pytest.mark.django_db


@pytest.fixture
def note(amara: Caller, record: Record) -> int:
    made: int = amara.send("POST", f"/records/{record.pk}/notes", {"body": "Old words"}).json()["id"]
    return made


def test_a_note_is_edited_and_deleted(amara: Caller, note: int) -> None:
    changed = amara.send("PATCH", f"/messages/{note}", {"body": "New words"})
    assert changed.status_code == 200, changed.content
    assert (changed.json()["text"], bool(changed.json()["edited_at"])) == ("New words", True)
    assert amara.send("DELETE", f"/messages/{note}").status_code == 204
    row = Message.objects.get(pk=note)
    assert (row.text, row.deleted_at is not None) == ("", True)
    assert "was deleted" in problem(amara.send("DELETE", f"/messages/{note}"), 409)["detail"]


def test_notes_of_others_old_ones_and_messages_stay(amara: Caller, acme: Acme, record: Record, note: int) -> None:
    other = somebody("member", acme.company, "ben")
    assert "Only who wrote" in problem(other.send("PATCH", f"/messages/{note}", {"body": "x"}), 422)["detail"]
    problem(other.send("DELETE", f"/messages/{note}"), 409)
    mail = factory.message(record)
    problem(amara.send("PATCH", f"/messages/{mail.pk}", {"body": "x"}), 422)
    Message.objects.filter(pk=note).update(received_at=now() - timedelta(hours=1))
    assert "for 30 minutes" in problem(amara.send("PATCH", f"/messages/{note}", {"body": "x"}), 422)["detail"]


def test_for_strangers_it_is_not_there(note: int) -> None:
    stranger = somebody("administrator", factory.company("Globex"))
    problem(stranger.send("PATCH", f"/messages/{note}", {"body": "x"}), 404)
    problem(stranger.send("DELETE", f"/messages/{note}"), 404)
    assert Message.objects.get(pk=note).deleted_at is None


@pytest.mark.parametrize("body", [{}, {"body": ""}, {"body": "x", "subject": "y"}, {"body": "x", "mentions": [9**9]}])
def test_bad_changes(amara: Caller, note: int, body: dict[str, Any]) -> None:
    problem(amara.send("PATCH", f"/messages/{note}", body), 422)


def test_a_message_is_forwarded_with_chosen_files(amara: Caller, record: Record) -> None:
    mail = factory.message(record, "How much?")
    file = factory.attachment(mail, "list.pdf")
    given = {"body": "Yours?", "to": ["nina@supplier.example"], "forwards": mail.pk, "forwarded_files": [file.pk]}
    made = amara.send("POST", f"/records/{record.pk}/messages", given)
    assert made.status_code == 201, made.content
    sent = made.json()
    assert (sent["own_text"], "How much?" in sent["quoted_text"]) == ("Yours?", True)
    assert [one["name"] for one in sent["attachments"]] == ["list.pdf"]
    told = Notification.objects.filter(message=sent["id"]).values_list("email", flat=True)
    assert list(told) == ["nina@supplier.example"]


def test_a_note_answers_a_note(amara: Caller, record: Record, note: int) -> None:
    path = f"/records/{record.pk}"
    assert amara.send("POST", f"{path}/notes", {"body": "Yes.", "answers": note}).status_code == 201
    assert "by a note" in problem(amara.send("POST", f"{path}/messages", {"body": "x", "answers": note}), 422)["detail"]
    problem(amara.send("POST", f"{path}/messages", {"body": "x", "to": [], "forwards": note}), 422)
