"""Mail that somebody waits for, while ten thousand others stand before it at a slow server: over real sockets."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction

from postroom.conversations.services import post_message
from postroom.core.addresses import Address
from postroom.infra.clock import now
from postroom.infra.config import config
from postroom.outbound import choice
from postroom.outbound.models import Circuit, Delivery, Lane, OutgoingServer
from postroom.outbound.services import Recipient, queue
from tests.support import factory
from tests.support.acme import Acme, make_acme
from tests.support.running import free_port
from tests.support.sending import new_letter, post, sending, sent_into_memory, until
from tests.support.smtp_server import Hang, SmtpServer

SCALE = float(os.environ.get("POSTROOM_TEST_SCALE", "1"))  # how much slower this machine may be than one that is free
PROMISED = 5.0  # seconds after which mail that somebody waits for has left
BULK, NOTIFICATIONS = 10_000, 1_000

pytestmark = [pytest.mark.slow, pytest.mark.either_database]  # each step of it is tried on both by itself


@pytest.fixture
def acme(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Acme]:
    with sent_into_memory(monkeypatch):
        yield make_acme()


def _server(port: int, name: str = "Slow", **values: Any) -> OutgoingServer:
    usual = {"host": "127.0.0.1", "port": port, "encryption": "none", "authentication": "none"}
    usual |= {"from_filter": "acme.example", "created_at": now()}
    return OutgoingServer.objects.create(name=name, **(usual | values))


def _backlog(acme: Acme) -> None:
    for lane, number in ((Lane.BULK, BULK), (Lane.NOTIFICATION, NOTIFICATIONS)):
        to = [Recipient(f"{lane.label}{one}@firm.example") for one in range(number)]
        with transaction.atomic():
            queue([(new_letter(acme), to)], lane)


def _others(server: SmtpServer) -> int:
    return sum(not one.recipients[0].startswith(("invoice", "hangs")) for one in list(server.mails))


def _written(acme: Acme, address: str) -> None:
    """Write it in a record as a member does, and wait until it can't be undone any more."""
    record = factory.record(acme.sales, "Invoice")
    sent = post_message(user=acme.amara, record_id=record.pk, body="Our invoice", to=[Address(address)], undo_seconds=1)
    copy = Delivery.objects.get(notification__message=sent, address=address)
    assert (copy.reason, copy.lane) == ("undo", Lane.INTERACTIVE)
    assert copy.due
    time.sleep(max(0.0, (copy.due - now()).total_seconds()))


def _leaves_in_time(acme: Acme, server: SmtpServer, address: str, *, composed: bool = False) -> None:
    """At the server it stands before nearly all of the others, and it is there in the time that was promised, which
    begins when it can't be undone any more.
    """
    if composed:
        _written(acme, address)
    others = _others(server)
    if not composed:
        post(acme, address, lane=Lane.INTERACTIVE)
    took = until(lambda: address in server.counts())
    before = [one.recipients[0] for one in list(server.mails)]
    before = [one for one in before[: before.index(address)] if not one.startswith(("invoice", "hangs"))]
    assert len(before) < others + 5 * SCALE
    assert took < PROMISED * SCALE


@pytest.mark.parametrize("hangs", [False, True])
def test_an_invoice_written_last_leaves_first(acme: Acme, hangs: bool) -> None:
    with SmtpServer() as server:
        _server(server.port, max_connections=2, minute_limit=60)
        choice.forget()
        _backlog(acme)
        with sending():
            until(lambda: Delivery.objects.filter(reason="server-limit").count() > NOTIFICATIONS / 2)
            if hangs:
                server.on("dot hangs@firm.example", Hang(60))
                post(acme, "hangs@firm.example", lane=Lane.INTERACTIVE)
                until(lambda: "hangs@firm.example" in server.counts())
            for number in range(2):  # of sixty places a minute three are kept for it
                _leaves_in_time(acme, server, f"invoice{number}@firm.example", composed=number == 0)
            if hangs:
                assert Delivery.objects.get(address="hangs@firm.example").state == "transmitting"
        waits = Delivery.objects.filter(state="queued")
        assert waits.count() > BULK - 100
        assert server.counts().most_common(1)[0][1] == 1
        told = waits.exclude(reason="")
        assert told.exists()
        assert not told.filter(words="").exists()
        assert not told.filter(dispatch=None).exists()


def test_a_server_that_takes_its_time_holds_nothing_urgent_back(acme: Acme) -> None:
    """No limit is known, the server is slow by itself: a second for each mail, and two connections."""
    with _Slow() as server:
        _server(server.port, max_connections=2)
        choice.forget()
        _backlog(acme)
        with sending():
            until(lambda: _others(server) >= 2)
            _leaves_in_time(acme, server, "invoice@firm.example")
            until(lambda: Delivery.objects.filter(reason="turn").exists())
            row = Delivery.objects.filter(reason="turn").select_related("dispatch").order_by("pk")[0]
            assert " before it at Slow: its turn is at about " in row.words


def test_a_server_that_is_down_lets_another_take_over_and_comes_back(acme: Acme) -> None:
    port = free_port()
    with SmtpServer() as second:
        first = _server(port, "First", priority=1, failover=True)
        _server(second.port, "Second", priority=2)
        choice.forget()
        with sending():
            post(acme, *(f"a{number}@firm.example" for number in range(20)))
            until(lambda: len(second.counts()) >= 19)
            assert Circuit.objects.filter(pk=first.pk, opened_at__isnull=False).exists()
            with SmtpServer(port=port) as back:
                until(lambda: not Circuit.objects.filter(opened_at__isnull=False).exists())
                post(acme, "b@firm.example")
                until(lambda: "b@firm.example" in back.counts())
                until(lambda: not Delivery.objects.exclude(state="accepted").exists())
        counts = second.counts() + back.counts()
    assert len(counts) == 21
    assert set(counts.values()) == {1}
    found = Delivery.objects.filter(dispatch__case="failover").select_related("dispatch")
    assert found.count() >= 19
    assert all("First is down since" in ((row.dispatch and row.dispatch.because) or "") for row in found)
    assert all("; Second admits the same From." in ((row.dispatch and row.dispatch.because) or "") for row in found)


class _Slow(SmtpServer):
    """A second for each mail."""

    async def _mail(self, talk: Any, rest: str) -> bool:
        await asyncio.sleep(1.0)
        return await super()._mail(talk, rest)


def test_the_promise_is_that_of_the_settings() -> None:
    assert config().send_silent_seconds < PROMISED
