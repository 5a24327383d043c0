"""The page of an arrival: facts, routes, source, and routing it again."""

from __future__ import annotations

import pytest
from django.test import Client

from postroom.domains.models import AllowedSender
from postroom.inbound.models import InboundMail, RawMail
from tests.support import factory
from tests.web.conftest import World

pytestmark = pytest.mark.django_db


def test_it_tells_how_it_came_and_what_became_of_it(client: Client, world: World) -> None:
    mail = factory.arrival(
        world.acme,
        peer="192.0.2.44",
        helo="mx.x.example",
        tls="TLSv1.3",
        message_id="abc@x.example",
        defects=["No Date"],
    )
    factory.route(mail, world.acme, "alias:1", message=world.message)
    factory.route(mail, world.acme, "alias:2", state="failed", error="The disk is full", attempts=3)
    client.force_login(world.admin)
    page = client.get(f"/arrivals/{mail.pk}").content.decode()
    for words in ("192.0.2.44", "mx.x.example", "TLSv1.3", "abc<wbr>@x.example", "No Date", "106 bytes", "Loop guard",
                  f'href="/leads/{world.lead.pk}"', "The disk is full", "3 attempts", "Replay", "Failed"):  # fmt: skip
        assert words in page


def test_a_route_that_posted_nothing_names_what_it_was_meant_for(client: Client, world: World) -> None:
    desk = world.lead.desk
    assert desk is not None
    assert desk.alias is not None
    mail = factory.arrival(world.acme, state="failed", error="The disk is full")
    factory.route(mail, world.acme, f"alias:{desk.alias.pk}", state="failed", error="The disk is full")
    factory.route(mail, world.acme, f"thread:{world.ticket.thread.pk}", state="duplicate")
    factory.route(mail, world.acme, "report:4", state="reported")
    client.force_login(world.admin)
    page = client.get(f"/arrivals/{mail.pk}").content.decode()
    assert f"<b>{desk.alias.address}</b>" in page
    assert f'href="/tickets/{world.ticket.pk}"' in page
    assert "Delivery news" in page
    assert page.count("The disk is full") == 1, "said once"


def test_of_a_shared_mail_only_ones_own_part_shows(client: Client, world: World) -> None:
    type(world.shared).objects.filter(pk=world.shared.pk).update(
        peer="192.0.2.77", helo="globex-relay.example", error="Globex has a full disk"
    )
    client.force_login(world.admin)
    page = client.get(f"/arrivals/{world.shared.pk}").content.decode()
    for others in ("hidden@globex.example", "192.0.2.77", "globex-relay.example", "Globex has a full disk"):
        assert others not in page
    assert "Replay" not in page


def test_source_and_headers(client: Client, world: World) -> None:
    client.force_login(world.admin)
    page = client.get(f"/arrivals/{world.arrival.pk}/source").content.decode()
    assert "Grüße" in page
    assert "=?utf-8?q?Gr=C3=BC=C3=9Fe?=" in page
    response = client.get(f"/arrivals/{world.arrival.pk}/download")
    assert response.content == factory.RAW
    assert response.headers["Content-Type"] == "message/rfc822"
    assert response.headers["Content-Disposition"].startswith("attachment")
    assert response.headers["Content-Security-Policy"].startswith("sandbox")


@pytest.mark.parametrize(
    "raw",
    [b"", b"\0\0<script>alert(1)</script>", b"no headers at all", b"\xff\xfe" * 300_000, b"A: " + b"b" * 400_000,
     b"\r\n\r\nbody", b"Subject: x\n\nbody <b>"],
)  # fmt: skip
def test_any_source_can_be_shown(client: Client, world: World, raw: bytes) -> None:
    RawMail.objects.filter(pk=world.arrival.pk).update(data=raw)
    client.force_login(world.admin)
    response = client.get(f"/arrivals/{world.arrival.pk}/source")
    assert response.status_code == 200
    assert b"<script>alert" not in response.content
    assert (b"The first 200 kB are shown" in response.content) == (len(raw) > 200_000)


def test_bytes_that_are_not_kept(client: Client, world: World) -> None:
    RawMail.objects.all().delete()
    client.force_login(world.admin)
    assert b"not kept any more" in client.get(f"/arrivals/{world.arrival.pk}/source").content
    assert client.get(f"/arrivals/{world.arrival.pk}/download").status_code == 410


def _held(world: World) -> InboundMail:
    desk = world.lead.desk
    assert desk is not None
    mail = factory.arrival(world.acme, state="held", due=None)
    factory.route(mail, world.acme, f"alias:{desk.alias_id}", state="held")
    return mail


@pytest.mark.parametrize(
    ("action", "lifted", "allowed"), [("replay", False, 0), ("release", True, 0), ("allow", True, 1)]
)
def test_routing_again(client: Client, world: World, action: str, lifted: bool, allowed: int) -> None:
    mail = _held(world)
    client.force_login(world.admin)
    page = client.get(f"/arrivals/{mail.pk}").content.decode()
    assert "Release and always allow" in page
    response = client.post(f"/arrivals/{mail.pk}/replay", {"action": action}, follow=True)
    assert b'class="toast" role="status"' in response.content
    mail.refresh_from_db()
    assert mail.due is not None
    assert mail.limits_lifted == lifted
    assert AllowedSender.objects.filter(email=mail.author_email).count() == allowed


def test_a_routed_mail_offers_nothing_to_replay(client: Client, world: World) -> None:
    client.force_login(world.admin)
    assert b"/replay" not in client.get(f"/arrivals/{world.arrival.pk}").content
