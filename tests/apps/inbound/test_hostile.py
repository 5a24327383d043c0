"""Bytes that a database may not like are kept and settled all the same, on both databases."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from django.db import DataError, OperationalError

from postroom.conversations.models import Message
from postroom.core.routing.facts import Facts
from postroom.inbound import pipeline
from postroom.inbound.models import InboundMail, RawMail
from postroom.inbound.services import accept
from postroom.inbound.steps import collect
from postroom.inbound.work import Read
from postroom.inbound.worker import settle_all
from postroom.infra import parameters
from tests.support.acme import Acme, arrival, letter, make_acme, take_in

pytestmark = pytest.mark.django_db

PLAIN = {
    "From": b"Hanna <hanna@customer.example>",
    "To": b"sales@acme.example",
    "Subject": b"Vans",
    "Message-ID": b"<nul@customer.example>",
    "Date": b"Sun, 1 Jun 2025 10:00:00 +0200",
    "Content-Type": b"text/plain; charset=utf-8",
}


@pytest.fixture
def acme() -> Acme:
    parameters.forget()
    return make_acme()


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("Subject", b"a\x00b"),
        ("Subject", b"=?utf-8?q?a=00b?= =?utf-8?b?7aCA?="),
        ("Subject", b"x" * 300_000),
        ("From", b"Ha\x00nna <hanna@customer.example>"),
        ("From", b"=?utf-8?q?=00?= <ha\x00nna@customer.example>"),
        ("From", b"Hanna <" + b"h" * 70_000 + b"@customer.example>"),
        ("To", b"=?utf-8?q?=00?= <sal\x00es@acme.example>"),
        ("To", b", ".join(b"n%d@" % n + b"d" * 400 + b".example" for n in range(20))),
        ("Message-ID", b"<n\x00ul@customer.example>"),
        ("Message-ID", b"<" + b"i" * 9000 + b"@customer.example>"),
        ("Message-ID", "<ü\ud800@customer.example>".encode("utf-8", "surrogatepass")),
        ("Date", b"Sun, 1 Jun 0000 10:00:00 +9999"),
        ("Date", b"Sun, 1 Jun 9999 23:59:59 -2359"),
        ("References", b"<a\x00b@x.example> <" + b"r" * 3000 + b"@x.example>"),
        ("In-Reply-To", b"\x00"),
        ("Content-Type", b'text/plain; charset=utf-16; name="a\x00b"'),
        ("Content-Type", b"application/x\x00y; name*=utf-8''a%00b"),
        ("Content-Type", b"text/html"),
        ("List-Id\x00", b"\x00"),
    ],
)
@pytest.mark.parametrize("body", [b"42 vans, please.\r\n", b"\x00nul <b>\x00</b>\r\n\xed\xa0\x80\xff\r\n"])
def test_it_becomes_a_message(acme: Acme, header: str, value: bytes, body: bytes) -> None:
    fields = {**PLAIN, header: value}
    head = b"".join(name.encode() + b": " + text + b"\r\n" for name, text in fields.items())
    take_in(arrival(head + b"\r\n" + body))
    mail = InboundMail.objects.get()
    assert mail.state == "routed", mail.error
    assert Message.objects.count() == 1
    raw = RawMail.objects.get()
    assert raw.blob_id or bytes(raw.data or b"") == head + b"\r\n" + body


def test_an_envelope_of_odd_bytes_is_kept(acme: Acme) -> None:
    take_in(arrival(b"Subject: x\r\n\r\nx\r\n", "sales@acme.example", sender="\x00\ud800@" + "x" * 500))
    assert InboundMail.objects.get().due is None


def test_one_that_upsets_the_gathering_of_a_batch_does_not_keep_the_others(
    acme: Acme, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = collect.gather

    def gather(reads: Sequence[Read]) -> list[Facts]:
        if any(read.understood.mail.subject == "Upsetting" for read in reads):
            raise DataError("no such thing")
        return real(reads)

    monkeypatch.setattr(pipeline, "gather", gather)
    take_in(*(arrival(letter(subject=subject)) for subject in ("First", "Upsetting", "Last")))
    assert list(InboundMail.objects.order_by("pk").values_list("state", flat=True)) == ["routed", "retrying", "routed"]
    failed = InboundMail.objects.get(state="retrying")
    assert "no such thing" in failed.error
    assert failed.due is not None
    assert failed.due > failed.received_at


def test_a_database_that_goes_away_counts_against_no_mail(acme: Acme, monkeypatch: pytest.MonkeyPatch) -> None:
    def gather(reads: Sequence[Read]) -> list[Facts]:
        raise OperationalError("gone")

    monkeypatch.setattr(pipeline, "gather", gather)
    with pytest.raises(OperationalError):
        take_in(arrival(letter()))
    mail = InboundMail.objects.get()
    assert (mail.state, mail.attempts, mail.error) == ("arrived", 0, "")


@pytest.mark.parametrize(
    "odd", [b"\x00", b"a@b\x00c.example", b"<\x00>", b"<\x00@\x00>", b"\xff@\xff", b'"a\x00b"@x.example']
)
def test_without_an_envelope_odd_addresses_hold_up_nothing(acme: Acme, odd: bytes) -> None:
    raw = letter().replace(b"To: sales@acme.example", b"To: " + odd + b", sales@acme.example")
    accept([arrival(raw)])
    InboundMail.objects.update(recipients=[])
    settle_all()
    assert InboundMail.objects.get().state == "routed"


def test_a_subject_without_end_makes_a_title_that_has_one(acme: Acme) -> None:
    take_in(arrival(letter().replace(b"Subject: Vans", b"Subject: " + b"x" * 400_000)))
    message = Message.objects.select_related("thread__record").get()
    assert (len(message.subject), len(message.thread.record.title)) == (400_000, 500)
