"""Every address that names something: what is one company's is not there for another's administrator, and unchanged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.test import Client
from django.urls import reverse

from postroom.conversations import services
from postroom.conversations.models import Follower, Message, Notification
from postroom.outbound import choice
from postroom.outbound.models import Delivery, OutgoingServer
from postroom.web.urls import urlpatterns
from tests.support import factory
from tests.support.acme import Acme, make_acme

SECRET = "Forty-two vans at nine per cent"
NAMED = [str(one.name) for one in urlpatterns if one.pattern.converters]
FORM = {"action": "cancel", "body": "x", "contact": "1", "do": "remove", "message": "1", "text": "x", "name": "x"}


@dataclass(frozen=True)
class Place:
    """A server and an answered lead of Acme, and which of its things each address names."""

    acme: Acme
    things: dict[str, int]

    def address(self, name: str) -> str:
        kind = next((kind for start, kind in KINDS.items() if name.startswith(start)), "record")
        values: dict[str, object] = {"pk": self.things[kind]}
        if "file" in name:
            values["number"] = 0
        if name in {"attachment", "outbound-file"}:
            values["name"] = "x.pdf"
        return reverse(name, kwargs=values)


KINDS = {
    "copy": "copy", "outbound-arrived": "arrival", "outbound": "copy", "message": "message",
    "attachment": "file", "arrival": "arrival", "server": "server",
}  # fmt: skip


@pytest.fixture
def place(db: None) -> Place:
    choice.forget()
    acme = make_acme()
    lead = factory.record(acme.sales, SECRET, contact=factory.contact(acme.company, "Mary", "mary@customer.example"))
    upload = services.Upload("offer.pdf", "application/pdf", SECRET.encode())
    sent = services.post_message(user=acme.admin, record_id=lead.pk, body=SECRET, uploads=[upload])
    server = OutgoingServer.objects.create(
        company=acme.company, name=SECRET, host="mx.acme.example", created_at=lead.created_at
    )
    things = {
        "record": lead.pk,
        "message": sent.pk,
        "file": sent.attachments.get().pk,
        "copy": Delivery.objects.latest("pk").pk,
        "arrival": factory.arrival(acme.company).pk,
        "server": server.pk,
    }
    return Place(acme, things)


def _strangers(place: Place) -> Iterator[Client]:
    other = factory.company("Globex")
    for role in ("administrator", "member"):
        client = Client()
        client.force_login(factory.user(f"stranger-{role}", {other: role}))
        yield client


def _rows() -> list[object]:
    return [
        list(model.objects.order_by("pk").values())
        for model in (Message, Follower, Notification, Delivery, OutgoingServer)
    ]


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}])
@pytest.mark.parametrize("name", NAMED)
def test_it_is_not_there_for_another_company(place: Place, name: str, headers: dict[str, str]) -> None:
    address, before = place.address(name), _rows()
    for client in _strangers(place):
        answers = [client.get(address, headers=headers), client.post(address, FORM, headers=headers)]
        for answer in answers:
            assert answer.status_code in {403, 404, 405} or name == "outbound-arrived"  # which says nothing
            assert SECRET not in answer.content.decode()
    assert _rows() == before


@pytest.mark.parametrize("name", NAMED)
def test_and_its_own_administrator_finds_it(place: Place, name: str) -> None:
    """Otherwise the test above would prove nothing."""
    client = Client()
    client.force_login(place.acme.admin)
    assert client.get(place.address(name)).status_code in {200, 204, 302, 405} or name in {
        "message-body",
        "tickets-page",
    }
