"""Making and changing a record by form: what is wrong stands beside its field, and nothing that was typed is lost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from postroom.core.addresses import parse_addresses
from postroom.directory.access import companies, may
from postroom.directory.models import User
from postroom.directory.roles import Permission
from postroom.directory.selectors import contacts_like
from postroom.records import lists, selectors, services
from postroom.records.creation import LONGEST_TITLE
from postroom.records.entering import LONGEST_NOTES, Entered
from postroom.records.models import Desk, Record, Stage
from postroom.records.record_types import record_type
from postroom.web.meanwhile import FIELD, Meanwhile, merged, shown
from postroom.web.pages.common import for_users, found, number, reader, shortened
from postroom.web.places import Place, place_of_type, record_url

FIELDS = ("title", "desk", "stage", "owner", "who", "contact", "notes")
BESIDE = {
    "desk_id": "desk", "stage_id": "stage", "owner_id": "owner", "contact_id": "who", "contact_email": "who",
    "contact_name": "who", "contact": "who",
}  # fmt: skip
"""The field of the form beside which a field's problem is said, where it is called otherwise."""


@dataclass(frozen=True, slots=True)
class DeskChoice:
    """A desk with its stages (id and name), as the form offers them."""

    id: int
    name: str
    chosen: bool = False
    stages: tuple[tuple[int, str], ...] = ()
    people: str = ""


@dataclass(frozen=True, slots=True)
class RecordForm:
    """The form as it is shown. `url` is where it goes, `back` where it is left to; `pk` is 0 for a new record."""

    place: Place
    kind: str
    url: str
    back: str
    pk: int = 0
    heading: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    desks: tuple[DeskChoice, ...] = ()
    owners: tuple[tuple[int, str], ...] = ()
    shown: str = ""
    longest_title: int = LONGEST_TITLE
    longest_notes: int = LONGEST_NOTES

    @property
    def desk(self) -> DeskChoice | None:
        """The desk that is chosen, else the first."""
        return next((one for one in self.desks if one.chosen), self.desks[0] if self.desks else None)

    @property
    def problem(self) -> str:
        """What is wrong with none of the fields shown."""
        return " ".join(words for name, words in self.errors.items() if name not in FIELDS)

    @property
    def owner(self) -> int:
        return number(self.values.get("owner", "")) or 0

    @property
    def stage(self) -> int:
        return number(self.values.get("stage", "")) or 0


@require_http_methods(["GET", "HEAD", "POST"])
@for_users
def new(request: HttpRequest, type: str) -> HttpResponse:
    """A new record; saved, its page opens."""
    user, place = reader(request), place_of_type(type)
    if not may(user, Permission.RECORDS_WRITE):
        raise PermissionDenied
    if request.method != "POST":
        desk = number(request.GET.get("desk", ""))
        return _shown(request, _form(user, place, None, {"desk": str(desk or ""), "owner": str(user.pk)}))
    values = _values(request)
    try:
        record = services.create_record(
            user=user,
            type=type,
            title=values["title"],
            desk_id=number(values["desk"]) or 0,
            owner_id=number(values["owner"]),
            stage_id=number(values["stage"]),
            notes=values["notes"],
            **_contact(values),
        )
    except services.CannotDo as problem:
        return _refused(request, user, place, None, values, problem)
    messages.success(request, _("Created %(number)s.") % {"number": record.number})
    return redirect(record_url(type, record.pk))


@require_http_methods(["GET", "HEAD", "POST"])
@for_users
def edit(request: HttpRequest, type: str, pk: int) -> HttpResponse:
    """Change a record; saved, its page opens."""
    user, place = reader(request), place_of_type(type)
    record = found(selectors.record(user, type, pk))
    if record.company_id not in companies(user, Permission.RECORDS_WRITE):
        raise PermissionDenied
    if request.method != "POST":
        return _shown(request, _form(user, place, record, _values_of(record)))
    values, first = _values(request), request.POST.get(FIELD, "")
    try:
        services.change_record(user=user, record_id=pk, entered=lambda row: _entered(values, row, first))
    except services.CannotDo as problem:
        return _refused(request, user, place, record, values, problem, first)
    except Meanwhile as other:
        return _meanwhile(request, user, place, record, other)
    messages.success(request, _("Saved %(number)s.") % {"number": record.number})
    return redirect(record_url(type, pk))


@require_safe
@for_users
def people(request: HttpRequest, desk: int) -> HttpResponse:
    """Contacts of the desk's company whose name or address begins with `q`, as JSON."""
    mine = companies(reader(request), Permission.RECORDS_WRITE)
    company = Desk.objects.filter(pk=desk, company_id__in=mine).values_list("company_id", flat=True).first()
    if company is None:
        raise Http404
    text = shortened(request.GET.get("q", ""))
    rows = contacts_like(company, text) if text else []
    return JsonResponse({"people": [{"contact": pk, "name": name, "email": email} for pk, name, email in rows]})


def _shown(request: HttpRequest, form: RecordForm, status: int = HTTPStatus.OK) -> HttpResponse:
    context = {"title": form.heading, "here": form.place.name, "form": form}
    return render(request, "web/records/form.html", context, status=status)


