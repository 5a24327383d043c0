"""Two senders, real sockets and a minute of a second: how many leave within any window, and what is learnt."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from postroom.infra.clock import now
from postroom.infra.config import config
from postroom.outbound import choice
from postroom.outbound.models import Attempt, Delivery, Lane, SendingPace
from postroom.outbound.paces import known as pace_known
from tests.support import factory
from tests.support.acme import Acme
from tests.support.sending import post, sending, until
from tests.support.smtp_server import Action, SmtpServer

pytestmark = pytest.mark.django_db(transaction=True)

MINUTE = 1.0


class Throttling(SmtpServer):
    """Takes so many recipients within any second and tells the others to slow down."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self.limit = limit
        self.taken: list[float] = []
        self.throttles = 0

    def _next(self, *steps: str) -> Action | None:
        if not steps[0].startswith("RCPT"):
            return super()._next(*steps)
        at = time.monotonic()
        if sum(one > at - MINUTE for one in self.taken) >= self.limit:
            self.throttles += 1
            return "450 4.7.1 Too many messages, slow down"
        self.taken.append(at)
        return None


@pytest.fixture(autouse=True)
def scaled(acme: Acme, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(config(), "pace_minute", MINUTE)
    monkeypatch.setattr(pace_known, "REREAD_SECONDS", 0.1)
    pace_known.forget()
    yield
    choice.forget()


def _all_accepted() -> bool:
    # What was put off by the server comes again at once: its minutes are longer than those of the test.
    Delivery.objects.filter(state="queued", attempts__gt=0).exclude(reason="server-limit").update(due=now())
    return not Delivery.objects.exclude(state="accepted").exists()


def _most_within(period: float) -> int:
    """The most copies that began within any window; a window that is cut at its ends is shorter than the period."""
    began = sorted(one.timestamp() for one in Attempt.objects.values_list("began_at", flat=True))
    return max(sum(at - period < one <= at for one in began) for at in began)


def _send(acme: Acme, there: SmtpServer, number: int, **limits: Any) -> None:
    row = factory.server(acme.company, port=there.port, max_connections=2, **limits)
    choice.forget()
    for lane in (Lane.BULK, Lane.NOTIFICATION):
        post(acme, *(f"{lane.label}{one}@firm.example" for one in range(number // 2)), forced_server=row.pk, lane=lane)
    with ExitStack() as both:
        both.enter_context(sending())
        both.enter_context(sending())
        until(_all_accepted, 90.0)
    assert there.counts() == Counter(Delivery.objects.values_list("address", flat=True))


def test_two_senders_keep_to_a_limit_that_is_set(acme: Acme) -> None:
    with SmtpServer() as there:
        _send(acme, there, 60, minute_limit=12)
    assert _most_within(MINUTE * 0.95) <= 12
    assert SendingPace.objects.get(scope="server").learnt_rate == 0


def test_two_senders_learn_what_nobody_told_them(acme: Acme) -> None:
    with Throttling(12) as there:
        _send(acme, there, 80)
        assert there.throttles > 0
    pace = SendingPace.objects.get(scope="server")
    assert pace.learnt_rate >= 1
    assert pace.state["learnt"]["evidence"][-1][3] == "450 4.7.1 Too many messages, slow down"
    assert not Delivery.objects.filter(state__in=("failed", "unknown")).exists()
