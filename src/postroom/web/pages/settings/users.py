"""Users: the list with its filter, inviting somebody, one person with form, roles, link, and letting in or not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from postroom.directory import people, users
from postroom.directory.models import User
from postroom.directory.people import Standing
from postroom.directory.profile import LANGUAGES, CannotSave, time_zones
from postroom.directory.roles import Permission, Role
from postroom.directory.services import CannotDo
from postroom.directory.users import Guest, NoPerson, PersonFields, person_fields_of
from postroom.outbound import inviting
from postroom.outbound.inviting import Sent
from postroom.web.meanwhile import FIELD, Meanwhile, laid_on
from postroom.web.meanwhile import shown as form_shown
from postroom.web.pages.common import for_those_who_may, found, key, number, reader, shortened, wants
from postroom.web.pages.settings.domain_form import Option
from postroom.web.trace import State
from postroom.web.views import Person

STANDINGS: Mapping[str, State] = {
    Standing.ACTIVE: State(gettext_lazy("Active"), "circle-check", "ok"),
    Standing.INVITED: State(gettext_lazy("Invited"), "mail", "warn"),
    Standing.DEACTIVATED: State(gettext_lazy("Deactivated"), "ban"),
}
ROLES = {Role.MEMBER: gettext_lazy("Member"), Role.ADMINISTRATOR: gettext_lazy("Administrator")}
ASKED = ("name", "email", "notify_by", "signature", "language", "time_zone")
may_manage = for_those_who_may(Permission.USERS_MANAGE)


@dataclass(frozen=True, slots=True)
class Row:
    """Somebody of the list."""

    id: int
    url: str
    who: Person
    what: str
    standing: State
    current: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """What somebody is in a company."""

    company: int
    name: str
    options: tuple[Option, ...]
    error: str = ""

    @property
    def field(self) -> str:
        return f"role-{self.company}"


@dataclass(frozen=True, slots=True)
class Shown:
    """One person; `is_own`: the reader may change what belongs to the person, too."""

    id: int
    username: str
    who: Person
    standing: State
    is_own: bool
    is_me: bool
    is_active: bool
    is_operator: bool
    profile: PersonFields
    places: tuple[Place, ...] = ()
    errors: Mapping[str, str] = field(default_factory=dict)
    shown: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """The page of users. `one`: somebody was asked for, so phones show them alone. `sent`: a link just made."""

    rows: tuple[Row, ...]
    next: str = ""
    newest: str = ""
    text: str = ""
    standing: str = ""
    person: Shown | None = None
    guest: Guest | None = None
    companies: tuple[Option, ...] = ()
    roles: tuple[Option, ...] = ()
    errors: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""
    sent: Sent | None = None
    one: bool = False

    @property
    def languages(self) -> list[tuple[str, str]]:
        known = dict(LANGUAGES)
        if self.person:
            known.setdefault(self.person.profile.language, self.person.profile.language)
        return sorted(known.items(), key=lambda one: one[1])

    @property
    def time_zones(self) -> tuple[str, ...]:
        own = self.person.profile.time_zone if self.person else "UTC"
        return time_zones() if own in time_zones() else (own, *time_zones())

    @property
    def standings(self) -> list[tuple[str, State]]:
        return list(STANDINGS.items())


@may_manage
def user_list(request: HttpRequest) -> HttpResponse:
    """Everybody whom the reader manages."""
    page = _listed(request)
    if wants(request, "user-rows"):
        return render(request, "web/settings/user_rows.html", {"page": page})
    return _page(request, page)


@require_http_methods(["GET", "HEAD", "POST"])
@may_manage
def user_new(request: HttpRequest) -> HttpResponse:
    """Invite somebody; the link is shown in the answer, and nowhere else."""
    user = reader(request)
    if request.method != "POST":
        first = people.managed(user).values_list("pk", flat=True).first()
        return _invitation(request, Guest(company=first or 0))
    guest = Guest(
        name=shortened(request.POST.get("name", ""), 400),
        email=shortened(request.POST.get("email", ""), 400),
        company=number(request.POST.get("company", "")) or 0,
        role=request.POST.get("role", ""),
    )
    try:
        sent = inviting.invite(user=user, guest=guest)
    except CannotSave as error:
        return _invitation(request, guest, error.problems)
    return _one(request, sent.person.pk, sent=sent)


@require_http_methods(["GET", "HEAD", "POST"])
@may_manage
def user_page(request: HttpRequest, pk: int) -> HttpResponse:
    """One person, and what others say about them."""
    user = reader(request)
    if request.method != "POST":
        return _one(request, pk)
    person = found(people.changeable(user).filter(pk=pk).first())
    given, first = _given(request.POST, person), request.POST.get(FIELD, "")
    try:
        users.edit_person(user=user, person_id=pk, fields=laid_on(given, first, ASKED))
    except CannotSave as error:
        return _one(request, pk, given=given, errors=error.problems, first=first)
    except Meanwhile as other:
        fields, errors = replace(given, **other.values), other.errors({"language": LANGUAGES})
        return _one(request, pk, given=fields, errors=errors, first=other.shown)
    messages.success(request, _("Saved."))
    return redirect("user", pk)


def _given(sent: Mapping[str, str], person: User) -> PersonFields:
    return PersonFields(
        name=sent.get("name", "").replace("\0", "")[:400],
        signature=sent.get("signature", "")[:20_000],
        notify_by=sent.get("notify_by", ""),
        language=sent.get("language", ""),
        time_zone=sent.get("time_zone", ""),
        single_keys=person.single_keys,
        undo_seconds=person.undo_seconds,
        email=shortened(sent.get("email", ""), 400),
    )


@require_POST
@may_manage
def user_roles(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what somebody is in each company that the reader manages."""
    own = people.managed(reader(request)).values_list("pk", flat=True)
    roles = {one: request.POST[f"role-{one}"] for one in own if f"role-{one}" in request.POST}
    try:
        users.set_roles(user=reader(request), person_id=pk, roles=roles)
    except NoPerson:
        return found(None)
    except CannotSave as error:
        return _one(request, pk, errors=error.problems, roles=roles)
    messages.success(request, _("Saved."))
    still = people.people(reader(request)).filter(pk=pk).exists()
    return redirect("user", pk) if still else redirect("users")


