"""What filters say holds mail, or refuses it; a filter that is slow or broken stops no mail but its own."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from concurrent.futures import Future, wait
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from postroom.inbound import filtering
from postroom.inbound.filters.protocol import Answer, Said, Shown
from postroom.inbound.models import InboundMail, Route
from postroom.inbound.pipeline import Line
from postroom.inbound.services import accept, explain, replay
from postroom.inbound.steps.authenticate import Authenticator
from postroom.inbound.steps.filter import Filters
from postroom.inbound.steps.parse import Reader
from postroom.inbound.worker import settle_all
from postroom.infra import parameters
from postroom.infra.clock import now
from postroom.infra.config import config
from postroom.records.models import Record
from tests.support.acme import Acme, arrival, letter, make_acme, take_in
from tests.support.http_server import HttpServer, http_server

pytestmark = pytest.mark.django_db

FLAG = b"X-Spam-Flag: YES\r\n"
OURS = b"Received: from mx.acme.example (10.0.0.2)\r\n\tby post.acme.example with ESMTP id 1; now\r\n"
MX = b"Received: from far.example by mx.acme.example with ESMTP id 2; now\r\n"
FAR = b"Received: from pc by far.example with ESMTP id 3; now\r\n"


@pytest.fixture
def acme() -> Acme:
    parameters.forget()
    return make_acme()


@pytest.fixture
def rspamd(monkeypatch: pytest.MonkeyPatch) -> Iterator[HttpServer]:
    with http_server() as server:
        monkeypatch.setattr(config(), "rspamd_url", server.url)
        monkeypatch.setattr(config(), "filter_seconds", 2.0)
        yield server


def state() -> tuple[str, str]:
    """The only route's state and reason."""
    (route,) = Route.objects.all()
    return route.state, route.because


def trusted(monkeypatch: pytest.MonkeyPatch, name: str = "mx.acme.example") -> None:
    monkeypatch.setattr(config(), "trusted_authserv_id", name)
    monkeypatch.setattr(config(), "own_networks", "192.0.2.0/24")


def test_spam_by_the_server_before_us_waits_and_can_be_released(acme: Acme, monkeypatch: pytest.MonkeyPatch) -> None:
    trusted(monkeypatch)
    [kept] = take_in(arrival(OURS + FLAG + MX + FAR + letter()))
    assert state() == ("held", "mx.acme.example marked it as spam. Such mail waits for a person.")
    assert Route.objects.get().target == "filter"
    assert Record.objects.count() == 0
    assert replay([kept.arrival_id], by=acme.admin, release=True) == 1
    settle_all()
    assert state()[0] == "routed"
    assert Record.objects.count() == 1
    trace = Route.objects.get().trace
    said = [step["text"] for step in trace if step["step"] == "filter"]
    assert said == ["mx.acme.example marked it as spam. A person released it."]


@pytest.mark.parametrize(
    ("source", "networks", "head", "is_held"),
    [
        ("smtp", "192.0.2.0/24", OURS + FLAG + MX, True),
        ("smtp", "10.0.0.0/8", OURS + FLAG + MX, False),  # from outside: anybody wrote it
        ("smtp", "192.0.2.0/24", OURS + MX + FAR + FLAG, False),  # it came with the mail
        ("lmtp", "10.0.0.0/8", OURS + FLAG + MX, True),  # a machine of ours delivers there
        ("spool", "10.0.0.0/8", FLAG + MX, True),
        ("spool", "10.0.0.0/8", MX + FAR + FLAG, False),
    ],
)
def test_only_lines_of_our_own_machines_count(
    acme: Acme, monkeypatch: pytest.MonkeyPatch, source: str, networks: str, head: bytes, *, is_held: bool
) -> None:
    monkeypatch.setattr(config(), "own_networks", networks)
    take_in(arrival(head + letter(), source=source))
    assert (state()[0] == "held") == is_held


def test_a_dry_run_says_so_too(acme: Acme) -> None:
    [route] = explain(MX + FLAG + letter(), ["sales@acme.example"], "hanna@customer.example")
    assert (route["state"], route["target"]) == ("held", "filter")


