"""News for open pages: one thread per process follows the changes and hands each stream what its reader may know of.

An event says what changed, never its content: the page asks for that itself, through the view that checks access.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import threading
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

from asgiref.sync import sync_to_async
from django.db import DatabaseError, connections
from django.db.models import Max, Min

from postroom.directory.access import companies
from postroom.directory.models import User
from postroom.directory.roles import Permission
from postroom.infra.database.base import Waiter, waiter
from postroom.infra.logs import logger
from postroom.infra.models import Change

PING = 15.0  # seconds after which a stream says that it lives, and asks again who its reader is
PAUSE = 0.1  # seconds between two looks at the changes, however many commits there are
LOOK = 1.0  # seconds after which the follower looks without having been woken
OVERLAP = 200  # changes that are read again: a transaction may commit a lower id than one that was read
MOST = 1000  # changes that are caught up with; further back, the page starts afresh
BACKLOG = 500  # events that wait for one slow stream; beyond that it starts afresh

log = logger(__name__)

# What a reader must be allowed to hear of each topic.
TOPICS = {
    "record": Permission.RECORDS_READ,
    "thread": Permission.RECORDS_READ,
    "contact": Permission.RECORDS_READ,
    "followers": Permission.RECORDS_READ,
    "delivery": Permission.RECORDS_READ,
    "inbox": Permission.RECORDS_READ,
    "arrival": Permission.ARRIVALS_READ,
    "outbound": Permission.OUTBOUND_READ,
}
PERSONAL = frozenset({"inbox"})  # topics whose ref is the id of the only user who hears of them


@dataclass(frozen=True, slots=True)
class News:
    """One change: `topic` and `ref` say what, `company_id` whose."""

    id: int
    company_id: int
    topic: str
    ref: str


@dataclass(frozen=True, slots=True)
class Ears:
    """Of which companies a reader hears, for each topic; `user` is who reads, 0 for nobody."""

    companies: dict[str, frozenset[int]]
    user: int = 0

    def hear(self, news: News) -> bool:
        if news.topic in PERSONAL and news.ref != str(self.user):
            return False
        return news.company_id in self.companies.get(news.topic, frozenset())


def ears_of(user: User) -> Ears:
    """What `user` may hear of now."""
    return Ears({topic: companies(user, permission) for topic, permission in TOPICS.items()}, user.pk)


def ears_by_id(user_id: int) -> Ears | None:
    """As `ears_of`, read afresh; None where the user may not be here any more."""
    user = User.objects.filter(pk=user_id, is_active=True).first()
    return ears_of(user) if user else None


def away(call: Callable[..., Any]) -> Callable[..., Any]:
    """A database question from async code that leaves no connection open behind it."""

    def asked(*args: Any) -> Any:
        try:
            return call(*args)
        finally:
            connections.close_all()

    return sync_to_async(asked)


@dataclass(eq=False)
class Subscription:
    """A stream's mailbox, on the event loop that it lives on. None in the queue ends it."""

    loop: asyncio.AbstractEventLoop
    queue: asyncio.Queue[News | None] = field(default_factory=lambda: asyncio.Queue(BACKLOG))
    overrun: bool = False

    def offer(self, news: Iterable[News | None]) -> None:
        """On the loop: put news in; what does not fit makes the reader start afresh."""
        for one in news:
            if self.queue.full():
                self.overrun = True
                return
            self.queue.put_nowait(one)


