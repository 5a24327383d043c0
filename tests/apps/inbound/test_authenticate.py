"""The step that judges: what is asked of DNS and what is not; no mail waits for a resolver that says nothing."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, wait
from datetime import datetime, timedelta
from unittest.mock import patch

import pytest

from postroom.conversations.models import Notification
from postroom.core.addresses import Address
from postroom.core.authentication.verdict import Level, Verdict
from postroom.core.message.understood import understand
from postroom.directory.models import Contact, ContactAddress
from postroom.domains.models import AliasDomain
from postroom.inbound.models import InboundMail
from postroom.inbound.steps import authenticate
from postroom.inbound.steps.authenticate import Authenticator, judge_now
from postroom.inbound.work import Read, read_from
from postroom.infra import parameters
from postroom.infra.clock import now
from postroom.infra.config import config
from postroom.infra.dns import resolver
from postroom.records.models import DeskFollower
from tests.core.authentication.signing import Signer
from tests.support.acme import Acme, arrival, letter, make_acme, take_in
from tests.support.dns_server import DnsServer, resolving, table_of

pytestmark = pytest.mark.django_db

AMARA = Address("amara@acme.example", "Amara Okafor")
OUTSIDE, OWN = "203.0.113.9", "127.0.0.1"
ZONE = {**Signer().zone, "acme.example TXT": "v=spf1 ip4:192.0.2.1 -all"}


@pytest.fixture
def acme() -> Acme:
    parameters.forget()
    return make_acme()


@pytest.fixture
def names() -> Iterator[DnsServer]:
    with resolving(table_of(ZONE)) as server:
        yield server


@pytest.fixture
def patient() -> Iterator[Authenticator]:
    made = Authenticator(patience=30.0)
    yield made
    made.close()


def read(
    raw: bytes = b"",
    *,
    source: str = "smtp",
    peer: str = OUTSIDE,
    pk: int = 1,
    sender: str = "",
    at: datetime | None = None,
) -> Read:
    row = InboundMail(
        pk=pk, source=source, peer=peer, sender=sender or AMARA.email, recipients=["sales@acme.example"],
        received_at=at or now(),
    )  # fmt: skip
    return read_from(row, understand(raw or letter(author=AMARA)))


@pytest.mark.parametrize(
    ("source", "peer", "asks"),
    [("smtp", OWN, False), ("smtp", "::1", False), ("lmtp", "local", False), ("pipe", "", False), ("http", "", False),
     ("smtp", OUTSIDE, True), ("smtp", "junk", True)],
)  # fmt: skip
def test_only_what_comes_from_outside_or_is_signed_is_asked_for(
    names: DnsServer, patient: Authenticator, source: str, peer: str, asks: bool
) -> None:
    [judged], later = patient.judge([read(source=source, peer=peer)])
    assert (judged.verdict.level, later) == (Level.UNVERIFIED, [])
    assert bool(names.asked) is asks
    names.asked.clear()
    [judged], _ = patient.judge([read(Signer().sign(letter(author=AMARA)), source=source, peer=peer)])
    assert judged.verdict.level is Level.VERIFIED
    assert ("s1._domainkey.acme.example", "TXT", "udp") in names.asked


def test_what_is_known_wakes_no_other_thread(names: DnsServer, patient: Authenticator) -> None:
    raw = Signer().sign(letter(author=AMARA))
    patient.judge([read(raw)])
    names.asked.clear()
    with patch("asyncio.run_coroutine_threadsafe") as woken:
        [judged], _ = patient.judge([read(raw, pk=2)])
    assert (judged.verdict.level, woken.called, names.asked) == (Level.VERIFIED, False, [])


def test_a_slow_domain_delays_its_own_mail_alone(names: DnsServer) -> None:
    names.table["slow.example", "TXT"] = "SILENT"
    hurried = Authenticator(patience=0.0)
    slow = read(letter(author=Address("a@slow.example")), pk=7, sender="a@slow.example")
    plain = read(source="pipe", pk=8)
    judged, later = hurried.judge([slow, plain])
    assert ([one.arrival.pk for one in judged], [one.arrival.pk for one in later]) == ([8], [7])
    with patch.object(authenticate, "wait") as waited:
        assert hurried.judge([slow]) == ([], [slow])
    assert waited.call_args.args == ([],), "nobody waits twice for what is slow"
    wait(hurried._pending.values(), timeout=30.0)
    [judged_later], later = hurried.judge([slow])
    assert (judged_later.verdict.level, later) == (Level.UNKNOWN, [])
    assert judged_later.verdict.because == "DNS could not be asked whether slow.example sent it."
    hurried.close()


def test_no_mail_waits_for_resolvers_that_say_nothing(acme: Acme, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine without a network: the first mail finds it out, the next ones are settled at once."""
    monkeypatch.setattr(config(), "dns_seconds", 0.3)
    with resolving({("acme.example", "TXT"): "SILENT", (".", "NS"): "SILENT"}) as server:
        take_in(arrival(letter(author=AMARA), sender=AMARA.email))
        first = len(server.asked)
        hurried = Authenticator(patience=0.0)
        reads = [read(letter(author=Address(f"a@d{n}.example")), pk=n, sender=f"a@d{n}.example") for n in range(20)]
        judged, later = hurried.judge(reads)
        assert (len(judged), later, len(server.asked)) == (20, [], first)
    assert {one.verdict.level for one in judged} == {Level.UNKNOWN}
    told = " ".join(step["text"] for step in judged[0].verdict.trace)
    assert "no resolver answers; they are asked again in" in told
    row = InboundMail.objects.get()
    assert (row.state, row.level) == ("routed", "unknown")
    assert row.verdict == "DNS could not be asked whether acme.example sent it."


