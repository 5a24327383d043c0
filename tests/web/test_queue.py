"""The queue without a browser: its groups and links, deciding about many, and what is said of those that stay."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from postroom.core.delivery.decisions import Verb
from postroom.core.delivery.waiting import TITLES, Reason
from postroom.infra.clock import now
from postroom.outbound.models import Delivery, Lane, QueueOperation
from postroom.outbound.queue import operations
from postroom.outbound.queue.copy_filter import DUE, CopyFilter
from postroom.outbound.queue.operations import work_all
from postroom.web.pages.outbox.asked import Asked, narrowed
from postroom.web.pages.outbox.naming import DECISIONS, LANES, REASONS
from tests.support import factory
from tests.support.queries import statements
from tests.web.conftest import World

pytestmark = pytest.mark.django_db


def _copies(world: World, count: int = 3, **fields: Any) -> list[Delivery]:
    return [
        factory.delivery(world.lead, f"p{number}@many.example", destination="many.example", **fields)
        for number in range(count)
    ]


def _page(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def test_every_reason_lane_and_verb_has_its_words() -> None:
    assert {*REASONS} == {DUE, *Reason}
    assert {str(words) for key, words in REASONS.items() if key != DUE} == set(TITLES.values())
    assert {*LANES} == {*Lane}
    assert {*DECISIONS} == {*Verb}


def test_the_groups_lead_to_their_copies_and_to_decisions(client: Client, world: World) -> None:
    later = now() + timedelta(hours=2)
    _copies(world, 3, reason="put-off", due=later)
    held = _copies(world, 1, state="held")
    client.force_login(world.admin)
    page = _page(client, "/outbox/queue")
    for words in ("The receiver put it off", "many.example", "/outbox?reason=put-off", "/outbox/decide?reason=put-off",
                  "/outbox?state=waiting&amp;destination=many.example", "Nobody sends these until"):  # fmt: skip
        assert words in page, words
    assert f'id="r{held[0].pk}"' in _page(client, "/outbox?state=held")
    assert _page(client, "/outbox?reason=put-off").count("data-row") == 3
    assert "Decide about 3 copies" in _page(client, "/outbox/decide?reason=put-off")


def test_an_empty_queue_says_what_will_appear(client: Client, world: World) -> None:
    client.force_login(world.admin)
    assert "Nothing waits." in _page(client, "/outbox/queue")


def test_a_row_says_why_it_waits_and_until_when_in_the_readers_zone(client: Client, world: World) -> None:
    at = datetime(2030, 5, 6, 7, 8, tzinfo=ZoneInfo("UTC"))
    (row,) = _copies(world, 1, reason="server-limit", due=at, words="30 a minute are reached.")
    world.admin.time_zone = "Asia/Tokyo"
    world.admin.save()
    client.force_login(world.admin)
    for page in (_page(client, "/outbox"), _page(client, f"/outbox/{row.pk}")):
        assert "The server&#x27;s limit is reached" in page
        assert "16:08" in page
        assert "30 a minute are reached." in page


def test_scheduling_takes_the_readers_zone(client: Client, world: World) -> None:
    (row,) = _copies(world, 1)
    world.admin.time_zone = "Asia/Tokyo"
    world.admin.save()
    client.force_login(world.admin)
    at = (now() + timedelta(days=2)).astimezone(ZoneInfo("Asia/Tokyo")).replace(second=0, microsecond=0, tzinfo=None)
    client.post(f"/outbox/{row.pk}/act", {"action": "schedule", "at": at.isoformat()})
    row.refresh_from_db()
    assert row.reason == "scheduled"
    assert row.due == at.replace(tzinfo=ZoneInfo("Asia/Tokyo"))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"action": "schedule"}, "Say when"),
        ({"action": "schedule", "at": "2001-01-01T10:00"}, "has passed"),
        ({"action": "change-server", "server_id": "999999"}, "Choose an active server"),
        ({"action": "release"}, "It is not held."),
    ],
)
def test_what_can_not_be_done_to_one_is_said(client: Client, world: World, given: dict[str, str], said: str) -> None:
    (row,) = _copies(world, 1)
    client.force_login(world.admin)
    assert said in client.post(f"/outbox/{row.pk}/act", given, follow=True).content.decode()
    row.refresh_from_db()
    assert row.state == "queued"


def test_few_of_a_filter_follow_at_once(client: Client, world: World) -> None:
    _copies(world, 3)
    client.force_login(world.admin)
    page = client.post("/outbox/decide", {"action": "hold", "asked": "1", "destination": "many.example"}, follow=True)
    assert page.redirect_chain == [("/outbox/queue", 302)]
    assert "3 of 3 copies followed." in page.content.decode()
    assert set(Delivery.objects.values_list("state", flat=True)) == {"held"}


def test_many_of_a_filter_follow_by_an_operation(client: Client, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operations, "CHUNK", 2)
    _copies(world, 5)
    client.force_login(world.admin)
    answer = client.post("/outbox/decide", {"action": "hold", "asked": "1", "destination": "many.example"})
    row = QueueOperation.objects.get()
    assert answer["Location"] == f"/outbox/operations/{row.pk}"
    assert "0 of 5" in _page(client, f"/outbox/operations/{row.pk}")
    assert "Hold 5 copies" in _page(client, "/outbox/queue")
    work_all()
    fragment = client.get(
        f"/outbox/operations/{row.pk}", headers={"HX-Request": "true", "HX-Target": "progress"}
    ).content.decode()
    assert "5 of 5 copies followed." in fragment
    assert "<html" not in fragment
    assert "It had ended before." in client.post(f"/outbox/operations/{row.pk}/stop", follow=True).content.decode()


def test_chosen_rows_follow_and_the_others_are_named(client: Client, world: World) -> None:
    one, two = _copies(world, 2)
    Delivery.objects.filter(pk=two.pk).update(state="accepted", due=None)
    client.force_login(world.admin)
    given = {"action": "hold", "copy": [one.pk, two.pk], "back": "/outbox?q=p"}
    page = client.post("/outbox/decide", given, follow=True)
    assert page.redirect_chain == [("/outbox?q=p", 302)]
    said = page.content.decode()
    assert "Hold: 1 copy followed." in said
    assert f"Not #{two.pk}: The server took it already." in said


def test_a_verb_that_needs_more_asks_for_it(client: Client, world: World) -> None:
    (row,) = _copies(world, 1)
    client.force_login(world.admin)
    page = client.post("/outbox/decide", {"action": "schedule", "copy": row.pk})
    assert page.status_code == 200
    assert "Schedule 1 copy" in page.content.decode()
    wrong = client.post("/outbox/decide", {"action": "schedule", "copy": row.pk, "asked": "1", "at": "soon"})
    assert wrong.status_code == 422
    assert "Say when" in wrong.content.decode()


def test_without_rows_or_filter_nothing_is_decided(client: Client, world: World) -> None:
    _copies(world, 1)
    client.force_login(world.admin)
    page = client.post("/outbox/decide", {"action": "hold", "back": "https://evil.example/"}, follow=True)
    assert page.redirect_chain == [("/outbox/queue", 302)]
    assert "Choose some rows first." in page.content.decode()
    assert client.post("/outbox/decide", {"action": "burn", "asked": "1", "state": "held"}).status_code == 404


def test_strangers_see_neither_groups_nor_operations(client: Client, world: World) -> None:
    _copies(world, 2)
    client.force_login(world.admin)
    client.post("/outbox/decide", {"action": "hold", "asked": "1", "destination": "many.example"})
    pk = QueueOperation.objects.get().pk
    client.force_login(world.stranger)
    assert client.get(f"/outbox/operations/{pk}").status_code in {403, 404}
    assert client.post(f"/outbox/operations/{pk}/stop").status_code in {403, 404}


def test_the_page_asks_as_often_for_many_as_for_few(client: Client, world: World) -> None:
    _copies(world, 2)
    client.force_login(world.admin)
    _page(client, "/outbox/queue")
    with statements() as few:
        _page(client, "/outbox/queue")
    for number in range(30):
        factory.delivery(world.lead, f"p@d{number}.example", destination=f"d{number}.example")
    with statements() as many:
        _page(client, "/outbox/queue")
    assert len(many) == len(few)


@pytest.mark.parametrize(
    "one",
    [
        Asked(), narrowed("held"), narrowed(reason="put-off"), narrowed(reason=DUE),
        narrowed("waiting", server=-1, lane=0),
        narrowed("waiting", server=0), narrowed(destination="a.example"), narrowed(about="lead:7"),
        narrowed(text="Hanna"),
    ],
)  # fmt: skip
def test_an_address_says_the_whole_filter(one: Asked) -> None:
    from django.http import QueryDict

    from postroom.web.pages.outbox.asked import asked

    address = one.address("outbound")
    assert asked(QueryDict(address.partition("?")[2])) == one
    assert one.narrows == bool({*one.by.given()} - {"states", "text"})
    assert len(one.words({})) == len(one.parameters)


def test_what_makes_no_sense_asks_for_nothing() -> None:
    from django.http import QueryDict

    from postroom.web.pages.outbox.asked import asked

    assert asked(QueryDict("state=burning&reason=mood&lane=9&server=x&destination=")).by == CopyFilter()
