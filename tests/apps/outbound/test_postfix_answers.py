"""A real Postfix that takes a copy, puts one off and refuses one, all of one window."""

from __future__ import annotations

from postroom.infra.clock import now
from postroom.outbound import choice
from postroom.outbound.models import Delivery, OutgoingServer
from postroom.outbound.services import send_due
from tests.support.acme import Acme
from tests.support.postfix import relaying_to
from tests.support.sending import post
from tests.support.smtp_server import SmtpServer

SETTINGS = {
    "smtpd_recipient_restrictions": "check_recipient_access texthash:{folder}/people, permit_mynetworks, reject",
}
PEOPLE = """\
later@firm.example 450 4.2.1 Greylisted, please come back
full@firm.example 452 4.2.2 The mailbox is full
gone@firm.example 550 5.1.1 There is nobody of that name
"""


def _sent_to(port: int) -> None:
    OutgoingServer.objects.create(
        name="Relay", host="127.0.0.1", port=port, encryption="none", authentication="none",
        from_filter="acme.example", created_at=now(),
    )  # fmt: skip
    choice.forget()


def test_postfix_accepts_defers_and_refuses(acme: Acme) -> None:
    with SmtpServer() as beyond, relaying_to(beyond.port, SETTINGS, {"people": PEOPLE}) as port:
        _sent_to(port)
        rows = post(acme, *(f"{name}@firm.example" for name in ("a", "later", "b", "gone", "full", "c")))
        send_due()
        found = {row.address.partition("@")[0]: row for row in Delivery.objects.filter(pk__in=[r.pk for r in rows])}
        states = {name: (row.state, row.reply_class) for name, row in found.items()}
        assert states == {
            "a": ("accepted", ""), "b": ("accepted", ""), "c": ("accepted", ""),
            "later": ("queued", "greylisted"), "full": ("queued", "mailbox-full"),
            "gone": ("failed", "mailbox-unknown"),
        }  # fmt: skip
        assert found["later"].due
        assert found["later"].due > now()
        assert "Greylisted" in found["later"].words
        beyond.wait_for(3)
        assert sorted(one.recipients[0] for one in beyond.mails) == [f"{name}@firm.example" for name in "abc"]
