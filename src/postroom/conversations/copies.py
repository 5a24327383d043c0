"""The copies of a conversation's messages, for those who may read it: every try, and how the server was chosen."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from postroom.conversations.access import readable
from postroom.conversations.models import Message, Notification
from postroom.directory.access import companies
from postroom.directory.models import User
from postroom.directory.roles import Permission
from postroom.outbound.links import LinkShown, links_of
from postroom.outbound.models import Attempt, Delivery


@dataclass(frozen=True, slots=True)
class CopyDetails:
    """A copy with its letter and last choice of server, its tries (oldest first) and the message that it carries."""

    delivery: Delivery
    message: Message
    because: str = ""
    tries: tuple[Attempt, ...] = ()


def sent_copy(user: User, message: Message) -> Delivery | None:
    """A copy of what was written here, as a mail that somebody got, for its author and those who may look at the mail
    of its company; the first that went outside. None where there is none for `user`. One or two queries.
    """
    if message.user_id is None or message.visibility == Message.Visibility.INTERNAL:
        return None
    if message.user_id != user.pk and message.company_id not in companies(user, Permission.OUTBOUND_READ):
        return None
    told = Notification.objects.filter(message=message, delivery__isnull=False)
    first = told.select_related("delivery__letter", "delivery__dispatch").order_by("pk")
    return next((one.delivery for one in sorted(first[:50], key=lambda one: one.user_id is not None)), None)


def copy(user: User, delivery: int) -> CopyDetails | None:
    """One copy, or None where its message isn't there for `user`; two queries."""
    told = (
        Notification.objects.filter(delivery=delivery, message__in=readable(user))
        .select_related("delivery__letter", "delivery__dispatch", "message__thread__record")
        .defer("delivery__letter__html", "delivery__letter__text", "message__html", "message__text")
        .first()
    )
    if told is None or told.delivery is None:
        return None
    tries = told.delivery.tries.select_related("dispatch").order_by("pk")
    return CopyDetails(told.delivery, told.message, told.because, tuple(tries))


def links(user: User, message: int) -> tuple[LinkShown, ...]:
    """The files of a message that went as links, copy by copy, as far as it is there for `user`; two queries."""
    told = Notification.objects.filter(message=message, message__in=readable(user), delivery__isnull=False)
    return links_of(told.values("delivery"))


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a message is believed now and whether it was changed, in one word, and whether it is a note."""

    standing: str
    note: bool


def standing_of(standing: str, edited_at: datetime | None, deleted_at: datetime | None) -> str:
    """A word that differs whenever a message has to be shown anew."""
    if deleted_at is not None:
        return f"{standing}-deleted"
    return standing if edited_at is None else f"{standing}-{int(edited_at.timestamp() * 1000)}"


def standings(user: User, record_id: int, message_ids: Collection[int]) -> dict[int, Standing]:
    """The standing of each of these messages of a record; one query."""
    mine = readable(user).filter(pk__in=message_ids, thread__record_id=record_id)
    internal = Message.Visibility.INTERNAL
    return {
        pk: Standing(standing_of(standing, edited_at, deleted_at), seen == internal)
        for pk, standing, seen, edited_at, deleted_at in mine.values_list(
            "pk", "standing", "visibility", "edited_at", "deleted_at"
        )
    }
