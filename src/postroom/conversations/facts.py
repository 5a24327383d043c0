"""What routing asks of conversations: which threads a mail refers to, and who takes part in them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from postroom.conversations.models import Follower, Message, MessageId, Notification, Participant, Thread


@dataclass(frozen=True, slots=True)
class Known:
    """A message that carries an id: its thread, and the record that the thread belongs to."""

    message: int
    thread: int
    company: int
    record: int
    record_type: str
    internal: bool


@dataclass(frozen=True, slots=True)
class Answered:
    """The message that a copy carried, and whose copy it was: `email` is its recipient, `user` one of our own people
    or 0.
    """

    message: int
    thread: int
    company: int
    record: int
    record_type: str
    internal: bool
    email: str
    user: int


def by_deliveries(deliveries: Collection[int]) -> dict[int, Answered]:
    """The message that each of these copies carried, by the id of its delivery; one query."""
    if not deliveries:
        return {}
    rows = Notification.objects.filter(delivery__in=deliveries).values_list(
        "delivery_id",
        "message_id",
        "message__thread_id",
        "company_id",
        "message__thread__record_id",
        "message__thread__record__type",
        "message__visibility",
        "email",
        "user_id",
    )
    return {
        delivery: Answered(message, thread, company, record, type_, _internal(visibility), email, user or 0)
        for delivery, message, thread, company, record, type_, visibility, email, user in rows
    }


def _internal(visibility: str) -> bool:
    return visibility == Message.Visibility.INTERNAL


def known_ids(values: Collection[str]) -> set[str]:
    """Those of these ids that a message of ours carries."""
    return set(MessageId.objects.filter(value__in=values).values_list("value", flat=True)) if values else set()


def messages_by_id(values: Collection[str]) -> dict[str, list[Known]]:
    """For each id the messages that carry it, newest first."""
    rows = (
        MessageId.objects.filter(value__in=values)
        .order_by("-message_id")
        .values_list(
            "value",
            "message_id",
            "message__thread_id",
            "company_id",
            "message__thread__record_id",
            "message__thread__record__type",
            "message__visibility",
        )
    )
    found: dict[str, list[Known]] = {}
    for value, message, thread, company, record, record_type, visibility in rows:
        found.setdefault(value, []).append(Known(message, thread, company, record, record_type, _internal(visibility)))
    return found


def takes_part(threads: Collection[int], emails: Collection[str]) -> set[tuple[int, str]]:
    """The (thread, address) pairs in which the address wrote, was addressed or follows."""
    wrote = Participant.objects.filter(thread__in=threads, email__in=emails).values_list("thread_id", "email")
    follows = Follower.objects.filter(thread__in=threads, contact__addresses__email__in=emails).values_list(
        "thread_id", "contact__addresses__email"
    )
    return set(wrote) | set(follows)


def threads_of(records: Collection[int]) -> dict[int, int]:
    """The thread of each of these records."""
    return dict(Thread.objects.filter(record__in=records).values_list("record_id", "pk"))
