"""Alias domains: lists, adding, changing, ordering, sharing, removing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus
from typing import TypeVar

from django.http import HttpRequest
from ninja import Router
from ninja.responses import Status

from postroom.api.auth import asking, ensure_may
from postroom.api.endpoints.creating import Key, made_once, wrong
from postroom.api.paging import Cursor, Limit, cut
from postroom.api.problems import Problem, not_found
from postroom.api.schemas.domains import (
    DomainChange,
    DomainIn,
    DomainList,
    DomainOut,
    Move,
    RenamingOut,
    SenderList,
    SenderOut,
)
from postroom.core.edits import only
from postroom.directory.models import User
from postroom.directory.roles import Permission
from postroom.domains import managing
from postroom.domains.access import changeable, readable, shareable
from postroom.domains.managing import CannotSave, DomainFields, NoDomain, fields_of
from postroom.domains.models import AliasDomain, CompanyDomain
from postroom.domains.services import CannotDo
from postroom.outbound.our_addresses import carried, senders_at

router = Router(tags=["domains"])
Value = TypeVar("Value")


@router.get("/domains", response=DomainList, operation_id="list_domains")
def list_domains(request: HttpRequest, cursor: Cursor, limit: Limit) -> DomainList:
    """The alias domains of your companies, in their order; for operators all of them."""
    user = _manager(request)
    rows, more = cut(list(readable(user)), lambda row: row.pk, cursor, limit)
    return DomainList(items=_shown(user, rows), next=more)


@router.post("/domains", response={201: DomainOut}, operation_id="create_domain")
def create_domain(request: HttpRequest, given: DomainIn, idempotency_key: Key) -> Status[DomainOut]:
    """Add an alias domain; mail to it is taken at once."""
    user = _manager(request)
    fields = DomainFields(**given.model_dump(exclude={"companies"}))

    def make() -> int:
        return managing.add_domain(user=user, fields=fields, companies=given.companies).pk

    pk = _tried(lambda: made_once(user, idempotency_key, f"domains {given.model_dump_json()}", make))
    return Status(HTTPStatus.CREATED, _one(user, pk))


@router.get("/domains/{int:pk}", response=DomainOut, operation_id="get_domain")
def get_domain(request: HttpRequest, pk: int) -> DomainOut:
    """One alias domain."""
    return _one(_manager(request), pk)


@router.patch("/domains/{int:pk}", response=DomainOut, operation_id="change_domain")
def change_domain(request: HttpRequest, pk: int, given: DomainChange) -> DomainOut:
    """Change what is named. Addresses that are given up go on working; nothing is asked first."""
    user = _manager(request)
    _own(user, pk)
    named = given.model_dump(include=given.model_fields_set)
    _tried(lambda: managing.edit_domain(user=user, domain_id=pk, fields=only(named)))
    return _one(user, pk)


@router.post("/domains/{int:pk}/renaming", response=RenamingOut, operation_id="preview_renaming")
def preview_renaming(request: HttpRequest, pk: int, given: DomainChange) -> RenamingOut:
    """The addresses that a change would give up, and how many sent messages carry each; changes nothing."""
    user = _manager(request)
    row = _own(user, pk)
    fields = replace(fields_of(row), **given.model_dump(include=given.model_fields_set))
    given_up = managing.changes(row, _tried(lambda: managing.checked(fields)))
    return RenamingOut.of(given_up, carried(row, given_up))


@router.delete("/domains/{int:pk}", response={204: None}, operation_id="remove_domain")
def remove_domain(request: HttpRequest, pk: int) -> Status[None]:
    """Remove a domain on which nothing depends; 409 names what does."""
    user = _manager(request)
    _own(user, pk)
    _tried(lambda: managing.remove_domain(user=user, domain_id=pk))
    return Status(HTTPStatus.NO_CONTENT, None)


@router.post("/domains/{int:pk}/move", response=DomainList, operation_id="move_domain")
def move_domain(request: HttpRequest, pk: int, given: Move) -> DomainList:
    """Let a domain change places with its neighbour; the list as it is then."""
    user = _manager(request)
    _own(user, pk)
    _tried(lambda: managing.move_domain(user=user, domain_id=pk, up=given.way == "up"))
    return DomainList(items=_shown(user, list(readable(user))), next=None)


@router.put("/domains/{int:pk}/companies/{int:company}", response=DomainOut, operation_id="share_domain")
def share_domain(request: HttpRequest, pk: int, company: int) -> DomainOut:
    """Let a company use a domain."""
    user = _manager(request)
    _own(user, pk)
    _tried(lambda: managing.share(user=user, domain_id=pk, company_id=company))
    return _one(user, pk)


@router.delete("/domains/{int:pk}/companies/{int:company}", response={204: None}, operation_id="unshare_domain")
def unshare_domain(request: HttpRequest, pk: int, company: int) -> Status[None]:
    """Let a company use a domain no longer; 409 names its aliases that stand there."""
    user = _manager(request)
    _own(user, pk)
    _tried(lambda: managing.unshare(user=user, domain_id=pk, company_id=company))
    return Status(HTTPStatus.NO_CONTENT, None)


@router.get("/domains/{int:pk}/senders", response=SenderList, operation_id="list_senders")
def list_senders(request: HttpRequest, pk: int, cursor: Cursor, limit: Limit) -> SenderList:
    """The addresses that mail leaves under at this domain."""
    user = _manager(request)
    row = readable(user).filter(pk=pk).first()
    if row is None:
        raise not_found("domain")
    items, more = cut([SenderOut.of(one) for one in senders_at(user, row)], SenderOut.model_dump_json, cursor, limit)
    return SenderList(items=items, next=more)


def _tried(do: Callable[[], Value]) -> Value:
    try:
        return do()
    except CannotSave as error:
        raise wrong(error.problems) from None
    except CannotDo as error:
        raise Problem(HTTPStatus.CONFLICT, str(error)) from None
    except NoDomain:
        raise not_found("company") from None  # the domain was looked up before


def _manager(request: HttpRequest) -> User:
    user = asking(request)
    ensure_may(user, Permission.DOMAINS_MANAGE)
    return user


def _own(user: User, pk: int) -> AliasDomain:
    """A domain that the user may change: 404 where they may not know of it, 403 where they may know only."""
    row = changeable(user).filter(pk=pk).first()
    if row is not None:
        return row
    if readable(user).filter(pk=pk).exists():
        said = "Companies that you do not manage use this domain too: an operator may change it."
        raise Problem(HTTPStatus.FORBIDDEN, said)
    raise not_found("domain")


def _shown(user: User, rows: list[AliasDomain]) -> list[DomainOut]:
    mine = set(changeable(user).values_list("pk", flat=True))
    users: dict[int, list[int]] = {}
    links = CompanyDomain.objects.filter(domain__in=rows, company__in=shareable(user)).order_by("company")
    for domain, company in links.values_list("domain_id", "company_id"):
        users.setdefault(domain, []).append(company)
    return [DomainOut.of(row, users.get(row.pk, []), editable=row.pk in mine) for row in rows]


def _one(user: User, pk: int) -> DomainOut:
    for shown in _shown(user, list(readable(user).filter(pk=pk))):
        return shown
    raise not_found("domain")
