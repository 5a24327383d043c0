"""Letters to queue, and where they go: into memory, or to a server of the test."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from django.db import transaction

from postroom.core.addresses import Address
from postroom.infra import parameters
from postroom.infra.config import config
from postroom.outbound import choice
from postroom.outbound.models import Delivery, Lane
from postroom.outbound.registry import transports
from postroom.outbound.sender.worker import Sender
from postroom.outbound.services import NewLetter, Recipient, queue
from postroom.outbound.transports import memory
from postroom.outbound.transports.memory import Memory
from tests.support.acme import Acme
from tests.support.smtp_server import SmtpServer

_numbers = itertools.count(1)


def new_letter(acme: Acme, **changes: Any) -> NewLetter:
    """Amara answers Hanna."""
    base = NewLetter(
        company=acme.company.pk,
        domain=acme.domain.pk,
        about="lead:1",
        author=Address("amara@acme.example", "Amara Okafor"),
        author_user=None,
        to=(),
        cc=(),
        reply_to="sales@acme.example",
        subject="Re: Vans",
        html="<p>We have 42 vans.</p>",
        text="We have 42 vans.\n",
        message_id=f"letter{next(_numbers)}@acme.example",
        in_reply_to="vans@customer.example",
        references=("vans@customer.example",),
    )
    return replace(base, **changes)


def post(
    acme: Acme, *addresses: str, lane: Lane | Sequence[Lane] = Lane.NOTIFICATION, **changes: Any
) -> list[Delivery]:
    """Queue a letter with a copy for each address; the copies."""
    recipients = [Recipient(address, address.partition("@")[0].title()) for address in addresses]
    with transaction.atomic():
        (ids,) = queue([(new_letter(acme, **changes), recipients)], lane)
    return list(Delivery.objects.filter(pk__in=ids).order_by("pk"))


@contextmanager
def sending() -> Iterator[Sender]:
    """A sender runs in a thread, as it does in a worker."""
    sender = Sender()
    thread = threading.Thread(target=sender.run)
    thread.start()
    try:
        yield sender
    finally:
        sender.stop()
        thread.join(20)
        assert not thread.is_alive()


def until(holds: Callable[[], Any], seconds: float = 60.0) -> float:
    """Wait until it holds; how long that took, in seconds."""
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < seconds, "it did not come about"
        time.sleep(0.01)
    return time.monotonic() - began


@contextmanager
def sent_into_memory(monkeypatch: pytest.MonkeyPatch) -> Iterator[Memory]:
    """What would go into the outbox folder is kept in memory."""
    parameters.forget()
    choice.forget()
    memory.TRANSPORT.forget()
    monkeypatch.setitem(transports(), "outbox", memory.TRANSPORT)
    yield memory.TRANSPORT
    memory.TRANSPORT.forget()
    choice.forget()


@contextmanager
def sent_to(server: SmtpServer, monkeypatch: pytest.MonkeyPatch, **settings: object) -> Iterator[SmtpServer]:
    """The default server is this one; `settings` are further fields of the configuration."""
    parameters.forget()
    choice.forget()
    fixed = {"outgoing_server": "127.0.0.1", "outgoing_port": server.port, "outgoing_encryption": "none"}
    for name, value in (fixed | settings).items():
        monkeypatch.setattr(config(), name, value)
    yield server
    choice.forget()
