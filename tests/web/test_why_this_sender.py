"""“Why this sender?” says the same in the composer, at each sent copy, in the outbox and in the simulator."""

from __future__ import annotations

import html
import re

import pytest
from django.test import Client

from postroom.conversations.services import post_message
from postroom.core.addresses import Address
from postroom.outbound import choice
from postroom.outbound.models import Delivery, Dispatch
from postroom.outbound.services import send_due
from tests.support import factory
from tests.support.round_trips import relayed
from tests.support.sending import sent_into_memory
from tests.web.conftest import World

pytestmark = pytest.mark.django_db


def _shown(client: Client, url: str, **asked: str) -> str:
    response = client.get(url, asked, headers={"HX-Request": "true"} if asked else {})
    assert response.status_code == 200, url
    return " ".join(html.unescape(re.sub(r"<[^>]*>", "", response.content.decode())).split())


@pytest.mark.parametrize("from_filter", ["", "elsewhere.example"])
def test_one_trace_at_every_place(
    client: Client, world: World, from_filter: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with sent_into_memory(monkeypatch):
        factory.server(world.acme, "Archived", is_active=False)
        if from_filter:
            factory.server(world.acme, "Newsletter", from_filter=from_filter, host="127.0.0.1", port=1)
        choice.forget()
        client.force_login(world.admin)
        composer = _shown(client, f"/leads/{world.lead.pk}")
        hanna = Address("hanna@customer.example", "Hanna")
        message = post_message(user=world.admin, record_id=world.lead.pk, body="42 vans", to=[hanna])
        send_due()
    copy = Delivery.objects.get(letter__message_id=message.message_id, address=hanna.email)
    kept = Dispatch.objects.get(letter=copy.letter_id)
    assert [step["step"] for step in kept.trace][-2:] == ["return path", "reply to"]
    asked = {"from": world.admin.email, "record": str(world.lead.pk), "author": str(world.admin.pk)}
    places = {
        "composer": composer,
        "copy": _shown(client, f"/copies/{copy.pk}"),
        "outbox": _shown(client, f"/outbox/{copy.pk}"),
        "simulator": _shown(client, "/settings/servers/choice", **asked),
    }
    for place, page in places.items():
        assert "Why this sender?" in page, place
        for step in kept.trace:
            assert step["text"] in page, (place, step)
    assert ("not admitted" in places["composer"]) is bool(from_filter)


@pytest.mark.parametrize(("sends_for", "says"), [("own", ""), ("notifications", "as notifications@{domain}")])
def test_a_sent_message_says_under_which_from_it_left(
    client: Client, world: World, sends_for: str, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    domain = f"{world.acme.slug}.example"
    world.admin.email = f"ines@{domain}"
    world.admin.save()
    with relayed(monkeypatch):
        factory.server(world.acme, from_filter=domain if sends_for == "own" else f"notifications@{domain}")
        choice.forget()
        hanna = Address("hanna@customer.example", "Hanna")
        post_message(user=world.admin, record_id=world.lead.pk, body="42 vans", to=[hanna])
        send_due()
    client.force_login(world.admin)
    page = client.get(f"/leads/{world.lead.pk}").content.decode()
    (line,) = re.findall(r"<summary>((?:(?!</summary>).)*Hanna</b>.*?)</summary>", page, re.DOTALL)
    words = html.unescape(re.sub(r"<[^>]*>", "", line))
    assert words.endswith("Why this sender?"), words
    assert (" · as " in words) is bool(says)
    assert says.format(domain=domain) in words
