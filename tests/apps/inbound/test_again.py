"""What comes again: retries, replays, tries that were cut off half-way, and bytes that are gone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import OperationalError

from postroom.conversations.models import Message, Thread
from postroom.core.message.draft import DraftFile
from postroom.core.message.understood import Understood, understand
from postroom.domains.models import Alias
from postroom.inbound.models import InboundMail, RawMail, Route
from postroom.inbound.pipeline import Line
from postroom.inbound.services import accept, replay
from postroom.inbound.steps import enact
from postroom.inbound.steps.authenticate import Authenticator
from postroom.inbound.steps.parse import Reader, Reading, Unreadable
from postroom.inbound.worker import settle_all
from postroom.infra import blobs, parameters
from postroom.infra.clock import now
from postroom.infra.config import config
from postroom.records.models import Record
from tests.support.acme import Acme, arrival, letter, make_acme, take_in

pytestmark = pytest.mark.django_db

BIG = (DraftFile("big.bin", "application/octet-stream", b"x" * 200_000),)


@pytest.fixture
def acme() -> Acme:
    parameters.forget()
    return make_acme()


def _break(local_part: str) -> None:
    Alias.objects.filter(local_part=local_part).update(defaults={"colour": "red"})


def _mend(local_part: str) -> None:
    Alias.objects.filter(local_part=local_part).update(defaults={})


def _settle_again() -> None:
    InboundMail.objects.exclude(due=None).update(due=now(), lease_until=None, lease_token="")
    settle_all()


def test_a_duplicate_can_be_replayed_and_is_one_still(acme: Acme) -> None:
    raw = letter()
    _, second = take_in(arrival(raw), arrival(raw))
    assert replay([second.arrival_id], by=acme.admin) == 1
    settle_all()
    (route,) = Route.objects.filter(arrival=second.arrival_id)
    assert route.state == "duplicate"
    assert Record.objects.count() == 1


def test_a_replay_reaches_the_failed_route_beside_a_duplicate(acme: Acme) -> None:
    raw = letter()
    take_in(arrival(raw))
    _break("support")
    (kept,) = take_in(arrival(raw, "sales@acme.example", "support@acme.example"))
    for _ in range(12):
        _settle_again()
    assert set(Route.objects.filter(arrival=kept.arrival_id).values_list("state", flat=True)) == {
        "duplicate",
        "failed",
    }
    _mend("support")
    assert replay([kept.arrival_id], by=acme.admin) == 1
    settle_all()
    assert sorted(record.type for record in Record.objects.all()) == ["lead", "ticket"]
    assert Route.objects.filter(arrival=kept.arrival_id).count() == 2


def test_a_duplicate_whose_first_failed_takes_its_place_when_replayed(acme: Acme) -> None:
    """The route of the first is there, failed: the replayed one stays its duplicate, nothing is made twice."""
    _break("sales")
    raw = letter()
    first, second = take_in(arrival(raw), arrival(raw))
    for _ in range(12):
        _settle_again()
    _mend("sales")
    assert replay([first.arrival_id, second.arrival_id], by=acme.admin) == 2
    settle_all()
    assert Record.objects.count() == 1
    assert sorted(Route.objects.values_list("state", flat=True)) == ["duplicate", "routed"]


def test_a_retry_leaves_recipients_alone_that_were_answered(acme: Acme) -> None:
    """Where the address leads elsewhere by now, what was posted is not posted there again."""
    take_in(arrival(letter(subject="Older")))
    _break("support")
    (kept,) = take_in(arrival(letter(), "sales@acme.example", "support@acme.example"))
    older = Record.objects.get(title="Older")
    Alias.objects.filter(local_part="sales").update(forced_target=f"lead:{older.pk}")
    _mend("support")
    _settle_again()
    assert Message.objects.filter(thread__in=Thread.objects.filter(record=older)).count() == 1
    assert sorted(Route.objects.filter(arrival=kept.arrival_id).values_list("state", flat=True)) == ["routed"] * 2
    assert Message.objects.count() == 3


def test_a_retry_without_an_envelope_decides_nothing_about_strangers(acme: Acme) -> None:
    _break("support")
    raw = letter().replace(
        b"To: sales@acme.example", b"To: sales@acme.example, support@acme.example, stranger@else.example"
    )
    (kept,) = accept([arrival(raw)])
    InboundMail.objects.update(recipients=[])
    settle_all()
    _mend("support")
    _settle_again()
    assert sorted(Route.objects.filter(arrival=kept.arrival_id).values_list("state", flat=True)) == ["routed"] * 2


def test_a_try_that_was_cut_off_between_two_routes_goes_on_where_it_was(
    acme: Acme, monkeypatch: pytest.MonkeyPatch
) -> None:
    _break("support")
    with monkeypatch.context() as patched:
        patched.setattr(enact, "_settle", _die)
        accept([arrival(letter(), "sales@acme.example", "support@acme.example")])
        with pytest.raises(KeyboardInterrupt):
            settle_all()
    assert sorted(Route.objects.values_list("state", flat=True)) == ["retrying", "routed"]
    _mend("support")
    _settle_again()
    assert sorted(record.type for record in Record.objects.all()) == ["lead", "ticket"]
    assert sorted(Route.objects.values_list("state", flat=True)) == ["routed", "routed"]
    assert InboundMail.objects.get().state == "routed"


def _die(*args: object) -> None:
    raise KeyboardInterrupt


def test_a_replay_that_cannot_even_gather_leaves_no_route_open(acme: Acme, monkeypatch: pytest.MonkeyPatch) -> None:
    _break("sales")
    (kept,) = take_in(arrival(letter()))
    for _ in range(12):
        _settle_again()
    assert replay([kept.arrival_id], by=acme.admin) == 1
    with monkeypatch.context() as patched:
        patched.setattr("postroom.inbound.pipeline.gather", _upset)
        for _ in range(12):
            _settle_again()
    assert (InboundMail.objects.get().state, Route.objects.get().state) == ("failed", "failed")
    _mend("sales")
    assert replay([kept.arrival_id], by=acme.admin) == 1
    settle_all()
    assert (InboundMail.objects.get().state, Route.objects.get().state) == ("routed", "routed")


def _upset(*args: object) -> None:
    raise ValueError("upset")


def test_a_mail_whose_file_is_gone_fails_alone(acme: Acme) -> None:
    lost, kept = accept([arrival(letter(attachments=BIG)), arrival(letter())])
    raw = RawMail.objects.select_related("blob").get(pk=lost.arrival_id)
    assert raw.blob is not None
    blobs.path_of(raw.blob.digest).unlink()
    settle_all()
    assert InboundMail.objects.get(pk=kept.arrival_id).state == "routed"
    mail = InboundMail.objects.get(pk=lost.arrival_id)
    assert mail.state == "retrying"
    assert "missing" in mail.error


def test_a_mail_whose_bytes_are_kept_no_longer_is_not_replayed(acme: Acme) -> None:
    (kept,) = take_in(arrival(letter(), "nobody@acme.example"))
    RawMail.objects.all().delete()
    assert replay([kept.arrival_id], by=acme.admin) == 0
    assert InboundMail.objects.get().state == "refused"


def test_one_whose_bytes_vanish_while_it_waits_fails_and_says_so(acme: Acme) -> None:
    (kept,) = accept([arrival(letter())])
    RawMail.objects.all().delete()
    settle_all()
    mail = InboundMail.objects.get(pk=kept.arrival_id)
    assert (mail.state, mail.lease_token) == ("retrying", "")


def test_a_worker_reads_only_so_many_bytes_at_once(acme: Acme, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("postroom.inbound.queue.MOST_BYTES", 500_000)
    accept([arrival(letter(subject=f"No {n}", attachments=BIG)) for n in range(4)])
    settle_all(most=1)
    assert 1 <= Record.objects.count() < 4
    while InboundMail.objects.exclude(due=None).exists():
        _settle_again()
    assert Record.objects.count() == 4


def test_a_slow_reader_keeps_its_lease(acme: Acme, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else two workers would take a batch with a mail that stalls from each other for ever."""
    accept([arrival(letter())])
    reader = Reader(0, 0.0)

    def slowly(reading: Reading, stay: Callable[[], None]) -> list[Understood | Unreadable]:
        InboundMail.objects.update(lease_until=now() + timedelta(seconds=1))
        stay()
        (until,) = InboundMail.objects.values_list("lease_until", flat=True)
        assert until is not None
        assert until > now() + timedelta(seconds=config().lease_seconds / 2)
        return [understand(raw) for raw in reading.raws]

    monkeypatch.setattr(reader, "finish", slowly)
    assert Line(reader, Authenticator(patience=10.0)).settle_some() == 1
    assert Record.objects.count() == 1


def test_a_first_try_counts_once(acme: Acme, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def once(*args: object) -> None:
        calls.append(args)
        if len(calls) == 1:
            raise OperationalError("deadlock detected")

    monkeypatch.setattr(enact, "_tell", once)
    take_in(arrival(letter()))
    mail = InboundMail.objects.get()
    assert (mail.state, mail.attempts) == ("routed", 1)
    assert now() - mail.received_at < timedelta(minutes=1)
