"""Group commit: one transaction for all that waited, one mail's failure its own, a full queue said so."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Sequence

import pytest
from django.db import OperationalError

from postroom.inbound.listener import committer as module
from postroom.inbound.listener.committer import Committer, NotKept
from postroom.inbound.services import Arrival, Kept
from postroom.infra.config import config


def arrival(raw: bytes = b"Subject: x\r\n\r\n") -> Arrival:
    return Arrival("smtp", uuid.uuid4().hex, "", ("sales@acme.example",), raw)


async def keep_all(arrivals: Sequence[Arrival]) -> list[Kept | BaseException]:
    committer = Committer(asyncio.get_running_loop())
    waiting = [asyncio.ensure_future(committer.keep(one)) for one in arrivals]
    await asyncio.sleep(0)  # all queue before the thread begins: one batch
    committer.start()
    try:
        return await asyncio.gather(*waiting, return_exceptions=True)
    finally:
        await asyncio.to_thread(committer.stop)


def test_what_waited_is_one_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    batches: list[int] = []

    def accept(arrivals: Sequence[Arrival]) -> list[Kept]:
        batches.append(len(arrivals))
        return [Kept(n) for n in range(len(arrivals))]

    monkeypatch.setattr(module, "accept", accept)
    kept = asyncio.run(keep_all([arrival() for _ in range(70)]))
    assert batches == [64, 6]
    assert len(kept) == 70


def test_one_that_fails_does_not_keep_the_others_out(monkeypatch: pytest.MonkeyPatch) -> None:
    bad = arrival(b"bad")

    def accept(arrivals: Sequence[Arrival]) -> list[Kept]:
        if bad in arrivals:
            raise OperationalError("away")
        return [Kept(1) for _ in arrivals]

    monkeypatch.setattr(module, "accept", accept)
    kept = asyncio.run(keep_all([arrival(), bad, arrival()]))
    assert [type(one) for one in kept] == [Kept, NotKept, Kept]
    assert str(kept[1]).startswith("451 4.3.0")


def test_a_database_that_is_away_is_not_waited_for_by_each(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sixty-four times ten seconds would be longer than any sender waits for an answer."""
    tries: list[int] = []

    def accept(arrivals: Sequence[Arrival]) -> list[Kept]:
        tries.append(len(arrivals))
        raise OperationalError("couldn't get a connection after 10.00 sec")

    monkeypatch.setattr(module, "accept", accept)
    kept = asyncio.run(keep_all([arrival() for _ in range(64)]))
    assert all(str(one).startswith("451 4.3.0") for one in kept)
    assert tries == [64, 1, 1]


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), PermissionError("blobs")])
def test_no_room_is_said(monkeypatch: pytest.MonkeyPatch, error: OSError) -> None:
    def accept(arrivals: Sequence[Arrival]) -> list[Kept]:
        raise error

    monkeypatch.setattr(module, "accept", accept)
    (kept,) = asyncio.run(keep_all([arrival()]))
    assert str(kept).startswith("452 4.3.1")


def test_a_full_queue_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "accept", lambda arrivals: [Kept(1) for _ in arrivals])
    monkeypatch.setattr(config(), "queue_mails", 3)
    kept = asyncio.run(keep_all([arrival() for _ in range(5)]))
    assert [type(one) for one in kept] == [Kept, Kept, Kept, NotKept, NotKept]
    assert str(kept[4]).startswith("451 4.3.1")


def test_a_queue_full_of_bytes_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "accept", lambda arrivals: [Kept(1) for _ in arrivals])
    monkeypatch.setattr(config(), "queue_bytes", 1500)
    kept = asyncio.run(keep_all([arrival(b"x" * 1000) for _ in range(2)]))
    assert [type(one) for one in kept] == [Kept, NotKept]


def test_who_hangs_up_does_not_undo_the_mail(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[str] = []

    def accept(arrivals: Sequence[Arrival]) -> list[Kept]:
        kept.extend(one.key for one in arrivals)
        return [Kept(1) for _ in arrivals]

    monkeypatch.setattr(module, "accept", accept)

    async def hang_up() -> None:
        committer = Committer(asyncio.get_running_loop())
        task = asyncio.ensure_future(committer.keep(arrival()))
        await asyncio.sleep(0)
        task.cancel()
        committer.start()
        await asyncio.to_thread(committer.stop)

    asyncio.run(hang_up())
    assert len(kept) == 1
