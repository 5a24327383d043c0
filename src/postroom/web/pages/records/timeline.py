"""What happened to one copy, step by step: when it was queued, every try with the server's own words, what it waits for
now, and how it ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from postroom.core.delivery.states import DeliveryState
from postroom.infra.clock import now
from postroom.outbound.models import ENDED_BADLY, Attempt, Delivery
from postroom.outbound.replies import described
from postroom.web.pages.records.strips import KEPT_HERE, state_of_copy
from postroom.web.trace import State

_S = DeliveryState
RESULTS: Mapping[str, State] = {
    "accepted": State(gettext_lazy("Taken"), "check", "ok"),
    "deferred": State(gettext_lazy("Put off"), "hourglass", "warn"),
    "refused": State(gettext_lazy("Refused"), "x", "bad"),
    "unknown": State(gettext_lazy("No answer"), "unplug", "warn"),
}
UNANSWERED = State(gettext_lazy("Not answered yet"), "loader")
PHASES: Mapping[str, Promise] = {
    "connect": gettext_lazy("at the connection"),
    "greeting": gettext_lazy("at the greeting"),
    "tls": gettext_lazy("at the encryption"),
    "login": gettext_lazy("at the login"),
    "mail": gettext_lazy("at the sender"),
    "rcpt": gettext_lazy("at the recipient"),
    "data": gettext_lazy("before the content"),
    "dot": gettext_lazy("after the content"),
}
BY_THE_TRY = frozenset({_S.ACCEPTED, _S.TRANSMITTING})  # their last try says all that there is to say


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened, or is to happen. `wire` is what the server said, `words` are Postroom's own; `after` are
    seconds in words, `next_try` says when, `at` when it was.
    """

    state: State
    at: datetime | None = None
    where: str = ""
    server: str = ""
    sender: str = ""
    wire: str = ""
    words: str = ""
    after: str = ""
    next_try: datetime | None = None


def timeline(row: Delivery, tries: Sequence[Attempt]) -> tuple[Step, ...]:
    """The steps of a copy with its tries, oldest first."""
    queued = Step(State(_("Queued"), "inbox"), at=row.created_at)
    senders = ["", *(one.dispatch.from_email for one in tries)]
    tried = (_tried(one, before) for one, before in zip(tries, senders, strict=False))
    return (queued, *tried, *_now(row, tries))


def _tried(one: Attempt, before: str) -> Step:
    """A try; its sender only where the one before left from another address."""
    kept = one.outcome == "accepted" and one.dispatch.is_kept_here
    state = KEPT_HERE if kept else RESULTS.get(one.outcome, UNANSWERED)
    took = max(0.0, (one.ended_at - one.began_at).total_seconds()) if one.ended_at else None
    return Step(
        state=State(str(state.word).capitalize() if kept else state.word, state.icon, state.tone),
        at=one.began_at,
        where=str(PHASES.get(one.phase, "")) if state.tone in {"bad", "warn"} else "",
        server=one.dispatch.server_name,
        sender=one.dispatch.from_email if one.dispatch.from_email != before else "",
        wire=one.words if one.code else "",
        words="" if one.code else one.words,
        after="" if took is None else _("%(seconds).1f s") % {"seconds": took},
    )


def _now(row: Delivery, tries: Sequence[Attempt]) -> tuple[Step, ...]:
    """What it waits for, or how it ended, where its last try has not said so."""
    if row.state in BY_THE_TRY and tries:
        return ()
    if row.state == _S.QUEUED:
        return (_waiting(row, tries),)
    said_already = bool(tries) and tries[-1].words in row.words and row.state in {_S.FAILED, _S.UNKNOWN}
    said_already = said_already and "Given up" not in row.words
    meant = explained(row)
    if said_already and not meant:
        return ()
    state = state_of_copy(row.state)
    shown = State(_first_up(str(state.word)), state.icon, state.tone)
    return (Step(shown, at=row.settled_at, words=meant if said_already else f"{row.words} {meant}".strip()),)


def explained(row: Delivery) -> str:
    """What the last reply meant and what to do, in sentences; empty where nothing more is known than its own words."""
    meant = described(row.reply_class)
    if meant is None or not meant.is_named:
        return ""
    return f"{meant.sentence} {meant.to_do(ended=row.state in ENDED_BADLY)}"


def _waiting(row: Delivery, tries: Sequence[Attempt]) -> Step:
    """Why it waits: the last answer, a server that rests, or only that others were first."""
    later = row.due is not None and row.due > now()
    word = _("Waits for the next try") if later else _("Waits for its turn")
    told = bool(tries) and bool(tries[-1].words) and tries[-1].words in row.words
    words = explained(row) if told else row.words
    return Step(State(word, "hourglass", "warn" if later else ""), words=words, next_try=row.due)


def _first_up(words: str) -> str:
    return words[:1].upper() + words[1:]
