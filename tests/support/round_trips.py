"""A relay of the test: what was sent into memory comes in again, as a mail server on the way might have changed it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import pytest

from postroom.inbound.services import Arrival, accept
from postroom.inbound.worker import settle_all
from postroom.infra.clock import now
from postroom.infra.config import config
from postroom.outbound.models import OutgoingServer
from postroom.outbound.registry import transports
from postroom.outbound.services import send_due
from postroom.outbound.transports import memory
from postroom.outbound.transports.memory import Memory
from tests.support.acme import Acme, arrival
from tests.support.sending import sent_into_memory

SENT = b"Message-ID: <"


@dataclass(frozen=True)
class OnTheWay:
    """A mail between two servers."""

    sender: str
    recipient: str
    raw: bytes


Change = Callable[[OnTheWay], OnTheWay | None]


def as_it_is(mail: OnTheWay) -> OnTheWay | None:
    return mail


def without_tag(mail: OnTheWay) -> OnTheWay | None:
    """As `recipient_delimiter` and a canonical map do."""
    local, _, name = mail.recipient.partition("@")
    return replace(mail, recipient=f"{local.partition('+')[0]}@{name}")


def with_another_id(mail: OnTheWay) -> OnTheWay | None:
    """As a server does that numbers all mail itself; each mail gets another id."""
    head, _, rest = mail.raw.partition(SENT)
    number = rest[:24].decode()
    return replace(mail, raw=head + f"Message-ID: <{number[::-1]}@relay.example".encode() + rest[rest.index(b">") :])


def from_another(mail: OnTheWay) -> OnTheWay | None:
    return replace(mail, sender="relay@elsewhere.example")


def by_srs(mail: OnTheWay) -> OnTheWay | None:
    """As a forwarder does that keeps SPF whole."""
    local, _, name = mail.sender.partition("@")
    return replace(mail, sender=f"SRS0=abcd=TT={name}={local}@forwarder.example")


def lost(mail: OnTheWay) -> OnTheWay | None:
    return None


def server(acme: Acme | None = None, name: str = "Relay", **fields: object) -> OutgoingServer:
    """A server of a company, or of all of them."""
    company = acme.company if acme else None
    values = {"company": company, "authentication": "none", "host": "relay.example", **fields}
    return OutgoingServer.objects.create(name=name, created_at=now(), **values)


@contextmanager
def relayed(monkeypatch: pytest.MonkeyPatch) -> Iterator[Memory]:
    """What would go by SMTP is kept in memory, until `travel` lets it come in again."""
    with sent_into_memory(monkeypatch) as kept:
        monkeypatch.setitem(transports(), "smtp", kept)
        monkeypatch.setattr(config(), "outgoing_server", "")
        yield kept


def travel(change: Change = as_it_is, source: str = "smtp") -> list[Arrival]:
    """Send what is due and take it in again; what came in."""
    send_due()
    came = [_arrival(mail, source) for mail in map(change, _on_the_way()) if mail]
    for one in came:
        accept([one])
    settle_all()
    return came


def _on_the_way() -> list[OnTheWay]:
    mails = [OnTheWay(copy.sender, copy.recipient, copy.mime) for copy in memory.TRANSPORT.copies]
    memory.TRANSPORT.copies.clear()
    return mails


def _arrival(mail: OnTheWay, source: str) -> Arrival:
    return arrival(mail.raw, mail.recipient, sender=mail.sender, source=source)
