"""A request counts once, however often and however close together it comes."""

from __future__ import annotations

import itertools
import threading

import pytest
from django.db import connection

from postroom.infra.idempotency import OtherRequest, once
from postroom.infra.models import AnsweredRequest


@pytest.mark.django_db
def test_the_second_time_is_the_answer_of_the_first() -> None:
    numbers = itertools.count(7)
    assert once("key", b"asked", lambda: next(numbers)) == (7, True)
    assert once("key", b"asked", lambda: next(numbers)) == (7, False)
    assert once("other", b"asked", lambda: next(numbers)) == (8, True)
    with pytest.raises(OtherRequest):
        once("key", b"something else", lambda: next(numbers))
    assert next(numbers) == 9


@pytest.mark.django_db
def test_keys_are_kept_as_digests() -> None:
    once("a key with a name in it", b"", lambda: 1)
    assert "name" not in AnsweredRequest.objects.get().key


@pytest.mark.django_db
def test_what_fails_is_free_to_be_tried_again() -> None:
    with pytest.raises(ZeroDivisionError):
        once("key", b"", lambda: 1 // 0)
    assert once("key", b"", lambda: 3) == (3, True)


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_one_is_done_and_the_other_waits_for_it() -> None:
    numbers, found = itertools.count(1), list[tuple[int, bool]]()
    within, second = threading.Event(), threading.Event()

    def slowly() -> int:
        within.set()
        second.wait(5)
        threading.Event().wait(0.1)  # the other is at its insert by now
        return next(numbers)

    def ask(*, first: bool) -> None:
        if not first:
            within.wait(5)
            second.set()
        try:
            found.append(once("key", b"", slowly if first else lambda: next(numbers)))
        finally:
            connection.close()

    threads = [threading.Thread(target=ask, kwargs={"first": first}) for first in (True, False)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(found) == [(1, False), (1, True)]
