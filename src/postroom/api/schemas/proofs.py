"""Proofs of alias domains as the API gives them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

from ninja import Field, Schema

from postroom.api.schemas.common import Time
from postroom.core.proving import CAME, MEANINGS, Fate
from postroom.outbound.models import Proof, RoundTrip
from postroom.outbound.proofs.results import fates_of

FATES = "; ".join(f"{fate.value}: {MEANINGS[fate]}" for fate in Fate)


class TripOut(Schema):
    """A round trip: a mail by one server to one address."""

    server: int | None = Field(description="Null for the default server.")
    server_name: str
    address: str = Field(description="As it was written to, with its tag.")
    tagged: bool
    fates: list[str] = Field(description=f"What matters most comes first. {FATES}")
    words: str = Field(description="What differed, or what a server said.")
    arrival: int | None
    delivery: int | None

    @classmethod
    def of(cls, row: RoundTrip) -> Self:
        return cls(
            server=row.server_id,
            server_name=row.server_name,
            address=row.address,
            tagged=row.is_tagged,
            fates=[fate.value for fate in fates_of(row) or (Fate.WAITING,)],
            words=row.words,
            arrival=row.arrival or None,
            delivery=row.delivery_id,
        )


class ProofOut(Schema):
    """A proof of a domain, with its round trips."""

    id: int
    domain: int
    began_at: Time
    due: Time = Field(description="What has not come back by then is given up.")
    closed_at: Time | None = Field(description="Null while it is under way.")
    stopped: bool
    came_back: int
    left_out: int = Field(description="Round trips for which there was no room.")
    tags_arrive: bool | None = Field(description="Null where it cannot be told.")
    trips: list[TripOut]

    @classmethod
    def of(cls, row: Proof, trips: Sequence[RoundTrip]) -> Self:
        return cls(
            id=row.pk,
            domain=row.domain_id,
            began_at=row.began_at,
            due=row.due,
            closed_at=row.closed_at,
            stopped=row.stopped,
            came_back=sum(not CAME.isdisjoint(fates_of(trip)) for trip in trips),
            left_out=row.left_out,
            tags_arrive=row.tags_arrive,
            trips=[TripOut.of(trip) for trip in trips],
        )


class ProofList(Schema):
    """Proofs of a domain, the latest first: the last ten are kept."""

    items: list[ProofOut]
    next: str | None
