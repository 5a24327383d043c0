"""Who hears of conversations: audiences, followers, states of copies; what is doubted and accepted."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from django.http import HttpRequest
from ninja import Path, Query, Router
from ninja.responses import Status

from postroom.api.auth import asking
from postroom.api.endpoints.found import message_of, record_of, writable_message, writable_record
from postroom.api.paging import Cursor, Limit, cut
from postroom.api.problems import Problem, not_found
from postroom.api.schemas.common import LARGEST_ID
from postroom.api.schemas.conversations import (
    AudienceOut,
    CopyList,
    CopyOut,
    FollowerList,
    FollowerOut,
    FollowingIn,
)
from postroom.api.schemas.records import MessageOut
from postroom.conversations import services
from postroom.conversations.audience import audience, following_of
from postroom.conversations.services import CannotPost
from postroom.conversations.states import states_of
from postroom.directory.models import User
from postroom.records.models import Record

router = Router(tags=["conversations"])

Contact = Annotated[int, Path(..., ge=1, le=LARGEST_ID)]  # nought would be nobody in particular: whoever asks
Internal = Annotated[bool, Query(False, description="Of a note, not of a message.")]


@router.get("/records/{int:pk}/audience", response=AudienceOut, operation_id="get_audience")
def get_audience(request: HttpRequest, pk: int, internal: Internal) -> AudienceOut:
    """Who would hear of what you write, from which address, by which server and why; changes nothing."""
    known = audience(asking(request), pk, internal=internal)
    if known is None:
        raise not_found("record")
    return AudienceOut.of(known)


@router.get("/records/{int:pk}/followers", response=FollowerList, operation_id="list_followers")
def list_followers(request: HttpRequest, pk: int, cursor: Cursor, limit: Limit) -> FollowerList:
    """Who follows the conversation of a record, and of what each hears."""
    known = following_of(record_of(asking(request), pk))
    some, more = cut(known, lambda one: one.contact, cursor, limit)
    return FollowerList(items=[FollowerOut.of(one) for one in some], next=more)


@router.put("/records/{int:pk}/followers/{int:contact}", response=FollowerOut, operation_id="put_follower")
def put_follower(request: HttpRequest, pk: int, contact: Contact, given: FollowingIn) -> FollowerOut:
    """Let a contact follow, or change what they hear of; only our own people can hear of notes."""
    record = writable_record(asking(request), pk)
    return _follow(asking(request), record, contact, given)


@router.put("/records/{int:pk}/followers/me", response=FollowerOut, operation_id="follow")
def follow(request: HttpRequest, pk: int, given: FollowingIn) -> FollowerOut:
    """Follow a conversation yourself."""
    record = writable_record(asking(request), pk)
    return _follow(asking(request), record, None, given)


@router.delete("/records/{int:pk}/followers/{int:contact}", response={204: None}, operation_id="delete_follower")
def delete_follower(request: HttpRequest, pk: int, contact: Contact) -> Status[None]:
    """Let a contact hear of the conversation no more."""
    user = asking(request)
    writable_record(user, pk)
    return _unfollow(user, pk, contact)


@router.delete("/records/{int:pk}/followers/me", response={204: None}, operation_id="unfollow")
def unfollow(request: HttpRequest, pk: int) -> Status[None]:
    """Follow a conversation no more."""
    user = asking(request)
    writable_record(user, pk)
    return _unfollow(user, pk, None)


@router.post("/messages/{int:pk}/accept", response=MessageOut, operation_id="accept_message")
def accept_message(request: HttpRequest, pk: int) -> MessageOut:
    """Believe a message of an unverified author: it is sent on to those who would have heard of it."""
    user = asking(request)
    writable_message(user, pk)
    try:
        services.accept_message(user=user, message_id=pk)
    except CannotPost as problem:
        raise Problem(HTTPStatus.CONFLICT, str(problem)) from None
    return MessageOut.of(message_of(user, pk))


@router.get("/messages/{int:pk}/copies", response=CopyList, operation_id="list_copies")
def list_copies(request: HttpRequest, pk: int, cursor: Cursor, limit: Limit) -> CopyList:
    """To whom a message went, why, and what became of each copy, in words."""
    user = asking(request)
    message_of(user, pk)
    found = [CopyOut.of(one) for one in states_of(user, [pk])[pk]]
    items, more = cut(found, lambda one: (one.delivery, one.person.email, one.channel), cursor, limit)
    return CopyList(items=items, next=more)


def _follow(user: User, record: Record, contact: int | None, given: FollowingIn) -> FollowerOut:
    try:
        made = services.follow(
            user=user, record_id=record.pk, contact_id=contact, discussions=given.discussions, notes=given.notes
        )
    except CannotPost as problem:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, str(problem)) from None
    return next(FollowerOut.of(one) for one in following_of(record) if one.contact == made.contact_id)


def _unfollow(user: User, pk: int, contact: int | None) -> Status[None]:
    if not services.unfollow(user=user, record_id=pk, contact_id=contact):
        raise Problem(HTTPStatus.NOT_FOUND, "They did not follow this conversation.")
    return Status(HTTPStatus.NO_CONTENT, None)
