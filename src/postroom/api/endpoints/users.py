"""Users: the list, inviting, changing, roles, links, letting in or not."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import TypeVar

from django.http import HttpRequest
from ninja import Router
from ninja.responses import Status

from postroom.api.auth import asking, ensure_may
from postroom.api.endpoints.creating import Key, made_once, wrong
from postroom.api.paging import Cursor, Limit, cursor_of, id_of
from postroom.api.problems import Problem, not_found
from postroom.api.schemas.people import LinkOut, RoleIn, UserChange, UserIn, UserOut, UserPage
from postroom.core.edits import only
from postroom.directory import people, users
from postroom.directory.models import User
from postroom.directory.profile import CannotSave
from postroom.directory.roles import Permission
from postroom.directory.services import CannotDo
from postroom.directory.users import Guest, NoPerson
from postroom.outbound import inviting
from postroom.outbound.inviting import Sent

router = Router(tags=["users"])
Value = TypeVar("Value")


@router.get("/users", response=UserPage, operation_id="list_users")
def list_users(request: HttpRequest, cursor: Cursor, limit: Limit, q: str = "", standing: str = "") -> UserPage:
    """The people of your companies, newest first; for operators everybody. `standing` is active, invited or
    deactivated; `q` is looked for in names and addresses.
    """
    user = _manager(request)
    wanted = standing if standing in set(people.Standing) else ""
    text = q.replace("\0", "")[:200]
    page = people.people_page(user, text=text, standing=wanted, before=id_of(cursor), limit=limit)
    own = _own(user)
    return UserPage(items=[UserOut.of(row, own) for row in page.rows], next=cursor_of(page.next))


@router.post("/users", response={201: LinkOut}, operation_id="invite_user")
def invite_user(request: HttpRequest, given: UserIn, idempotency_key: Key) -> Status[LinkOut]:
    """Invite somebody: a user without a password, and the link by which they choose one."""
    user = _manager(request)
    guest = Guest(given.name.replace("\0", ""), given.email.replace("\0", ""), given.company, given.role)
    made: list[Sent] = []

    def make() -> int:
        made.append(inviting.invite(user=user, guest=guest))
        return made[0].person.pk

    pk = _tried(lambda: made_once(user, idempotency_key, f"users {given.model_dump_json()}", make))
    return Status(HTTPStatus.CREATED, LinkOut.of(made[0]) if made else LinkOut(user=pk, url="", mailed=False))


@router.get("/users/{int:pk}", response=UserOut, operation_id="get_user")
def get_user(request: HttpRequest, pk: int) -> UserOut:
    """One user."""
    return _one(_manager(request), pk)


@router.patch("/users/{int:pk}", response=UserOut, operation_id="change_user")
def change_user(request: HttpRequest, pk: int, given: UserChange) -> UserOut:
    """Change what is named."""
    user = _manager(request)
    _changeable(user, pk)
    named = {name: value.replace("\0", "") for name, value in given.model_dump(include=given.model_fields_set).items()}
    _tried(lambda: users.edit_person(user=user, person_id=pk, fields=only(named)))
    return _one(user, pk)


@router.put("/users/{int:pk}/roles/{int:company}", response=UserOut, operation_id="set_role")
def set_role(request: HttpRequest, pk: int, company: int, given: RoleIn) -> UserOut:
    """Say what somebody is in a company."""
    user = _manager(request)
    _tried(lambda: users.set_roles(user=user, person_id=pk, roles={_company(user, company): given.role}))
    return _one(user, pk)


@router.delete("/users/{int:pk}/roles/{int:company}", response={204: None}, operation_id="remove_role")
def remove_role(request: HttpRequest, pk: int, company: int) -> Status[None]:
    """Take somebody out of a company."""
    user = _manager(request)
    _tried(lambda: users.set_roles(user=user, person_id=pk, roles={_company(user, company): ""}))
    return Status(HTTPStatus.NO_CONTENT, None)


@router.post("/users/{int:pk}/link", response={201: LinkOut}, operation_id="make_password_link")
def make_password_link(request: HttpRequest, pk: int, idempotency_key: Key) -> Status[LinkOut]:
    """A link for a new password; earlier links end."""
    user = _manager(request)
    _changeable(user, pk)
    return _linked(user, pk, idempotency_key, f"link {pk}", inviting.send_link)


@router.post("/users/{int:pk}/deactivate", response=UserOut, operation_id="deactivate_user")
def deactivate_user(request: HttpRequest, pk: int) -> UserOut:
    """Let somebody in no longer: sessions, tokens, links and the password end at once."""
    user = _manager(request)
    _changeable(user, pk)
    _tried(lambda: users.deactivate(user=user, person_id=pk))
    return _one(user, pk)


@router.post("/users/{int:pk}/reactivate", response={201: LinkOut}, operation_id="reactivate_user")
def reactivate_user(request: HttpRequest, pk: int, idempotency_key: Key) -> Status[LinkOut]:
    """Let somebody in again, by a link for a new password."""
    user = _manager(request)
    _changeable(user, pk)
    return _linked(user, pk, idempotency_key, f"reactivate {pk}", inviting.reactivate)


def _linked(user: User, pk: int, key: str, asked: str, send: Callable[..., Sent]) -> Status[LinkOut]:
    """The link that `send` makes; for a request that comes again, the same answer without it."""
    made: list[Sent] = []

    def make() -> int:
        made.append(send(user=user, person_id=pk))
        return pk

    _tried(lambda: made_once(user, key, asked, make))
    return Status(HTTPStatus.CREATED, LinkOut.of(made[0]) if made else LinkOut(user=pk, url="", mailed=False))


def _manager(request: HttpRequest) -> User:
    user = asking(request)
    ensure_may(user, Permission.USERS_MANAGE)
    return user


def _tried(do: Callable[[], Value]) -> Value:
    try:
        return do()
    except CannotSave as error:
        raise wrong(error.problems) from None
    except CannotDo as error:
        raise Problem(HTTPStatus.CONFLICT, str(error)) from None
    except NoPerson:
        raise not_found("user") from None


def _own(user: User) -> set[int]:
    return set(people.managed(user).values_list("pk", flat=True))


def _company(user: User, pk: int) -> int:
    if not people.managed(user).filter(pk=pk).exists():
        raise not_found("company")
    return pk


def _changeable(user: User, pk: int) -> User:
    """404 where the user may not know of them, 403 where they may not decide about the person."""
    row = people.changeable(user).filter(pk=pk).first()
    if row is not None:
        return row
    if people.people(user).filter(pk=pk).exists():
        said = "They are in a company that you do not manage, or run the installation: an operator may change them."
        raise Problem(HTTPStatus.FORBIDDEN, said)
    raise not_found("user")


def _one(user: User, pk: int) -> UserOut:
    row = people.people(user).filter(pk=pk).prefetch_related("memberships").first()
    if row is None:
        raise not_found("user")
    return UserOut.of(row, _own(user))
