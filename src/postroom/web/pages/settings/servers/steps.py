"""The steps of a connection test as a page shows them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from postroom.outbound.models import OutgoingServer
from postroom.outbound.servers.connection_test import State, Step
from postroom.outbound.servers.results import kept_steps

TITLES: dict[str, Promise] = {
    "resolve": gettext_lazy("Look up %(about)s"),
    "connect": gettext_lazy("Connect to port %(about)s"),
    "tls": gettext_lazy("Encrypt the connection"),
    "login": gettext_lazy("Sign in as %(about)s"),
    "mail": gettext_lazy("Offer a mail from %(about)s"),
    "rcpt": gettext_lazy("Offer it to %(about)s"),
    "reset": gettext_lazy("Withdraw it: nothing is sent"),
    "size": gettext_lazy("Ask how large a mail may be"),
}


@dataclass(frozen=True, slots=True)
class StepShown:
    """A step as a page shows it; `milliseconds` that it took."""

    title: str
    state: str
    said: str = ""
    text: str = ""
    advice: str = ""
    milliseconds: int = 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the steps come to."""

    words: str
    state: str
    milliseconds: int


@dataclass(frozen=True, slots=True)
class Tested:
    """A test that is over; `pk` is the server that it tried as it is kept, 0 where it was not kept."""

    steps: tuple[StepShown, ...]
    verdict: Verdict
    at: datetime | None = None
    pk: int = 0


def tested_of(row: OutgoingServer) -> Tested | None:
    """What the last test of a server found; None where it was never tried as it is now."""
    if row.tested_at is None:
        return None
    steps = [shown(step) for step in kept_steps(row)]
    return Tested(tuple(steps), verdict_of(steps), row.tested_at, row.pk if row.is_active else 0)


def shown(step: Step) -> StepShown:
    """A step in the reader's words."""
    title = str(TITLES.get(step.key, step.key)) % {"about": step.about}
    return StepShown(title, step.state.value, step.said, step.text, step.advice, round(1000 * step.seconds))


def verdict_of(steps: list[StepShown]) -> Verdict:
    """One line about a test that is over."""
    states = [step.state for step in steps]
    took = sum(step.milliseconds for step in steps)
    if State.FAILED in states:
        return Verdict(_("It does not work yet"), "failed", took)
    if count := states.count(State.WARNING):
        words = ngettext("It works, with %(count)d warning", "It works, with %(count)d warnings", count)
        return Verdict(words % {"count": count}, "warning", took)
    return Verdict(_("It works"), "ok", took)
