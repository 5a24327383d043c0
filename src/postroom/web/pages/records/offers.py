"""The offer above a conversation: who wrote first what one of us passed on, to be made the record's contact."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from postroom.conversations.access import may_write
from postroom.conversations.checks import CannotPost
from postroom.conversations.forwards import give_back_writer, offer_of, take_writer
from postroom.directory.models import User
from postroom.records.models import Record
from postroom.records.selectors import record_by_id
from postroom.web.pages.common import for_users, found, reader
from postroom.web.places import record_url
from postroom.web.views import Person

VERBS = {"take": take_writer, "undo": give_back_writer}


@dataclass(frozen=True, slots=True)
class OfferShown:
    """Who wrote first (`who`), passed on by `by`, which is empty where that is the reader. Without a `who` there is
    nothing to offer; `url` is where it is answered, empty for those who may only read. `taken`: they are the contact,
    as `taken_by` chose, which is empty where that is the reader. `ref` is the record's.
    """

    who: Person | None = None
    by: str = ""
    url: str = ""
    place: str = ""
    ref: str = ""
    taken: bool = False
    taken_by: str = ""
    error: str = ""


def offer_shown(user: User, record: Record, error: str = "") -> OfferShown:
    """The offer of a record that `user` may read."""
    place = reverse("record-forwarded", args=[record.pk])
    offer = offer_of(record)
    if offer is None:
        return OfferShown(place=place, ref=record.ref, error=error)
    return OfferShown(
        who=Person(offer.name, offer.email, reverse("contact", args=[offer.contact]) if offer.contact else ""),
        by="" if offer.by_user == user.pk else offer.by,
        url=place if may_write(user, record.company_id) else "",
        place=place,
        ref=record.ref,
        taken=offer.taken,
        taken_by="" if offer.taken_by == user.name else offer.taken_by,
        error=error,
    )


@for_users
def forwarded(request: HttpRequest, pk: int) -> HttpResponse:
    """The offer alone; a POST takes it, or gives back what was taken."""
    user = reader(request)
    record, error = found(record_by_id(user, pk)), ""
    if request.method == "POST":
        try:
            found(VERBS.get(request.POST.get("do", "")))(user=user, record_id=pk)
        except CannotPost as problem:
            error = str(problem)
        record = found(record_by_id(user, pk))
    if request.headers.get("HX-Request"):
        offer = offer_shown(user, record, error)
        return render(request, "web/records/offer.html", {"offer": offer})
    if error:
        messages.error(request, error)
    elif request.method == "POST":
        messages.success(request, _("Saved."))
    return redirect(record_url(record.type, record.pk) or "home")
