"""The resolver against a server on loopback: what is found, what is not there, and what could not be asked."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from postroom.core.authentication.questions import Answer, Question
from postroom.core.authentication.spf import evaluate_spf
from postroom.infra import dns as dns_module
from postroom.infra.config import config
from postroom.infra.dns import PORT, Limits, Resolver, parse_servers
from postroom.infra.dns import resolver as resolver_of_settings
from postroom.infra.dns_cache import FAILURE_SECONDS, LARGEST, Cache
from tests.support.dns_server import DnsServer, Records, serving

LIMITS = Limits(seconds=10.0, tries=2, deadline=30.0)  # as long as a slow machine needs
IN_VAIN = Limits(seconds=0.3, tries=2, deadline=30.0)  # for an answer that never comes
LONG = "x" * 250
TABLE: Records = {
    ("acme.example", "TXT"): ['"v=spf1 ip4:192.0." "2.0/24 -all"', '"caf\\195\\169"'],
    ("acme.example", "MX"): ["20 b.acme.example.", "10 a.acme.example."],
    ("acme.example", "A"): ["192.0.2.1", "192.0.2.2"],
    ("acme.example", "AAAA"): ["2001:db8::1"],
    ("1.2.0.192.in-addr.arpa", "PTR"): ["acme.example."],
    ("www.acme.example", "CNAME"): ["acme.example."],
    ("empty.example", "TXT"): "NODATA",
    ("broken.example", "TXT"): "SERVFAIL",
    ("refused.example", "TXT"): "REFUSED",
    ("malformed.example", "TXT"): "MALFORMED",
    ("silent.example", "TXT"): "SILENT",
    ("long.example", "TXT"): "TRUNCATED",
}
OVER_TCP: Records = {("long.example", "TXT"): [" ".join(f'"{LONG}"' for _ in range(8))]}


@pytest.fixture
def server() -> Iterator[DnsServer]:
    with serving(TABLE, over_tcp=OVER_TCP) as running:
        yield running


@pytest.fixture
def resolver(server: DnsServer) -> Resolver:
    return Resolver([server.address], LIMITS)


@pytest.mark.parametrize(
    ("name", "kind", "expected"),
    [
        ("acme.example", "TXT", Answer("found", texts=(b"v=spf1 ip4:192.0.2.0/24 -all", "café".encode()))),
        ("acme.example", "MX", Answer("found", ("a.acme.example", "b.acme.example"))),
        ("acme.example", "A", Answer("found", ("192.0.2.1", "192.0.2.2"))),
        ("acme.example", "AAAA", Answer("found", ("2001:db8::1",))),
        ("1.2.0.192.in-addr.arpa", "PTR", Answer("found", ("acme.example",))),
        ("www.acme.example", "CNAME", Answer("found", ("acme.example",))),
        ("empty.example", "TXT", Answer("no data")),
        ("acme.example", "PTR", Answer("no data")),
        ("nobody.example", "TXT", Answer("no domain")),
        ("long.example", "TXT", Answer("found", texts=((LONG * 8).encode(),))),
        ("a..example", "TXT", Answer("no domain")),
        ("", "A", Answer("no domain")),
    ],
)
def test_what_is_found_and_what_is_not_there(resolver: Resolver, name: str, kind: str, expected: Answer) -> None:
    (answer,) = resolver.ask_now(Question(name, kind))  # type: ignore[arg-type]
    assert sorted(answer.texts) == sorted(expected.texts)
    values = answer.values if kind == "MX" else tuple(sorted(answer.values))
    assert (answer.status, values, answer.words) == (expected.status, expected.values, "")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("broken.example", "SERVFAIL"),
        ("refused.example", "REFUSED"),
        ("malformed.example", "cannot be read"),
        ("silent.example", "did not answer within 0.3 s"),
    ],
)
def test_what_could_not_be_asked_is_never_no_record(server: DnsServer, name: str, words: str) -> None:
    limits = IN_VAIN if name == "silent.example" else LIMITS
    (answer,) = Resolver([server.address], limits).ask_now(Question(name, "TXT"))
    assert answer.status == "unknown"
    assert words in answer.words
    assert not answer.found


def test_a_cut_answer_is_asked_for_by_tcp(server: DnsServer, resolver: Resolver) -> None:
    resolver.ask_now(Question("long.example", "TXT"))
    assert [protocol for _, _, protocol in server.asked] == ["udp", "tcp"]


def test_a_resolver_that_refuses_is_not_tried_again_and_the_next_is(server: DnsServer) -> None:
    with serving({("acme.example", "A"): "REFUSED"}) as other:
        (answer,) = Resolver([other.address, server.address], LIMITS).ask_now(Question("acme.example", "A"))
        assert answer.found
        assert len(other.asked) == 1


def test_a_silent_resolver_is_tried_again(server: DnsServer) -> None:
    Resolver([server.address], IN_VAIN).ask_now(Question("silent.example", "TXT"))
    assert [name for name, *_ in server.asked] == ["silent.example", ".", "silent.example"]  # it lives, says the root


def test_nobody_at_the_address() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (answer,) = Resolver([("127.0.0.1", port)], IN_VAIN).ask_now(Question("acme.example", "A"))
    assert answer.status == "unknown"
    assert "127.0.0.1" in answer.words


def test_without_a_resolver_nothing_is_known() -> None:
    (answer,) = Resolver([], LIMITS).ask_now(Question("acme.example", "A"))
    assert answer == Answer("unknown", words="no resolver is set up")


def test_questions_go_out_together_and_keep_their_order(server: DnsServer) -> None:
    resolver = Resolver([server.address], replace(IN_VAIN, seconds=1.5))
    silent = [Question("silent.example", "TXT")] * 3
    answers = resolver.ask_now(*silent, Question("acme.example", "A"), Question("broken.example", "TXT"))
    assert [answer.status for answer in answers] == ["unknown"] * 3 + ["found", "unknown"]
    names = [name for name, _, _ in server.asked]
    again = [place for place, name in enumerate(names) if name == "silent.example"][-1]
    assert {"acme.example", "broken.example"} <= set(names[:again])  # none waited for the silent one to be given up


def test_answers_are_kept_and_the_absence_of_records_too(server: DnsServer, resolver: Resolver) -> None:
    questions = (Question("acme.example", "A"), Question("nobody.example", "A"), Question("empty.example", "TXT"))
    assert resolver.ask_now(*questions) == resolver.ask_now(*questions)
    assert len(server.asked) == len(questions)


def test_an_answer_without_time_to_live_is_not_kept() -> None:
    with serving(TABLE, ttl=0) as server:
        resolver = Resolver([server.address], LIMITS)
        for _ in range(2):
            resolver.ask_now(Question("acme.example", "A"), Question("nobody.example", "A"))
        assert len(server.asked) == 4


def test_an_evaluation_asks_through_both_doors(server: DnsServer, resolver: Resolver) -> None:
    given = ("192.0.2.7", "amara@acme.example", "acme.example")
    assert resolver.evaluate_now(evaluate_spf(*given)).result == "pass"
    assert asyncio.run(resolver.evaluate(evaluate_spf(*given))).result == "pass"
    assert len(server.asked) == 1


def test_a_resolver_in_trouble_is_not_asked_again_at_once(server: DnsServer, resolver: Resolver) -> None:
    for _ in range(3):
        resolver.ask_now(Question("broken.example", "TXT"))
    assert len(server.asked) == 1


def test_who_asks_in_a_hurry_spoils_nothing_for_the_next(server: DnsServer, resolver: Resolver) -> None:
    question = Question("acme.example", "A")
    assert resolver.ask_now(question, seconds=0.0)[0].words == "no time was left to ask"
    assert resolver.ask_now(question)[0].found
    assert resolver.ask_now(question, seconds=0.0)[0].found


def test_an_evaluation_ends_with_its_deadline() -> None:
    chain = {(f"n{step}.example", "TXT"): [f'"v=spf1 redirect=n{step + 1}.example"'] for step in range(9)}
    with serving({**chain, ("n3.example", "TXT"): "SILENT"}) as server:
        resolver = Resolver([server.address], Limits(seconds=60.0, tries=3, deadline=600.0))
        started = time.monotonic()
        result = resolver.evaluate_now(evaluate_spf("192.0.2.7", "a@n0.example", "x"), seconds=0.4)
    assert result.result == "temperror"
    assert "could not be asked for" in result.trace[-1]["text"]
    assert time.monotonic() - started < 30  # it does not wait for the resolver's own limits


class Wire:
    """What is on the wire at once; everything is found, after every other task had its turn."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = self.most = 0
        monkeypatch.setattr("postroom.infra.dns._exchange", self.exchange)

    async def exchange(self, *_: object) -> tuple[Answer, float]:
        self.now += 1
        self.most = max(self.most, self.now)
        for _turn in range(5):
            await asyncio.sleep(0)
        self.now -= 1
        return Answer("found"), 60.0


