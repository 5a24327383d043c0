"""Traces in words, and the states of arrivals as people read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from postroom.core.delivery.states import ArrivalState


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a trace: who was asked, and what was said."""

    step: str
    text: str


def trace_of(stored: Sequence[Mapping[str, str]], *, said: str = "") -> tuple[Line, ...]:
    """The lines of a stored trace, names as words; `said` stands above them already and is not repeated."""
    lines = (Line(_words(str(line.get("step", ""))), str(line.get("text", ""))) for line in stored)
    return tuple(line for line in lines if not said or line.text != said)


def _words(name: str) -> str:
    spaced = name.replace("_", " ").strip()
    return spaced[:1].upper() + spaced[1:]


@dataclass(frozen=True, slots=True)
class State:
    """A state as a tag: a word, an icon, and a tone (ok, warn, bad or none)."""

    word: Promise | str
    icon: str
    tone: str = ""


_S = ArrivalState
STATES: Mapping[str, State] = {
    _S.ARRIVED: State(_("Waiting"), "clock"),
    _S.CLAIMED: State(_("Being read"), "loader"),
    _S.RETRYING: State(_("Trying again"), "rotate-cw", "warn"),
    _S.ROUTED: State(_("Routed"), "circle-check", "ok"),
    _S.REPORTED: State(_("Report"), "clipboard-check", "ok"),
    _S.REFUSED: State(_("Refused"), "ban", "warn"),
    _S.HELD: State(_("Held"), "hand", "warn"),
    _S.IGNORED: State(_("Ignored"), "circle-slash"),
    _S.DUPLICATE: State(_("Duplicate"), "copy"),
    _S.FAILED: State(_("Failed"), "triangle-alert", "bad"),
}


def state_of(name: str) -> State:
    """The tag of a state."""
    return STATES.get(name) or State(name, "circle-dot")
