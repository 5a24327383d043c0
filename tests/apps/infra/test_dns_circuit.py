"""Resolvers that answer nothing: found out once, said in words, left alone for a while, asked again after it."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Iterator

import pytest

from postroom.core.authentication.questions import Question
from postroom.core.authentication.spf import evaluate_spf
from postroom.infra.dns import Limits, Resolver, Settled
from postroom.infra.dns_circuit import Circuit, says_anything
from tests.support.dns_server import DnsServer, serving

HURRIED = Limits(seconds=0.5, tries=2, deadline=30.0, rest=60.0)
EVERYTHING = Question("acme.example", "TXT")


@pytest.fixture
def mute() -> Iterator[DnsServer]:
    """A resolver that says nothing until its table does."""
    with serving({("acme.example", "TXT"): "SILENT", (".", "NS"): "SILENT"}) as server:
        yield server


def names(server: DnsServer) -> list[str]:
    return [name for name, *_ in server.asked]


def test_after_the_first_silence_nobody_is_asked_for_a_while(mute: DnsServer) -> None:
    resolver = Resolver([mute.address], HURRIED)
    (first,) = resolver.ask_now(EVERYTHING)
    assert "did not answer within" in first.words
    assert names(mute) == ["acme.example", "."]
    (second,) = resolver.ask_now(Question("other.example", "TXT"))
    assert second.unknown
    assert second.words == "no resolver answers; they are asked again in 60 s"
    assert names(mute) == ["acme.example", "."]


def test_an_evaluation_ends_at_once_where_nobody_answers(mute: DnsServer) -> None:
    resolver = Resolver([mute.address], HURRIED)
    resolver.ask_now(EVERYTHING)
    begun = resolver.begin(evaluate_spf("192.0.2.7", "a@other.example", "x"))
    assert isinstance(begun, Settled)
    assert begun.result.result == "temperror"
    assert "no resolver answers" in begun.result.trace[-1]["text"]


def test_what_is_kept_is_told_still_and_names_that_cannot_be_are_no_names(mute: DnsServer) -> None:
    mute.table["kept.example", "TXT"] = ['"v=spf1 -all"']
    resolver = Resolver([mute.address], HURRIED)
    resolver.ask_now(Question("kept.example", "TXT"))
    mute.asked.clear()
    for _ in range(2):  # it answered a moment ago: only the probe tells
        resolver.ask_now(EVERYTHING)
    kept, none = resolver.ask_now(Question("kept.example", "TXT"), Question("a..b", "TXT"))
    assert (kept.found, none.status) == (True, "no domain")


def test_when_the_rest_is_over_it_is_asked_again(mute: DnsServer) -> None:
    resolver = Resolver([mute.address], Limits(seconds=0.5, tries=1, deadline=30.0, rest=0.0))
    resolver.ask_now(EVERYTHING)
    mute.table["other.example", "TXT"] = ['"here"']
    (found,) = resolver.ask_now(Question("other.example", "TXT"))
    assert found.texts == (b"here",)


def test_a_second_resolver_that_answers_keeps_all_going(mute: DnsServer) -> None:
    with serving({("acme.example", "TXT"): ['"here"']}) as other:
        resolver = Resolver([mute.address, other.address], HURRIED)
        (found,) = resolver.ask_now(EVERYTHING)
        assert found.found
        (next_one,) = resolver.ask_now(Question("new.example", "TXT"))
        assert next_one.status == "no domain"


def test_one_slow_domain_does_not_silence_the_others() -> None:
    """Else whoever has a domain that never answers could switch off the proofs of everybody's mail."""
    with serving({("slow.example", "TXT"): "SILENT", ("acme.example", "TXT"): ['"here"']}) as server:
        resolver = Resolver([server.address], HURRIED)
        (slow,) = resolver.ask_now(Question("slow.example", "TXT"))
        (found,) = resolver.ask_now(EVERYTHING)
    assert (slow.unknown, found.found) == (True, True)


def test_a_circuit_by_its_clock() -> None:
    at = [100.0]
    circuit = Circuit(30.0, lambda: at[0])
    assert (circuit.words, circuit.heard_since(0.0)) == ("", False)
    circuit.open()
    at[0] = 112.0
    assert circuit.words == "no resolver answers; they are asked again in 18 s"
    at[0] = 130.0
    assert circuit.words == ""
    circuit.open()
    circuit.hear()
    assert (circuit.words, circuit.heard_since(130.0), circuit.heard_since(130.1)) == ("", True, False)


@pytest.fixture
def no_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    """This machine has no file left to open."""

    async def udp(*_: object, **__: object) -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr("dns.asyncquery.udp", udp)
    monkeypatch.setattr("dns.asyncquery.udp_with_fallback", udp)


def test_that_we_have_no_socket_left_is_no_silence(mute: DnsServer, no_sockets: None) -> None:
    resolver = Resolver([mute.address], HURRIED)
    (first,) = resolver.ask_now(EVERYTHING)
    assert first.words == "no socket could be opened: Too many open files"
    (other,) = resolver.ask_now(Question("other.example", "TXT"))
    assert "no socket" in other.words, "the circuit is closed still"
    assert asyncio.run(says_anything(*mute.address, 0.1))
