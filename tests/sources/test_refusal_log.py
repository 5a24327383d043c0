"""Refusals on their way into the database: bounded, fit to be kept, and none lost while it is away."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from pathlib import Path

import pytest
from django.db import OperationalError

from postroom.inbound.listener import refusal_log
from postroom.inbound.listener.refusal_log import RefusalLog
from postroom.inbound.models import Refusal
from postroom.inbound.services import Refused
from postroom.infra.config import config

REFUSED = Refused("smtp", "192.0.2.1", "mx", "a@b.example", "nobody@acme.example", "550 5.1.1", "Nobody.")


@pytest.fixture(autouse=True)
def own_var(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config(), "var", tmp_path)
    monkeypatch.setattr(refusal_log, "close_old_connections", lambda: None)  # the test's own is the one in use


def away(refusals: Sequence[Refused]) -> None:
    raise OperationalError("away")


def refused(**changes: str) -> Refused:
    known = {"door": "smtp", "peer": "p", "helo": "", "sender": "", "recipient": "", "code": "5", "words": ""} | changes
    return Refused(**known)


@pytest.mark.django_db
def test_while_the_database_is_away_they_wait_in_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    log = RefusalLog()
    log.note(REFUSED)
    with monkeypatch.context() as context:
        context.setattr(refusal_log, "note_refusals", away)
        log.flush()
        log.note(refused(recipient="second"))
        log.flush()
    assert refusal_log.read() == [REFUSED, refused(recipient="second")]
    assert Refusal.objects.count() == 0
    log.flush()
    assert set(Refusal.objects.values_list("recipient", "code")) == {
        ("nobody@acme.example", "550 5.1.1"),
        ("second", "5"),
    }
    assert refusal_log.read() == []


def test_the_file_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusal_log, "note_refusals", away)
    log = RefusalLog()
    for number in range(5000):
        log.note(refused(words="x" * 500, peer=str(number)))
    for _ in range(10):
        log.flush()
    assert refusal_log.path().stat().st_size < refusal_log.MOST_BYTES + 1000


def test_a_line_cut_off_by_a_crash_is_passed_over() -> None:
    refusal_log._append([REFUSED])
    with refusal_log.path().open("a") as file:
        file.write('{"door": "sm')
    assert refusal_log.read() == [REFUSED]


def test_where_even_the_file_fails_they_wait_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    noted: list[Refused] = []

    def full(batch: list[Refused]) -> None:
        raise OSError(errno.ENOSPC, "full")

    log = RefusalLog()
    log.note(REFUSED)
    with monkeypatch.context() as context:
        context.setattr(refusal_log, "note_refusals", away)
        context.setattr(refusal_log, "_append", full)
        with pytest.raises(OSError, match="full"):
            log.flush()
    monkeypatch.setattr(refusal_log, "note_refusals", noted.extend)
    log.flush()
    assert noted == [REFUSED]


@pytest.mark.django_db
def test_what_is_no_text_is_made_fit() -> None:
    log = RefusalLog()
    log.note(refused(helo="m\udcffx", sender="a\x00b", recipient="c\nd", words="e\x1bf"))
    log.flush()
    assert Refusal.objects.values_list("helo", "sender", "recipient", "words").get() == ("m?x", "a?b", "c?d", "e?f")


@pytest.mark.django_db
def test_whoever_guesses_fills_a_bounded_number_of_rows() -> None:
    log = RefusalLog()
    for number in range(refusal_log.MOST_NAMED + 50):
        log.note(refused(recipient=f"guess{number}@acme.example"))
    log.note(refused(recipient="guess0@acme.example"))
    log.flush()
    assert Refusal.objects.count() == refusal_log.MOST_NAMED + 1
    assert Refusal.objects.get(recipient=refusal_log.OTHERS).count == 50
    assert Refusal.objects.get(recipient="guess0@acme.example").count == 2
