"""Step 1: keep the bytes. Everything is durable when `accept` returns; only then may a door say yes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import IntegrityError, transaction

from postroom.conversations import facts as conversations
from postroom.core.addresses import normalise
from postroom.core.message.peek import Ids, peek
from postroom.core.proving import tokens_in
from postroom.core.routing.refusals import catchall_only
from postroom.domains import facts as domains
from postroom.inbound.models import InboundMail, RawMail
from postroom.inbound.work import LONGEST_ADDRESS, LONGEST_ID, clean
from postroom.infra import blobs
from postroom.infra.clock import now
from postroom.infra.config import config
from postroom.infra.database.base import insert, wake
from postroom.outbound.proofs.results import known_trips

MOST_NAMED = 32  # ids of a mail among which that of a round trip is looked for


@dataclass(frozen=True, slots=True)
class Arrival:
    """A mail as a door hands it over. `key` is unique within `source`: the same key again keeps nothing twice.

    `from_headers` means that the door had no envelope and took the recipients from the headers.
    """

    source: str
    key: str
    sender: str
    recipients: tuple[str, ...]
    raw: bytes
    peer: str = ""
    helo: str = ""
    tls: str = ""
    from_headers: bool = False


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of it: the arrival's number, or the refusal (code, words) where nothing was kept."""

    arrival_id: int
    refused: tuple[str, str] | None = None


def accept(arrivals: Sequence[Arrival], *, check_catchall: bool = True) -> Sequence[Kept]:
    """Keep these mails in one transaction; mail to a catchall alone that answers nothing of ours is refused.

    Raises:
        DatabaseError, OSError: nothing was kept; the door answers 4xx and the sender tries again.

    """
    ids = [peek(arrival.raw) for arrival in arrivals]
    refused = _catchall_alone(arrivals, ids) if check_catchall else {}
    taken = [index for index in range(len(arrivals)) if index not in refused]
    rows = [_row(arrivals[index], ids[index].message_id) for index in taken]
    kept = _keep(rows, [arrivals[index].raw for index in taken]) if rows else []
    numbers = dict(zip(taken, kept, strict=True))
    return [Kept(numbers.get(index, 0), refused.get(index)) for index in range(len(arrivals))]


def _row(arrival: Arrival, message_id: str) -> InboundMail:
    at = now()
    return InboundMail(
        source=arrival.source,
        key=arrival.key,
        received_at=at,
        due=at,
        sender=clean(arrival.sender, LONGEST_ADDRESS),
        recipients=[clean(one, LONGEST_ADDRESS) for one in arrival.recipients],
        recipients_from_headers=arrival.from_headers,
        peer=arrival.peer[:64],
        helo=clean(arrival.helo, 255),
        tls=arrival.tls[:80],
        size=len(arrival.raw),
        message_id=clean(message_id, LONGEST_ID),
    )


def _keep(rows: list[InboundMail], raws: list[bytes]) -> list[int]:
    try:
        return _insert(rows, raws)
    except IntegrityError:  # a source hands over again what it handed over before: rare, so one by one
        return [_insert_or_find(row, raw) for row, raw in zip(rows, raws, strict=True)]


def _insert(rows: list[InboundMail], raws: list[bytes]) -> list[int]:
    limit = config().inline_limit
    with transaction.atomic():
        large = [raw for raw in raws if len(raw) > limit]
        digests = iter(blobs.put(large)) if large else iter(())
        insert(rows)
        insert(
            RawMail(arrival=row, data=raw) if len(raw) <= limit else RawMail(arrival=row, blob_id=next(digests))
            for row, raw in zip(rows, raws, strict=True)
        )
        wake()
    return [row.pk for row in rows]


def _insert_or_find(row: InboundMail, raw: bytes) -> int:
    row.pk = None
    try:
        return _insert([row], [raw])[0]
    except IntegrityError:
        return InboundMail.objects.values_list("pk", flat=True).get(source=row.source, key=row.key)


def _catchall_alone(arrivals: Sequence[Arrival], ids: Sequence[Ids]) -> dict[int, tuple[str, str]]:
    """The arrivals that came to a catchall alone and answer nothing that we know: their index and refusal."""
    lone = {index: {normalise(a) for a in arrival.recipients} for index, arrival in enumerate(arrivals)}
    catchalls = domains.catchall_addresses(set().union(*lone.values()))
    lone = {index: found for index, found in lone.items() if found and found <= catchalls.keys()}
    if not lone:
        return {}
    known = conversations.known_ids({clean(value, LONGEST_ID) for index in lone for value in ids[index].referenced})
    proving = {index: tokens_in((ids[index].message_id, *ids[index].referenced[:MOST_NAMED])) for index in lone}
    trips = known_trips({token for found in proving.values() for token in found})
    helps = domains.help_addresses({catchalls[address] for found in lone.values() for address in found})
    return {
        index: catchall_only(helps.get(catchalls[min(found)], ""))
        for index, found in lone.items()
        if known.isdisjoint(ids[index].referenced) and trips.keys().isdisjoint(proving[index])
    }
