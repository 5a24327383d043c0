"""Which copies an address of the Outbox asks for: the same words in the list, the queue and the decisions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _

from postroom.core.delivery.waiting import Reason
from postroom.core.sending.facts import DEFAULT_SERVER
from postroom.outbound.models import Lane
from postroom.outbound.queue.copy_filter import DUE, EVERY, NOT_CHOSEN, CopyFilter
from postroom.web.pages.common import number, shortened
from postroom.web.pages.outbox.naming import CHOICES, COPIES, LANES, REASONS

MINE = ("q", "state", "reason", "destination", "server", "lane", "about")
NONE = "none"  # in the place of a server's id: none was chosen yet


@dataclass(frozen=True, slots=True)
class Asked:
    """A filter as addresses write it: `chosen` is the key of `CHOICES`, the rest stands in `by`."""

    chosen: str = ""
    by: CopyFilter = EVERY

    @property
    def parameters(self) -> Mapping[str, str]:
        """What an address says, without what it need not say."""
        by = self.by
        server = "" if by.server is None else NONE if by.server == NOT_CHOSEN else str(by.server)
        lane = "" if by.lane is None else str(by.lane)
        given = (by.text, self.chosen, by.reason, by.destination, server, lane, by.about)
        return {name: value for name, value in zip(MINE, given, strict=True) if value}

    @property
    def narrows(self) -> bool:
        """Whether it asks for more than a state and a text, which the list's own fields show."""
        return bool({*self.parameters} - {"q", "state"})

    def address(self, name: str, **more: object) -> str:
        """The address of a page that is asked so."""
        asked = urlencode({**self.parameters, **{key: value for key, value in more.items() if value}})
        return reverse(name) + (f"?{asked}" if asked else "")

    def words(self, servers: Mapping[int, str]) -> tuple[str, ...]:
        """What it asks for, each in a few words; `servers` are the names by id."""
        by = self.by
        found = [str(COPIES[CHOICES[self.chosen][0]].word)] if self.chosen else []
        if by.reason:
            found.append(str(REASONS.get(by.reason, by.reason)))
        if by.destination:
            found.append(_("to %(domain)s") % {"domain": by.destination})
        if by.server is not None:
            found.append(server_words(by.server, servers.get(by.server, "")))
        if by.lane is not None:
            found.append(str(LANES.get(by.lane, by.lane)))
        if by.about:
            found.append(_("of %(record)s") % {"record": by.about})
        return (*found, *([_("“%(text)s”") % {"text": by.text}] if by.text else []))


def server_words(server: int, name: str) -> str:
    """By which server something waits."""
    if server == NOT_CHOSEN:
        return _("server not chosen yet")
    default = _("the default server") if server == DEFAULT_SERVER else f"#{server}"
    return _("by %(server)s") % {"server": name or default}


def asked(given: QueryDict) -> Asked:
    """What the parameters of an address, or the fields of a form, ask for; what makes no sense asks for nothing."""
    chosen = given.get("state", "")
    chosen = chosen if chosen in CHOICES else ""
    reason, lane = given.get("reason", ""), number(given.get("lane", ""))
    by = CopyFilter(
        states=CHOICES.get(chosen, ()),
        reason=reason if reason == DUE or reason in set(Reason) else "",
        destination=shortened(given.get("destination", "")).lower(),
        server=NOT_CHOSEN if given.get("server") == NONE else number(given.get("server", "")),
        lane=lane if lane in set(Lane) else None,
        about=shortened(given.get("about", ""), 80),
        text=shortened(given.get("q", "")),
    )
    return Asked(chosen, by)


def narrowed(chosen: str = "", **by: object) -> Asked:
    """A filter that a group of the queue stands for."""
    return Asked(chosen, replace(CopyFilter(states=CHOICES.get(chosen, ())), **by))  # type: ignore[arg-type]