def test_rspamd_holds(acme: Acme, rspamd: HttpServer) -> None:
    rspamd.answer(b'{"action": "add header", "score": 7.5, "required_score": 15}')
    take_in(arrival(letter()))
    assert state() == ("held", "rspamd takes it for spam: 7.5 points of 15.0. Such mail waits for a person.")
    [asked] = rspamd.asked
    assert asked.values("IP") == ["192.0.2.9"]
    assert asked.values("Rcpt") == ["sales@acme.example"]
    assert asked.body.endswith(b"we need 42 vans.\r\n")


def test_rspamd_refuses_and_a_person_may_know_better(acme: Acme, rspamd: HttpServer) -> None:
    rspamd.answer(b'{"action": "reject"}')
    [kept] = take_in(arrival(letter()))
    assert state()[0] == "refused"
    assert Record.objects.count() == 0
    replay([kept.arrival_id], by=acme.admin, release=True)
    settle_all()
    assert state()[0] == "routed"
    assert len(rspamd.asked) == 1  # what a person released is asked about no more


def test_what_it_has_nothing_against_says_so(acme: Acme, rspamd: HttpServer) -> None:
    rspamd.answer(b'{"action": "no action"}')
    take_in(arrival(letter()))
    assert state()[0] == "routed"
    assert {"step": "filter", "text": "rspamd has nothing against it."} in Route.objects.get().trace


def test_a_filter_that_is_away_lets_mail_pass_and_says_so(acme: Acme, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config(), "rspamd_url", "http://127.0.0.1:1")
    take_in(arrival(letter()))
    assert state()[0] == "routed"
    [text] = [step["text"] for step in Route.objects.get().trace if step["step"] == "filter"]
    assert text == "rspamd could not be asked: It could not be reached."


def test_a_trace_tells_nobody_where_filters_are(acme: Acme, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config(), "rspamd_url", "http://admin:secret@inner.example:port")
    take_in(arrival(letter()))
    [text] = [step["text"] for step in Route.objects.get().trace if step["step"] == "filter"]
    assert text == "rspamd could not be asked: What is set is no address of HTTP."


@dataclass
class Broken:
    """A filter of somebody's, with a mistake in it."""

    key: str = "broken"

    def is_on(self) -> bool:
        return True

    async def ask(self, shown: Shown) -> Said:
        raise ZeroDivisionError


@dataclass
class Strict:
    """A filter that wants all mail refused."""

    key: str = "strict"

    def is_on(self) -> bool:
        return True

    async def ask(self, shown: Shown) -> Said:
        return Said(self.key, Answer.REFUSE, "Strict takes nothing.")


def test_the_gravest_of_several_counts(acme: Acme, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filtering, "filters", lambda: {"broken": Broken(), "strict": Strict()})
    take_in(arrival(letter()))
    assert state() == ("refused", "Strict takes nothing. Such mail is refused.")


def test_a_filter_with_a_mistake_stops_no_mail(acme: Acme, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filtering, "filters", lambda: {"broken": Broken()})
    take_in(arrival(letter()))
    assert state()[0] == "routed"
    assert {"step": "filter", "text": "broken failed (ZeroDivisionError) and said nothing."} in (
        Route.objects.get().trace
    )


@contextmanager
def line_with(patience: float) -> Iterator[tuple[Line, Filters]]:
    """A line that knows who sent a mail before it asks filters, and waits so long for these."""
    filters, judging = Filters(patience=patience), Authenticator(patience=config().authentication_seconds + 1.0)
    try:
        yield Line(Reader(0, 0.0), judging, filters), filters
    finally:
        filters.close()
        judging.close()


def answered(filters: Filters) -> None:
    """Until everything that was asked has an answer."""
    wait([one.answers for one in filters._asked.values()], timeout=10.0)


