"""Addresses beyond ASCII: domains go down to A-labels, and what a server is known not to carry fails beforehand."""

from __future__ import annotations

from email import message_from_bytes

import pytest

from postroom.core.addresses import Address
from postroom.outbound import choice
from postroom.outbound.choice import preview
from postroom.outbound.models import Delivery, OutgoingServer
from postroom.outbound.servers.connection_test import run
from postroom.outbound.servers.learnt import known_size, learnt_smtputf8
from postroom.outbound.services import send_due
from postroom.outbound.transports.memory import Memory
from postroom.outbound.transports.protocol import Server
from tests.support.acme import Acme
from tests.support.big_mails import small_server
from tests.support.sending import post, sent_to
from tests.support.smtp_server import SmtpServer

JURGEN = "jürgen@firm.example"
LACKS = [{"key": "size", "state": "ok", "size": 0, "smtputf8": False}]
HAS = [{"key": "size", "state": "ok", "size": 0, "smtputf8": True}]


def _fresh(row: Delivery) -> Delivery:
    return Delivery.objects.select_related("dispatch").get(pk=row.pk)


def test_what_the_server_is_known_to_lack_fails_before_anything_is_sent(
    acme: Acme, kept: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_server(acme, monkeypatch, steps=LACKS)
    (bad,) = post(acme, JURGEN)
    (good,) = post(acme, "hanna@customer.example")
    send_due()
    bad = _fresh(bad)
    assert (bad.state, bad.attempts, bad.due, bad.reason) == ("failed", 0, None, "")
    assert bad.words == f"The address {JURGEN} needs SMTPUTF8, which Relay does not offer (RFC 6531)."
    assert bad.dispatch, "its page says which server that was"
    assert _fresh(good).state == "accepted"
    assert [one.recipient for one in kept.copies] == ["hanna@customer.example"]


def test_so_does_a_mail_that_names_such_an_address(acme: Acme, kept: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    small_server(acme, monkeypatch, steps=LACKS)
    (row,) = post(acme, "hanna@customer.example", to=(Address("hanna@customer.example"),), cc=(Address(JURGEN),))
    send_due()
    assert _fresh(row).words.endswith(f"does not offer (RFC 6531): {JURGEN}.")


@pytest.mark.parametrize("steps", [HAS, []])
def test_where_it_has_it_or_nobody_looked_the_session_decides(
    acme: Acme, kept: Memory, monkeypatch: pytest.MonkeyPatch, steps: list[object]
) -> None:
    small_server(acme, monkeypatch, steps=steps)
    (row,) = post(acme, JURGEN)
    send_due()
    assert _fresh(row).state == "accepted"


def test_it_is_known_before_anybody_writes(acme: Acme, monkeypatch: pytest.MonkeyPatch) -> None:
    small_server(acme, monkeypatch, steps=LACKS)
    assert preview(acme.company.pk, Address("amara@acme.example")).smtputf8 is False
    small_server(acme, monkeypatch, steps=[])
    OutgoingServer.objects.update(is_active=False)
    choice.forget()
    assert preview(acme.company.pk, Address("amara@acme.example")).smtputf8 is None


def test_a_domain_beyond_ascii_goes_to_every_server(acme: Acme, monkeypatch: pytest.MonkeyPatch) -> None:
    with SmtpServer() as server, sent_to(server, monkeypatch):
        (row,) = post(acme, "hanna@bücher.example", to=(Address("hanna@bücher.example", "Hanna"),))
        send_due()
    assert _fresh(row).state == "accepted"
    (mail,) = server.mails
    assert mail.recipients == ("hanna@xn--bcher-kva.example",)
    assert message_from_bytes(mail.data)["To"] == "Hanna <hanna@xn--bcher-kva.example>"
    assert mail.data[: mail.data.index(b"\r\n\r\n")].isascii()


def test_a_domain_that_is_none_fails_at_once(acme: Acme, kept: Memory) -> None:
    (row,) = post(acme, "hanna@\N{SNOWMAN}-.example")
    send_due()
    assert (_fresh(row).state, kept.copies) == ("failed", [])
    assert "no form that mail servers know" in _fresh(row).words


@pytest.mark.parametrize("offers", [True, False])
def test_the_connection_test_remembers_it(acme: Acme, offers: bool) -> None:
    with SmtpServer() as server:
        server.extensions = ["SIZE 5000000", *(["SMTPUTF8"] if offers else [])]
        target = Server(1, "Relay", "smtp", "127.0.0.1", server.port, encryption="none")
        steps = list(run(target, sender="a@acme.example", recipient="b@acme.example"))
    assert steps[-1].smtputf8 is offers
    kept = [{"key": one.key, "size": one.size, "smtputf8": one.smtputf8} for one in steps]
    row = OutgoingServer(max_size=0, test_steps=kept)
    assert (learnt_smtputf8(row), known_size(row)) == (offers, 5_000_000)
    row.max_size = 1_000_000
    assert known_size(row) == 1_000_000
