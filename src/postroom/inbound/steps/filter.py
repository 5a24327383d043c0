"""Step 2c: what filters say of a mail: the one before us by the lines that it wrote, those of ours by being asked.

A filter that is slow delays only the mail that it is asked about: that comes back later. One that does not answer lets
the mail pass, and the trace says so.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass, replace

from postroom.core.triage.filtered import Answer, Said, said_before
from postroom.inbound.filtering import asked
from postroom.inbound.filters.protocol import CannotSay, Filter, Shown
from postroom.inbound.steps.authenticate import is_from_outside, own_lines
from postroom.inbound.work import Read
from postroom.infra.background import Background
from postroom.infra.config import config
from postroom.infra.logs import logger

log = logger(__name__)

PATIENCE_SECONDS = 0.3  # that a batch waits for filters
MOST_ASKED = 1000  # mails that filters think about at once; further ones come again without having been asked about
MOST_BYTES = 64 * 1024 * 1024  # of those mails; a larger one is asked about alone
MOST_KNOWN = 10_000  # answers that are kept for mails that wait for something else
KEPT_SECONDS = 300.0  # an answer, where another worker may have settled the mail

Answers = tuple[Said, ...]


@dataclass(frozen=True, slots=True)
class _Asked:
    """What was asked about a mail of `size` bytes, at this time of the monotonic clock."""

    answers: Future[Answers]
    size: int
    since: float


class Filters:
    """Asks the filters of the installation, in a thread of their own that begins with the first mail."""

    def __init__(self, patience: float = PATIENCE_SECONDS) -> None:
        self._patience = patience
        self._asked: dict[int, _Asked] = {}
        self._background = Background("filters")

    def judge(self, reads: Sequence[Read], raws: Mapping[int, bytes]) -> tuple[list[Read], list[Read]]:
        """Those of which everything is said, and those about which a filter still thinks: these are to come again.
        `raws` are the bytes of each, by the arrival's id. What came back is looked at and not waited for: its filter is
        slow.
        """
        reads = [with_lines(read) for read in reads]
        on = asked()
        if not on:
            return list(reads), []
        self._drop_old()
        wait(self._begin([read for read in reads if not read.arrival.limits_lifted], raws, on), timeout=self._patience)
        now: list[Read] = []
        later: list[Read] = []
        for read in reads:
            known = self._asked.get(read.arrival.pk)
            if read.arrival.limits_lifted:
                now.append(read)
            elif known is not None and known.answers.done():
                now.append(replace(read, filters=(*read.filters, *known.answers.result())))
            else:
                later.append(read)
        return now, later

    def forget(self, keys: Iterable[int]) -> None:
        """These are settled; whoever decides them anew asks anew."""
        for key in keys:
            if (known := self._asked.get(key)) is not None and known.answers.done():
                del self._asked[key]

    def close(self) -> None:
        """End the thread; what was asked is asked again by whoever settles the mail."""
        self._background.close()
        self._asked.clear()

    def _begin(self, reads: Sequence[Read], raws: Mapping[int, bytes], on: Sequence[Filter]) -> list[Future[Answers]]:
        """Ask about those that nobody was asked about yet, as many as there is room for."""
        begun: list[Future[Answers]] = []
        thinking = [one.size for one in self._asked.values() if not one.answers.done()]
        count, size = len(thinking), sum(thinking)
        for read in reads:
            pk, raw = read.arrival.pk, raws[read.arrival.pk]
            if pk in self._asked or count >= MOST_ASKED or (count and size + len(raw) > MOST_BYTES):
                continue
            answers = self._background.run(_ask_all(on, _shown(read, raw)))
            self._asked[pk] = _Asked(answers, len(raw), time.monotonic())
            begun.append(answers)
            count, size = count + 1, size + len(raw)
        return begun

    def _drop_old(self) -> None:
        """Answers for which nobody came, and the oldest where there are too many."""
        done = [(pk, one.since) for pk, one in self._asked.items() if one.answers.done()]
        too_many, now = len(self._asked) - MOST_KNOWN, time.monotonic()
        for place, (pk, since) in enumerate(done):
            if place < too_many or now - since > KEPT_SECONDS:
                del self._asked[pk]


def with_lines(read: Read) -> Read:
    """With what the filter before us wrote, where the mail came from a machine of our own."""
    if is_from_outside(read):
        return read
    headers, statements = read.understood.mail.headers, read.understood.proofs.statements
    said = said_before(headers, statements, config().trusted_authserv_id, own_lines(read))
    return replace(read, filters=(said,)) if said else read


def _shown(read: Read, raw: bytes) -> Shown:
    arrival = read.arrival
    outside = is_from_outside(read)
    return Shown(
        raw=raw,
        sender=arrival.sender,
        recipients=tuple(str(one) for one in arrival.recipients),
        peer=arrival.peer if outside else "",
        helo=arrival.helo if outside else "",
    )


async def _ask_all(on: Sequence[Filter], shown: Shown) -> Answers:
    return tuple(await asyncio.gather(*(_ask(one, shown) for one in on)))


async def _ask(one: Filter, shown: Shown) -> Said:
    """Whatever a filter does, there is an answer, and there is one in time."""
    try:
        async with asyncio.timeout(2 * config().filter_seconds):
            return await one.ask(shown)
    except CannotSay as error:
        log.warning("a filter could not say", filter=one.key, why=str(error))
        return Said(one.key, Answer.ACCEPT, str(error))
    except Exception as error:  # noqa: BLE001 a plugin must not stop mail
        log.warning("a filter failed", filter=one.key, error=repr(error))
        return Said(one.key, Answer.ACCEPT, f"{one.key} failed ({type(error).__name__}) and said nothing.")
