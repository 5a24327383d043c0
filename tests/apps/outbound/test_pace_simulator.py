"""A server that takes 30 mails a minute and 1,000 a day, and two senders that share its rows, in a time of the test."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction

from postroom.infra.clock import now
from postroom.infra.database.base import update_rows
from postroom.outbound import choice
from postroom.outbound.models import Delivery, Dispatch, Lane, OutgoingServer, SendingPace
from postroom.outbound.paces import known as pace_known
from postroom.outbound.paces.desk import Desk
from postroom.outbound.steps import allow
from postroom.outbound.steps.look_again import look_again
from postroom.outbound.transports.protocol import Copy, Outcome
from postroom.outbound.transports.protocol import Result as Answer
from postroom.outbound.work import Item, Result
from tests.support import factory
from tests.support.acme import Acme
from tests.support.sending import post

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.either_database]  # test_paces has the rows of both

MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0
WINDOW = 20
SETTLED = ("state", "due", "reason", "attempts", "lease_token")
STEP = 0.5  # seconds that a window takes
TAKEN = Outcome(Answer.ACCEPTED, "dot", 250, "2.0.0", "Ok")
SLOW = Outcome(Answer.DEFERRED, "rcpt", 450, "4.7.1", "Too many messages, slow down")


class Receiver:
    """Counts within windows that slide, or that begin with the clock's minute and day."""

    def __init__(self, minute: int, day: int, *, slides: bool) -> None:
        self.limits = ((minute, MINUTE), (day, DAY))
        self.slides = slides
        self.taken: list[float] = []
        self.throttles = 0
        self._recent: dict[float, deque[float]] = {MINUTE: deque(), DAY: deque()}

    def say(self, at: float) -> Outcome:
        for limit, period in self.limits:
            recent, since = self._recent[period], at - period if self.slides else at // period * period
            while recent and (recent[0] <= since if self.slides else recent[0] < since):
                recent.popleft()
            if limit and len(recent) >= limit:
                self.throttles += 1
                return SLOW
        for recent in self._recent.values():
            recent.append(at)
        self.taken.append(at)
        return TAKEN

    def between(self, begin: float, end: float) -> int:
        return sum(begin <= at < end for at in self.taken)


class Simulation:
    """Two senders, each with its own memory, that take turns; each has up to one window on the wire."""

    def __init__(self, copies: Sequence[Delivery], receiver: Receiver, server: OutgoingServer) -> None:
        self.receiver = receiver
        self.begin = self.at = now().timestamp()
        self.desks = (Desk(), Desk())
        self.results: list[list[Result]] = [[], []]
        self.rows = {copy.pk: copy for copy in copies}
        self.claims = 0
        dispatches: dict[int, Dispatch] = {}
        for copy in copies:
            if copy.letter_id not in dispatches:
                dispatches[copy.letter_id] = Dispatch.objects.create(
                    letter_id=copy.letter_id, server=server, server_name=server.name,
                    from_email="sales@acme.example", created_at=now(),
                )  # fmt: skip
            copy.dispatch = dispatches[copy.letter_id]

    def run(self, seconds: float, monkeypatch: pytest.MonkeyPatch, look: float = 5.0) -> None:
        look_at = 0.0
        while self.at < self.begin + seconds and not self.is_done():
            if self.at >= look_at and Delivery.objects.filter(reason="server-limit").exists():
                pace_known.forget()  # the time of the test runs faster than its five seconds
                look_again(self.moment())
                look_at = self.at + look
            turns = [self.turn(number, monkeypatch) for number in range(2)]  # both have theirs
            if not any(turns):
                self.rest(look_at)
            self.at += STEP

    def is_done(self) -> bool:
        return not Delivery.objects.filter(state="queued").exists() and not any(self.results)

    def rest(self, look_at: float) -> None:
        """Until the next copy is due, or to the next look at what waits."""
        found = Delivery.objects.filter(state="queued").order_by("due").values_list("due", flat=True).first()
        self.at = max(self.at, min(found.timestamp() if found else self.at, max(look_at, self.at)) - STEP)

    def moment(self) -> datetime:
        return datetime.fromtimestamp(self.at, UTC)

    def turn(self, number: int, monkeypatch: pytest.MonkeyPatch) -> bool:
        items, results = self.claimed(), self.results[number]
        if not (items or results):
            return False
        monkeypatch.setattr(allow, "DESK", self.desks[number])
        with allow.transaction(), transaction.atomic():
            for one in results:
                self.settle(one)
            update_rows(Delivery, [one.item.row for one in results], SETTLED)
            begun = allow.allow(items, results, at=self.at)
        self.results[number] = [Result(item, self.receiver.say(self.at)) for item in begun]
        return True

    def claimed(self) -> list[Item]:
        found = Delivery.objects.filter(state="queued", due__lte=self.moment()).order_by("lane", "due", "pk")[:WINDOW]
        items = []
        for row in found:
            row.dispatch = self.rows[row.pk].dispatch
            row.lease_token = f"t{self.claims}"
            items.append(Item(row, Copy(row.pk, "", row.address, bytes)))
        keys = [item.row.pk for item in items]
        Delivery.objects.filter(pk__in=keys).update(state="claimed", lease_token=f"t{self.claims}")
        self.claims += 1
        return items

    def settle(self, result: Result) -> None:
        """As `record` does, by the clock of the test."""
        row = result.item.row
        row.attempts += 1
        if result.outcome is TAKEN:
            row.state, row.due, row.reason = "accepted", None, ""
        else:
            wait = min(4 * HOUR, MINUTE * 2.0 ** (row.attempts - 1))
            row.state, row.due, row.reason = "queued", self.moment() + timedelta(seconds=wait), "put-off"
        row.lease_token = ""


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    pace_known.forget()
    yield
    choice.forget()


