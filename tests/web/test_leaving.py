"""What a page can do about what has not left, without a browser and without script; writing to many from a list."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from postroom.conversations.batch_posting import post_due
from postroom.conversations.models import Batch, Draft, Leaving, Message
from postroom.directory.models import User
from postroom.infra.clock import now
from postroom.outbound import choice
from postroom.outbound.models import Delivery
from postroom.records.models import Record
from postroom.web.pages.records.going import choices
from tests.support import factory
from tests.web.conftest import World

pytestmark = [pytest.mark.django_db, pytest.mark.either_database]

HTMX = {"HX-Request": "true"}


@pytest.fixture
def lead(world: World) -> Record:
    choice.forget()
    world.lead.contact = factory.contact(world.acme, "Hanna Sjöberg", "hanna@norrgard.example")
    world.lead.save()
    return world.lead


@pytest.fixture
def writer(client: Client, world: World) -> Client:
    """Somebody who may undo what they write for half a minute."""
    User.objects.filter(pk=world.member.pk).update(undo_seconds=30)
    client.force_login(world.member)
    return client


def _post(client: Client, lead: Record, headers: dict[str, str] | None = None, **fields: Any) -> Any:
    given = {"kind": "message", "body": "Hello Hanna", "to": ["Hanna <hanna@norrgard.example>"], **fields}
    return client.post(f"/records/{lead.pk}/post", given, headers=headers or {})


def _written() -> Message:
    return Message.objects.filter(user__isnull=False).latest("pk")


def test_without_script_the_strip_has_the_button(writer: Client, lead: Record) -> None:
    assert _post(writer, lead).status_code == 302
    made = _written()
    page = writer.get(f"/leads/{lead.pk}").content.decode()
    assert "Message sent." in page, "the toast says so"
    assert page.count(f'action="/messages/{made.pk}/undo"') == 2, "on the toast and on the message"
    assert "Leaves" in page
    assert "it can be undone until then" not in page, "the seconds say that"
    answer = writer.post(f"/messages/{made.pk}/undo")
    assert answer.headers["Location"] == f"/leads/{lead.pk}"
    page = writer.get(f"/leads/{lead.pk}").content.decode()
    assert "Taken back. It stands in the composer again." in page
    assert ">Hello Hanna</textarea>" in page
    draft = Draft.objects.get()
    assert f'name="draft" value="{draft.pk}"' in page
    _post(writer, lead, draft=str(draft.pk), key="other")
    assert not Draft.objects.exists()


def test_others_see_it_leave_and_cannot_undo(writer: Client, world: World, lead: Record) -> None:
    _post(writer, lead)
    made = _written()
    other = Client()
    other.force_login(world.admin)
    page = other.get(f"/leads/{lead.pk}").content.decode()
    assert "data-leaves" in page
    assert f"/messages/{made.pk}/undo" not in page
    other.post(f"/messages/{made.pk}/undo")
    assert Message.objects.filter(pk=made.pk).exists()


def test_htmx_gets_the_composer_and_the_message_goes(writer: Client, lead: Record) -> None:
    posted = _post(writer, lead, HTMX)
    text = posted.content.decode()
    assert 'id="sent"' in text
    assert 'hx-swap-oob="true"' in text
    made = _written()
    undone = writer.post(f"/messages/{made.pk}/undo", headers=HTMX)
    text = undone.content.decode()
    assert f'<li id="m{made.pk}" hx-swap-oob="delete"></li>' in text
    assert ">Hello Hanna</textarea>" in text
    assert "undone" in undone.headers["HX-Trigger-After-Settle"]
    assert writer.post(f"/messages/{made.pk}/undo", headers=HTMX).status_code == 404


def test_too_late_the_composer_stays(writer: Client, lead: Record) -> None:
    _post(writer, lead)
    Delivery.objects.update(state="accepted", due=None)
    answer = writer.post(f"/messages/{_written().pk}/undo", headers=HTMX)
    assert answer.headers["HX-Reswap"] == "none"
    assert "It is too late: the copy for hanna@norrgard.example has left." in answer.content.decode()


def test_a_time_is_chosen_in_the_writers_zone(writer: Client, world: World, lead: Record) -> None:
    User.objects.filter(pk=world.member.pk).update(time_zone="Asia/Tokyo")
    with timezone.override("Asia/Tokyo"):
        at = timezone.localtime() + timedelta(days=2)
    given = at.strftime("%Y-%m-%dT%H:%M")
    assert _post(writer, lead, later="at", later_at=given).status_code == 302
    row = Leaving.objects.get()
    assert row.scheduled
    assert row.at == at.replace(second=0, microsecond=0)
    page = writer.get(f"/leads/{lead.pk}").content.decode()
    assert "Message sent." not in page
    assert "Scheduled for" in page
    assert writer.get(f"/messages/{row.pk}/leaves").status_code == 200
    refused = writer.post(f"/messages/{row.pk}/leaves", {"later_at": "2020-01-01T00:00"})
    assert refused.status_code == 422
    assert "That time has passed" in refused.content.decode()
    assert writer.post(f"/messages/{row.pk}/leaves", {"later_at": ""}).status_code == 422
    later = (at + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M")
    assert writer.post(f"/messages/{row.pk}/leaves", {"later_at": later}).status_code == 302
    assert Leaving.objects.get().at > row.at
    writer.post(f"/messages/{row.pk}/send-now")
    assert not Leaving.objects.exists()
    assert writer.get(f"/messages/{row.pk}/leaves").status_code == 302, "there is nothing to change any more"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"later": "at"}, "Choose a date and a time."),
        ({"later": "soon"}, "Choose a date and a time."),
        ({"later": "2020-01-01T08:00+00:00"}, "That time has passed"),
        ({"later": "if-at", "later_at": "2020-01-01T08:00"}, "That time has passed"),
        ({"later": "2999-01-01T08:00+00:00"}, "within a year"),
    ],
)
def test_a_time_that_cannot_be(writer: Client, lead: Record, fields: dict[str, str], said: str) -> None:
    answer = _post(writer, lead, HTMX, **fields)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not Message.objects.filter(user__isnull=False).exists()


def test_enter_without_a_time_sends(writer: Client, lead: Record) -> None:
    assert _post(writer, lead, later="if-at", later_at="").status_code == 302
    assert not Leaving.objects.get().scheduled


def test_what_is_offered() -> None:
    with timezone.override("Europe/Berlin"):
        friday = timezone.make_aware(datetime(2026, 11, 20, 16, 40))  # noqa: DTZ001 it is made aware
        assert [(one.label, f"{one.at:%a %H:%M}") for one in choices(friday)] == [
            ("In 1 hour", "Fri 17:40"),
            ("Tomorrow", "Sat 08:00"),
            ("Monday", "Mon 08:00"),
        ]
        assert [one.label for one in choices(friday + timedelta(days=2))] == ["In 1 hour", "Tomorrow"]


def test_a_new_conversation_can_be_undone_or_scheduled(writer: Client, world: World, lead: Record) -> None:
    given = {"desk": lead.desk_id, "subject": "Vans", "body": "Hi", "add": "nina@holm.example", "kind": "message"}
    where = writer.post("/inbox/new", given).headers["Location"]
    page = writer.get(where).content.decode()
    assert f'action="/messages/{_written().pk}/undo"' in page
    at = now() + timedelta(days=1)
    writer.post("/inbox/new", {**given, "later": at.isoformat(), "key": "k2"})
    assert Leaving.objects.get(scheduled=True).at == at


def test_writing_to_many_from_a_list(writer: Client, world: World, lead: Record) -> None:
    nils = factory.contact(world.acme, "Nils", "nils@firm.example")
    other = factory.record(lead.desk, "Trucks", contact=nils)  # type: ignore[arg-type]
    nobody = factory.record(lead.desk, "Nobody")  # type: ignore[arg-type]
    chosen = [lead.pk, other.pk, nobody.pk]
    form = writer.post("/leads/write", {"record": chosen}).content.decode()
    assert "2 records get it" in form
    assert "1 does not" in form
    assert "It has no contact." in form
    sent = {"records": ",".join(map(str, chosen)), "send": "1", "kind": "message", "body": "Prices", "key": "k"}
    empty = writer.post("/leads/write", {**sent, "body": ""})
    assert empty.status_code == 422
    assert "There is nothing to send" in empty.content.decode()
    answer = writer.post("/leads/write", sent)
    batch = Batch.objects.get()
    assert answer.headers["Location"] == f"/batches/{batch.pk}"
    assert not batch.followers, "the box was not ticked"
    writer.post("/leads/write", sent)
    assert Batch.objects.count() == 1, "a form writes once"
    page = writer.get(f"/batches/{batch.pk}").content.decode()
    assert "Nothing has been posted yet." in page
    assert "It has no contact." in page
    Batch.objects.update(at=now())
    post_due()
    assert "2 messages were posted." in writer.get(f"/batches/{batch.pk}", headers=HTMX).content.decode()
    stranger = Client()
    stranger.force_login(world.admin)
    assert stranger.get(f"/batches/{batch.pk}").status_code == 404


def test_undone_it_can_be_written_again(writer: Client, world: World, lead: Record) -> None:
    other = factory.record(lead.desk, "Trucks", contact=lead.contact)  # type: ignore[arg-type]
    sent = {"records": f"{lead.pk},{other.pk}", "send": "1", "kind": "message", "body": "Prices"}
    writer.post("/leads/write", sent)
    batch = Batch.objects.get()
    writer.post(f"/batches/{batch.pk}/stop")
    page = writer.get(f"/batches/{batch.pk}").content.decode()
    assert "Undone: nothing was sent." in page
    assert f"/batches/{batch.pk}/again" in page
    again = writer.get(f"/batches/{batch.pk}/again").content.decode()
    assert ">Prices</textarea>" in again
    assert "2 records get it" in again


def test_one_row_is_its_own_page_and_none_is_said(writer: Client, lead: Record) -> None:
    assert writer.post("/leads/write", {"record": [lead.pk]}).headers["Location"] == f"/leads/{lead.pk}"
    assert writer.post("/leads/write", {}).headers["Location"] == "/leads"
    assert "Choose some rows first." in writer.get("/leads").content.decode()