class Follower:
    """Follows the changes in one thread, for all streams of the process; started by the first of them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._subscriptions: set[Subscription] = set()
        self._thread: threading.Thread | None = None
        self._stopping = False

    def subscribe(self) -> Subscription:
        """A mailbox for everything that changes from now on."""
        subscription = Subscription(asyncio.get_running_loop())
        with self._lock:
            self._subscriptions.add(subscription)
            if self._thread is None:
                self._stopping = False
                self._thread = threading.Thread(target=self._follow, name="changes", daemon=True)
                self._thread.start()
                _end_streams_on_signals(self.stop)
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        with self._lock:
            self._subscriptions.discard(subscription)

    def stop(self) -> None:
        """End every stream; safe in a signal handler's thread."""
        self._stopping = True
        self._publish([None])

    @property
    def stopping(self) -> bool:
        return self._stopping

    def _publish(self, news: list[News | None]) -> None:
        for subscription in list(self._subscriptions):
            with contextlib.suppress(RuntimeError):  # its loop has closed
                subscription.loop.call_soon_threadsafe(subscription.offer, news)

    def _follow(self) -> None:
        pause = threading.Event()
        while not self._stopping:
            try:
                self._follow_until_it_breaks(pause)
            except DatabaseError as error:
                log.warning("the changes cannot be read", error=str(error))
                pause.wait(LOOK)
            finally:
                connections.close_all()
        with self._lock:
            self._thread = None

    def _follow_until_it_breaks(self, pause: threading.Event) -> None:
        commits: Waiter = waiter()
        try:
            last = Change.objects.aggregate(newest=Max("pk"))["newest"] or 0
            seen = set(Change.objects.filter(pk__gt=last - OVERLAP).values_list("pk", flat=True))
            while not self._stopping:
                commits.wait(LOOK)
                fresh = [one for one in _changes(last - OVERLAP) if one.id not in seen]
                if fresh:
                    self._publish(list(fresh))
                    last = max(last, *(one.id for one in fresh))
                    seen = {pk for pk in seen if pk > last - 2 * OVERLAP} | {one.id for one in fresh}
                pause.wait(PAUSE)
        finally:
            commits.close()


FOLLOWER = Follower()


def _changes(after: int) -> list[News]:
    rows = Change.objects.filter(pk__gt=after, topic__in=TOPICS).order_by("pk")
    return [News(*row) for row in rows.values_list("pk", "company_id", "topic", "ref")]


def missed(last: int) -> list[News] | None:
    """What changed since the event `last`; None where that is too long ago to say."""
    kept = Change.objects.aggregate(oldest=Min("pk"), newest=Max("pk"))
    oldest, newest = kept["oldest"] or 0, kept["newest"] or 0
    if last > newest or last < oldest - 1 or newest - last > MOST:
        return None
    return _changes(last)


def _end_streams_on_signals(stop: Callable[[], None]) -> None:
    """A server that is told to stop waits for open answers: so the streams end at the same signal."""
    if threading.current_thread() is not threading.main_thread():
        return
    for name in (signal.SIGINT, signal.SIGTERM):
        before = signal.getsignal(name)

        def ended(number: int, frame: FrameType | None, before: Any = before) -> None:
            stop()
            if callable(before):
                before(number, frame)

        if callable(before):
            signal.signal(name, ended)


def written(name: str, id: int = 0, **data: str) -> bytes:
    """An event of the stream (WHATWG HTML §9.2.6)."""
    head = f"id: {id}\n" if id else ""
    return f"{head}event: {name}\ndata: {json.dumps(data)}\n\n".encode()


async def stream(user_id: int, ears: Ears, last: int | None) -> AsyncIterator[bytes]:
    """The events for one reader, from what they missed since `last` until they leave or the server stops."""
    subscription = FOLLOWER.subscribe()
    told: set[int] = set()
    clock = subscription.loop.time
    try:
        yield b"retry: 2000\n\n"
        earlier = [] if last is None else await away(missed)(last)
        if earlier is None:
            yield written("reset")
        for one in earlier or ():
            told.add(one.id)
            if ears.hear(one):
                yield written(one.topic, one.id, ref=one.ref)
        ask_again = clock() + PING
        while not FOLLOWER.stopping:
            try:
                news = await asyncio.wait_for(subscription.queue.get(), ask_again - clock())
            except TimeoutError:
                ask_again = clock() + PING
                told.clear()
                fresh = await away(ears_by_id)(user_id)
                if fresh is None:
                    return
                ears = fresh
                yield b": ping\n\n"
                continue
            if news is None:
                return
            if subscription.overrun:
                subscription.overrun = False
                yield written("reset")
            if news.id not in told and ears.hear(news):
                yield written(news.topic, news.id, ref=news.ref)
    finally:
        FOLLOWER.unsubscribe(subscription)
