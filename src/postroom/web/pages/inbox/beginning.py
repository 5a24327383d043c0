"""A new message: to whom, about what, on which desk; what is wrong is said beside its field, nothing typed is lost."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from itertools import groupby

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from postroom.conversations.beginning import begin, desks_of
from postroom.conversations.checks import CannotPost
from postroom.conversations.leaving import going_of
from postroom.conversations.models import Message
from postroom.directory.models import User
from postroom.directory.roles import Permission
from postroom.directory.selectors import contacts_like
from postroom.records.models import Desk
from postroom.records.record_types import record_types
from postroom.web.pages.common import for_those_who_may, found, number, reader, shortened
from postroom.web.pages.records.composer import Form, came_before, form_of, problems, said_of, typed_people
from postroom.web.pages.records.composing import KEY_BYTES
from postroom.web.pages.records.going import furthest, times
from postroom.web.pages.times import Choice


@dataclass(frozen=True, slots=True)
class DeskChoice:
    """A desk to begin on."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class NewMessage:
    """The form as it is shown. `groups` are the desks by what lands on them."""

    groups: tuple[tuple[str, tuple[DeskChoice, ...]], ...] = ()
    desk: int = 0
    to: str = ""
    cc: str = ""
    subject: str = ""
    body: str = ""
    key: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)
    people_url: str = ""
    later: tuple[Choice, ...] = ()
    latest: str = ""
    given: str = ""


@require_http_methods(["GET", "HEAD", "POST"])
@for_those_who_may(Permission.RECORDS_WRITE)
def new_message(request: HttpRequest) -> HttpResponse:
    """The form for a new message, and sending it."""
    user = reader(request)
    desks = desks_of(user)
    if request.method != "POST":
        wanted = number(request.GET.get("desk", "")) or (desks[0].pk if desks else 0)
        to = shortened(request.GET.get("to", ""), 1000)
        return _shown(request, NewMessage(_groups(desks), wanted, to, key=secrets.token_urlsafe(KEY_BYTES)))
    form, desk = _form(request), number(request.POST.get("desk", "")) or 0
    errors = _problems(form, desk, desks)
    if not errors:
        try:
            posted = _begin_once(user, form, desk)
        except CannotPost as problem:
            errors["form"] = str(problem)
        except OSError:
            errors["files"] = _("The files could not be kept. Nothing was sent; please try again.")
        else:
            if posted is None or form.leaves or not going_of([posted.pk]):  # else the toast of the page says so
                messages.success(request, said_of(form))
            return redirect("inbox-conversation", posted.thread.record_id) if posted else redirect("inbox")
    given = request.POST
    shown = NewMessage(
        _groups(desks),
        desk,
        given.get("add", ""),
        given.get("copies", ""),
        form.subject,
        form.body,
        form.key,
        errors,
        given=given.get("later_at", "")[:40],
    )
    return _shown(request, shown, HTTPStatus.UNPROCESSABLE_ENTITY)


def _form(request: HttpRequest) -> Form:
    """The composer's own form, with Cc as a field of text."""
    form = form_of(request)
    copied = typed_people(request.POST.get("copies", ""))
    return replace(form, cc=(*form.cc, *copied[0]), strangers=(*form.strangers, *copied[1]))


def _problems(form: Form, desk: int, desks: list[Desk]) -> dict[str, str]:
    found = dict(problems(form))
    if not form.to and "people" not in found:
        found["people"] = _("Say to whom it goes.")
    if not form.subject:
        found["subject"] = _("Give it a subject: what is it about?")
    if desk not in {one.pk for one in desks}:
        found["desk"] = _("Choose a desk of the list.")
    return found


def _begin_once(user: User, form: Form, desk: int) -> Message | None:
    """Send, unless a form with this key did: a key counts only if its message was written."""
    with transaction.atomic():
        if came_before(user, form):
            return None
        return begin(
            user=user,
            desk_id=desk,
            subject=form.subject,
            body=form.body,
            to=form.to,
            cc=form.cc,
            uploads=form.uploads,
            later=form.leaves,
        )


@require_safe
@for_those_who_may(Permission.RECORDS_WRITE)
def people(request: HttpRequest, desk: int) -> JsonResponse:
    """Contacts of the company of a desk whose name or address begins with `q`, as JSON."""
    text = shortened(request.GET.get("q", ""))
    known = found(next((one for one in desks_of(reader(request)) if one.pk == desk), None))
    rows = contacts_like(known.company_id, text) if text else []
    return JsonResponse({"people": [{"contact": pk, "name": name, "email": email} for pk, name, email in rows]})


def _groups(desks: list[Desk]) -> tuple[tuple[str, tuple[DeskChoice, ...]], ...]:
    """The company stands with the desk where there are several."""
    many = len({desk.company_id for desk in desks}) > 1
    kinds = record_types()
    return tuple(
        (
            kinds[type].name if type in kinds else type,
            tuple(DeskChoice(one.pk, f"{one.name} · {one.company.name}" if many else one.name) for one in some),
        )
        for type, some in groupby(desks, key=lambda one: one.record_type)
    )


def _shown(request: HttpRequest, new: NewMessage, status: int = HTTPStatus.OK) -> HttpResponse:
    new = replace(new, people_url=reverse("inbox-people", args=[new.desk]), later=times(), latest=furthest())
    shown = {"title": _("New message"), "here": "inbox", "new": new}
    return render(request, "web/inbox/new.html", shown, status=status)
