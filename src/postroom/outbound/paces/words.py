"""Why a copy waits for a limit: the reason's key, and a sentence that says which limit and until when."""

from __future__ import annotations

from postroom.core.delivery.waiting import Reason
from postroom.core.sending.pacing import Bound
from postroom.outbound.models import Delivery, PaceScope
from postroom.outbound.paces.known import Key

REASONS = {
    PaceScope.SERVER.value: Reason.SERVER_LIMIT,
    PaceScope.SENDER.value: Reason.SENDER_LIMIT,
    PaceScope.DESTINATION.value: Reason.DESTINATION_LIMIT,
    PaceScope.COMPANY.value: Reason.COMPANY_LIMIT,
}
SPANS = {1: "a minute", 60: "an hour", 24 * 60: "a day"}


def reason(key: Key) -> str:
    """What a copy waits for."""
    return REASONS[PaceScope(key[1]).value].value


def sentence(key: Key, bound: Bound, row: Delivery) -> str:
    """Why, and until when; `row` has its new time."""
    learnt = ", learnt from the answers of servers," if bound.learnt else ""
    mails = "mail" if bound.number == 1 else "mails"
    said = f"{_who(key, row)} has a limit of {bound.number:,} {mails} {SPANS[bound.minutes]}{learnt} and it is reached."
    return f"{said} This one leaves about {row.due:%Y-%m-%d %H:%M:%S} UTC."


def _who(key: Key, row: Delivery) -> str:
    _, scope, own = key
    if scope == PaceScope.SERVER:
        return f"The server {row.dispatch.server_name if row.dispatch else own}"
    if scope == PaceScope.COMPANY:
        return "The company"
    return f"Mail from {own}" if scope == PaceScope.SENDER else f"Mail to {own}"