def test_all_who_ask_share_the_places_on_the_wire(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each question holds a socket, and a process has no more than so many."""
    monkeypatch.setattr(dns_module, "AT_ONCE", 10)
    monkeypatch.setattr(dns_module, "OF_ONE", 4)
    wire, resolver = Wire(monkeypatch), Resolver([("192.0.2.1", 53)], Limits(deadline=60.0))

    async def ask(askers: int) -> list[Answer]:
        groups = [[Question(f"n{a}-{askers}-{one}.example", "A") for one in range(9)] for a in range(askers)]
        return [one for some in await asyncio.gather(*(resolver.ask(*g) for g in groups)) for one in some]

    for askers, most in ((1, 4), (20, 10)):
        assert all(one.found for one in asyncio.run(ask(askers)))
        assert wire.most == most


def test_who_gets_no_place_in_time_learns_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dns_module, "AT_ONCE", 0)
    wire, resolver = Wire(monkeypatch), Resolver([("192.0.2.1", 53)], Limits(deadline=0.05))
    (answer,) = resolver.ask_now(Question("acme.example", "A"))
    assert (answer.words, wire.most, len(resolver.cache)) == ("no time was left to ask", 0, 0)


@pytest.mark.parametrize(
    ("text", "servers"),
    [
        ("", []),
        ("192.0.2.1", [("192.0.2.1", PORT)]),
        ("192.0.2.1:5353, 192.0.2.2", [("192.0.2.1", 5353), ("192.0.2.2", PORT)]),
        ("2001:db8::1", [("2001:db8::1", PORT)]),
        ("[2001:db8::1]:5353,[2001:db8::2]", [("2001:db8::1", 5353), ("2001:db8::2", PORT)]),
    ],
)
def test_resolvers_in_settings(text: str, servers: list[tuple[str, int]]) -> None:
    assert parse_servers(text) == servers


def _asked_as_set(monkeypatch: pytest.MonkeyPatch, server: DnsServer, **kept: float) -> tuple[Answer, int]:
    """The answer of a resolver of these settings, and how many it then keeps."""
    for name, value in {
        "dns_seconds": 10.0,
        "dns_deadline": 30.0,
        "dns_servers": f"127.0.0.1:{server.port}",
        **kept,
    }.items():
        monkeypatch.setattr(config(), name, value)
    made = resolver_of_settings.__wrapped__()
    *_, answer = made.ask_now(Question("acme.example", "A"), Question("acme.example", "AAAA"))
    return answer, len(made.cache)


def test_the_settings_say_whom_to_ask_how_long_and_what_is_kept(
    server: DnsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = TABLE["acme.example", "AAAA"]
    answer, kept = _asked_as_set(monkeypatch, server)
    assert (list(answer.values), kept) == (found, 2)
    assert _asked_as_set(monkeypatch, server, dns_cache_entries=1)[1] == 1
    assert _asked_as_set(monkeypatch, server, dns_cache_entries=9, dns_cache_seconds=0)[1] == 0
    server.asked.clear()
    assert _asked_as_set(monkeypatch, server, dns_deadline=0.0)[0].words == "no time was left to ask"
    assert not server.asked
    server.table["acme.example", "AAAA"] = "SILENT"
    assert _asked_as_set(monkeypatch, server, dns_seconds=0.1, dns_tries=3, dns_deadline=30.0)[0].unknown
    assert [kind for _name, kind, _by in server.asked].count("AAAA") == 3


class TestCache:
    def setup_method(self) -> None:
        self.now = 0.0
        self.cache = Cache(3, 100.0, lambda: self.now)

    def put(self, name: str, answer: Answer, seconds: float) -> None:
        self.cache.put(Question(name, "A"), answer, seconds)

    def get(self, name: str) -> Answer | None:
        return self.cache.get(Question(name, "A"))

    def test_an_answer_leaves_when_its_time_is_over(self) -> None:
        self.put("a", Answer("no data"), 10)
        self.now = 9.9
        assert self.get("a") == Answer("no data")
        self.now = 10
        assert self.get("a") is None

    def test_no_answer_stays_longer_than_the_settings_say(self) -> None:
        self.put("a", Answer("no data"), 10**9)
        self.now = 100
        assert self.get("a") is None

    def test_what_could_not_be_asked_is_kept_for_seconds_only(self) -> None:
        self.put("a", Answer("unknown", words="x"), 10**9)
        self.now = FAILURE_SECONDS - 0.1
        assert self.get("a") is not None
        self.now = FAILURE_SECONDS
        assert self.get("a") is None

    def test_the_least_used_answer_goes_first(self) -> None:
        for name in "abc":
            self.put(name, Answer("no data"), 10)
        self.get("a")
        self.put("d", Answer("no data"), 10)
        assert [name for name in "abcd" if self.get(name)] == ["a", "c", "d"]

    def test_a_large_answer_is_not_kept(self) -> None:
        self.put("a", Answer("found", texts=(b"x" * (LARGEST + 1),)), 10)
        assert self.get("a") is None

    def test_it_can_be_emptied(self) -> None:
        self.put("a", Answer("no data"), 10)
        self.cache.clear()
        assert len(self.cache) == 0
