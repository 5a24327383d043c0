"""A page of a long conversation asks the database no more than one of a short one, whoever was told of it."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from postroom.conversations.services import post_message
from postroom.core.addresses import Address
from postroom.infra import parameters
from postroom.outbound import choice
from postroom.outbound.servers import circuits
from postroom.records.models import Record
from tests.support import factory
from tests.web.conftest import World

pytestmark = pytest.mark.django_db

MESSAGES, COPIES = 30, 3
MOST = 30  # the whole page: who asks, the record, its messages and changes, who heard, the composer, owners, the rail


@pytest.fixture(autouse=True)
def _what_is_known_for_seconds_does_not_become_old(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a page asks for it anew or not, as fast as the machine is: which servers are down is known for half a second
    only.
    """
    for one in (choice, circuits, parameters):
        monkeypatch.setattr(one, "REREAD_SECONDS", 3600.0)
    choice.forget()
    parameters.forget()


def _answer(world: World, lead: Record, number: int) -> None:
    to = [Address(f"person{one}@norrgard.example") for one in range(COPIES)]
    post_message(user=world.member, record_id=lead.pk, body=f"Answer {number}.", to=to)


def test_a_page_of_messages_with_three_copies_each_costs_the_queries_of_one(
    client: Client, world: World, django_assert_max_num_queries: Any
) -> None:
    client.force_login(world.admin)
    _answer(world, world.lead, 0)
    page = f"/leads/{world.lead.pk}"
    client.get(page)  # what is read once for all pages
    with django_assert_max_num_queries(MOST) as few:
        client.get(page)
    one = len(few)
    for number in range(1, MESSAGES):
        _answer(world, world.lead, number)
    with django_assert_max_num_queries(one):
        shown = client.get(page).content.decode()
    assert shown.count('<li class="msg out') == MESSAGES
    assert shown.count('<li class="copy') >= MESSAGES * COPIES


def test_of_messages_that_stand_otherwise_now_some_come_at_once(
    client: Client, world: World, django_assert_max_num_queries: Any
) -> None:
    """Each comes whole and costs queries of its own: an address must not ask for hundreds."""
    rows = [factory.message(world.lead, "Hi.") for _ in range(30)]
    client.force_login(world.member)
    asked = "&".join(f"m={row.pk}.0.outsider" for row in rows)
    with django_assert_max_num_queries(200):
        shown = client.get(f"/records/{world.lead.pk}/states?{asked}").content.decode()
    assert sum(f'id="m{row.pk}"' in shown for row in rows) == 20


def test_a_link_to_an_old_message_leads_to_its_place(
    client: Client, world: World, django_assert_max_num_queries: Any
) -> None:
    rows = [factory.message(world.lead, f"Word {number}.") for number in range(160)]
    client.force_login(world.member)
    page = f"/leads/{world.lead.pk}"

    def shown(at: int) -> str:
        return client.get(f"{page}?at={at}").content.decode()

    old = rows[20]
    shown(old.pk)  # what is read once for all pages
    with django_assert_max_num_queries(MOST + 3):
        text = shown(old.pk)
    assert f'id="m{old.pk}"' in text
    assert [f'id="m{row.pk}"' in text for row in rows[:32]] == [False] + [True] * 30 + [False], (
        "ten newer ones above it"
    )
    assert "Newest messages" in text
    assert f'href="{page}"' in text
    assert 'id="seen"' not in text, "who reads old messages has not read the new ones"
    newer = client.get(f"{page}?before={text.split('?before=')[1].split(chr(34))[0]}").content.decode()
    assert [f'id="m{row.pk}"' in newer for row in rows[30:62]] == [False] + [True] * 30 + [False], "the page after it"

    newest = shown(rows[150].pk)
    assert "Newest messages" not in newest
    assert f'id="m{rows[159].pk}"' in newest
    for nothing in (rows[-1].pk + 1000, world.message.pk + 10**17, 0):
        assert f'id="m{rows[159].pk}"' in shown(nothing)


def test_a_message_of_another_conversation_leads_to_the_newest(client: Client, world: World) -> None:
    assert world.lead.desk is not None
    other = factory.message(factory.record(world.lead.desk), "Elsewhere.")
    rows = [factory.message(world.lead, f"Word {number}.") for number in range(60)]
    client.force_login(world.member)
    text = client.get(f"/leads/{world.lead.pk}?at={other.pk}").content.decode()
    assert f'id="m{rows[-1].pk}"' in text
    assert f'id="m{other.pk}"' not in text
