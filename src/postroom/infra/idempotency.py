"""Requests that count once: whoever asks again with the same key gets the answer of the first time."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta

from django.db import transaction

from postroom.core.errors import PostroomError
from postroom.infra.clock import now
from postroom.infra.database.base import insert
from postroom.infra.models import AnsweredRequest

KEEP = timedelta(days=1)


class OtherRequest(PostroomError):
    """The key came with another request before."""


def once(key: str, asked: bytes, do: Callable[[], int]) -> tuple[int, bool]:
    """Do it and remember the id that it gives, in one transaction; or that id, where `key` was answered within a day.

    Returns the id and whether it was done now. Who comes while the first is at it waits. What fails is not remembered.

    Raises:
        OtherRequest: something else than `asked` came with this key.

    """
    name, digest = _digest(key.encode()), _digest(asked)
    with transaction.atomic():
        AnsweredRequest.objects.filter(key=name, at__lt=now() - KEEP).delete()
        insert([AnsweredRequest(key=name, asked=digest, answer=0, at=now())], skip_known=True)
        known = AnsweredRequest.objects.select_for_update().get(key=name)
        if known.asked != digest:
            raise OtherRequest("This Idempotency-Key came with another request before: give each request its own.")
        if known.answer:
            return known.answer, False
        known.answer = do()
        known.save(update_fields=["answer"])
    return known.answer, True


def forget_old() -> int:
    """Delete what is remembered for longer than a day; returns how many."""
    return AnsweredRequest.objects.filter(at__lt=now() - KEEP).delete()[0]


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
