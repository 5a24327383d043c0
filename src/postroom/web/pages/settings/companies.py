"""Companies: name, language and time zone; operators see all of them and add new ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from postroom.directory import people
from postroom.directory.access import may
from postroom.directory.companies import CompanyFields, edit_company, fields_of
from postroom.directory.models import Company
from postroom.directory.profile import LANGUAGES, CannotSave, time_zones
from postroom.directory.roles import Permission
from postroom.domains.companies import add_company
from postroom.web.meanwhile import FIELD, Meanwhile, laid_on, shown
from postroom.web.pages.common import for_those_who_may, found, key, reader, shortened
from postroom.web.pages.settings.listing import next_url

MOST = 50
may_manage = for_those_who_may(Permission.USERS_MANAGE)


@dataclass(frozen=True, slots=True)
class Page:
    """The page of companies. `pk` 0 with `fields`: a new one."""

    rows: tuple[Company, ...]
    pk: int = 0
    slug: str = ""
    fields: CompanyFields | None = None
    errors: Mapping[str, str] = field(default_factory=dict)
    may_add: bool = False
    next: str = ""
    newest: str = ""
    one: bool = False
    shown: str = ""

    @property
    def languages(self) -> list[tuple[str, str]]:
        known = dict(LANGUAGES)
        if self.fields:
            known.setdefault(self.fields.language, self.fields.language)
        return sorted(known.items(), key=lambda one: one[1])

    @property
    def time_zones(self) -> tuple[str, ...]:
        own = self.fields.time_zone if self.fields else "UTC"
        return time_zones() if own in time_zones() else (own, *time_zones())


@may_manage
def company_list(request: HttpRequest) -> HttpResponse:
    """The companies that the reader manages; wide screens show the first of them."""
    first = people.managed(reader(request)).order_by("-pk").first()
    return _page(request, first, fields_of(first) if first else None, one=False)


@require_http_methods(["GET", "HEAD", "POST"])
@for_those_who_may(Permission.SYSTEM_MANAGE)
def company_new(request: HttpRequest) -> HttpResponse:
    """Add a company."""
    if request.method != "POST":
        return _page(request, None, CompanyFields())
    given = _given(request.POST)
    try:
        row = add_company(user=reader(request), fields=given)
    except CannotSave as error:
        return _page(request, None, given, errors=error.problems)
    messages.success(request, _("%(name)s is added. Invite its people next.") % {"name": row.name})
    return redirect("company", row.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@may_manage
def company_page(request: HttpRequest, pk: int) -> HttpResponse:
    """One company with its form."""
    row = found(people.managed(reader(request)).filter(pk=pk).first())
    if request.method != "POST":
        return _page(request, row, fields_of(row))
    given, first = _given(request.POST), request.POST.get(FIELD, "")
    try:
        edit_company(user=reader(request), company_id=pk, fields=laid_on(given, first))
    except CannotSave as error:
        return _page(request, row, given, errors=error.problems, first=first)
    except Meanwhile as other:
        fields, errors = replace(given, **other.values), other.errors({"language": LANGUAGES})
        return _page(request, row, fields, errors=errors, first=other.shown)
    messages.success(request, _("Saved."))
    return redirect("company", pk)


def _given(sent: Mapping[str, str]) -> CompanyFields:
    return CompanyFields(
        shortened(sent.get("name", ""), 400), sent.get("language", "")[:20], sent.get("time_zone", "")[:80]
    )


def _page(
    request: HttpRequest,
    row: Company | None,
    fields: CompanyFields | None,
    *,
    errors: Mapping[str, str] | None = None,
    one: bool = True,
    first: str = "",
) -> HttpResponse:
    user, before = reader(request), key(request)
    listed = people.managed(user).order_by("-pk")
    rows = list((listed.filter(pk__lt=before) if before is not None else listed)[: MOST + 1])
    page = Page(
        rows=tuple(rows[:MOST]),
        pk=row.pk if row else 0,
        slug=row.slug if row else "",
        fields=fields,
        errors=errors or {},
        may_add=may(user, Permission.SYSTEM_MANAGE),
        next=next_url("companies", rows[MOST - 1].pk if len(rows) > MOST else None),
        newest=next_url("companies", "") if before is not None else "",
        one=one,
        shown=first or (shown(fields_of(row)) if row else ""),
    )
    title = (row.name if row else _("New company")) if one else _("Companies")
    status = HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK
    context = {"title": title, "here": "settings", "page": page}
    return render(request, "web/settings/companies.html", context, status=status)
