"""Two workers on PostgreSQL that settle at the same moment what touches the same rows."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

import pytest
from django.db import connection

from postroom.core.addresses import Address
from postroom.directory.models import ContactAddress
from postroom.inbound.models import InboundMail, Route
from postroom.inbound.pipeline import Line
from postroom.inbound.services import Arrival, accept
from postroom.inbound.steps import enact
from postroom.infra import parameters
from postroom.infra.config import config
from postroom.records.models import Record
from tests.support.acme import Acme, arrival, letter, line, make_acme, take_in

pytestmark = pytest.mark.django_db(transaction=True)

PEOPLE = [Address(f"p{n}@firm.example") for n in range(8)]


@pytest.fixture
def acme(monkeypatch: pytest.MonkeyPatch) -> Acme:
    parameters.forget()
    monkeypatch.setattr(config(), "batch", 8)
    return make_acme()


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The errors that made a batch go one by one."""
    errors: list[str] = []
    monkeypatch.setattr(enact.log, "warning", lambda words, **more: errors.append(more.get("error", words)))
    return errors


def _both_at_once(first: Sequence[Arrival], second: Sequence[Arrival], monkeypatch: pytest.MonkeyPatch) -> None:
    """Two workers take a batch each; both have decided before either enacts."""
    accept([*first, *second])
    ready = threading.Barrier(2, timeout=10)
    waited = threading.local()
    enacted: Callable[..., None] = enact.enact

    def together(batch: Sequence[object], token: str) -> None:
        if not getattr(waited, "once", False):
            waited.once = True
            ready.wait()
        enacted(batch, token)

    monkeypatch.setattr("postroom.inbound.pipeline.enact", together)
    lines = [line() for _ in range(2)]
    threads = [threading.Thread(target=_settle, args=(one,)) for one in lines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _settle(one: Line) -> None:
    try:
        one.settle_some(ahead=False)
    finally:
        connection.close()


def test_new_people_and_conversations_in_opposite_orders(
    acme: Acme, monkeypatch: pytest.MonkeyPatch, said: list[str]
) -> None:
    mails = [letter(author=who, message_id=f"{who.email}.{n}", subject=str(n)) for n in (1, 2) for who in PEOPLE]
    first, second = mails[:8], mails[8:]
    _both_at_once([arrival(raw) for raw in first], [arrival(raw) for raw in reversed(second)], monkeypatch)
    assert Record.objects.count() == 16
    assert ContactAddress.objects.filter(email__endswith="@firm.example").count() == 8
    assert not said


def test_answers_in_the_same_conversations_in_opposite_orders(
    acme: Acme, monkeypatch: pytest.MonkeyPatch, said: list[str]
) -> None:
    take_in(*(arrival(letter(author=who, message_id=f"parent.{who.email}")) for who in PEOPLE))
    others = [Address(f"q{n}@firm.example") for n in range(8)]
    first = [letter(author=a, in_reply_to=(f"parent.{p.email}",)) for a, p in zip(PEOPLE, PEOPLE, strict=True)]
    second = [letter(author=a, in_reply_to=(f"parent.{p.email}",)) for a, p in zip(others, PEOPLE, strict=True)]
    _both_at_once([arrival(raw) for raw in first], [arrival(raw) for raw in reversed(second)], monkeypatch)
    assert set(InboundMail.objects.values_list("state", flat=True)) == {"routed"}
    assert Record.objects.count() == 8
    assert not said


def test_the_same_mail_in_both_is_one_record_and_a_duplicate(acme: Acme, monkeypatch: pytest.MonkeyPatch) -> None:
    same = letter(subject="The same")
    fill = [letter(author=who, message_id=f"fill.{who.email}") for who in PEOPLE]
    _both_at_once(
        [arrival(raw) for raw in (same, *fill[:7])], [arrival(raw) for raw in (*fill[1:7], fill[7], same)], monkeypatch
    )
    assert Record.objects.filter(title="The same").count() == 1
    states = list(Route.objects.values_list("state", flat=True))
    assert (states.count("routed"), states.count("duplicate")) == (9, 7)
    assert not InboundMail.objects.exclude(due=None).exists()


def test_the_limit_of_a_sender_holds_across_workers(acme: Acme, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = ([arrival(letter(subject=f"{name} {n}")) for n in range(8)] for name in ("a", "b"))
    _both_at_once(first, second, monkeypatch)
    assert Record.objects.count() == 5
    assert list(Route.objects.values_list("state", flat=True)).count("held") == 11
