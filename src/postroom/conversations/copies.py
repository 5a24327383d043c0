"""The copies of a conversation's messages, for those who may read it: every try, and how the server was chosen."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from postroom.conversations.access import readable
from postroom.conversations.models import Message, Notification
from postroom.directory.models import User
from postroom.outbound.models import Attempt, Delivery


@dataclass(frozen=True, slots=True)
class CopyDetails:
    """A copy with its letter and last choice of server, its tries (oldest first) and the message that it carries."""

    delivery: Delivery
    message: Message
    because: str = ""
    tries: tuple[Attempt, ...] = ()


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


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a message is believed now, and whether it is a note."""

    standing: str
    note: bool


def standings(user: User, record_id: int, message_ids: Collection[int]) -> dict[int, Standing]:
    """The standing of each of these messages of a record; one query."""
    mine = readable(user).filter(pk__in=message_ids, thread__record_id=record_id)
    internal = Message.Visibility.INTERNAL
    return {
        pk: Standing(standing, seen == internal)
        for pk, standing, seen in mine.values_list("pk", "standing", "visibility")
    }
