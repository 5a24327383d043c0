"""To whom a message went and what became of each copy, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from postroom.conversations.models import Message, Notification
from postroom.core.delivery.states import DELIVERIES, DeliveryState
from postroom.core.delivery.waiting import is_delayed
from postroom.directory.access import companies
from postroom.directory.models import User
from postroom.directory.roles import Permission
from postroom.infra.clock import now
from postroom.infra.config import config
from postroom.infra.database.prepared import prepared
from postroom.outbound.models import is_kept_here

UNREAD, READ = "unread", "read"


@dataclass(frozen=True, slots=True)
class CopyShown:
    """One person who was told. `state` is that of the delivery, or `unread` and `read` in the inbox; `words` says it in
    sentences; `delivery_id` is 0 in the inbox. `said` is what the delivery itself says, `due` when it is tried next;
    `is_ours`: one of our own people; `kept_here`: nothing was sent, the outbox of this machine keeps the mail.
    `sent_as`: the From that it left under, where that is not the author's own. `delayed`: it is late through trouble
    outside, such as a receiver that puts it off. `links`: how many of its files it names by links. `reason` is the key
    of what it waits for.
    """

    name: str
    email: str
    channel: str
    state: str
    words: str
    because: str
    delivery_id: int = 0
    read_at: datetime | None = None
    said: str = ""
    due: datetime | None = None
    is_ours: bool = False
    kept_here: bool = False
    sent_as: str = ""
    reason: str = ""
    delayed: bool = False
    links: int = 0


def states_of(user: User, message_ids: Sequence[int]) -> dict[int, list[CopyShown]]:
    """Who was told of each of these messages, in the order in which they were; one query, for what `user` may read."""
    found: dict[int, list[CopyShown]] = {pk: [] for pk in message_ids}
    rows = _told(sorted(companies(user, Permission.RECORDS_READ)), message_ids)
    zone = _zone(user.time_zone)
    for message, name, email, channel, because, delivery, state, words, read_at, due, one_of_us, *how in rows:
        by, by_name, sender, author, reason, created_at, renewed_at, linked = how
        if channel == Notification.Channel.INBOX:
            shown = CopyShown(
                name, email, channel, *_in_inbox(read_at, zone), because, read_at=read_at, is_ours=bool(one_of_us)
            )
        else:
            shown = CopyShown(
                name,
                email,
                channel,
                *_by_mail(state, words),
                because,
                delivery or 0,
                said=words or "",
                due=due,
                is_ours=bool(one_of_us),
                kept_here=state == DeliveryState.ACCEPTED and is_kept_here(by, by_name or ""),
                sent_as=_sent_as(sender, author),
                reason=reason or "",
                delayed=_delayed(state, reason, renewed_at or created_at),
                links=len(linked or ()),
            )
        found[message].append(shown)
    return found


@prepared
def _told(companies: Sequence[int], messages: Sequence[int]) -> QuerySet[Notification, tuple[Any, ...]]:
    rows = Notification.objects.filter(message__in=Message.objects.filter(company__in=companies, pk__in=messages))
    return rows.order_by("pk").values_list(
        "message_id", "name", "email", "channel", "because", "delivery_id", "delivery__state", "delivery__words",
        "read_at", "delivery__due", "user_id", "delivery__dispatch__server_id", "delivery__dispatch__server_name",
        "delivery__dispatch__from_email", "message__author_email", "delivery__reason", "delivery__created_at",
        "delivery__renewed_at", "delivery__dispatch__linked",
    )  # fmt: skip


def _sent_as(sender: str | None, author: str) -> str:
    return sender if sender and sender.lower() != author.lower() else ""


def _delayed(state: str | None, reason: str | None, since: datetime | None) -> bool:
    if not (state and reason and since):
        return False
    return is_delayed(state, reason, since, now(), config().send_delayed_hours)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):  # no such zone
        return ZoneInfo("UTC")


def _in_inbox(read_at: datetime | None, zone: ZoneInfo) -> tuple[str, str]:
    if read_at is None:
        return UNREAD, "Stands in the inbox, not read yet."
    return READ, f"Read in the inbox at {read_at.astimezone(zone):%Y-%m-%d %H:%M}."


def _by_mail(state: str | None, words: str | None) -> tuple[str, str]:
    """The state and what it means, with the delivery's own words; a delivery may have been deleted since."""
    if state is None:
        return "", "What became of it is no longer kept."
    return state, " ".join(filter(None, (DELIVERIES.meanings[DeliveryState(state)], words)))
