"""What comes round: run by the worker when it is due, and by operators when they say so."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from postroom.conversations import batch_posting, scheduling
from postroom.conversations.inbox_waking import EVERY_SECONDS, wake_due
from postroom.inbound.steps.expire import expire
from postroom.infra import changes, counters, idempotency, instance
from postroom.infra.schedule import Action
from postroom.infra.search import index
from postroom.outbound import allowances, links
from postroom.outbound.paces import services as paces
from postroom.outbound.proofs import results as proof_results
from postroom.outbound.queue import operations


def _forget() -> str:
    return (
        f"{changes.forget_old()} changes, {counters.forget_old()} counters,"
        f" {idempotency.forget_old()} answered requests, {allowances.forget_old()} days of usage,"
        f" {operations.forget_old()} decisions about many copies, {links.forget_old()} download links,"
        f" {paces.forget_old()} paces."
    )


ACTIONS = {
    "inbound.expire": Action(
        3600, expire, _("Forget old mail"), _("Deletes the bytes of arrivals that were kept for long enough.")
    ),
    "conversations.wake": Action(
        EVERY_SECONDS, wake_due, _("Wake conversations"), _("Brings back what somebody put off until now.")
    ),
    "conversations.leave": Action(
        scheduling.EVERY_SECONDS,
        scheduling.leave_due,
        _("Tell of scheduled messages"),
        _("Tells people of messages as they leave at the time that somebody chose."),
    ),
    "conversations.batches": Action(
        batch_posting.EVERY_SECONDS,
        batch_posting.post_due,
        _("Write to many"),
        _("Posts what somebody wrote to several records, once the time to undo it is over."),
    ),
    proof_results.ACTION: Action(
        proof_results.EVERY_SECONDS,
        proof_results.tend,
        _("End proofs of domains"),
        _("Closes those whose round trips did not come back in time."),
    ),
    index.ACTION: Action(
        index.EVERY_SECONDS, index.index_some, _("Index for search"), _("Lets people find what is new or changed.")
    ),
    "infra.identity": Action(
        60,
        instance.beat,
        _("Count on"),
        _("Counts in the database and outside of it, so that an older backup is known when it is restored."),
    ),
    "infra.forget": Action(
        600, _forget, _("Tidy up"), _("Deletes news, counters, answered requests and old links that nobody waits for.")
    ),
}
