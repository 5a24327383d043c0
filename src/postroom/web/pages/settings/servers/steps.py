"""The steps of a connection test as a page shows them."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from postroom.outbound.connection_test import State, Step

TITLES: dict[str, Promise] = {
    "resolve": gettext_lazy("Look up %(about)s"),
    "connect": gettext_lazy("Connect to port %(about)s"),
    "tls": gettext_lazy("Encrypt the connection"),
    "login": gettext_lazy("Sign in as %(about)s"),
    "mail": gettext_lazy("Offer a mail from %(about)s"),
    "rcpt": gettext_lazy("Offer it to %(about)s"),
    "reset": gettext_lazy("Withdraw it: nothing is sent"),
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
