"""The people of conversations; who wrote first what was passed on; contacts that may be one person."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from django.http import HttpRequest
from ninja import Router

from postroom.api.auth import asking, ensure_may
from postroom.api.endpoints.found import record_of, writable_record
from postroom.api.paging import Cursor, Limit, cursor_of, id_of
from postroom.api.problems import Problem, not_found
from postroom.api.schemas.records import RecordOut
from postroom.api.schemas.talk_people import AlikeList, AlikeOut, OfferOut, PeoplePage, PersonOut
from postroom.conversations.checks import CannotPost
from postroom.conversations.forwards import give_back_writer, offer_of, take_writer
from postroom.conversations.people import people_after
from postroom.directory import contacts_lists
from postroom.directory.contacts_alike import contacts_alike
from postroom.directory.roles import Permission
from postroom.records.models import Record

router = Router(tags=["conversations"])


@router.get("/records/{int:pk}/people", response=PeoplePage, operation_id="list_people")
def list_people(request: HttpRequest, pk: int, cursor: Cursor, limit: Limit) -> PeoplePage:
    """Who wrote in the conversation of a record or was named in it, how they came in and how far they are believed."""
    page = people_after(record_of(asking(request), pk), id_of(cursor) or 0, limit)
    return PeoplePage(items=[PersonOut.of(one) for one in page.rows], next=cursor_of(page.next))


@router.get("/records/{int:pk}/forwarded", response=OfferOut, operation_id="get_forwarded")
def get_forwarded(request: HttpRequest, pk: int) -> OfferOut:
    """Who wrote first what one of our people passed on to make this record; 404 where it was not made so, or somebody
    chose another contact since.
    """
    offer = offer_of(record_of(asking(request), pk))
    if offer is None:
        raise not_found("forwarded mail")
    return OfferOut.of(offer)


@router.put("/records/{int:pk}/forwarded", response=RecordOut, operation_id="take_forwarded")
def take_forwarded(request: HttpRequest, pk: int) -> RecordOut:
    """Make who wrote first the contact of the record."""
    return _changed(request, pk, take_writer)


@router.delete("/records/{int:pk}/forwarded", response=RecordOut, operation_id="give_back_forwarded")
def give_back_forwarded(request: HttpRequest, pk: int) -> RecordOut:
    """Undo that: the contact of the record is who it was before."""
    return _changed(request, pk, give_back_writer)


@router.get("/contacts/{int:pk}/alike", response=AlikeList, operation_id="list_alike_contacts", tags=["contacts"])
def list_alike_contacts(request: HttpRequest, pk: int) -> AlikeList:
    """Contacts that may be the same person, by addresses that differ in dots and tags alone."""
    user = asking(request)
    ensure_may(user, Permission.RECORDS_READ)
    contact = contacts_lists.contact(user, pk)
    if contact is None:
        raise not_found("contact")
    emails = [one.email for one in contacts_lists.addresses_of([pk]).get(pk, ())]
    return AlikeList(items=[AlikeOut.of(one) for one in contacts_alike(user, contact, emails)])


def _changed(request: HttpRequest, pk: int, verb: Callable[..., Record]) -> RecordOut:
    user = asking(request)
    writable_record(user, pk)
    try:
        verb(user=user, record_id=pk)
    except CannotPost as problem:
        raise Problem(HTTPStatus.CONFLICT, str(problem)) from None
    return RecordOut.of(record_of(user, pk))
