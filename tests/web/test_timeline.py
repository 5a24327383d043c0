"""The steps of a copy: every try with its time, server and answer; what it waits for; how it ended."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from postroom.conversations.services import post_message
from postroom.core.addresses import Address
from postroom.infra.clock import now
from postroom.outbound.models import Delivery
from postroom.outbound.services import send_due
from postroom.web.pages.records.timeline import Step, timeline
from tests.support.sending import sent_into_memory, sent_to
from tests.support.smtp_server import SmtpServer
from tests.web.conftest import World

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
SLOW = "450 4.2.1 Greylisted, come again"
NOBODY = "550 5.1.1 No such user here"


def _copy(world: World) -> Delivery:
    made = post_message(
        user=world.member, record_id=world.lead.pk, body="Hi", to=[Address("kim@partner.example", "Kim")]
    )
    return Delivery.objects.get(notification__message=made, address="kim@partner.example")


def _steps(row: Delivery) -> list[Step]:
    fresh = Delivery.objects.get(pk=row.pk)
    return list(timeline(fresh, tuple(fresh.tries.select_related("dispatch").order_by("pk"))))


def _said(steps: list[Step]) -> list[str]:
    return [str(step.state.word) for step in steps]


def test_a_copy_that_waits_says_for_what(world: World) -> None:
    row = _copy(world)
    queued, waits = _steps(row)
    assert (queued.state.word, queued.at) == ("Queued", row.created_at)
    assert (waits.state.word, waits.words) == ("Waits for its turn", "")
    until = now() + timedelta(minutes=5)
    Delivery.objects.filter(pk=row.pk).update(due=until, words="Main server rests until 12:30.")
    _queued, waits = _steps(row)
    assert (waits.words, waits.next_try) == ("Main server rests until 12:30.", until)


def test_every_try_stands_with_the_server_s_answer(
    world: World, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = _copy(world)
    with SmtpServer() as server, sent_to(server, monkeypatch):
        server.on("RCPT kim@partner.example", SLOW)
        send_due()
        assert _said(_steps(row)) == ["Queued", "Put off", "Waits for the next try"]
        tried, waits = _steps(row)[1:]
        assert (tried.wire, tried.words, tried.state.tone, tried.where) == (SLOW, "", "warn", "at the recipient")
        assert waits.words.startswith("The receiving server asks every new sender to come back")
        assert SLOW not in waits.words, "the answer stands in the try already"
        assert waits.next_try
        assert waits.next_try > now()
        Delivery.objects.filter(pk=row.pk).update(due=now())
        server.on("RCPT kim@partner.example", NOBODY)
        send_due()
    assert _said(_steps(row)) == ["Queued", "Put off", "Refused", "Not delivered"]
    assert NOBODY not in _steps(row)[-1].words, "the last try has the answer: the end says what it means"
    assert [bool(step.sender) for step in _steps(row)] == [False, True, False, False], "the sender stands once"
    client.force_login(world.member)
    page = client.get(f"/copies/{row.pk}", headers=HTMX).content.decode()
    for words in ("Queued", "Put off", "Refused", SLOW, NOBODY, "at the recipient"):
        assert words in page.replace("<wbr>", ""), words
    assert page.partition("</ol>")[0].count("<li") == 4


@pytest.mark.parametrize(
    ("state", "words", "expected"),
    [
        ("cancelled", "Withdrawn: the note was deleted.", "Withdrawn before it was sent"),
        ("held", "Held by Ada.", "Held: waits for a person to release it"),
        ("failed", "Given up after 3 days.", "Not delivered"),
    ],
)
def test_an_end_without_a_try_says_why(world: World, state: str, words: str, expected: str) -> None:
    row = _copy(world)
    Delivery.objects.filter(pk=row.pk).update(state=state, words=words, due=None, settled_at=now())
    end = _steps(row)[-1]
    assert (end.state.word, end.words, end.at is not None) == (expected, words, True)


def test_what_is_known_later_is_a_step_of_its_own(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    row = _copy(world)
    with sent_into_memory(monkeypatch):
        send_due()
    assert _said(_steps(row)) == ["Queued", "Kept in the outbox, not sent"]
    Delivery.objects.filter(pk=row.pk).update(state="bounced", words="The mailbox is full.")
    assert _said(_steps(row))[-1] == "Returned after the server had taken it"
