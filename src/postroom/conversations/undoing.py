"""Taking a message back before it left: it and all its copies go, its words are a draft of its writer again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import timedelta

from django.db import transaction
from django.db.models import Max

from postroom.conversations.access import may_write, readable
from postroom.conversations.checks import CannotPost
from postroom.conversations.drafts import keep_draft
from postroom.conversations.inbox_entries import Entering, uncount
from postroom.conversations.leaving import GRACE
from postroom.conversations.models import Draft, InboxEntry, Leaving, Message, Notification, Participant, Thread
from postroom.conversations.untelling import name_no_more
from postroom.core.delivery.states import DeliveryState
from postroom.directory.access import companies
from postroom.directory.models import User
from postroom.directory.roles import Permission
from postroom.infra.changes import tell
from postroom.infra.clock import now
from postroom.infra.database.base import update_rows
from postroom.infra.logs import logger
from postroom.infra.search.index import mark
from postroom.outbound.models import Delivery
from postroom.outbound.services import withdraw_all

log = logger(__name__)

MOST_NAMED = 3  # copies that left, in words
INBOX = Notification.Channel.INBOX


class TooLate(CannotPost):
    """It has left, or a copy of it has; nothing was changed. `left` are the ids of those copies."""

    def __init__(self, words: str, left: Sequence[int] = ()) -> None:
        super().__init__(words)
        self.left = tuple(left)


class NotTheirs(CannotPost):
    """Somebody else's message."""


def undo(*, user: User, message_id: int) -> Draft | None:
    """Take one's own message back while it can be undone, or cancel one that is scheduled, which who manages the
    outgoing mail may do too: all its copies are withdrawn, or none is. Returns the draft of its writer;
    None where the writer is no more.

    Raises:
        TooLate: the time is over, or a copy has left.
        CannotPost: it isn't there for `user`; `NotTheirs`: somebody else wrote it.

    """
    with transaction.atomic():
        message, leaving, thread = waiting_message(user, message_id)
        told = list(Notification.objects.select_for_update().filter(message=message).order_by("pk"))
        _withdraw(user, told, scheduled=leaving.scheduled)
        kept = keep_draft(message, leaving, thread)
        untold(told, thread)
        take_out(message, thread)
        mark({"message": [message_id]})
        tell([(message.company_id, "thread", thread.record.ref)])
    log.info("a message was taken back", message=message_id, record=thread.record.ref, by=user.username)
    return kept


def may_steer(user: User, writer: int | None, company: int) -> bool:
    """Whether `user` may decide about a scheduled message of a writer."""
    return (user.pk == writer and may_write(user, company)) or company in companies(user, Permission.OUTBOUND_MANAGE)


def waiting_message(user: User, message_id: int) -> tuple[Message, Leaving, Thread]:
    """Within a transaction: a message that has not left, with its conversation, both locked, the conversation first.

    Raises:
        TooLate: its time is over.
        CannotPost: it isn't there for `user`, or isn't theirs.

    """
    found = readable(user).filter(pk=message_id).first()
    if found is None:
        raise CannotPost(f"There is no message {message_id}.")
    thread = Thread.objects.select_for_update(of=("self",)).select_related("record").get(pk=found.thread_id)
    leaving = Leaving.objects.select_for_update().filter(message=message_id).first()
    scheduled = leaving is not None and leaving.scheduled
    steers = scheduled and may_steer(user, found.user_id, found.company_id)
    if not steers and (found.user_id != user.pk or not may_write(user, found.company_id)):
        raise NotTheirs("Only who wrote a message can undo it.")
    if leaving is None or leaving.at + (timedelta() if scheduled else GRACE) < now():
        raise TooLate("It is too late: the message has left.")
    return found, leaving, thread


def copies_of(told: Iterable[Notification]) -> list[int]:
    """The ids of the copies by which somebody was told."""
    return [one.delivery_id for one in told if one.delivery_id]


def too_late(gone: Sequence[Delivery]) -> TooLate:
    """Which copies left, in words: the others leave, too, since the message stands."""
    named = ", ".join(one.address for one in gone[:MOST_NAMED])
    more = f" and {len(gone) - MOST_NAMED} more" if len(gone) > MOST_NAMED else ""
    being = all(one.state == DeliveryState.TRANSMITTING for one in gone)
    fate = "is being sent" if being else "has left"
    many = "copies" if len(gone) > 1 else "copy"
    has = fate if len(gone) == 1 else fate.replace("is ", "are ").replace("has ", "have ")
    return TooLate(f"It is too late: the {many} for {named}{more} {has}.", [one.pk for one in gone])


def _withdraw(user: User, told: Sequence[Notification], *, scheduled: bool) -> None:
    because = f"Cancelled by {user.name}" if scheduled else f"Undone by {user.name}"
    if gone := withdraw_all(copies_of(told), f"{because} before it left; the message was taken back."):
        raise too_late(gone)


def untold(told: Sequence[Notification], thread: Thread) -> None:
    """Within a transaction: nobody was told; their inboxes are as if they had not been. A fixed number of queries."""
    inside = [one for one in told if one.channel == INBOX and one.user_id]
    counted = Counter(one.user_id for one in inside if one.read_at is None)
    uncount(Entering(user or 0, thread.pk, thread.company_id, 0, number) for user, number in counted.items())
    Notification.objects.filter(pk__in=[one.pk for one in told]).delete()
    name_no_more(thread.pk, {one.user_id for one in told if one.mention and one.user_id})
    readers = {one.user_id for one in inside if one.user_id}
    _go_back(thread, readers)
    tell([(thread.company_id, "inbox", str(user)) for user in sorted(readers)])


def _go_back(thread: Thread, readers: set[int]) -> None:
    """Their entries stand where the notification before puts them; without one they go, unless somebody starred them or
    put them off.
    """
    entries = list(InboxEntry.objects.select_for_update().filter(user__in=readers, thread=thread).order_by("user"))
    mine = Notification.objects.filter(user__in=readers, channel=INBOX, message__thread=thread)
    newest = dict(mine.values("user").annotate(newest=Max("pk")).values_list("user", "newest"))
    for entry in entries:
        entry.newest = newest.get(entry.user_id, entry.newest)
    gone = [one.pk for one in entries if one.user_id not in newest and not one.starred and not one.snoozed_until]
    InboxEntry.objects.filter(pk__in=gone).delete()
    update_rows(InboxEntry, [one for one in entries if one.pk not in gone], ["newest"])


def take_out(message: Message, thread: Thread) -> None:
    """Within a transaction: the conversation is as if the message had never been in it."""
    named = {email for email, _ in (*message.to, *message.cc)}
    thread.references = [one for one in thread.references if one != message.message_id]
    message.delete()
    others = Message.objects.filter(thread=thread)
    if named:
        for author, to, cc in others.values_list("author_email", "to", "cc").iterator():
            named -= {author, *(email for email, _ in (*to, *cc))}
        Participant.objects.filter(thread=thread, email__in=named).delete()
    last = others.order_by("-pk").values_list("received_at", flat=True).first()
    thread.last_message_at = last or thread.record.created_at
    update_rows(Thread, [thread], ["last_message_at", "references"])
