"""Posting what was written to several records, some at a time: whoever is interrupted goes on where it was."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from postroom.conversations.batches import Reached, State, reach
from postroom.conversations.composing import Composed, compose_all
from postroom.conversations.limits import forget_counts
from postroom.conversations.models import Batch, BatchFile, BatchItem, Follower, Message, Telling, Thread
from postroom.conversations.notify import Posted, notify
from postroom.conversations.posting import open_threads
from postroom.conversations.services import reply_subject
from postroom.conversations.ways import ways_back
from postroom.infra.changes import tell
from postroom.infra.clock import now
from postroom.infra.database.base import insert_values, update_rows
from postroom.infra.logs import logger
from postroom.outbound.selectors import servers_for_many
from postroom.outbound.services import Lane
from postroom.records.models import Record

log = logger(__name__)

CHUNK = 50  # records of one transaction
EVERY_SECONDS = 5
CONTACT_ALONE = "follows, but only the contact of each record was written to"


def post_due() -> str:
    """Post every batch whose time has come, to its end."""
    posted = 0
    for key in list(Batch.objects.filter(ended_at=None, at__lte=now()).order_by("at").values_list("pk", flat=True)):
        try:
            posted += post_batch(key)
        except Exception as error:  # it keeps no other back
            log.exception("a batch can't be posted", batch=key, exc_info=error)
    return f"{posted} messages were posted."


def post_batch(key: int) -> int:
    """Post what waits of a batch; returns how many messages. Stopped meanwhile, it goes no further."""
    Batch.objects.filter(pk=key, state=State.WAITS, at__lte=now()).update(state=State.POSTING)
    posted = 0
    while (some := _post_some(key)) is not None:
        posted += some
    return posted


def _post_some(key: int) -> int | None:
    """The next records in one transaction; None where nothing is left, or another worker is at it."""
    with transaction.atomic():
        rows = Batch.objects.select_for_update(skip_locked=True, of=("self",)).select_related("user")
        batch = rows.filter(pk=key, state=State.POSTING).first()
        if batch is None:
            return None
        waiting = batch.items.filter(message=None, why="").order_by("pk")
        items = {one.record_id: one for one in waiting[:CHUNK]}
        if not items:
            Batch.objects.filter(pk=key).update(state=State.DONE, ended_at=now())
            return None
        return _post(batch, items)


def _post(batch: Batch, items: dict[int, BatchItem]) -> int:
    """Conversations are locked in their order, as by whoever else locks several."""
    records = list(Record.objects.filter(pk__in=items).select_related("contact").order_by("pk"))
    found = reach(batch.user, records)
    for one in found:
        items[one.record.pk].why = one.why
    threads = _threads([one for one in found if one.to])
    posted = [(one, threads[one.record.pk]) for one in found if one.to]
    total = batch.items.count()
    for item, message in zip((items[one.record.pk] for one, _ in posted), _written(batch, posted, total), strict=True):
        item.message = message
    gone = items.keys() - {one.record.pk for one in found}
    for pk in gone:
        items[pk].why = "It is not there any more."
    update_rows(BatchItem, list(items.values()), ["message", "why"])
    return len(posted)


def _threads(wanted: Sequence[Reached]) -> dict[int, Thread]:
    """The conversations of these records, locked; opened where there are none."""
    records = {one.record.pk: one.record for one in wanted}
    known = Thread.objects.select_for_update().filter(record__in=records).order_by("pk")
    found = {one.record_id: one for one in known}
    new = [record for pk, record in records.items() if pk not in found]
    found.update((one.record_id, one) for one in open_threads(new, [()] * len(new), now()))
    for pk, thread in found.items():
        thread.record = records[pk]
    return found


def _written(batch: Batch, posted: Sequence[tuple[Reached, Thread]], total: int) -> list[Message]:
    """A fixed number of queries, however many."""
    if not posted:
        return []
    ways, files = ways_back([one.record for one, _ in posted]), list(batch.files.order_by("position"))
    messages = compose_all([_composed(batch, one, thread, ways[one.record.pk].host, files) for one, thread in posted])
    servers = servers_for_many({one.record.company_id for one, _ in posted}) if total > 1 else {}
    told = [
        Posted(
            message, thread, message.html, message.text, to=(one.to,) if one.to else (),
            passed_on=not batch.followers, spared=CONTACT_ALONE, lane=Lane.BULK if total > 1 else None,
            server=servers.get(message.company_id, (None, ""))[0],
        )
        for (one, thread), message in zip(posted, messages, strict=True)
    ]  # fmt: skip
    notify(told)
    _say(messages, total, {company: name for company, (_, name) in servers.items()})
    rows = [(one.thread_id, one.author_id, True, False) for one in messages]
    insert_values(Follower, ("thread", "contact", "discussions", "notes"), rows, skip_known=True)
    forget_counts([thread.pk for _, thread in posted])
    tell(sorted({(thread.company_id, "thread", thread.record.ref) for _, thread in posted}))
    return messages


def _composed(batch: Batch, one: Reached, thread: Thread, host: str, files: Sequence[BatchFile]) -> Composed:
    return Composed(
        thread,
        batch.user,
        batch.subject or reply_subject(one.record.title),
        batch.body,
        host,
        to=(one.to,) if one.to else (),
        kept=files,
    )


def _say(messages: Sequence[Message], total: int, servers: dict[int, str]) -> None:
    """Why its copies go behind others, and by which server."""
    if total == 1:
        return
    steps = []
    for one in messages:
        by = servers.get(one.company_id)
        server = f" They leave by {by}, the server for mail to many." if by else ""
        said = f"One of {total:,} messages that were written at once: other mail leaves before its copies.{server}"
        steps.append((one.pk, [{"step": "one of many", "text": said}]))
    insert_values(Telling, ("message", "steps"), steps)