@require_POST
@may_manage
def user_link(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a link for a new password; it is shown in the answer, and nowhere else."""
    return _with_link(request, pk, inviting.send_link)


@require_POST
@may_manage
def user_reactivate(request: HttpRequest, pk: int) -> HttpResponse:
    """Let somebody in again, with a link for a new password."""
    return _with_link(request, pk, inviting.reactivate)


def _with_link(request: HttpRequest, pk: int, make: Callable[..., Sent]) -> HttpResponse:
    try:
        return _one(request, pk, sent=make(user=reader(request), person_id=pk))
    except NoPerson:
        return found(None)
    except CannotDo as error:
        return _one(request, pk, problem=str(error))


@require_POST
@may_manage
def user_deactivate(request: HttpRequest, pk: int) -> HttpResponse:
    """Let somebody in no longer."""
    try:
        person = users.deactivate(user=reader(request), person_id=pk)
    except NoPerson:
        return found(None)
    except CannotDo as error:
        return _one(request, pk, problem=str(error))
    messages.success(request, _("%(name)s is deactivated and signed out everywhere.") % {"name": person.name})
    return redirect("user", pk)


def _listed(request: HttpRequest, current: int = 0) -> Page:
    text, standing = shortened(request.GET.get("q", "")), request.GET.get("state", "")
    standing = standing if standing in STANDINGS else ""
    user, before = reader(request), key(request)
    listed = people.people_page(user, text=text, standing=standing, before=before)
    own = {company.pk for company in people.managed(user)}
    rows = tuple(_row(person, own, current) for person in listed.rows)
    asked = {name: value for name, value in (("q", text), ("state", standing)) if value}
    here = reverse("users")
    return Page(
        rows,
        next=f"{here}?{urlencode({**asked, 'before': listed.next})}" if listed.next else "",
        newest=f"{here}?{urlencode(asked)}" if before is not None else "",
        text=text,
        standing=standing,
    )


def _row(person: User, own: set[int], current: int) -> Row:
    several = len(own) > 1
    held = [one for one in person.memberships.all() if one.company_id in own]
    words = [f"{role_word(one.role)}, {one.company.name}" if several else role_word(one.role) for one in held]
    words += [_("Operator")] * person.is_operator
    return Row(
        id=person.pk,
        url=reverse("user", args=[person.pk]),
        who=Person(person.name, person.email),
        what=" · ".join(words) or _("No access"),
        standing=STANDINGS[people.standing_of(person)],
        current=person.pk == current,
    )


def role_word(role: str) -> str:
    """A role as people read it."""
    return str(ROLES[Role(role)]) if role in set(Role) else role


def _invitation(request: HttpRequest, guest: Guest, errors: Mapping[str, str] | None = None) -> HttpResponse:
    owners = people.managed(reader(request))
    page = replace(
        _listed(request),
        guest=guest,
        companies=tuple(Option(str(one.pk), one.name, one.pk == guest.company) for one in owners),
        roles=_roles(guest.role),
        errors=errors or {},
        one=True,
    )
    return _page(request, page, HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK)


def _roles(chosen: str) -> tuple[Option, ...]:
    return tuple(Option(role.value, str(words), role == chosen) for role, words in ROLES.items())


def _one(
    request: HttpRequest,
    pk: int,
    *,
    given: PersonFields | None = None,
    errors: Mapping[str, str] | None = None,
    roles: Mapping[int, str] | None = None,
    problem: str = "",
    sent: Sent | None = None,
    first: str = "",
) -> HttpResponse:
    user = reader(request)
    person = found(people.people(user).filter(pk=pk).prefetch_related("memberships").first())
    owners = list(people.managed(user))
    held = people.roles_of(person, owners) | dict(roles or {})
    wrong = errors or {}
    shown = Shown(
        id=pk,
        username=person.username,
        who=Person(person.name, person.email),
        standing=STANDINGS[people.standing_of(person)],
        is_own=people.changeable(user).filter(pk=pk).exists(),
        is_me=pk == user.pk,
        is_active=person.is_active,
        is_operator=person.is_operator,
        profile=given or person_fields_of(person),
        places=tuple(
            Place(one.pk, one.name, _roles(held.get(one.pk, "")), wrong.get(f"role-{one.pk}", "")) for one in owners
        ),
        errors=wrong,
        shown=first or form_shown(person_fields_of(person)),
    )
    page = replace(_listed(request, pk), person=shown, problem=problem, sent=sent, one=True)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.CONFLICT if problem else HTTPStatus.OK
    return _page(request, page, status)


def _page(request: HttpRequest, page: Page, status: int = HTTPStatus.OK) -> HttpResponse:
    title = page.person.who.shown if page.person else _("Invite somebody") if page.guest else _("Users")
    return render(
        request,
        "web/settings/users.html",
        {"title": title, "here": "settings", "page": page, "person": page.person},
        status=status,
    )