def _refused(
    request: HttpRequest, user: User, place: Place, record: Record | None, values: dict[str, str],
    problem: services.CannotDo, first: str = "",
) -> HttpResponse:  # fmt: skip
    """The form as it was filled in, with what is wrong beside its fields."""
    errors = {BESIDE.get(name, name): words for name, words in problem.problems.items()} or {"": str(problem)}
    form = _form(user, place, record, values, errors)
    return _shown(request, replace(form, shown=first), HTTPStatus.UNPROCESSABLE_ENTITY)


def _meanwhile(request: HttpRequest, user: User, place: Place, record: Record, other: Meanwhile) -> HttpResponse:
    """The form where somebody else changed the same fields, with what they say now beside them."""
    form = _form(user, place, record, other.values)
    words: dict[str, dict[str, str]] = {
        "desk": {str(desk.id): desk.name for desk in form.desks},
        "stage": {str(pk): name for desk in form.desks for pk, name in desk.stages},
        "owner": {str(pk): name for pk, name in form.owners},
        "contact": {other.known["contact"]: other.known["who"]},
    }
    errors = {BESIDE.get(name, name): said for name, said in other.errors(words).items()}
    return _shown(request, replace(form, errors=errors, shown=other.shown), HTTPStatus.UNPROCESSABLE_ENTITY)


def _values(request: HttpRequest) -> dict[str, str]:
    return {name: request.POST.get(name, "") for name in FIELDS}


def _values_of(record: Record) -> dict[str, str]:
    return {
        "title": record.title,
        "desk": str(record.desk_id or ""),
        "stage": str(record.stage_id or ""),
        "owner": str(record.owner_id or ""),
        "who": record.contact.name if record.contact else "",
        "contact": str(record.contact_id or ""),
        "notes": record.notes,
    }


def _contact(values: Mapping[str, str]) -> dict[str, Any]:
    """The contact: who was picked, else the address that was typed, with a name before it or without."""
    picked, words = number(values["contact"]), values["who"].strip()
    if picked or not words:
        return {"contact_id": picked if words else None}
    written = parse_addresses(words)
    if len(written) == 1:
        return {"contact_id": None, "contact_email": written[0].email, "contact_name": written[0].name}
    return {"contact_id": None, "contact_email": words}


def _entered(given: Mapping[str, str], record: Record, first: str) -> Entered:
    """What the form changes of a record; a desk that none has stays none.

    Raises:
        Meanwhile: somebody else changed the same fields since the form was `first` shown.

    """
    known = _values_of(record)
    values = merged(known, given, first)
    changed = {name for name in FIELDS if values[name] != known[name]}
    entered: dict[str, Any] = {name: values[name] for name in ("title", "notes") if name in changed}
    if "owner" in changed:
        entered["owner_id"] = number(values["owner"])
    for name in {"desk", "stage"} & changed:
        if pk := number(values[name]):  # the old desk's stage does not go along to another desk
            entered[f"{name}_id"] = pk
    whose = _contact(given) if {"who", "contact"} & changed else {}
    return cast("Entered", entered | whose)


def _form(
    user: User, place: Place, record: Record | None, values: Mapping[str, str], errors: Mapping[str, str] | None = None
) -> RecordForm:
    kind = record_type(place.type).name
    return RecordForm(
        place=place,
        kind=kind,
        url=reverse(f"{place.name}-edit", args=[record.pk]) if record else reverse(f"{place.name}-new"),
        back=record_url(place.type, record.pk) if record else place.url,
        pk=record.pk if record else 0,
        heading=_("Edit %(number)s") % {"number": record.number}
        if record
        else _("New %(kind)s") % {"kind": kind.lower()},
        values=values,
        shown=shown(_values_of(record)) if record else "",
        errors=errors or {},
        desks=_desks(user, place, record, number(values.get("desk", ""))),
        owners=tuple(_owners(user, record)),
    )


def _desks(user: User, place: Place, record: Record | None, chosen: int | None) -> tuple[DeskChoice, ...]:
    """The desks that the record may be on, those of its own company once it is there; two queries."""
    rows = lists.desks(user, place.type, Permission.RECORDS_WRITE)
    rows = [desk for desk in rows if record is None or desk.company_id == record.company_id]
    several = len({desk.company_id for desk in rows}) > 1
    stages: dict[int, list[tuple[int, str]]] = {}
    for desk, pk, name in Stage.objects.filter(desk__in=rows).order_by("position").values_list("desk_id", "pk", "name"):
        stages.setdefault(desk, []).append((pk, name))
    return tuple(
        DeskChoice(
            id=desk.pk,
            name=f"{desk.name} · {desk.company.name}" if several else desk.name,
            chosen=desk.pk == chosen,
            stages=tuple(stages.get(desk.pk, ())),
            people=reverse("desk-people", args=[desk.pk]),
        )
        for desk in rows
    )


def _owners(user: User, record: Record | None) -> list[tuple[int, str]]:
    """Who may own it; with who owns it now, even where they have left."""
    people = lists.owners(user, record.company_id if record else None)
    if record and record.owner and record.owner_id not in dict(people):
        people.append((record.owner.pk, record.owner.name))
    return people
