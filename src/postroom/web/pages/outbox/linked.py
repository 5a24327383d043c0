"""Files that went as links, as their senders see them: to whom, until when, opened or not; revoke and renew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from postroom.directory.access import companies
from postroom.directory.models import User
from postroom.directory.roles import Permission
from postroom.infra.config import config
from postroom.outbound import links, selectors
from postroom.outbound.links import LinkShown, LinkState
from postroom.outbound.models import DownloadLink
from postroom.web.pages.common import for_those_who_may, found, number, reader
from postroom.web.trace import State

STATES: Mapping[LinkState, State] = {
    LinkState.THERE: State(gettext_lazy("Open"), "link", "ok"),
    LinkState.REVOKED: State(gettext_lazy("Revoked"), "ban", "warn"),
    LinkState.EXPIRED: State(gettext_lazy("Over"), "clock"),
}


@dataclass(frozen=True, slots=True)
class LinkRow:
    """A link as a page shows it; `there`: it leads to its file. `size` in bytes."""

    id: int
    name: str
    size: int
    who: str
    state: State
    there: bool
    until: datetime
    revoked_at: datetime | None = None
    revoked_by: str = ""
    first_opened_at: datetime | None = None
    opened: int = 0


@dataclass(frozen=True, slots=True)
class LinksShown:
    """Links, and where the form posts by which one decides about them; `may`: the reader decides."""

    rows: tuple[LinkRow, ...] = ()
    url: str = ""
    may: bool = False
    renew: str = ""

    @property
    def several(self) -> bool:
        """Whether there is more than one to revoke."""
        return sum(row.there for row in self.rows) > 1


def links_shown(user: User, company: int, shown: Sequence[LinkShown], url: str) -> LinksShown:
    """The links of one company as `user` sees them."""
    days = config().link_days
    return LinksShown(
        rows=tuple(map(_row, shown)),
        url=url,
        may=company in companies(user, Permission.OUTBOUND_MANAGE),
        renew=ngettext("Renew for %(count)d day", "Renew for %(count)d days", days) % {"count": days},
    )


def _row(one: LinkShown) -> LinkRow:
    return LinkRow(
        id=one.id,
        name=one.name or _("file"),
        size=one.size,
        who=one.person or one.address,
        state=STATES[one.state],
        there=one.state is LinkState.THERE,
        until=one.expires_at,
        revoked_at=one.revoked_at,
        revoked_by=one.revoked_by,
        first_opened_at=one.first_opened_at,
        opened=one.opened,
    )


@require_POST
@for_those_who_may(Permission.OUTBOUND_READ)
def outbound_links(request: HttpRequest, pk: int) -> HttpResponse:
    """Revoke or renew a link of a copy, or all of them."""
    user, back = reader(request), reverse("outbound-copy", args=[pk])
    row = found(selectors.delivery(user, pk)).delivery
    return act(request, links_shown(user, row.company_id, links.links_of([pk]), back))


def act(request: HttpRequest, shown: LinksShown) -> HttpResponse:
    """Revoke or renew the one of these links that the form names, or all; back to where they stand."""
    if not shown.may:
        raise PermissionDenied
    asked = number(request.POST.get("link", ""))
    known = [one.id for one in shown.rows if asked in {None, one.id}]
    action = request.POST.get("action", "")
    if action not in VERBS or (asked is not None and not known):
        raise Http404
    done = VERBS[action](reader(request), DownloadLink.objects.filter(pk__in=known))
    messages.success(request, _said(action, done))
    return redirect(shown.url)


VERBS = {"revoke": links.revoke, "renew": links.renew}


def _said(action: str, done: int) -> str:
    if not done:
        return _("Nothing was changed.")
    if action == "revoke":
        words = ngettext("Revoked: the link leads nowhere.", "Revoked: %(count)d links lead nowhere.", done)
    else:
        words = ngettext("Renewed: the link leads to its file.", "Renewed: %(count)d links lead to their files.", done)
    return words % {"count": done}
