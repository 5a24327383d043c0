"""A page of a long conversation asks the database no more than one of a short one, whoever was told of it."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from postroom.conversations.services import post_message
from postroom.core.addresses import Address
from postroom.outbound import choice
from postroom.records.models import Record
from tests.support import factory
from tests.web.conftest import World

pytestmark = pytest.mark.django_db

MESSAGES, COPIES = 50, 3
MOST = 27  # the whole page: who asks, the record, its messages and changes, who heard, the composer, owners, the rail


def _answer(world: World, lead: Record, number: int) -> None:
    to = [Address(f"person{one}@norrgard.example") for one in range(COPIES)]
    post_message(user=world.member, record_id=lead.pk, body=f"Answer {number}.", to=to)


def test_fifty_messages_with_three_copies_each_cost_the_queries_of_one(
    client: Client, world: World, django_assert_max_num_queries: Any
) -> None:
    choice.forget()
    client.force_login(world.admin)
    _answer(world, world.lead, 0)
    page = f"/leads/{world.lead.pk}"
    client.get(page)  # what is read once for all pages
    with django_assert_max_num_queries(MOST) as few:
        client.get(page)
    for number in range(1, MESSAGES):
        _answer(world, world.lead, number)
    with django_assert_max_num_queries(len(few)):
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
