"""What became of the round trips of a proof: written down as they come back, and at the end for the rest."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db import transaction

from postroom.core.delivery.states import DeliveryState
from postroom.core.proving import CAME, MEANINGS, Fate, Told, Trip, is_green, tags_arrive, without_news
from postroom.core.tokens import Purpose, verify
from postroom.directory.models import User
from postroom.domains.access import changeable
from postroom.domains.models import AliasDomain, TokenKey
from postroom.domains.services import note_arrived, note_tags
from postroom.infra.clock import now
from postroom.infra.database.base import update_rows
from postroom.outbound import choice
from postroom.outbound.models import Delivery, Proof, RoundTrip
from postroom.outbound.services import withdraw
from postroom.outbound.steps.render import press_of

ACTION, EVERY_SECONDS = "outbound.proofs", 15
WRITTEN = ("fates", "words", "arrival", "settled_at")
LATE = "It came after the time was over."


@dataclass(frozen=True, slots=True)
class Back:
    """A trip that came back as this arrival, or that a report in this arrival tells about."""

    trip: int
    fates: tuple[Fate, ...]
    words: str
    arrival: int


def fates_of(trip: RoundTrip) -> tuple[Fate, ...]:
    """What became of a trip; empty while it is under way."""
    return tuple(Fate(one) for one in trip.fates.split(",") if one)


def known_trips(tokens: Collection[str]) -> dict[str, Trip]:
    """The trips that these tokens name, by token; no query where there are none, else four at most."""
    if not tokens:
        return {}
    secrets = {key.number: bytes(key.secret) for key in TokenKey.objects.all()}
    read = {text: token for text in tokens if (token := verify(text, secrets)) and token.purpose is Purpose.PROOF}
    found = RoundTrip.objects.filter(pk__in={token.row for token in read.values()})
    rows = found.select_related("delivery__letter", "delivery__dispatch").in_bulk()
    sent = [row.delivery for row in rows.values() if row.delivery is not None and row.delivery.dispatch is not None]
    press = press_of(sent)
    paths = {delivery.pk: press.return_path(delivery) for delivery in sent}
    return {text: _trip(rows[token.row], paths) for text, token in read.items() if token.row in rows}


def _trip(row: RoundTrip, paths: dict[int, str]) -> Trip:
    delivery = row.delivery
    return Trip(
        id=row.pk,
        company=delivery.company_id if delivery else 0,
        server=delivery.dispatch.server_name if delivery and delivery.dispatch else row.server_name,
        address=row.address,
        base=row.base,
        message_id=row.message_id,
        return_path=paths.get(delivery.pk, "") if delivery else "",
    )


def note(backs: Sequence[Back]) -> None:
    """Within a transaction: write down what came back. What arrived is the last word on a trip; a report is not."""
    if not backs:
        return
    known = {one.trip: one for one in backs}
    for proof in _locked(RoundTrip.objects.filter(pk__in=known).values_list("proof", flat=True)):
        trips = list(proof.trips.order_by("pk"))
        news = [trip for trip in trips if trip.pk in known and CAME.isdisjoint(fates_of(trip))]
        for trip in news:
            back = known[trip.pk]
            late = LATE if proof.closed_at and back.fates[0] is not Fate.RETURNED else ""
            _settle(trip, back.fates, " ".join(filter(None, (back.words, late))), back.arrival)
        update_rows(RoundTrip, news, WRITTEN)
        green = [trip.base for trip in news if not trip.is_tagged and is_green(fates_of(trip))]
        note_arrived(domain_id=proof.domain_id, addresses=green)
        _conclude(proof, trips)


def _locked(keys: Collection[int]) -> list[Proof]:
    return list(Proof.objects.select_for_update(of=("self",)).filter(pk__in=set(keys)).order_by("pk"))


def _settle(trip: RoundTrip, fates: Sequence[Fate], words: str, arrival: int = 0) -> None:
    trip.fates, trip.words, trip.arrival = ",".join(fates), words, arrival
    trip.settled_at = now()


def _conclude(proof: Proof, trips: Sequence[RoundTrip]) -> None:
    """Say whether tags arrive as soon as that is known, and close the proof where nothing is under way any more."""
    is_over = all(trip.fates for trip in trips)
    if is_over or all(trip.fates for trip in trips if trip.is_tagged):
        _conclude_tags(proof, trips)
    if is_over and proof.closed_at is None:
        proof.closed_at = now()
    proof.save(update_fields=["tags_arrive", "closed_at", "stopped"])


def _conclude_tags(proof: Proof, trips: Sequence[RoundTrip]) -> None:
    """The domain learns of it, unless a later proof speaks for it, or it was changed since."""
    told = [Told(trip.server_id or 0, trip.base, trip.is_tagged, fates_of(trip)) for trip in trips]
    arrive = tags_arrive(told)
    if arrive is None or arrive == proof.tags_arrive:
        return
    proof.tags_arrive = arrive
    domain = AliasDomain.objects.select_for_update(no_key=True).get(pk=proof.domain_id)
    is_latest = not Proof.objects.filter(domain=domain, pk__gt=proof.pk).exists()
    same_way = proof.way_in in ("", domain.way_in)  # empty: it began before that was kept
    if is_latest and same_way and all(_is_of(domain, trip) for trip in trips if trip.is_tagged):
        note_tags(domain_id=domain.pk, arrive=arrive)
        choice.forget()


def _is_of(domain: AliasDomain, trip: RoundTrip) -> bool:
    """Whether a tagged trip went to the domain under the name and separator that it has now."""
    local, _, name = trip.base.rpartition("@")
    return name == domain.name and trip.address.startswith(f"{local}{domain.separator}")


def tend() -> str:
    """Look at the proofs that are open: what a server refused ends, and what is due is closed. Says what it did."""
    waiting = list(Proof.objects.filter(closed_at=None).values_list("pk", flat=True))
    closed = sum(_tend(pk) for pk in waiting)
    return f"{len(waiting)} under way, {closed} closed."


def stop(*, user: User, proof_id: int) -> Proof | None:
    """End a proof now; what is under way counts as not come back. None where it is not there for this user."""
    mine = changeable(user).order_by().values("pk")
    with transaction.atomic():
        found = Proof.objects.filter(pk=proof_id, domain__in=mine)
        for proof in _locked(found.values_list("pk", flat=True)):
            if proof.closed_at is None:
                proof.stopped = True
                _end(proof, is_over=True)
            return proof
    return None


def _tend(pk: int) -> bool:
    with transaction.atomic():
        for proof in _locked([pk]):
            if proof.closed_at is None:
                _end(proof, is_over=proof.due <= now())
                return proof.closed_at is not None
    return False


def _end(proof: Proof, *, is_over: bool) -> None:
    """Settle the trips of which nothing more can be heard: those that were refused, and all once the time is over."""
    trips = list(proof.trips.select_related("delivery").order_by("pk"))
    ended, unsent = [], []
    for trip in trips:
        state = trip.delivery.state if trip.delivery else ""
        fate = without_news(state)
        if trip.fates or not (is_over or fate is Fate.REFUSED or state in ("", DeliveryState.CANCELLED)):
            continue
        _settle(trip, [fate], _words(trip.delivery, fate))
        ended.append(trip)
        unsent += [trip.delivery_id] if fate is Fate.NOT_SENT and trip.delivery_id else []
    update_rows(RoundTrip, ended, WRITTEN)
    withdraw(unsent, "Withdrawn: the proof that it belongs to has ended.")
    _conclude(proof, trips)


def _words(delivery: Delivery | None, fate: Fate) -> str:
    """What the server said of it; nothing of its own where it took the mail."""
    if delivery is None:
        return MEANINGS[fate]
    if fate is not Fate.NOT_SENT:
        return delivery.words if fate is not Fate.LOST else ""
    said = delivery.tries.order_by("-pk").values_list("words", flat=True).first()
    return said or delivery.words  # a copy that is withdrawn now is not tried again, whatever its words say
