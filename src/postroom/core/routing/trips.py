"""A round trip of ours that comes back is recognised before any rule is asked: it answers nobody and makes nothing."""

from __future__ import annotations

from postroom.core.proving import Seen, difference, in_words, judge
from postroom.core.routing.decision import Asked, CameBack, Routing
from postroom.core.routing.facts import Facts
from postroom.core.routing.rule import Arriving, addresses
from postroom.core.triage.kinds import Kind, Triage


def came_back(arriving: Arriving, facts: Facts) -> Routing | None:
    """What became of the trip; None where the mail is none, or only says something about one that is still under way.

    A report that it failed ends a trip; one of a delay, a receipt or an answer, by whomever, does not.
    """
    trip, triage = facts.trip, arriving.triage
    returned = _failure(triage)
    is_itself = triage.kind is Kind.MESSAGE and not arriving.mail.in_reply_to  # a trip answers nothing
    if trip is None or not (is_itself or returned):
        return None
    to = addresses(facts.recipients)
    sender = None if facts.from_headers else facts.envelope_sender
    seen = Seen(tuple(sorted(to)), sender, arriving.mail.message_id, returned)
    fates = judge(trip, seen)
    because = in_words(trip, seen, fates)
    decision = CameBack(because, trip.id, trip.company, fates, difference(trip, seen, fates), recipients=to)
    return Routing((decision,), (Asked("round trip", because),))


def _failure(triage: Triage) -> str:
    """Why it could not be delivered, where that is what the mail reports."""
    if triage.kind is not Kind.BOUNCE:
        return ""
    failed = [one for one in triage.recipients if one.action == "failed" or one.status.startswith("5")]
    words = [" ".join(filter(None, (one.address, one.status, one.reason))) for one in failed]
    return "; ".join(words)[:500]
