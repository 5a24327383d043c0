"""Whatever step a mail upsets, it fails by itself: the worker goes on and the others of its batch are settled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.db import OperationalError

from postroom.inbound import work
from postroom.inbound.models import InboundMail
from postroom.inbound.pipeline import Line
from postroom.inbound.queue import LOOK_AGAIN, MOST_KNOWN, Returns
from postroom.inbound.services import accept
from postroom.inbound.steps import authenticate
from postroom.inbound.steps.authenticate import Authenticator
from postroom.inbound.steps.filter import Filters
from postroom.inbound.steps.parse import Reader
from postroom.inbound.work import Read
from postroom.infra import parameters
from postroom.infra.clock import now
from postroom.infra.database.base import claim
from tests.support.acme import Acme, arrival, letter, line, make_acme

pytestmark = pytest.mark.django_db

BAD = "bad@customer.example"


@pytest.fixture
def acme() -> Acme:
    parameters.forget()
    return make_acme()


def take() -> dict[str, str]:
    """The states of three arrivals of which one is bad, by their senders, after a turn."""
    accept([arrival(letter(), sender=one) for one in ("a@x.example", BAD, "b@x.example")])
    assert line().settle_some(ahead=False) == 3
    return dict(InboundMail.objects.values_list("sender", "state"))


AS_IT_SHOULD = {"a@x.example": "routed", BAD: "retrying", "b@x.example": "routed"}


def upset(read: Read) -> None:
    if read.arrival.sender == BAD:
        raise ZeroDivisionError("hostile")


def test_what_is_read_of_it(acme: Acme, monkeypatch: pytest.MonkeyPatch) -> None:
    def read_from(row: InboundMail, *understood: Any) -> Read:
        upset(read := really(row, *understood))
        return read

    really = work.read_from
    monkeypatch.setattr("postroom.inbound.pipeline.read_from", read_from)
    assert take() == AS_IT_SHOULD
    assert InboundMail.objects.get(sender=BAD).error == "ZeroDivisionError: hostile"


def test_who_sealed_it(acme: Acme, monkeypatch: pytest.MonkeyPatch) -> None:
    def with_seals(reads: list[Read]) -> list[Read]:
        for read in reads:
            upset(read)
        return reads

    monkeypatch.setattr(authenticate, "_with_seals", with_seals)
    assert take() == AS_IT_SHOULD


def test_what_filters_say_of_it(acme: Acme, monkeypatch: pytest.MonkeyPatch) -> None:
    def with_lines(read: Read) -> Read:
        upset(read)
        return read

    monkeypatch.setattr("postroom.inbound.steps.filter.with_lines", with_lines)
    assert take() == AS_IT_SHOULD


def test_a_database_that_is_away_is_no_fault_of_the_mail(acme: Acme, monkeypatch: pytest.MonkeyPatch) -> None:
    def judge(_self: Filters, reads: Sequence[Read], _raws: Mapping[int, bytes]) -> None:
        raise OperationalError("away")

    monkeypatch.setattr(Filters, "judge", judge)
    accept([arrival(letter())])
    with pytest.raises(OperationalError):
        line().settle_some(ahead=False)
    assert InboundMail.objects.get().state == "arrived"


def test_what_is_not_known_yet_is_looked_at_ever_less_often(acme: Acme, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each look reads the mail again."""
    monkeypatch.setattr(Authenticator, "judge", lambda _self, reads: ([], list(reads)))
    accept([arrival(letter())])
    ours = Line(Reader(0, 0.0), Authenticator())
    waits: list[timedelta] = []
    for _ in range(6):
        InboundMail.objects.update(due=(began := now()))
        assert ours.settle_some(ahead=False) == 1
        due = InboundMail.objects.get().due
        assert due is not None
        waits.append(due - began)
    for seconds, waited in zip((*LOOK_AGAIN, LOOK_AGAIN[-1], LOOK_AGAIN[-1]), waits, strict=True):
        assert waited >= timedelta(seconds=seconds)
    assert all(one < other for one, other in pairwise(LOOK_AGAIN))


def test_what_a_worker_remembers_of_returns_is_bounded(acme: Acme, monkeypatch: pytest.MonkeyPatch) -> None:
    assert MOST_KNOWN > 100
    monkeypatch.setattr("postroom.inbound.queue.MOST_KNOWN", 2)
    accept([arrival(letter()) for _ in range(3)])
    token, keys = claim(InboundMail, 3, 60.0)
    returns = Returns()
    returns.give_back(list(InboundMail.objects.filter(pk__in=keys)), token)
    assert len(returns._times) == 2
    returns.forget(keys)
    assert returns._times == {}
