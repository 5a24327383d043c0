"""The verbs of the way in: accept, note refusals, replay, explain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict

from django.db import transaction

from postroom.core.delivery.states import ARRIVALS, ArrivalEvent, ArrivalState
from postroom.directory.models import User
from postroom.domains.facts import sole_companies
from postroom.domains.models import AllowedSender
from postroom.inbound.models import InboundMail, Refusal, Route
from postroom.inbound.steps.accept import Arrival, Kept, accept
from postroom.inbound.steps.authenticate import FROM_OUTSIDE, judge_now
from postroom.inbound.steps.collect import gather
from postroom.inbound.steps.decide import decide, trace_of
from postroom.inbound.steps.enact import STATES
from postroom.inbound.steps.filter import with_lines
from postroom.inbound.steps.parse import read_now
from postroom.inbound.work import LONGEST_ADDRESS, clean, read_from
from postroom.infra.changes import tell
from postroom.infra.clock import now
from postroom.infra.database.base import add_up

__all__ = ["Arrival", "Explained", "Kept", "Refused", "accept", "always_allow", "explain", "note_refusals", "replay"]


@dataclass(frozen=True, slots=True)
class Refused:
    """What a door refused. `code` is such as "550 5.1.1"."""

    door: str
    peer: str
    helo: str
    sender: str
    recipient: str
    code: str
    words: str


class Explained(TypedDict):
    """What would become of a mail at one target."""

    target: str
    state: str
    because: str
    recipients: list[str]
    trace: list[dict[str, str]]


def note_refusals(refusals: Sequence[Refused]) -> None:
    """Write refusals down: one row per peer, recipient, code and hour, with a count.

    One about an address of a domain that one company uses is shown to that company.
    """
    at = now()
    owners = sole_companies({_domain(one.recipient) for one in refusals})
    hour = at.replace(minute=0, second=0, microsecond=0)
    rows: dict[tuple[str, str, str], Refusal] = {}
    for one in refusals:
        key = (one.peer[:64], one.recipient[:320], one.code[:12])
        if key in rows:
            rows[key].count += 1
            continue
        rows[key] = Refusal(
            door=one.door[:10],
            peer=key[0],
            helo=one.helo[:255],
            sender=one.sender[:320],
            recipient=key[1],
            code=key[2],
            words=one.words[:1000],
            hour=hour,
            company_id=owners.get(_domain(one.recipient), 0),
            first_at=at,
            last_at=at,
        )
    with transaction.atomic():
        unique = ["peer", "recipient", "code", "hour"]
        add_up(Refusal, list(rows.values()), unique=unique, newest=["last_at", "sender", "helo", "words"])
        tell({(row.company_id, "arrival", "refused") for row in rows.values()})


def _domain(recipient: str) -> str:
    return clean(recipient, LONGEST_ADDRESS).rpartition("@")[2].rstrip(">").lower()


def replay(arrival_ids: Sequence[int], *, by: User, release: bool = False) -> int:
    """Have settled arrivals decided anew; what was posted or reported stays. Returns how many are.

    Those whose bytes are kept no longer stay as they are. A duplicate's route is made anew: until it is decided its
    place belongs to the first. `release` lifts the loop limits from them. The caller has checked that `by` may do this.
    """
    with transaction.atomic():
        arrivals = list(InboundMail.objects.filter(pk__in=arrival_ids, due__isnull=True, raw__isnull=False))
        again = [a for a in arrivals if ARRIVALS.allows(ArrivalState(a.state), ArrivalEvent.REPLAY)]
        ids = [arrival.pk for arrival in again]
        routes = Route.objects.filter(arrival__in=ids)
        routes.filter(state=ArrivalState.DUPLICATE).delete()
        states = ARRIVALS.sources(ArrivalEvent.REPLAY)
        routes.filter(state__in=states).update(state=ArrivalState.ARRIVED, settled_at=None)
        changes = {"limits_lifted": True} if release else {}
        InboundMail.objects.filter(pk__in=ids).update(
            state=ArrivalState.ARRIVED, due=now(), settled_at=None, attempts=0, replayed_by=by.name, **changes
        )
        tell([(arrival.company_id, "arrival", str(arrival.pk)) for arrival in again])
    return len(again)


def always_allow(arrival_id: int, *, by: User) -> int:
    """Release a held arrival and free its sender from the loop limits of the aliases that it was held for."""
    arrival = InboundMail.objects.get(pk=arrival_id)
    held = Route.objects.filter(arrival=arrival_id, state=ArrivalState.HELD, target__startswith="alias:")
    with transaction.atomic():
        AllowedSender.objects.bulk_create(
            [
                AllowedSender(alias_id=int(target.partition(":")[2]), email=arrival.author_email)
                for target in held.values_list("target", flat=True)
            ],
            ignore_conflicts=True,
        )
        return replay([arrival_id], by=by, release=True)


def explain(
    raw: bytes, recipients: Sequence[str], sender: str = "", *, peer: str = "", helo: str = ""
) -> list[Explained]:
    """What would become of this mail, and why; changes nothing. Without recipients the headers tell them. With a `peer`
    it is judged as if that machine handed it over by SMTP, else as by a door of our own machines.

    Raises:
        Unreadable: something in it upsets the reading.

    """
    arrival = InboundMail(
        source=FROM_OUTSIDE if peer else "explain", key="explain", sender=sender, recipients=list(recipients),
        size=len(raw), received_at=now(), peer=peer, helo=helo,
    )  # fmt: skip
    read = with_lines(judge_now(read_from(arrival, read_now(raw))))
    decided = decide(read, gather([read])[0])
    return [
        Explained(
            target=decision.target,
            state=STATES[type(decision)],
            because=decision.because,
            recipients=list(decision.recipients),
            trace=trace_of(decided, decision),
        )
        for decision in decided.decisions
    ]
