"""Some rounds of the soak, and that it tells each fault that it is there to find."""

from __future__ import annotations

import random
import re
import time

import pytest

from tests.soak.understanding import run as soak
from tests.soak.understanding.changes import changed, lengthened
from tests.soak.understanding.seeds import own_seeds
from tests.soak.understanding.targets import TARGETS, Target

ROUNDS = 400


def test_mails_changed_at_random_are_understood() -> None:
    outcome = soak.run(seed=7, rounds=ROUNDS, with_corpora=False)
    assert outcome.wrong == []
    assert outcome.rounds == ROUNDS
    assert set(outcome.by_target) == set(TARGETS)
    assert outcome.growth


def fails(raw: bytes) -> list[str]:
    raise IndexError("off by one")


def fails_in_words(raw: bytes) -> list[str]:
    return ["the sum is wrong"]


def takes_long(raw: bytes) -> list[str]:
    until = time.process_time() + soak.FIXED + soak.A_BYTE * len(raw) + 0.05
    while time.process_time() < until:
        pass
    return []


def runs_away(raw: bytes) -> list[str]:
    return [str(re.match(r"(a+)+$", "a" * 60 + "b"))]


def swells(raw: bytes) -> list[str]:
    return [str(bytes(soak.FIXED_MEMORY + len(raw) * soak.MEMORY_A_BYTE + 1)[:0])][:0]


def looks_at_every_three(raw: bytes) -> list[str]:
    some = raw[:: soak.LONG // 120]
    return [] if sum(a == b == c for a in some for b in some for c in some) else ["never"]


@pytest.mark.parametrize(
    ("target", "words"),
    [
        (fails, "IndexError 'off by one'"),
        (fails_in_words, "the sum is wrong"),
        (takes_long, " s for "),
        (runs_away, "stuck"),
        (swells, " MB for "),
        (looks_at_every_three, "times the time"),
    ],
)
def test_each_fault_is_told(target: Target, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(soak, "STUCK", 1.0)
    monkeypatch.setattr(soak, "A_BYTE", 1e-6)
    outcome = soak.run(seed=1, rounds=1, first=soak.LONG_EVERY, with_corpora=False, targets={"planted": target})
    assert [words in line for line in outcome.wrong] == [True]


def test_a_round_can_be_repeated() -> None:
    mails = own_seeds()
    assert own_seeds() == mails
    one, other = random.Random("7 8"), random.Random("7 8")
    assert changed(one, mails[0], mails) == changed(other, mails[0], mails)
    assert lengthened(one, mails[0], 1000) == lengthened(other, mails[0], 1000)
