"""The demo's company: loaded once, its people with their ways to hear, an answer and a note in a conversation."""

from __future__ import annotations

import pytest

from postroom.conversations.inbox import unread_of
from postroom.conversations.models import Message
from postroom.directory.models import User
from postroom.infra import parameters
from postroom.outbound import choice
from postroom.outbound.models import Delivery
from postroom.project.demo import answers
from postroom.project.demo.load import load

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh() -> None:
    parameters.forget()
    choice.forget()


def written() -> list[Message]:
    return list(Message.objects.filter(user__isnull=False).order_by("pk"))


def test_it_is_loaded_once() -> None:
    assert load()
    before = (Message.objects.count(), Delivery.objects.count(), len(written()))
    assert not load()
    assert (Message.objects.count(), Delivery.objects.count(), len(written())) == before
    assert before[2] == 2


def test_a_start_that_was_cut_off_is_ended_by_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as cut:
        cut.setattr(answers, "converse", lambda company: False)
        load()
    assert not written()
    assert load()
    assert [message.visibility for message in written()] == ["public", "internal"]


def test_what_people_write_afterwards_stays_and_nothing_is_added() -> None:
    load()
    Message.objects.filter(user__username="jonas").delete()
    assert not load()
    assert [message.user.username for message in written() if message.user] == ["amara"]


def test_everybody_hears_as_they_wish_and_signs() -> None:
    load()
    ways = dict(User.objects.values_list("username", "notify_by"))
    assert (ways["amara"], ways["jonas"], ways["priya"]) == ("inbox", "mail", "inbox")
    assert all(User.objects.values_list("signature", flat=True))


def test_the_answer_goes_to_the_customer_and_the_note_to_colleagues_alone() -> None:
    load()
    answer, note = written()
    assert {told.email for told in answer.notifications.all()} == {
        "hanna.sjoberg@norrgard.example",
        "jonas@acme.example",
    }
    assert {told.email for told in note.notifications.all()} == {"amara@acme.example"}
    assert unread_of(User.objects.get(username="amara")).filter(message=note).exists()
