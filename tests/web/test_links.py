"""Files that went as links, as their senders see them: on the copy, under the message, by the API."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import transaction
from django.test import Client

from postroom.conversations.models import Notification
from postroom.infra.clock import now
from postroom.outbound.models import Delivery, DownloadLink
from postroom.outbound.services import send_due
from postroom.outbound.transports.memory import Memory
from tests.api.calls import caller
from tests.support import factory
from tests.support.acme import Acme, make_acme
from tests.support.big_mails import post_large, small_server
from tests.support.sending import sent_into_memory

pytestmark = [pytest.mark.django_db, pytest.mark.either_database]


@pytest.fixture
def acme() -> Acme:
    return make_acme()


@pytest.fixture
def kept(acme: Acme, monkeypatch: pytest.MonkeyPatch) -> Iterator[Memory]:
    with sent_into_memory(monkeypatch) as memory:
        small_server(acme, monkeypatch)
        yield memory


@pytest.fixture
def message(acme: Acme, kept: Memory) -> int:
    """A message to two people, with a file that went to both as a link."""
    record = factory.record(acme.sales)
    message = factory.message(record, "Our offer", user=acme.amara)
    with transaction.atomic():
        rows = post_large(acme, "hanna@customer.example", "kim@partner.example")
        for row in rows:
            told = {"message": message, "company": acme.company, "delivery": row, "email": row.address}
            Notification.objects.create(**told, channel="mail", name=row.name, created_at=now())
    send_due()
    return message.pk


def _signed_in(user: object) -> Client:
    client = Client()
    client.force_login(user)  # type: ignore[arg-type]
    return client


def _states(acme: Acme) -> list[str]:
    rows = DownloadLink.objects.order_by("delivery").values_list("revoked_at", flat=True)
    return ["there" if at is None else "revoked" for at in rows]


def test_the_copy_says_what_went_as_a_link(acme: Acme, message: int) -> None:
    row = Delivery.objects.order_by("pk")[0]
    shown = _signed_in(acme.admin).get(f"/outbox/{row.pk}").content.decode()
    assert "Files as links" in shown
    assert "offer.pdf" in shown
    assert "not downloaded" in shown
    assert "than the 196 kB that Relay takes" in shown, "the trace says why"


def test_the_line_of_a_copy_says_it_too(acme: Acme, message: int) -> None:
    client = _signed_in(acme.amara)
    shown = client.get(f"/messages/{message}/copies").content.decode()
    assert shown.count("1 file as a link") == 2
    row = Delivery.objects.order_by("pk")[0]
    assert "Files as links" in client.get(f"/copies/{row.pk}").content.decode()


def test_all_of_a_message_stand_on_one_page(acme: Acme, message: int) -> None:
    link = DownloadLink.objects.order_by("delivery")[0]
    DownloadLink.objects.filter(pk=link.pk).update(opened=3, first_opened_at=now())
    shown = _signed_in(acme.admin).get(f"/messages/{message}/links").content.decode()
    for words in ("for Hanna", "for Kim", "downloaded 3 times", "not downloaded", "Revoke all", "Renew for 30 days"):
        assert words in shown
    reading = _signed_in(acme.amara).get(f"/messages/{message}/links").content.decode()
    assert "for Hanna" in reading
    assert "Revoke" not in reading, "members see them, and decide nothing"


def test_one_is_revoked_or_all_and_renewed(acme: Acme, message: int) -> None:
    client, path = _signed_in(acme.admin), f"/messages/{message}/links"
    first = DownloadLink.objects.order_by("delivery")[0]
    answer = client.post(path, {"action": "revoke", "link": str(first.pk)}, follow=True)
    assert _states(acme) == ["revoked", "there"]
    assert "Revoked: the link leads nowhere." in answer.content.decode()
    assert "by Ada Admin" in answer.content.decode()
    client.post(path, {"action": "revoke"})
    assert _states(acme) == ["revoked", "revoked"]
    client.post(path, {"action": "renew", "link": str(first.pk)})
    assert _states(acme) == ["there", "revoked"]


def test_of_a_copy_only_its_own_are_decided_about(acme: Acme, message: int) -> None:
    client, rows = _signed_in(acme.admin), Delivery.objects.order_by("pk")
    other = DownloadLink.objects.get(delivery=rows[1])
    path = f"/outbox/{rows[0].pk}/links"
    assert client.post(path, {"action": "revoke", "link": str(other.pk)}).status_code == 404
    assert client.post(path, {"action": "burn"}).status_code == 404
    assert client.post(path, {"action": "revoke"}).headers["Location"] == f"/outbox/{rows[0].pk}"
    assert _states(acme) == ["revoked", "there"]


def test_a_message_without_links_says_so(acme: Acme, kept: Memory) -> None:
    message = factory.message(factory.record(acme.sales))
    shown = _signed_in(acme.admin).get(f"/messages/{message.pk}/links").content.decode()
    assert "No file of this message went as a link." in shown


def test_by_the_api(acme: Acme, message: int) -> None:
    admin, path = caller(acme.admin), f"/messages/{message}/links"
    first, second = admin.get(path).json()
    assert (first["name"], first["address"], first["state"], first["opened"]) == (
        "offer.pdf", "hanna@customer.example", "there", 0,
    )  # fmt: skip
    assert "secret" not in first
    assert "url" not in first
    assert admin.send("POST", f"/download-links/{first['id']}/revoke").json()["state"] == "revoked"
    assert [one["state"] for one in admin.get(path).json()] == ["revoked", "there"]
    assert {one["state"] for one in admin.send("POST", f"{path}/revoke").json()} == {"revoked"}
    renewed = admin.send("POST", f"/download-links/{second['id']}/renew").json()
    assert (renewed["state"], renewed["revoked_by"]) == ("there", "")
    assert {one["state"] for one in admin.send("POST", f"{path}/renew").json()} == {"there"}
    assert caller(acme.amara).send("POST", f"{path}/revoke").status_code == 403
    assert admin.send("POST", "/download-links/4711/revoke").status_code == 404
