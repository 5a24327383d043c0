"""How much needs attention, as the rail of every page shows it: counted on Home, remembered in the session."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest

from postroom.infra.clock import now

FRESH = 60.0  # seconds for which the number is believed
KEPT = "attention"


@dataclass(frozen=True, slots=True)
class Number:
    """How much needs attention, as the rail shows it; not `fresh`: the page asks for it soon after it has loaded."""

    count: int = 0
    fresh: bool = False


def number_of(request: HttpRequest) -> Number:
    """What was counted last in this session: counting anew on each page would cost more than the page itself."""
    count, at = request.session.get(KEPT, (0, 0.0))
    return Number(count, 0 <= now().timestamp() - at < FRESH)


def keep(request: HttpRequest, count: int) -> None:
    """Remember the number; a session is written only where that changes something."""
    if number_of(request) != Number(count, True):
        request.session[KEPT] = (count, now().timestamp())
