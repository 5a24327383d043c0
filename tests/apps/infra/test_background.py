"""The thread that asks outside: what it does ends with it, and what blocks it keeps nobody."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import CancelledError

import pytest

from postroom.infra import background
from postroom.infra.background import Background


async def _twice(number: int) -> int:
    await asyncio.sleep(0)
    return 2 * number


def _running(name: str) -> list[threading.Thread]:
    return [one for one in threading.enumerate() if one.name == name]


def test_it_works_and_ends() -> None:
    made = Background("a test")
    assert not _running("a test")
    assert [made.run(_twice(number)).result(5.0) for number in range(3)] == [0, 2, 4]
    assert len(_running("a test")) == 1
    made.close()
    assert not _running("a test")
    made.close()
    assert made.run(_twice(4)).result(5.0) == 8, "it begins again"
    made.close()


def test_what_goes_on_is_cancelled() -> None:
    made = Background("a test")
    endless = made.run(asyncio.Event().wait())
    made.close()
    with pytest.raises(CancelledError):
        endless.result(5.0)


def test_what_blocks_it_does_not_keep_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "END_SECONDS", 0.01)
    begun, over = threading.Event(), threading.Event()

    async def block() -> None:
        begun.set()
        over.wait(30.0)  # as a plugin with a mistake does

    made = Background("a test")
    done = made.run(block())
    assert begun.wait(5.0)
    made.close()
    assert not done.done()
    (thread,) = _running("a test")
    assert thread.daemon
    over.set()
    thread.join(5.0)
    assert not thread.is_alive()