def test_a_slow_filter_delays_its_own_mail_alone(acme: Acme, rspamd: HttpServer) -> None:
    """The mail comes back, and what was asked about it is not asked again."""
    rspamd.answer(b'{"action": "add header"}')
    rspamd.seconds = 0.3
    accept([arrival(letter())])
    with line_with(patience=0.0) as (line, filters):
        assert line.settle_some(ahead=False) == 1
        mail = InboundMail.objects.get()
        assert (mail.state, mail.lease_token) == ("arrived", "")
        assert mail.due is not None
        answered(filters)
        InboundMail.objects.update(due=now())
        assert line.settle_some(ahead=False) == 1
        assert filters._asked == {}
    assert state()[0] == "held"
    assert len(rspamd.asked) == 1


class Watched:
    """How long a batch would have waited, and for how many answers; nothing is waited for."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.waits: list[tuple[int, float | None]] = []
        monkeypatch.setattr("postroom.inbound.steps.filter.wait", self.wait)

    def wait(self, some: Collection[Future[object]], timeout: float | None = None) -> None:
        self.waits.append((len(some), timeout))


def test_no_batch_waits_without_a_limit_and_none_for_what_came_back(
    acme: Acme, rspamd: HttpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("postroom.inbound.steps.filter.MOST_ASKED", 2)
    rspamd.answer(b'{"action": "no action"}')
    rspamd.seconds = 0.3
    watched = Watched(monkeypatch)
    accept([arrival(letter(), sender=f"a{number}@x.example") for number in range(5)])
    with line_with(patience=0.25) as (line, filters):
        for _ in range(3):
            InboundMail.objects.update(due=now())
            assert line.settle_some(ahead=False) == 5
        assert watched.waits == [(2, 0.25), (0, 0.25), (0, 0.25)]
        assert len(filters._asked) == 2, "the others are to come without having been asked about"
        while InboundMail.objects.filter(due__isnull=False).update(due=now()):
            answered(filters)
            line.settle_some(ahead=False)
        assert filters._asked == {}
    assert {route.state for route in Route.objects.all()} == {"routed"}
    assert len(rspamd.asked) == 5


def test_so_many_bytes_are_held_for_filters_at_once(
    acme: Acme, rspamd: HttpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("postroom.inbound.steps.filter.MOST_BYTES", 10)
    rspamd.answer(b'{"action": "no action"}')
    rspamd.seconds = 0.3
    accept([arrival(letter(), sender=f"a{number}@x.example") for number in range(3)])
    with line_with(patience=0.0) as (line, filters):
        line.settle_some(ahead=False)
        assert len(filters._asked) == 1


def test_mail_that_is_decided_anew_is_asked_about_anew(acme: Acme, rspamd: HttpServer) -> None:
    """As a filter that was away when the mail came has an answer now."""
    rspamd.says = b""
    [kept] = accept([arrival(letter())])
    with line_with(patience=5.0) as (line, _):
        assert line.settle_some(ahead=False) == 1
        assert state()[0] == "routed"
        rspamd.answer(b'{"action": "reject"}')
        Route.objects.update(state="held")
        InboundMail.objects.update(state="held")
        assert replay([kept.arrival_id], by=acme.admin) == 1
        assert line.settle_some(ahead=False) == 1
    assert len(rspamd.asked) == 2
    assert state()[0] == "refused"


def test_an_answer_that_nobody_comes_for_is_dropped(
    acme: Acme, rspamd: HttpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another worker may have settled that mail."""
    rspamd.answer(b'{"action": "no action"}')
    accept([arrival(letter())])
    with line_with(patience=0.0) as (line, filters):
        line.settle_some(ahead=False)
        answered(filters)
        InboundMail.objects.all().update(due=None)
        filters.judge([], {})
        assert len(filters._asked) == 1
        monkeypatch.setattr("postroom.inbound.steps.filter.KEPT_SECONDS", 0.0)
        filters.judge([], {})
        assert filters._asked == {}


@dataclass
class Undecided(Broken):
    """A filter whose mistake shows when it is asked whether it is on."""

    def is_on(self) -> bool:
        raise KeyError("setting")


def test_a_filter_that_cannot_tell_whether_it_is_on_stops_no_mail(acme: Acme, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filtering, "filters", lambda: {"broken": Undecided()})
    take_in(arrival(letter()))
    assert state()[0] == "routed"
    assert "broken failed (ZeroDivisionError) and said nothing." in [s["text"] for s in Route.objects.get().trace]
