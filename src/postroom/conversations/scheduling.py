"""Messages that leave at a chosen time: sent now or at another one instead, told to our own people as they leave."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from postroom.conversations.checks import CannotPost
from postroom.conversations.leaving import GRACE, Departure, checked_time
from postroom.conversations.models import Leaving, Message, Notification, Telling, Thread
from postroom.conversations.notify import Posted, notify
from postroom.conversations.posting import refer_to, stir
from postroom.conversations.undoing import copies_of, too_late, waiting_message
from postroom.core.delivery.states import DeliveryState
from postroom.directory.models import User
from postroom.infra.changes import tell
from postroom.infra.clock import now
from postroom.infra.database.base import update_rows
from postroom.infra.logs import logger
from postroom.outbound.models import Delivery
from postroom.outbound.services import put_off

log = logger(__name__)

MOST = 100  # messages of one transaction
EVERY_SECONDS = 5
WAITS = (DeliveryState.QUEUED, DeliveryState.HELD, DeliveryState.CANCELLED)


def reschedule(*, user: User, message_id: int, at: datetime | None) -> Departure:
    """Let a scheduled message leave at another time (None: nobody said when); all of its copies, or none.

    Raises:
        TooLate: it has left, or a copy of it has.
        CannotPost: it isn't there for `user`, isn't theirs, isn't scheduled, or mail can't leave at that time.

    """
    with transaction.atomic():
        message, leaving, thread = _scheduled(user, message_id)
        going = Departure(checked_time(at), scheduled=True, by=user.name)
        put_off(_waiting_copies(message), going.wait)
        Leaving.objects.filter(pk=leaving.pk).update(at=going.at)
        _say(message, f"{user.name} scheduled it for another time.", thread)
    return going


def send_now(*, user: User, message_id: int) -> Message:
    """Let a scheduled message leave now.

    Raises:
        TooLate: it has left, or a copy of it has.
        CannotPost: it isn't there for `user`, isn't theirs, or isn't scheduled.

    """
    with transaction.atomic():
        message, leaving, thread = _scheduled(user, message_id)
        put_off(_waiting_copies(message), None)
        _say(message, f"{user.name} let it leave before its time.", thread)
        _leave(message, leaving, thread)
    return message


def leave_due() -> str:
    """What is to happen as messages leave: those that were scheduled are told to our own people; of the others nothing
    is to be known any more.
    """
    at, left = now(), 0
    Leaving.objects.filter(at__lt=at - GRACE - timedelta(seconds=EVERY_SECONDS), scheduled=False).delete()
    due = Leaving.objects.filter(at__lte=at, scheduled=True).order_by("at")
    for key in list(due.values_list("pk", flat=True)[:MOST]):
        try:
            left += _leave_one(key)
        except Exception as error:  # it keeps no other back
            log.exception("a scheduled message can't be told", message=key, exc_info=error)
    return f"{left} scheduled messages left."


def _leave_one(key: int) -> bool:
    with transaction.atomic():
        message = Message.objects.select_related("user").filter(pk=key).first()
        if message is None:
            return False
        thread = _locked(message)
        leaving = Leaving.objects.select_for_update().filter(pk=key, at__lte=now()).first()
        if leaving is None:  # another was faster, or its time is another one now
            return False
        _leave(message, leaving, thread)
    return True


def _leave(message: Message, leaving: Leaving, thread: Thread) -> None:
    """Within a transaction: it counts as written now, and whoever was not told yet is; who began to follow meanwhile
    hears, too.
    """
    at = now()
    message.sent_at = at
    Message.objects.filter(pk=message.pk).update(sent_at=at)
    Leaving.objects.filter(pk=leaving.pk).delete()
    told = Notification.objects.filter(message=message).values_list("contact", "email")
    contacts = {contact for contact, _ in told}
    mentioned = tuple(one for one in leaving.mentions if one not in contacts)
    has_it = frozenset(email for _, email in told)
    thread.last_message_at = at
    refer_to(thread, message)
    update_rows(Thread, [thread], ["last_message_at", "references"])
    stir([thread])
    passed_on = bool(leaving.forwards)
    notify([Posted(message, thread, message.html, message.text, mentioned, told=has_it, passed_on=passed_on)])
    tell([(message.company_id, "thread", thread.record.ref)])


def _scheduled(user: User, message_id: int) -> tuple[Message, Leaving, Thread]:
    message, leaving, thread = waiting_message(user, message_id)
    if not leaving.scheduled:
        raise CannotPost("This message is not scheduled: it leaves in a moment.")
    return message, leaving, thread


def _waiting_copies(message: Message) -> list[int]:
    """Its copies, if all of them wait."""
    copies = copies_of(Notification.objects.filter(message=message))
    rows = list(Delivery.objects.select_for_update().filter(pk__in=copies).order_by("pk"))
    if gone := [row for row in rows if row.state not in WAITS]:
        raise too_late(gone)
    return copies


def _say(message: Message, text: str, thread: Thread) -> None:
    Telling.objects.create(message=message, steps=[{"step": "scheduled", "text": text}])
    tell([(message.company_id, "thread", thread.record.ref)])


def _locked(message: Message) -> Thread:
    return Thread.objects.select_for_update(of=("self",)).select_related("record").get(pk=message.thread_id)
