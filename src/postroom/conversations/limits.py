"""The counter of a sender's mails in a conversation, and how a member's message sets it back to nothing."""

from __future__ import annotations

from collections.abc import Collection

from postroom.conversations.models import Message
from postroom.infra import counters


def thread_counter(thread: int, sender: str) -> str:
    """The key of the counter of a sender's mails in a thread."""
    return f"thread:{thread}:{sender}"


def forget_counts(threads: Collection[int]) -> None:
    """Within a transaction: a member wrote in these threads, so their senders are counted anew; two queries.

    Each sender has a message in the thread, so that the keys are known: no range of them is searched, which the
    collations of databases order differently.
    """
    if not threads:
        return
    wrote = Message.objects.filter(thread__in=threads, user=None).order_by().values_list("thread_id", "author_email")
    counters.forget({thread_counter(thread, email) for thread, email in wrote.distinct()})
