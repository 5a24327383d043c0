"""Giving the rows that were chosen in a list to somebody, and saying what became of each."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from postroom.directory.models import User
from postroom.records import services
from postroom.records.services import Assigned
from postroom.web.pages.common import for_users, number, reader
from postroom.web.places import Place, place_of_type

MOST_REASONS = 3  # refusals that are told one by one


@require_POST
@for_users
def assign(request: HttpRequest, type: str) -> HttpResponse:
    """Give the chosen records to `owner` (empty: to nobody), then back to the list."""
    user, place = reader(request), place_of_type(type)
    chosen = [pk for text in request.POST.getlist("record") if (pk := number(text))]
    said, owner = request.POST.get("owner", ""), number(request.POST.get("owner", ""))
    if not chosen or not (owner or said == "nobody"):
        messages.error(request, _("Choose to whom.") if chosen else _("Choose some rows first."))
        return redirect(_back(request, place))
    try:
        outcome = services.assign_many(user=user, record_ids=chosen, owner_id=owner)
        messages.info(request, _told(outcome, owner))
    except services.CannotDo as problem:
        messages.error(request, str(problem))
    return redirect(_back(request, place))


def _told(outcome: Assigned, owner: int | None) -> str:
    """How many are now whose, and which are not and why."""
    words: list[str] = []
    if number := len(outcome.done):
        name = User.objects.get(pk=owner).name if owner else _("nobody")
        said = ngettext("Assigned %(number)d record to %(name)s.", "Assigned %(number)d records to %(name)s.", number)
        words.append(said % {"number": number, "name": name})
    for one in outcome.refused[:MOST_REASONS]:
        words.append(_("Not %(number)s: %(why)s") % {"number": one.number, "why": one.why})
    if (left := len(outcome.refused) - MOST_REASONS) > 0:
        words.append(ngettext("Nor %(left)d more.", "Nor %(left)d more.", left) % {"left": left})
    return " ".join(words)


def _back(request: HttpRequest, place: Place) -> str:
    """The list that it was asked from, with its filter."""
    given = request.POST.get("back", "")
    here = url_has_allowed_host_and_scheme(given, None) and given.split("?", 1)[0] == place.url
    return given if here else place.url
