"""Round trips that prove a domain: out by each server, back by the way in, and what became of each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from postroom.conversations.models import Message
from postroom.directory.models import Company, User
from postroom.domains.managing import NoDomain, edit_domain, fields_of
from postroom.domains.models import AliasDomain, CompanyDomain
from postroom.inbound.models import InboundMail, Route
from postroom.inbound.services import accept
from postroom.inbound.worker import settle_all
from postroom.infra import parameters
from postroom.infra.clock import now
from postroom.infra.config import config
from postroom.outbound import choice
from postroom.outbound.models import Delivery, Proof, RoundTrip
from postroom.outbound.proofs import proving
from postroom.outbound.proofs.proving import CannotProve, NothingLeaves, start
from postroom.outbound.proofs.results import stop, tend
from postroom.outbound.services import send_due
from postroom.outbound.transports.memory import Memory
from postroom.outbound.transports.protocol import Outcome, Result
from postroom.records.models import Record
from tests.support import round_trips
from tests.support.acme import Acme, arrival, letter, make_acme
from tests.support.round_trips import Change, relayed, server, travel

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Acme:
    parameters.forget()
    made = make_acme()
    AliasDomain.objects.update(way_in=AliasDomain.WayIn.FORWARDED)
    return made


@pytest.fixture
def kept(acme: Acme, monkeypatch: pytest.MonkeyPatch) -> Iterator[Memory]:
    with relayed(monkeypatch) as memory:
        yield memory


def begun(acme: Acme) -> Proof:
    return start(user=acme.admin, domain_id=acme.domain.pk)


def fates(proof: Proof) -> dict[str, str]:
    """What became of each trip, by its address; a tag is written as such."""
    return {f"{one.base}{' tagged' * one.is_tagged}": one.fates for one in proof.trips.order_by("pk")}


EVERY = (
    "catchall@acme.example", "catchall@acme.example tagged", "bounce@acme.example", "bounce@acme.example tagged",
    "sales@acme.example", "support@acme.example",
)  # fmt: skip


def test_every_address_comes_back_and_tags_are_put_on_addresses_from_then_on(acme: Acme, kept: Memory) -> None:
    server(acme)
    acme.domain.refresh_from_db()
    assert not acme.domain.tags_arrive
    proof = begun(acme)
    travel()
    proof.refresh_from_db()
    assert fates(proof) == dict.fromkeys(EVERY, "arrived")
    assert proof.closed_at is not None
    assert proof.tags_arrive is True
    acme.domain.refresh_from_db()
    assert acme.domain.tags_arrive
    assert acme.domain.tags_proved_at is not None
    assert choice.sending_facts(acme.company.pk, acme.domain.pk).tag == "+"


def test_a_trip_makes_no_record_and_no_message_and_says_why(acme: Acme, kept: Memory) -> None:
    server(acme)
    proof = begun(acme)
    travel()
    assert not Record.objects.exists()
    assert not Message.objects.exists()
    assert set(InboundMail.objects.values_list("state", flat=True)) == {"reported"}
    trip = proof.trips.get(base="sales@acme.example")
    route = Route.objects.get(arrival=trip.arrival)
    assert route.target == f"trip:{trip.pk}"
    assert route.because == "A round trip to sales@acme.example by Relay. It arrived as it was sent."
    said = [step["text"] for step in route.trace]
    assert route.because in said
    assert said[-1] == "Written down in the proof of its domain. No record and no message are made."


@pytest.mark.parametrize(
    ("change", "plain", "tagged", "arrive"),
    [
        (round_trips.as_it_is, "arrived", "arrived", True),
        (round_trips.by_srs, "arrived", "arrived", True),
        (round_trips.without_tag, "arrived", "without_tag", False),
        (round_trips.with_another_id, "id_rewritten", "id_rewritten", True),
        (round_trips.from_another, "envelope_changed", "envelope_changed", True),
    ],
)
def test_what_a_server_on_the_way_changes_is_told(
    acme: Acme, kept: Memory, change: Change, plain: str, tagged: str, arrive: bool
) -> None:
    server(acme)
    proof = begun(acme)
    travel(change)
    proof.refresh_from_db()
    assert set(proof.trips.filter(is_tagged=False).values_list("fates", flat=True)) == {plain}
    assert set(proof.trips.filter(is_tagged=True).values_list("fates", flat=True)) == {tagged}
    acme.domain.refresh_from_db()
    assert (proof.tags_arrive, acme.domain.tags_arrive) == (arrive, arrive)
    assert not Record.objects.exists()


def test_what_is_lost_is_known_when_the_time_is_over(acme: Acme, kept: Memory) -> None:
    server(acme)
    proof = begun(acme)
    travel(lambda mail: None if mail.recipient.startswith("sales@") else mail)
    proof.refresh_from_db()
    assert (proof.closed_at, proof.tags_arrive) == (None, True), "tags are known before"
    tend()
    assert fates(proof)["sales@acme.example"] == ""
    Proof.objects.update(due=now())
    assert tend() == "1 under way, 1 closed."
    proof.refresh_from_db()
    assert proof.closed_at is not None
    assert fates(proof) == dict.fromkeys(EVERY, "arrived") | {"sales@acme.example": "lost"}


def test_a_tagged_address_that_alone_is_lost_keeps_tags_off(acme: Acme, kept: Memory) -> None:
    AliasDomain.objects.update(way_in=AliasDomain.WayIn.LISTENER)
    server(acme)
    acme.domain.refresh_from_db()
    assert acme.domain.tags_arrive
    begun(acme)
    travel(lambda mail: None if "+" in mail.recipient else mail)
    Proof.objects.update(due=now())
    tend()
    acme.domain.refresh_from_db()
    assert acme.domain.tags_lost_at is not None
    assert not acme.domain.tags_arrive
    assert choice.sending_facts(acme.company.pk, acme.domain.pk).tag == ""


def test_what_comes_late_counts_still(acme: Acme, kept: Memory) -> None:
    server(acme)
    proof = begun(acme)
    send_due()
    Proof.objects.update(due=now())
    tend()
    assert set(fates(proof).values()) == {"lost"}
    acme.domain.refresh_from_db()
    assert not acme.domain.tags_arrive
    travel()
    assert fates(proof) == dict.fromkeys(EVERY, "arrived")
    assert set(proof.trips.values_list("words", flat=True)) == {"It came after the time was over."}
    acme.domain.refresh_from_db()
    assert acme.domain.tags_arrive


def test_what_the_server_refuses_is_told_before_the_time_is_over(acme: Acme, kept: Memory) -> None:
    server(acme)
    proof = begun(acme)
    refused = Outcome(Result.REFUSED, "rcpt", 550, "5.7.1", "550 5.7.1 Relaying denied")
    kept.answer("sales@acme.example", refused)
    travel()
    tend()
    trip = proof.trips.get(base="sales@acme.example")
    assert trip.fates == "refused"
    assert trip.words.startswith("Relay refused it: 550 5.7.1 Relaying denied. The server does not send")
    proof.refresh_from_db()
    assert proof.closed_at is not None


def test_what_has_not_left_in_time_is_withdrawn(acme: Acme, kept: Memory) -> None:
    server(acme)
    proof = begun(acme)
    kept.closed = Outcome(Result.DEFERRED, "connect", words="No server answers.")
    send_due()
    stopped = stop(user=acme.admin, proof_id=proof.pk)
    assert stopped is not None
    assert (stopped.stopped, stopped.closed_at is not None, stopped.tags_arrive) == (True, True, None)
    assert set(fates(proof).values()) == {"not_sent"}
    said = set(proof.trips.values_list("words", flat=True))
    assert said
    assert all("No server answers." in one for one in said)
    assert set(Delivery.objects.values_list("state", flat=True)) == {"cancelled"}
    acme.domain.refresh_from_db()
    assert (acme.domain.tags_proved_at, acme.domain.tags_lost_at) == (None, None)


def test_a_report_that_a_trip_failed_ends_it(acme: Acme, kept: Memory) -> None:
    server(acme)
    proof = begun(acme)
    trip = proof.trips.get(base="sales@acme.example")
    travel(lambda mail: None if mail.recipient.startswith("sales@") else mail)
    accept([arrival(bounce_of(trip), "bounce@acme.example", sender="")])
    settle_all()
    trip.refresh_from_db()
    assert trip.fates == "returned"
    assert "mailbox unknown" in trip.words
    proof.refresh_from_db()
    assert proof.closed_at is not None


def bounce_of(trip: RoundTrip) -> bytes:
    return (
        "From: MAILER-DAEMON@mx.example\r\nTo: bounce@acme.example\r\nSubject: Undelivered\r\n"
        "Auto-Submitted: auto-replied\r\n"
        'MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nIt could not be delivered.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n"
        f"Final-Recipient: rfc822; {trip.address}\r\nAction: failed\r\nStatus: 5.1.1\r\n"
        "Diagnostic-Code: smtp; 550 5.1.1 mailbox unknown\r\n\r\n"
        f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <{trip.message_id}>\r\n\r\n--b--\r\n"
    ).encode()


def test_mail_to_the_catchall_is_let_in_by_its_token_alone(acme: Acme, kept: Memory) -> None:
    """The door refuses what comes to the catchall and answers nothing; a made-up token opens nothing."""
    server(acme)
    proof = begun(acme)
    trip = proof.trips.get(base="catchall@acme.example", is_tagged=False)
    token = trip.message_id.partition(".")[0]
    forged = token[:-1] + ("b" if token[-1] == "a" else "a")
    for known, refused in ((token, False), (forged, True)):
        raw = letter(message_id="x@elsewhere.example", references=(f"{known}.trip@acme.example",))
        (kept_as,) = accept([arrival(raw, "catchall@acme.example")])
        assert (kept_as.refused is not None) == refused


def test_the_way_in_may_know_no_envelope(acme: Acme, kept: Memory) -> None:
    """As a mailbox, or a pipe without recipients: then the headers tell what it came for."""
    server(acme)
    proof = begun(acme)
    send_due()
    for copy in list(kept.copies):
        accept([replace(arrival(copy.mime, sender="", source="pipe"), recipients=(), from_headers=True)])
    settle_all()
    assert set(fates(proof).values()) == {"arrived"}


def test_it_comes_in_once_however_often_it_is_handed_over(acme: Acme, kept: Memory) -> None:
    server(acme)
    proof = begun(acme)
    travel(lambda mail: mail if mail.recipient == "sales@acme.example" else None)
    raw = bytes(InboundMail.objects.get().raw.data or b"")
    accept([arrival(raw, "support@acme.example")])
    settle_all()
    assert InboundMail.objects.latest("pk").state == "duplicate"
    assert fates(proof)["sales@acme.example"] == "arrived"


def test_each_server_of_the_companies_writes_to_each_address(acme: Acme, kept: Memory) -> None:
    shared, own = server(None, "Everybody's"), server(acme)
    server(acme, "Mine", owner=acme.amara)
    server(acme, "Old", is_active=False)
    globex = Company.objects.create(name="Globex", slug="globex", created_at=now())
    server(None, "Theirs", company=globex)
    proof = begun(acme)
    assert set(proof.trips.values_list("server", flat=True)) == {shared.pk, own.pk}
    assert proof.trips.count() == 2 * len(EVERY)
    travel()
    sent = {row.dispatch.server_id for row in Delivery.objects.select_related("dispatch") if row.dispatch}
    assert sent == {shared.pk, own.pk}


def test_there_are_bounds(acme: Acme, kept: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proving, "MOST_TRIPS", 9)
    server(acme, "One")
    server(acme, "Two")
    proof = begun(acme)
    assert (proof.trips.count(), proof.left_out) == (9, 1)
    assert Delivery.objects.count() == 9


def test_only_one_at_a_time_and_the_last_ten_are_kept(acme: Acme, kept: Memory) -> None:
    server(acme)
    first = begun(acme)
    with pytest.raises(CannotProve, match="under way"):
        begun(acme)
    last = first
    for _ in range(proving.KEPT + 2):
        Proof.objects.update(closed_at=now())
        last = begun(acme)
    assert Proof.objects.count() == proving.KEPT
    assert not Proof.objects.filter(pk=first.pk).exists()
    assert Proof.objects.filter(pk=last.pk).exists()


def test_against_the_outbox_nothing_begins(acme: Acme, kept: Memory) -> None:
    with pytest.raises(NothingLeaves, match="Connect an outgoing server first"):
        begun(acme)
    assert not Proof.objects.exists()


def test_the_default_server_is_proved_where_there_is_no_other(
    acme: Acme, kept: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(config(), "outgoing_server", "relay.example")
    choice.forget()
    proof = begun(acme)
    assert not proof.trips.exclude(server=None).exists()
    assert set(proof.trips.values_list("server_name", flat=True)) == {"Default server relay.example"}
    travel()
    assert set(fates(proof).values()) == {"arrived"}


def test_a_domain_that_nobody_uses_is_not_proved(acme: Acme, kept: Memory) -> None:
    server(acme)
    CompanyDomain.objects.all().delete()
    operator = User.objects.create(username="op", email="op@acme.example", is_operator=True, created_at=now())
    with pytest.raises(CannotProve, match="No company uses"):
        start(user=operator, domain_id=acme.domain.pk)


@pytest.mark.parametrize("who", ["amara", "foreign"])
def test_only_its_administrators_prove_it_and_see_the_proof(acme: Acme, kept: Memory, who: str) -> None:
    server(acme)
    globex = make_acme("Globex", "globex.example")
    user = acme.amara if who == "amara" else globex.admin
    with pytest.raises(NoDomain):
        start(user=user, domain_id=acme.domain.pk)
    proof = begun(acme)
    assert proving.proof(user, proof.pk) is None
    assert list(proving.proofs(user, acme.domain.pk)) == []
    assert stop(user=user, proof_id=proof.pk) is None
    assert proving.proof(acme.admin, proof.pk) == proof


def test_a_domain_shared_with_somebody_elses_company_is_the_operators_to_prove(acme: Acme, kept: Memory) -> None:
    server(acme)
    globex = make_acme("Globex", "globex.example")
    CompanyDomain.objects.create(company=globex.company, domain=acme.domain)
    with pytest.raises(NoDomain):
        begun(acme)


def test_another_way_in_has_to_be_proved_anew(acme: Acme, kept: Memory) -> None:
    server(acme)
    begun(acme)
    travel()
    acme.domain.refresh_from_db()
    assert acme.domain.tags_arrive
    fields = fields_of(acme.domain)
    edit_domain(user=acme.admin, domain_id=acme.domain.pk, fields=replace(fields, priority=3))
    acme.domain.refresh_from_db()
    assert acme.domain.tags_arrive
    edit_domain(user=acme.admin, domain_id=acme.domain.pk, fields=replace(fields, separator="-"))
    acme.domain.refresh_from_db()
    assert not acme.domain.tags_arrive
    edit_domain(user=acme.admin, domain_id=acme.domain.pk, fields=replace(fields, tags_overridden=True))
    acme.domain.refresh_from_db()
    assert acme.domain.tags_arrive


def test_what_was_proved_under_another_separator_proves_nothing_now(acme: Acme, kept: Memory) -> None:
    server(acme)
    proof = begun(acme)
    AliasDomain.objects.update(separator="-", former_separators="+")
    travel()
    proof.refresh_from_db()
    assert proof.tags_arrive is True
    acme.domain.refresh_from_db()
    assert acme.domain.tags_proved_at is None


def test_what_was_seen_of_another_way_in_proves_nothing_now(acme: Acme, kept: Memory) -> None:
    server(acme)
    proof = begun(acme)
    AliasDomain.objects.update(way_in=AliasDomain.WayIn.LISTENER)
    travel()
    proof.refresh_from_db()
    assert (proof.tags_arrive, proof.closed_at is None) == (True, False)
    acme.domain.refresh_from_db()
    assert (acme.domain.tags_proved_at, acme.domain.tags_lost_at) == (None, None)


def test_an_automatic_answer_to_a_trip_is_not_the_trip(acme: Acme, kept: Memory) -> None:
    server(acme)
    proof = begun(acme)
    trip = proof.trips.get(base="sales@acme.example")
    answer = letter(
        message_id="away@elsewhere.example", in_reply_to=(trip.message_id,), subject="Out of office",
        headers=(("Auto-Submitted", "auto-replied"),),
    )  # fmt: skip
    accept([arrival(answer, "support@acme.example")])
    settle_all()
    trip.refresh_from_db()
    assert trip.fates == ""


def test_a_persons_answer_to_a_trip_is_not_the_trip(acme: Acme, kept: Memory) -> None:
    """The address leads to a mailbox so far, and whoever reads that answers."""
    server(acme)
    proof = begun(acme)
    trips = [proof.trips.get(base="sales@acme.example"), proof.trips.get(base="catchall@acme.example", is_tagged=True)]
    for trip in trips:
        assert trip.delivery is not None
        (named,) = trip.delivery.letter.references
        answer = letter(
            message_id=f"answer{trip.pk}@elsewhere.example", in_reply_to=(trip.message_id,),
            references=(named, trip.message_id), subject=f"Re: {trip.delivery.letter.subject}",
        )  # fmt: skip
        accept([arrival(answer, "support@acme.example")])
    settle_all()
    assert {one.fates for one in proof.trips.all()} == {""}
    assert Route.objects.filter(target__startswith="trip:").count() == 0
    assert Record.objects.count() == len(trips)
