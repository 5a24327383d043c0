"""Aliases: lists, adding, changing, deleting."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, TypeVar

from django.http import HttpRequest
from ninja import Router
from ninja.responses import Status

from postroom.api.auth import asking, ensure_may
from postroom.api.endpoints.creating import Key, made_once, wrong
from postroom.api.paging import Cursor, Limit, cursor_of, id_of
from postroom.api.problems import not_found
from postroom.api.schemas.domains import AliasChange, AliasIn, AliasOut, AliasPage, AliasRow
from postroom.core.edits import only
from postroom.directory.models import User
from postroom.directory.roles import Permission
from postroom.domains.managing import CannotSave
from postroom.domains.selectors import alias_page
from postroom.records import alias_editing
from postroom.records.alias_editing import NEW_DESK, AliasFields, NoAlias

router = Router(tags=["domains"])
MOST_RETIRED = 50
Value = TypeVar("Value")


@router.get("/aliases", response=AliasPage, operation_id="list_aliases")
def list_aliases(request: HttpRequest, cursor: Cursor, limit: Limit, q: str = "", health: str = "") -> AliasPage:
    """The aliases of your companies, newest first; `q` is looked for in their addresses."""
    page = alias_page(
        _manager(request), text=q.replace("\0", "")[:200], health=health, before=id_of(cursor), limit=limit
    )
    return AliasPage(items=[AliasRow.of(row) for row in page.rows], next=cursor_of(page.next))


@router.post("/aliases", response={201: AliasOut}, operation_id="create_alias")
def create_alias(request: HttpRequest, given: AliasIn, idempotency_key: Key) -> Status[AliasOut]:
    """Make an alias; mail to it makes records at once."""
    user = _manager(request)
    fields = AliasFields(**_named(given.model_dump()))

    def make() -> int:
        return alias_editing.add_alias(user=user, fields=fields).pk

    pk = _tried(lambda: made_once(user, idempotency_key, f"aliases {given.model_dump_json()}", make))
    return Status(HTTPStatus.CREATED, _one(user, pk))


@router.get("/aliases/{int:pk}", response=AliasOut, operation_id="get_alias")
def get_alias(request: HttpRequest, pk: int) -> AliasOut:
    """One alias."""
    return _one(_manager(request), pk)


@router.patch("/aliases/{int:pk}", response=AliasOut, operation_id="change_alias")
def change_alias(request: HttpRequest, pk: int, given: AliasChange) -> AliasOut:
    """Change what is named. A name that is given up goes on working; bad defaults are taken away."""
    user = _manager(request)
    named = _named(given.model_dump(include=given.model_fields_set))
    _tried(lambda: alias_editing.edit_alias(user=user, alias_id=pk, fields=only(named)))
    return _one(user, pk)


@router.delete("/aliases/{int:pk}", response={204: None}, operation_id="delete_alias")
def delete_alias(request: HttpRequest, pk: int) -> Status[None]:
    """Delete an alias: it makes no more records, answers to it still reach their conversations."""
    user = _manager(request)
    _tried(lambda: alias_editing.delete_alias(user=user, alias_id=pk))
    return Status(HTTPStatus.NO_CONTENT, None)


def _manager(request: HttpRequest) -> User:
    user = asking(request)
    ensure_may(user, Permission.DOMAINS_MANAGE)
    return user


def _tried(do: Callable[[], Value]) -> Value:
    try:
        return do()
    except CannotSave as error:
        raise wrong(error.problems) from None
    except NoAlias:
        raise not_found("alias") from None


def _named(given: dict[str, Any]) -> dict[str, Any]:
    """What was given as the services take it."""
    lists: dict[str, Any] = {name: tuple(given[name]) for name in ("allowed_senders", "followers") if name in given}
    desk = {"desk": NEW_DESK} if given.get("desk") == "new" else {}
    plain = {name: value.replace("\0", "") if isinstance(value, str) else value for name, value in given.items()}
    return {**plain, **lists, **desk}


def _one(user: User, pk: int) -> AliasOut:
    row = _tried(lambda: alias_editing.own_alias(user, pk))
    given_up = row.retired.order_by("-retired_at").values_list("local_part", "domain_name")[:MOST_RETIRED]
    retired = [f"{local}@{name}" for local, name in given_up]
    return AliasOut.of(row, alias_editing.fields_of(row), alias_editing.mending(row), retired)
