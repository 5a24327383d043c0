"""Companies: those that you manage, and for operators new ones."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpRequest
from ninja import Router
from ninja.responses import Status

from postroom.api.auth import asking, ensure_may
from postroom.api.endpoints.creating import Key, made_once, wrong
from postroom.api.paging import Cursor, Limit, cursor_of, id_of
from postroom.api.problems import not_found
from postroom.api.schemas.people import CompanyChange, CompanyIn, CompanyOut, CompanyPage
from postroom.core.edits import only
from postroom.directory.companies import edit_company
from postroom.directory.models import Company, User
from postroom.directory.people import managed
from postroom.directory.profile import CannotSave
from postroom.directory.roles import Permission
from postroom.domains.companies import add_company
from postroom.infra.paging import page_of

router = Router(tags=["companies"])


@router.get("/companies", response=CompanyPage, operation_id="list_companies")
def list_companies(request: HttpRequest, cursor: Cursor, limit: Limit) -> CompanyPage:
    """The companies that you manage, newest first; for operators all."""
    found, before = managed(_manager(request)).order_by("-pk"), id_of(cursor)
    rows = list((found.filter(pk__lt=before) if before is not None else found)[: limit + 1])
    page = page_of(rows, [row.pk for row in rows], limit)
    return CompanyPage(items=[CompanyOut.of(row) for row in page.rows], next=cursor_of(page.next))


@router.post("/companies", response={201: CompanyOut}, operation_id="create_company")
def create_company(request: HttpRequest, given: CompanyIn, idempotency_key: Key) -> Status[CompanyOut]:
    """Add a company, which uses the first alias domain; for operators."""
    user = asking(request)
    ensure_may(user, Permission.SYSTEM_MANAGE)
    asked = f"companies {given.model_dump_json()}"
    try:
        pk = made_once(user, idempotency_key, asked, lambda: add_company(user=user, fields=given.fields()).pk)
    except CannotSave as error:
        raise wrong(error.problems) from None
    return Status(HTTPStatus.CREATED, CompanyOut.of(_one(user, pk)))


@router.get("/companies/{int:pk}", response=CompanyOut, operation_id="get_company")
def get_company(request: HttpRequest, pk: int) -> CompanyOut:
    """One company."""
    return CompanyOut.of(_one(_manager(request), pk))


@router.patch("/companies/{int:pk}", response=CompanyOut, operation_id="change_company")
def change_company(request: HttpRequest, pk: int, given: CompanyChange) -> CompanyOut:
    """Change what is named; the short name stays."""
    user = _manager(request)
    named = {name: value.replace("\0", "") for name, value in given.model_dump(include=given.model_fields_set).items()}
    _one(user, pk)
    try:
        return CompanyOut.of(edit_company(user=user, company_id=pk, fields=only(named)))
    except CannotSave as error:
        raise wrong(error.problems) from None


def _manager(request: HttpRequest) -> User:
    user = asking(request)
    ensure_may(user, Permission.USERS_MANAGE)
    return user


def _one(user: User, pk: int) -> Company:
    row = managed(user).filter(pk=pk).first()
    if row is None:
        raise not_found("company")
    return row
