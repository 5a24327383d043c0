"""Who hears of a conversation: the popover of its followers, and following, changing, leaving."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from postroom.conversations import audience, hearers, services
from postroom.conversations.access import may_write
from postroom.core.addresses import normalise
from postroom.directory.models import User
from postroom.directory.selectors import contact_at, contacts_like
from postroom.records.models import Record
from postroom.records.selectors import record_by_id
from postroom.web.pages.common import for_users, found, number, reader, shortened
from postroom.web.places import record_url
from postroom.web.views import Person

FACES = 3  # avatars on the button


@dataclass(frozen=True, slots=True)
class FollowerShown:
    """A follower as the popover lists them. `inside`: one of our own people, who may hear of notes too;
    `left`: one who was, and hears of nothing.
    """

    contact: int
    person: Person
    inside: bool = False
    left: bool = False
    me: bool = False
    by_mail: bool = True
    discussions: bool = True
    notes: bool = False


@dataclass(frozen=True, slots=True)
class Followers:
    """The popover. `me`: the reader is among them; `said` is what became of the last change, `error` what is wrong."""

    url: str = ""
    people_url: str = ""
    ref: str = ""
    rows: tuple[FollowerShown, ...] = ()
    me: bool = False
    may: bool = False
    error: str = ""

    @property
    def faces(self) -> tuple[Person, ...]:
        return tuple(row.person for row in self.rows[:FACES])


def followers_of(
    user: User, record: Record, error: str = "", known: Sequence[hearers.Known] | None = None
) -> Followers:
    """Who follows a record; no query where `known` has them."""
    rows = tuple(
        FollowerShown(
            contact=one.contact,
            person=Person(one.name, one.emails[0] if one.emails else ""),
            inside=bool(one.user) or one.left,
            left=one.left,
            me=one.user == user.pk,
            by_mail=one.channel == "mail",
            discussions=one.discussions,
            notes=one.notes,
        )
        for one in (audience.following_of(record) if known is None else known)
    )
    return Followers(
        url=reverse("record-followers", args=[record.pk]),
        people_url=reverse("record-people", args=[record.pk]),
        ref=record.ref,
        rows=rows,
        me=any(row.me for row in rows),
        may=may_write(user, record.company_id),
        error=error,
    )


@for_users
def followers(request: HttpRequest, pk: int) -> HttpResponse:
    """The list of the popover; a POST follows, changes what somebody hears of, or removes them."""
    user = reader(request)
    record = found(record_by_id(user, pk))
    error = _change(request, user, record) if request.method == "POST" else ""
    if request.headers.get("HX-Request"):
        shown = followers_of(user, record, error)
        return render(request, "web/records/followers.html", {"followers": shown, "again": True})
    if error:
        messages.error(request, error)
    return redirect(record_url(record.type, record.pk) or "home")


def _change(request: HttpRequest, user: User, record: Record) -> str:
    """Do what the form asks; what is wrong with it, in words, or nothing."""
    given = request.POST
    contact = number(given.get("contact", ""))
    try:
        match given.get("do"):
            case "remove":
                services.unfollow(user=user, record_id=record.pk, contact_id=contact)
            case "change":
                heard = {"discussions": "discussions" in given, "notes": "notes" in given}
                services.follow(user=user, record_id=record.pk, contact_id=contact, **heard)
            case "add":
                found_one = contact or _meant(user, record, given.get("who", ""))
                services.follow(user=user, record_id=record.pk, contact_id=found_one)
            case _:
                services.follow(user=user, record_id=record.pk)
    except services.CannotPost as problem:
        return str(problem)
    return ""


def _meant(user: User, record: Record, text: str) -> int:
    """The contact whom somebody typed: by address, else by name where it is the only one.

    Raises:
        CannotPost: there is nobody, or more than one.

    """
    words = shortened(text)
    email = normalise(words) if "@" in words else ""
    if email:
        if (contact := contact_at(record.company_id, email)) is not None:
            return contact
        raise services.CannotPost(_("Nobody here has the address %(email)s.") % {"email": email})
    ours = [one.contact for one in audience.people(user, record.pk, words)] if words else []
    others = [contact for contact, _name, _email in contacts_like(record.company_id, words)] if words else []
    several = list(dict.fromkeys([*ours, *others]))
    if len(several) != 1:
        known = (
            _("Nobody is called “%(name)s”.") if not several else _("Several are called “%(name)s”: give an address.")
        )
        raise services.CannotPost(known % {"name": words})
    return several[0]


@require_safe
@for_users
def people(request: HttpRequest, pk: int) -> HttpResponse:
    """Contacts whose name or address begins with `q`, as JSON; with `all` our own people too."""
    user, text = reader(request), shortened(request.GET.get("q", ""))
    record = found(record_by_id(user, pk))
    rows = []
    if "all" in request.GET:
        rows = [(one.contact, one.name, one.email) for one in audience.people(user, pk, text)]
    if text:
        rows += contacts_like(record.company_id, text)
    return _as_json(rows)


@require_safe
@for_users
def mentions(request: HttpRequest, pk: int) -> HttpResponse:
    """Our own people whose name begins with `q`, as JSON."""
    user = reader(request)
    found(record_by_id(user, pk))
    near = audience.people(user, pk, shortened(request.GET.get("q", "")))
    return _as_json([(one.contact, one.name, one.email) for one in near])


def _as_json(rows: list[tuple[int, str, str]]) -> JsonResponse:
    return JsonResponse({"people": [{"contact": pk, "name": name, "email": email} for pk, name, email in rows]})
