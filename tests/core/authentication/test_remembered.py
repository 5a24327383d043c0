"""What was evaluated before is not evaluated again, and nobody can tell by the result."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.core.authentication import dmarc, spf
from postroom.core.authentication.dmarc import evaluate_dmarc
from postroom.core.authentication.questions import NO_DOMAIN, Answer, Asking, Question, drive
from postroom.core.authentication.remembered import EACH, LONGEST, Remembered
from postroom.core.authentication.spf import evaluate_spf
from tests.core.authentication.tables import UNKNOWN, Zone, table

TERMS = (
    *(
        "ip4:192.0.2.0/24",
        "include:b.example",
        "a",
        "mx",
        "ptr",
        "exists:%{l}.b.example",
        "exists:%{h}",
        "~all",
        "-all",
    ),
    *("redirect=b.example", "exp=b.example"),
)
RECORD = st.lists(st.sampled_from(TERMS), max_size=3).map(lambda terms: " ".join(("v=spf1", *terms)))
POLICY = st.sampled_from(("v=DMARC1; p=reject", "v=DMARC1; p=none; psd=n", "v=DMARC1; p=reject; aspf=s", "no such"))
ZONES = st.fixed_dictionaries(
    {},
    optional={
        "a.example TXT": RECORD | st.just(UNKNOWN),
        "b.example TXT": RECORD,
        "a.example A": st.just("192.0.2.3"),
        "jo.b.example A": st.just("127.0.0.2"),
        "_dmarc.a.example TXT": POLICY | st.just(UNKNOWN),
        "_dmarc.example TXT": POLICY,
    },
)
CLIENTS = st.tuples(
    st.sampled_from(("192.0.2.3", "203.0.113.9")),
    st.sampled_from(("jo@a.example", "eve@a.example", "")),
    st.sampled_from(("a.example", "jo.b.example")),
)


@pytest.fixture(autouse=True)
def nothing_known() -> None:
    spf._KNOWN._kept.clear()
    dmarc._KNOWN._kept.clear()


@given(zones=st.lists(ZONES, min_size=1, max_size=3), clients=st.lists(CLIENTS, min_size=1, max_size=3))
def test_spf_asks_and_says_what_it_would_for_the_first_time(
    zones: list[Zone], clients: list[tuple[str, str, str]]
) -> None:
    spf._KNOWN._kept.clear()
    for zone in (*zones, *zones):
        for client in clients:
            known = _said(evaluate_spf(*client), zone)
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(spf, "_KNOWN", Remembered(most=1))
                assert known == _said(evaluate_spf(*client), zone)


@given(zones=st.lists(ZONES, min_size=1, max_size=3), passing=st.lists(st.sampled_from(("a.example", "b.example", ""))))
def test_dmarc_asks_and_says_what_it_would_for_the_first_time(zones: list[Zone], passing: list[str]) -> None:
    dmarc._KNOWN._kept.clear()
    for zone in (*zones, *zones):
        for domain in passing:
            known = _said(evaluate_dmarc("a.example", domain, passing), zone)
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(dmarc, "_KNOWN", Remembered(most=1))
                assert known == _said(evaluate_dmarc("a.example", domain, passing), zone)


def _said(asking: Asking[Any], zone: Zone) -> tuple[Any, list[Question]]:
    """The result of an evaluation, and what it asked."""
    asked: list[Question] = []
    return drive(asking, table(zone, asked)), asked


def test_a_domain_that_changes_its_record_is_heard_at_once() -> None:
    for record, result in (("v=spf1 +all", "pass"), ("v=spf1 -all", "fail"), ("v=spf1 +all", "pass")):
        zone = {"changing.example TXT": record}
        assert drive(evaluate_spf("192.0.2.3", "jo@changing.example", "x"), table(zone)).result == result
        policy = {"_dmarc.changing.example TXT": f"v=DMARC1; p={'none' if result == 'pass' else 'reject'}"}
        assert drive(evaluate_dmarc("changing.example"), table(policy)).policy == (
            "none" if result == "pass" else "reject"
        )


def test_what_is_written_for_one_sender_is_not_kept_for_others() -> None:
    zone = {"personal.example TXT": "v=spf1 exists:%{l}.personal.example -all", "jo.personal.example A": "127.0.0.2"}
    for sender, result in (("jo", "pass"), ("eve", "fail"), ("jo", "pass")):
        assert drive(evaluate_spf("192.0.2.3", f"{sender}@personal.example", "x"), table(zone)).result == result
        assert not spf._KNOWN._kept  # not for a moment: another thread may look


def _asking(key: int, begun: list[int]) -> Asking[int]:
    begun.append(key)
    answers = yield (Question("a.example", "TXT"),)
    return len(answers)


def _evaluated(memory: Remembered[int], key: int, begun: list[int], answer: Answer = NO_DOMAIN) -> None:
    assert drive(memory.evaluate(key, _asking(key, begun)), lambda _: answer) == 1


def test_no_more_than_so_many_are_kept() -> None:
    begun: list[int] = []
    memory = Remembered[int](most=2)
    for key in (1, 2, 1, 2, 3, 3, 2, 3):
        _evaluated(memory, key, begun)
    assert begun == [1, 2, 3, 2]
    assert len(memory._kept) == 2


@pytest.mark.parametrize(
    ("answer", "kept"),
    [
        (Answer("found", texts=(b"x" * (LONGEST - EACH * 2),)), True),
        (Answer("found", texts=(b"x" * LONGEST,)), False),
        (Answer("found", values=("192.0.2.1",) * 50), True),
        (Answer("found", values=("192.0.2.1",) * 4000), False),
    ],
)
def test_answers_that_are_large_are_not_kept(answer: Answer, kept: bool) -> None:
    begun: list[int] = []
    memory = Remembered[int](most=2)
    for _ in range(2):
        _evaluated(memory, 1, begun, answer)
    assert begun == ([1] if kept else [1, 1])


def test_threads_share_it() -> None:
    memory = Remembered[int](most=3)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: _evaluated(memory, number % 7, []), range(4000)))
    assert len(memory._kept) <= 3 + 8


def test_the_results_hold_nothing_of_a_mail() -> None:
    """What is kept is given to every later mail: it may name domains and servers, and nobody's address."""
    zone = {"a.example TXT": "v=spf1 ip4:192.0.2.3 -all"}
    first = drive(evaluate_spf("192.0.2.3", "somebody@a.example", "helo.example"), table(zone))
    assert "somebody" not in repr(first)
    assert "helo.example" not in repr(first)
