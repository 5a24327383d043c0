"""What becomes of a note's notifications when it is deleted: nothing waits to be read, nothing more leaves."""

from __future__ import annotations

from collections import Counter

from postroom.conversations.inbox_entries import Entering, uncount
from postroom.conversations.models import InboxEntry, Message, Notification
from postroom.infra.changes import tell
from postroom.infra.clock import now
from postroom.outbound.services import withdraw

BECAUSE = "Withdrawn: the note was deleted."


def untell(message: Message) -> int:
    """Within a transaction: what stands unread of a message in inboxes is read, it counts as no mention any more, and
    its copies that wait are withdrawn. Returns how many copies were; a mail on its way now cannot be called back.
    """
    told = list(Notification.objects.select_for_update().filter(message=message).order_by("pk"))
    unread = [one for one in told if one.channel == Notification.Channel.INBOX and one.read_at is None]
    Notification.objects.filter(pk__in=[one.pk for one in unread]).update(read_at=now())
    counted = Counter(one.user_id for one in unread if one.user_id)
    uncount(Entering(user, message.thread_id, message.company_id, 0, number) for user, number in counted.items())
    name_no_more(message.thread_id, {one.user_id for one in told if one.mention and one.user_id})
    readers = {one.user_id for one in told if one.user_id and one.channel == Notification.Channel.INBOX}
    tell([(message.company_id, "inbox", str(user)) for user in sorted(readers)])
    return withdraw([one.delivery_id for one in told if one.delivery_id], BECAUSE)


def name_no_more(thread: int, users: set[int]) -> None:
    """Within a transaction: a conversation leaves the mentions of those whom nothing else in it names."""
    if not users:
        return
    others = Notification.objects.filter(user__in=users, mention=True, message__thread=thread, message__deleted_at=None)
    still = set(others.values_list("user", flat=True))
    InboxEntry.objects.filter(user__in=users - still, thread=thread).update(mentioned=False)