def simulation(acme: Acme, receiver: Receiver, number: int, **limits: Any) -> Simulation:
    server = factory.server(acme.company, **limits)
    choice.forget()
    copies = post(acme, *(f"r{one}@firm.example" for one in range(number)), lane=Lane.NOTIFICATION)
    return Simulation(copies, receiver, server)


def test_what_is_learnt_uses_nine_tenths_of_thirty_a_minute(acme: Acme, monkeypatch: pytest.MonkeyPatch) -> None:
    receiver = Receiver(30, 0, slides=True)
    one = simulation(acme, receiver, 1000)
    one.run(HOUR / 2, monkeypatch)
    assert len(receiver.taken) >= 0.9 * 30 * 30
    assert receiver.throttles <= 4 * WINDOW
    assert not Delivery.objects.exclude(state__in=("queued", "claimed", "accepted")).exists()
    pace = SendingPace.objects.get(scope="server")
    assert pace.learnt_rate == 30.0
    assert pace.state["learnt"]["evidence"]


def test_two_senders_never_exceed_a_limit_that_is_set(acme: Acme, monkeypatch: pytest.MonkeyPatch) -> None:
    receiver = Receiver(30, 100, slides=False)
    one = simulation(acme, receiver, 180, minute_limit=30, daily_limit=100)
    one.run(1.5 * DAY, monkeypatch, look=HOUR)
    assert receiver.throttles == 0
    assert len(receiver.taken) == 180
    assert receiver.between(one.begin, one.begin + DAY) >= 90
    assert not Delivery.objects.exclude(state="accepted").exists()


@pytest.mark.parametrize("limits", [{}, {"minute_limit": 30, "daily_limit": 1000}], ids=["learnt", "set"])
def test_two_senders_use_nine_tenths_of_a_thousand_a_day(
    acme: Acme, monkeypatch: pytest.MonkeyPatch, limits: dict[str, int]
) -> None:
    receiver = Receiver(30, 1000, slides=True)
    one = simulation(acme, receiver, 1500, **limits)
    one.run(DAY, monkeypatch, look=HOUR / 2)
    assert receiver.between(one.begin, one.begin + DAY) >= 900
    assert receiver.throttles <= (0 if limits else 250)
    assert not Delivery.objects.exclude(state__in=("queued", "claimed", "accepted")).exists()
