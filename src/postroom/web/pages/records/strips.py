"""To whom a message went: the strip of copies under it, each with its state in words."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from postroom.conversations.leaving import going_of
from postroom.conversations.states import READ, UNREAD, CopyShown, states_of
from postroom.core.delivery.states import DELIVERIES, DeliveryEvent, DeliveryState
from postroom.core.delivery.waiting import WANTED, Reason
from postroom.directory.access import may
from postroom.directory.models import User
from postroom.directory.roles import Permission
from postroom.infra.clock import now
from postroom.web.pages.records.going import GoingShown, going_shown
from postroom.web.trace import State

FOLDED = 3  # copies that a strip shows before it folds the rest

_S = DeliveryState
COPY_STATES: Mapping[str, State] = {
    _S.HELD: State(gettext_lazy("held: waits for a person to release it"), "hand", "warn"),
    _S.QUEUED: State(gettext_lazy("waits for its turn"), "clock"),
    _S.CLAIMED: State(gettext_lazy("is about to be sent"), "clock"),
    _S.TRANSMITTING: State(gettext_lazy("is being handed to the server"), "loader"),
    _S.ACCEPTED: State(gettext_lazy("taken by the server"), "check", "ok"),
    _S.UNKNOWN: State(gettext_lazy("may have been sent: no answer came"), "circle-question-mark", "warn"),
    _S.DELIVERED: State(gettext_lazy("delivered"), "mail-check", "ok"),
    _S.FAILED: State(gettext_lazy("not delivered"), "mail-warning", "bad"),
    _S.BOUNCED: State(gettext_lazy("returned after the server had taken it"), "mail-warning", "bad"),
    _S.COMPLAINED: State(gettext_lazy("marked as spam by the recipient"), "flag", "bad"),
    _S.CANCELLED: State(gettext_lazy("withdrawn before it was sent"), "ban"),
    UNREAD: State(gettext_lazy("in the inbox, not read yet"), "inbox"),
    READ: State(gettext_lazy("read in the inbox"), "check-check", "ok"),
    "": State(gettext_lazy("what became of it is no longer kept"), "circle-dashed"),
}
KEPT_HERE = State(gettext_lazy("kept in the outbox, not sent"), "archive")
DELAYED = State(gettext_lazy("delayed: waits for the next try"), "clock-alert", "warn")
WHAT_KEPT_MEANS = gettext_lazy("Kept on this machine and not sent: no outgoing server was connected.")
SAID = frozenset({_S.QUEUED, _S.FAILED, _S.BOUNCED, _S.HELD, _S.CANCELLED})  # states whose own words a strip quotes
URGENT = {"bad": 0, "warn": 1}
MOST_URGENT = 20  # failures that a strip shows unfolded
NOBODY = "0"  # the mark of a strip without anybody


@dataclass(frozen=True, slots=True)
class CopyLine:
    """One copy in a strip. `said` is quoted after the words of the state; `due` is the next try.

    `doubles`: to send it again may give a second copy. `key` and `url` name its details, empty for who is told in
    the inbox: words, since a page shows hundreds of them. `sent_as`: the From on the wire, where it was changed.
    `links`: how many files it names instead of carrying them.
    """

    id: int
    name: str
    email: str
    state: State
    by_mail: bool = True
    ours: bool = False
    because: str = ""
    said: str = ""
    due: datetime | None = None
    again: bool = False
    doubles: bool = False
    cancel: bool = False
    key: str = ""
    url: str = ""
    sent_as: str = ""
    links: int = 0

    @property
    def shown(self) -> str:
        return self.name or self.email


@dataclass(frozen=True, slots=True)
class Strip:
    """To whom a message went: the lines that show and those that are folded. `mark` changes whenever they do.

    A note has neither: `told` says in words who of our own people heard of it. `going`: it has not left yet.
    """

    message: int = 0
    lines: tuple[CopyLine, ...] = ()
    folded: tuple[CopyLine, ...] = ()
    told: tuple[str, ...] = ()
    mark: str = NOBODY
    bad: bool = False
    going: GoingShown | None = None

    @property
    def folded_words(self) -> str:
        """What the folded ones are, without opening them."""
        counted = Counter(str(line.state.word) for line in self.folded)
        count = len(self.folded)
        more = ngettext("%(count)d more", "%(count)d more", count) % {"count": count}
        return f"{more}: {', '.join(f'{number} {words}' for words, number in counted.items())}"


def strips_of(user: User, notes: Mapping[int, bool], ours: Collection[int] | None = None) -> dict[int, Strip]:
    """The strips of messages by id; `notes` says which of them are notes. Two queries, one where `ours`, those that
    users wrote, is empty: only what a user wrote can still be on its way out.
    """
    written = list(notes if ours is None else ours)
    heard, going = states_of(user, list(notes)), going_of(written) if written else {}
    manage = may(user, Permission.OUTBOUND_MANAGE)
    strips = {
        pk: _note_strip(pk, heard[pk]) if note else _strip(pk, heard[pk], manage=manage) for pk, note in notes.items()
    }
    for pk, one in going.items():
        strips[pk] = _going(strips[pk], going_shown(user, one))
    return strips


def _going(strip: Strip, shown: GoingShown | None) -> Strip:
    if shown is None:
        return strip
    return replace(strip, going=shown, mark=f"{strip.mark}-{int(shown.at.timestamp())}")


def _strip(message: int, heard: Sequence[CopyShown], *, manage: bool) -> Strip:
    lines = sorted((_line(one, manage=manage) for one in heard), key=lambda line: URGENT.get(line.state.tone, 2))
    urgent = sum(line.state.tone == "bad" for line in lines[:MOST_URGENT])
    shown = max(urgent, len(lines) if len(lines) <= FOLDED + 1 else FOLDED)  # one alone is not worth folding
    bad = any(line.state.tone == "bad" for line in lines)
    return Strip(message, tuple(lines[:shown]), tuple(lines[shown:]), mark=_mark(heard), bad=bad)


def _note_strip(message: int, heard: Sequence[CopyShown]) -> Strip:
    return Strip(message, told=tuple(_told(one) for one in heard), mark=_mark(heard))


def _told(one: CopyShown) -> str:
    names = {"name": one.name or one.email, "words": one.said}
    if state_of_copy(one.state).tone == "bad":
        return _("%(name)s could not be told by mail: %(words)s") % names
    return (_("%(name)s by mail") if one.channel == "mail" else _("%(name)s in the inbox")) % names


def _mark(heard: Sequence[CopyShown]) -> str:
    seed = repr([(one.email, one.state, one.said, one.due, one.delayed) for one in heard])
    return f"{zlib.crc32(seed.encode('utf-8', 'replace')):x}" if heard else NOBODY


def _line(one: CopyShown, *, manage: bool) -> CopyLine:
    waits = one.state == _S.QUEUED and one.due is not None and bool(one.said) and one.due > now()
    return CopyLine(
        id=one.delivery_id,
        name=one.name,
        email=one.email,
        state=_state(one, waits=waits),
        by_mail=one.channel == "mail",
        ours=one.is_ours,
        because=one.because,
        said=one.said if one.state in SAID and not (waits and one.reason in WANTED) else "",
        due=one.due if waits else None,
        again=manage and allows(one.state, DeliveryEvent.SEND_AGAIN),
        doubles=one.state == _S.UNKNOWN,
        cancel=manage and allows(one.state, DeliveryEvent.CANCEL),
        key=str(one.delivery_id) if one.delivery_id else "",
        url=f"{_place_of_copies()}{one.delivery_id}" if one.delivery_id else "",
        sent_as="" if one.is_ours else one.sent_as,
        links=one.links,
    )


def _state(one: CopyShown, *, waits: bool) -> State:
    if waits and one.reason == Reason.UNDO:
        return State(_("leaves"), "clock")
    if waits and one.reason == Reason.SCHEDULED:
        return State(_("is scheduled to leave"), "calendar-clock")
    if one.delayed:
        return DELAYED
    if waits:
        return State(_("waits for the next try"), "clock", "warn")
    return KEPT_HERE if one.kept_here else state_of_copy(one.state)


@cache
def _place_of_copies() -> str:
    return reverse("copy", args=[0]).removesuffix("0")


def state_of_copy(name: str) -> State:
    """The words, icon and tone of a copy's state."""
    return COPY_STATES.get(name) or State(name, "circle-dashed")


def allows(state: str, event: DeliveryEvent) -> bool:
    """Whether a person may do this to a copy in this state."""
    return (state, event) in DELIVERIES.steps