def test_a_mail_that_upsets_the_evaluation_stops_no_other(names: DnsServer, patient: Authenticator) -> None:
    def upset(one: Read) -> Verdict:
        if one.arrival.pk == 1:
            raise ValueError("hostile")
        return Verdict(Level.VERIFIED)

    with patch.object(authenticate, "_judging", upset), patch.object(authenticate, "log") as log:
        judged, later = patient.judge([read(pk=1), read(pk=2)])
    assert ([one.verdict.level for one in judged], later) == ([Level.UNKNOWN, Level.VERIFIED], [])
    assert "the log says how" in judged[0].verdict.because
    assert log.exception.called


def test_it_upsets_no_dry_run_either(names: DnsServer) -> None:
    with patch.object(authenticate, "_judging", side_effect=ValueError("hostile")), patch.object(authenticate, "log"):
        assert judge_now(read()).verdict.level is Level.UNKNOWN


def test_more_than_can_be_waited_for_comes_again_all_the_same(
    names: DnsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(authenticate, "MOST_PENDING", 3)
    hurried = Authenticator(patience=0.0)
    with patch.object(hurried, "_begin_anew", lambda _read: Future()):
        judged, later = hurried.judge([read(pk=number) for number in range(10)])
    assert (judged, [one.arrival.pk for one in later]) == ([], list(range(10)))
    assert list(hurried._pending) == [7, 8, 9]


def test_an_arrival_and_its_message_keep_what_was_found(acme: Acme, names: DnsServer) -> None:
    take_in(arrival(Signer().sign(letter(author=AMARA)), sender=AMARA.email))
    row = InboundMail.objects.get()
    route = row.routes.get()
    message = route.message
    assert message is not None
    assert (row.level, row.verdict) == (message.level, message.verdict) == ("verified", "acme.example signed it.")
    assert message.marks == []
    steps = [step["step"] for step in route.trace]
    assert steps[:2] == ["sender", "spf"]
    assert {"step": "dkim", "text": "acme.example signed it (selector s1) (pass)."} in route.trace
    assert {"step": "verdict", "text": "verified: acme.example signed it."} in route.trace


def test_what_nothing_proves_makes_no_contact_and_is_nobodys(acme: Acme, names: DnsServer) -> None:
    Contact.objects.filter(user=acme.amara).delete()
    take_in(arrival(letter(author=AMARA), sender=AMARA.email))
    message = InboundMail.objects.get().routes.get().message
    assert message is not None
    assert (message.author, message.user, message.author_email) == (None, None, AMARA.email)
    assert (message.level, message.standing) == ("unverified", "claimed-member")
    assert message.thread.record.contact is None
    assert not Contact.objects.filter(addresses__email=AMARA.email).exists()


def test_another_address_of_a_colleague_is_theirs_only_where_it_is_proved(acme: Acme, names: DnsServer) -> None:
    home, contact = Address("amara@home.example"), Contact.objects.get(user=acme.amara)
    ContactAddress.objects.create(company=acme.company, contact=contact, email=home.email)
    names.table.update(table_of(Signer(domain="home.example").zone))
    plain = letter(author=home, message_id="plain@home.example")
    signed = Signer(domain="home.example").sign(letter(author=home, message_id="signed@home.example"))
    take_in(*(arrival(raw, sender=home.email) for raw in (plain, signed)))
    messages = [one.routes.get().message for one in InboundMail.objects.order_by("message_id")]
    found = [(one.message_id, one.standing, one.author) for one in messages if one]
    assert found == [("plain@home.example", "claimed-member", None), ("signed@home.example", "sender", contact)]


FORWARDER = Signer(domain="forwarder.example", names="from:to:subject")
TOLD = "forwarder.example; dmarc=pass header.from=acme.example"


@pytest.mark.parametrize(
    ("theirs", "recipients", "level"),
    [
        ("", ["sales@acme.example"], "verified"),
        ("", ["sales@acme.example", "bob@elsewhere.example"], "verified"),
        ("", ["sales@acme.example", "sales@globex.example"], "unverified"),
        ("", ["SRS0=ab=cd=acme.example=sales@relay.example", "sales@globex.example"], "unverified"),
        ("x.example, forwarder.example", ["sales@acme.example", "sales@globex.example"], "verified"),
        ("forwarder.example", ["sales@elsewhere.example"], "unverified"),
    ],
)
def test_only_a_forwarder_whom_all_trust_to_whom_a_mail_came_vouches(
    acme: Acme, names: DnsServer, patient: Authenticator, theirs: str, recipients: list[str], level: str
) -> None:
    """Else a company could have a forwarder of its own vouch for mail to another one."""
    names.table.update(table_of(FORWARDER.zone))
    make_acme("Globex", "globex.example")
    for name, listed in (("acme.example", "forwarder.example"), ("globex.example", theirs)):
        AliasDomain.objects.filter(name=name).update(trusted_forwarders=listed)
    one = read(FORWARDER.seal(letter(author=AMARA), TOLD), source="lmtp")
    one.arrival.recipients = recipients
    [judged], _ = patient.judge([one])
    assert (judged.verdict.arc, judged.verdict.level.value) == ("pass", level)


def test_what_its_own_domain_disowns_takes_part_in_nothing(acme: Acme, names: DnsServer) -> None:
    """A customer who is known, and a mail under their address that is not theirs."""
    names.table.update(table_of({"_dmarc.customer.example TXT": "v=DMARC1; p=reject"}))
    contact = Contact.objects.create(company=acme.company, name="Hanna", created_at=now())
    ContactAddress.objects.create(company=acme.company, contact=contact, email="hanna@customer.example")
    outside = Contact.objects.create(company=acme.company, name="Omar", created_at=now())
    ContactAddress.objects.create(company=acme.company, contact=outside, email="omar@partner.example")
    DeskFollower.objects.create(desk=acme.sales, contact=outside)
    take_in(arrival(letter()))
    message = InboundMail.objects.get().routes.get().message
    assert message is not None
    assert (message.level, message.standing, message.author) == ("forged", "outsider", None)
    assert message.thread.record.contact is None
    assert not message.thread.participants.exists()
    said = "\n".join(step["text"] for step in message.trace)
    assert "Not redistributed until a member accepts it: customer.example asks to refuse mail like this one" in said
    assert not Notification.objects.exists()


def test_a_signature_is_judged_by_the_time_when_the_mail_came(names: DnsServer, patient: Authenticator) -> None:
    until = now() - timedelta(days=1)
    raw = Signer().sign(letter(author=AMARA), x=str(int(until.timestamp())))
    judged, _ = patient.judge([read(raw, at=until - timedelta(hours=1)), read(raw, pk=2)])
    assert [one.verdict.level for one in judged] == [Level.VERIFIED, Level.UNVERIFIED]


def test_it_is_judged_in_the_thread_of_whoever_asks(names: DnsServer) -> None:
    raw = Signer().sign(letter(author=AMARA))
    assert judge_now(read(raw)).verdict.level is Level.VERIFIED
    assert len(resolver().cache) > 0
