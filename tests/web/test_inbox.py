"""The inbox without a browser: what stands in it, reading, undoing, whose it is, what it costs."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from postroom.conversations.inbox import Tab, entry_of, listed, unread_count
from postroom.directory.models import User
from postroom.infra.models import Change
from tests.support import factory
from tests.web.conftest import World

pytestmark = pytest.mark.django_db

LIST = {"HX-Request": "true", "HX-Target": "conversations"}
READING = {"HX-Request": "true", "HX-Target": "reading"}


def _page(client: Client, address: str, headers: dict[str, str] | None = None) -> str:
    response = client.get(address, headers=headers or {})
    assert response.status_code == 200, address
    return response.content.decode()


def test_an_empty_inbox_says_what_comes_there(client: Client, world: World) -> None:
    client.force_login(world.member)
    page = _page(client, "/inbox")
    assert "No conversations wait for you. New replies appear here by themselves." in page
    assert "You hear of messages by mail" in page
    assert 'href="/profile"' in page
    assert 'id="unread" data-count="0"' in page
    User.objects.filter(pk=world.member.pk).update(notify_by="inbox")
    assert "You hear of messages by mail" not in _page(client, "/inbox")


def test_conversations_stand_newest_first_with_what_is_new(client: Client, world: World) -> None:
    client.force_login(world.member)
    factory.told(world.member, world.lead, author_name="Hanna Sjöberg")
    factory.told(world.member, world.ticket, "It drifts <again>")
    factory.told(
        world.member,
        world.lead,
        "For us alone",
        author_name="Priya Nair",
        author_email="",
        visibility="internal",
        kind="note",
    )
    page = _page(client, "/inbox")
    assert page.index("Telematics for 42") < page.index("GPS drift in tunnels")
    for words in ("Priya Nair", ", Hanna", "For us alone", "Note", "It drifts &lt;again&gt;", 'data-count="2"'):
        assert words in page, words
    assert "<title>(2) Inbox" in page
    assert page.count("as done") == 2


def test_the_inbox_is_the_readers_own(client: Client, world: World) -> None:
    factory.told(world.member, world.lead)
    client.force_login(world.admin)
    assert "No conversations wait" in _page(client, "/inbox")
    assert client.get(f"/inbox/{world.lead.pk}").status_code == 200
    client.force_login(world.stranger)
    for verb in ("read", "unread", "done", "undone", "star", "unstar", "snooze", "wake"):
        assert client.post(f"/inbox/{world.lead.pk}/{verb}", {"message": world.message.pk}).status_code == 404
    assert client.get(f"/inbox/{world.lead.pk}").status_code == 404
    assert unread_count(world.member) == 1


def test_what_is_open_stays_where_it_stood_once_it_is_read(client: Client, world: World) -> None:
    client.force_login(world.member)
    factory.told(world.member, world.lead)
    factory.told(world.member, world.ticket)
    address = f"/inbox/{world.lead.pk}"
    page = _page(client, address)
    assert "aria-current" in page.partition(f'id="ta{world.lead.pk}"')[2].partition(">")[0]
    assert page.index(f'id="t{world.ticket.pk}"') < page.index(f'id="t{world.lead.pk}"')
    assert "intersect once" in page
    said = client.post(f"{address}/read", {"message": 1}, headers=READING).content.decode()
    assert "Mark unread" in said
    assert "intersect" not in said
    rows = _page(client, address, LIST)
    assert rows.index(f'id="t{world.ticket.pk}"') < rows.index(f'id="t{world.lead.pk}"')
    assert rows.count("<form") == 1, "one form for all lines"
    assert f'id="t{world.lead.pk}"' not in _page(client, "/inbox", LIST)


def test_reading_and_undoing(client: Client, world: World) -> None:
    client.force_login(world.member)
    message = factory.told(world.member, world.lead)
    address = f"/inbox/{world.lead.pk}"
    client.post(f"{address}/read", {"message": message.pk}, headers=READING)
    assert unread_count(world.member) == 0
    assert Change.objects.filter(topic="inbox", ref=str(world.member.pk)).count() == 1
    said = client.post(f"{address}/unread", {"message": message.pk}, headers=READING).content.decode()
    assert "Unread" in said
    assert "hx-trigger" not in said, "what was marked unread stays so until somebody marks it read"
    assert unread_count(world.member) == 1
    client.post(f"{address}/unread", {"message": factory.message(world.ticket).pk})
    assert [one.record for one in listed(world.member, Tab.UNREAD).rows] == [world.lead]
    assert client.post(f"{address}/unread", {"message": "x"}).status_code == 404


def test_done_from_the_list_and_without_script(client: Client, world: World) -> None:
    client.force_login(world.member)
    factory.told(world.member, world.lead)
    factory.told(world.member, world.ticket)
    given = {"open": world.lead.pk}
    rows = client.post(f"/inbox/{world.ticket.pk}/read", given, headers=LIST).content.decode()
    assert f'id="t{world.ticket.pk}"' not in rows
    assert f'hx-get="/inbox/{world.lead.pk}"' in rows
    page = client.post(f"/inbox/{world.lead.pk}/read", follow=True).content.decode()
    assert "is read." in page
    assert "No conversations wait" in page
    assert client.get(f"/inbox/{world.lead.pk}/read").status_code == 405


def test_somebody_who_was_told_nothing_may_keep_a_conversation_unread(client: Client, world: World) -> None:
    client.force_login(world.member)
    assert entry_of(world.member, world.lead.pk) is None
    page = _page(client, f"/inbox/{world.lead.pk}")
    newest = world.lead.thread.messages.latest("pk").pk
    assert f'name="message" value="{newest}"' in page
    client.post(f"/inbox/{world.lead.pk}/unread", {"message": newest})
    row = entry_of(world.member, world.lead.pk)
    assert row is not None
    assert row.unread == 1


def test_the_conversation_answers_for_its_own_news(client: Client, world: World) -> None:
    client.force_login(world.member)
    page = _page(client, f"/inbox/{world.lead.pk}")
    assert f'hx-get="/inbox/{world.lead.pk}"' in page.partition('id="thread"')[2].partition(">")[0]
    newest = world.lead.thread.messages.latest("pk").pk
    asked = {"HX-Request": "true", "HX-Target": "thread"}
    answer = client.get(f"/inbox/{world.lead.pk}?after={newest}", headers=asked)
    assert (answer.status_code, answer.content) == (204, b"")
    factory.message(world.lead, "Fresh words")
    assert "Fresh words" in _page(client, f"/inbox/{world.lead.pk}?after={newest}", asked)


def test_the_list_goes_on_by_key_and_costs_the_same(
    client: Client, world: World, django_assert_max_num_queries: Any
) -> None:
    client.force_login(world.member)
    desk = world.lead.desk
    assert desk is not None
    factory.told(world.member, world.lead)
    with django_assert_max_num_queries(9) as few:
        client.get("/inbox")
    for number in range(60):
        factory.told(world.member, factory.record(desk, f"Lead {number}"))
    with django_assert_max_num_queries(len(few)):
        first = client.get("/inbox")
    second = client.get(first.context["list"].next)
    records = [row.record for page in (first, second) for row in page.context["list"].rows]
    assert len(records) == len(set(records)) == 61
    assert second.context["list"].newest == "/inbox"
    assert 'data-count="61"' in first.content.decode()
    with django_assert_max_num_queries(37):  # three of them only where settings were not read just before
        client.get(f"/inbox/{world.lead.pk}")


def test_the_rail_counts_on_every_page(client: Client, world: World) -> None:
    client.force_login(world.member)
    factory.told(world.member, world.lead)
    assert 'data-count="1"' in _page(client, "/leads")
    assert 'data-count="1"' in _page(client, "/inbox/count")
    client.force_login(world.operator)
    assert 'data-count="1"' not in _page(client, "/arrivals")


def test_the_records_own_page_reads_too(client: Client, world: World) -> None:
    client.force_login(world.member)
    factory.told(world.member, world.lead)
    assert 'id="seen"' in _page(client, f"/leads/{world.lead.pk}")
    answer = client.post(f"/inbox/{world.lead.pk}/read", headers={"HX-Request": "true", "HX-Target": "seen"})
    assert (answer.status_code, answer.content) == (204, b"")
    assert unread_count(world.member) == 0
