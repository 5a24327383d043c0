"""Which arrivals of a batch have to wait for each other, where more is known than their headers say.

The answers of one sender are settled one after the other because each counts for the loop limit of its thread. Where
the batch shows which threads they answer, only those of the same thread have to: a form or a list that writes under one
address is then settled as fast as a thousand people.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from postroom.conversations.facts import Known, messages_by_id
from postroom.core.routing.batching import waves
from postroom.inbound.steps.collect import echo_counter
from postroom.inbound.work import Read, may_hold_token


@dataclass(frozen=True, slots=True)
class Tied:
    """An arrival and what ties it to others of its batch. It is `core.routing.batching.Keyed`."""

    read: Read
    sender: str
    referenced: tuple[str, ...]

    @property
    def message_id(self) -> str:
        return self.read.message_id

    @property
    def content_key(self) -> str:
        return self.read.content_key

    @property
    def creates_only(self) -> bool:
        return self.read.creates_only


def in_waves(reads: Sequence[Read]) -> list[list[Read]]:
    """The arrivals split into waves; one query where somebody wrote several of them, none otherwise."""
    mails = Counter(read.sender for read in reads)
    answers = [read for read in reads if not read.creates_only and mails[read.sender] > 1]
    known = messages_by_id({value for read in answers for value in read.referenced}) if answers else {}
    own = {read.message_id for read in reads}
    unsure = {read.sender for read in answers if not _is_sure(read, known, own)}
    sure = {read.sender for read in answers} - unsure
    return [[tied.read for tied in wave] for wave in waves([_tie(read, known, sure) for read in reads])]


def _is_sure(read: Read, known: Mapping[str, Sequence[Known]], own: set[str]) -> bool:
    """Whether the threads that it may land in are those that its references name already."""
    if any(map(may_hold_token, read.arrival.recipients)) or not own.isdisjoint(read.referenced):
        return False
    return any(value in known for value in read.referenced)


def _tie(read: Read, known: Mapping[str, Sequence[Known]], sure: set[str]) -> Tied:
    if read.creates_only or read.sender not in sure:
        return Tied(read, read.sender, read.referenced)
    threads = {f"{read.sender} in thread {hit.thread}" for value in read.referenced for hit in known.get(value, ())}
    return Tied(read, "", (*read.referenced, *threads, echo_counter(read)))
