"""Contacts: the list, adding, changing, addresses, making two into one."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated, TypeVar

from django.http import HttpRequest
from ninja import Query, Router
from ninja.responses import Status

from postroom.api.auth import asking, ensure_may
from postroom.api.endpoints.creating import Key, made_once, wrong
from postroom.api.paging import Limit, unreadable
from postroom.api.problems import Problem, not_found
from postroom.api.schemas.contacts import AddressIn, ContactChange, ContactIn, ContactOut, ContactPage, MergeIn
from postroom.core.edits import only
from postroom.directory import contacts_editing as editing
from postroom.directory import contacts_lists
from postroom.directory.contacts_editing import AddressTaken, ContactFields, NoContact
from postroom.directory.contacts_merging import CannotMerge, merge_contacts
from postroom.directory.models import Contact, User
from postroom.directory.profile import CannotSave
from postroom.directory.roles import Permission
from postroom.infra.keys import read_key

router = Router(tags=["contacts"])
Value = TypeVar("Value")
Cursor = Annotated[str, Query("", description="`next` of the page before; empty for the first page.", max_length=600)]


@router.get("/contacts", response=ContactPage, operation_id="list_contacts")
def list_contacts(request: HttpRequest, cursor: Cursor, limit: Limit, q: str = "") -> ContactPage:
    """The contacts of your companies, by name; `q` begins a word of name or organisation, or an address."""
    user = asking(request)
    ensure_may(user, Permission.RECORDS_READ)
    if cursor and read_key(cursor) is None:
        raise unreadable()
    page = contacts_lists.contacts(user, text=q.replace("\0", "").strip()[:200], after=cursor, limit=limit)
    known = contacts_lists.addresses_of([row.pk for row in page.rows])
    return ContactPage(items=[ContactOut.of(row, known.get(row.pk, ())) for row in page.rows], next=page.next or None)


@router.post("/contacts", response={201: ContactOut}, operation_id="create_contact")
def create_contact(request: HttpRequest, given: ContactIn, idempotency_key: Key) -> Status[ContactOut]:
    """Add a contact."""
    user = _writer(request)
    named = _named(given, set(ContactFields.__dataclass_fields__))
    emails = [one.replace("\0", "") for one in given.addresses]

    def make() -> int:
        return editing.create_contact(user=user, company=given.company, fields=ContactFields(**named), emails=emails).pk

    pk = _tried(lambda: made_once(user, idempotency_key, f"contacts {given.model_dump_json()}", make))
    return Status(HTTPStatus.CREATED, _one(user, pk))


@router.get("/contacts/{int:pk}", response=ContactOut, operation_id="get_contact")
def get_contact(request: HttpRequest, pk: int) -> ContactOut:
    """One contact. One that became part of another is answered by that other, under its own number."""
    user = asking(request)
    ensure_may(user, Permission.RECORDS_READ)
    return _one(user, pk)


@router.patch("/contacts/{int:pk}", response=ContactOut, operation_id="change_contact")
def change_contact(request: HttpRequest, pk: int, given: ContactChange) -> ContactOut:
    """Change what is named."""
    user = _writer(request)
    row = _found(user, pk)
    named = _named(given, given.model_fields_set)
    _tried(lambda: editing.change_contact(user=user, contact_id=row.pk, fields=only(named)))
    return _one(user, row.pk)


@router.post("/contacts/{int:pk}/addresses", response=ContactOut, operation_id="add_contact_address")
def add_contact_address(request: HttpRequest, pk: int, given: AddressIn) -> ContactOut:
    """Give a contact an address, or make one of its own the primary one; asking again changes nothing more. Where
    another contact of the company has it, the answer is 409 and names that contact.
    """
    user = _writer(request)
    row, email = _found(user, pk), given.email.replace("\0", "")
    _tried(lambda: editing.add_address(user=user, contact_id=row.pk, email=email))
    if given.primary:
        _tried(lambda: editing.make_primary(user=user, contact_id=row.pk, email=email))
    return _one(user, row.pk)


@router.delete("/contacts/{int:pk}/addresses/{email}", response=ContactOut, operation_id="remove_contact_address")
def remove_contact_address(request: HttpRequest, pk: int, email: str) -> ContactOut:
    """Take an address from a contact; where it was the primary one, the oldest other one is."""
    user = _writer(request)
    row = _found(user, pk)
    _tried(lambda: editing.remove_address(user=user, contact_id=row.pk, email=email.replace("\0", "")))
    return _one(user, row.pk)


@router.post("/contacts/{int:pk}/merge", response=ContactOut, operation_id="merge_contacts")
def merge(request: HttpRequest, pk: int, given: MergeIn) -> ContactOut:
    """Make `other` part of this contact: its records, messages and addresses move, empty fields are filled. It cannot
    be undone.
    """
    user = _writer(request)
    row = _found(user, pk)
    _tried(lambda: merge_contacts(user=user, winner_id=row.pk, loser_id=given.other))
    return _one(user, row.pk)


def _writer(request: HttpRequest) -> User:
    user = asking(request)
    ensure_may(user, Permission.RECORDS_WRITE)
    return user


def _tried(do: Callable[[], Value]) -> Value:
    try:
        return do()
    except AddressTaken as error:
        raise Problem(HTTPStatus.CONFLICT, f"This address belongs to {error.name}.", contact=error.contact) from None
    except CannotSave as error:
        raise wrong(error.problems) from None
    except CannotMerge as error:
        raise Problem(HTTPStatus.CONFLICT, str(error)) from None
    except NoContact:
        raise not_found("contact") from None


def _named(given: ContactChange, names: set[str]) -> dict[str, str]:
    return {name: value.replace("\0", "") for name, value in given.model_dump(include=names).items()}


def _found(user: User, pk: int) -> Contact:
    """A contact, or what it became."""
    row = contacts_lists.contact(user, pk)
    later = contacts_lists.became(user, pk) if row is None else None
    row = contacts_lists.contact(user, later) if later else row
    if row is None:
        raise not_found("contact")
    return row


def _one(user: User, pk: int) -> ContactOut:
    row = _found(user, pk)
    return ContactOut.of(row, contacts_lists.addresses_of([row.pk]).get(row.pk, ()))
