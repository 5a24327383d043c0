"""Step 6: what became of the copies, as rows: states, tries, and the news of it."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from postroom.core.delivery.bounce_rules import ReplyClass
from postroom.core.delivery.retry import Plan, delivery_backoff, give_up, last_try
from postroom.core.delivery.states import DELIVERIES, DeliveryEvent, DeliveryState
from postroom.core.delivery.waiting import Reason
from postroom.core.sending.learned_ids import learned_message_id
from postroom.infra.clock import now
from postroom.infra.config import config
from postroom.infra.database.base import Claimed, claim_of, insert, move, update_rows
from postroom.outbound.events import DeliveryNews
from postroom.outbound.models import Attempt, Delivery, Letter
from postroom.outbound.news import tell
from postroom.outbound.replies import reply_class
from postroom.outbound.steps.transmit import begin
from postroom.outbound.transports.protocol import Outcome
from postroom.outbound.transports.protocol import Result as Answer
from postroom.outbound.work import PutOff, Result

CHANCE = random.SystemRandom()  # spreads out what failed together
RECORDED = ("state", "reason", "words", "due", "reply_class", "dispatch", "attempts", "renewed_at", "settled_at")
FILLED = ("outcome", "phase", "code", "enhanced", "words", "message_id", "ended_at")
EVENTS = {
    Answer.ACCEPTED: DeliveryEvent.ACCEPT,
    Answer.DEFERRED: DeliveryEvent.DEFER,
    Answer.REFUSED: DeliveryEvent.REFUSE,
    Answer.UNKNOWN: DeliveryEvent.LOSE,
}


def record(results: Sequence[Result]) -> list[Result]:
    """Within a transaction: the outcomes of copies that were on the wire; four statements for all. Returns the results
    as they count: a refusal that will pass is a put-off.
    """
    if not results:
        return []
    results, at = list(map(_as_meant, results)), now()
    for result in results:
        _fill(result, at)
        _settle(result, EVENTS[result.outcome.result], at)
    _write(results, DeliveryState.TRANSMITTING)
    update_rows(Attempt, [result.item.attempt for result in results if result.item.attempt], FILLED)
    return results


def put_off(one: PutOff) -> None:
    """Within a transaction: no session could be opened for these claimed copies; each that is still ours has that as a
    try. The others were withdrawn, held or claimed by somebody else meanwhile.
    """
    at = now()
    results = [Result(item, one.outcome, one.host, one.down) for item in one.items]
    for result in results:
        result.item.attempt = result.item.attempt or begin(result.item, at)
        _fill(result, at)
        _settle(result, DeliveryEvent.RETURN, at)
    ours = _write(results, DeliveryState.CLAIMED)
    insert(result.item.attempt for result in results if result.item.attempt and claim_of(result.item.row) in ours)


def _write(results: Sequence[Result], before: DeliveryState) -> set[Claimed]:
    """The claims of those that are still ours: the others stay as they are."""
    ours = move(Delivery, [result.item.row for result in results], RECORDED, before=before)
    tell([_news(result) for result in results if claim_of(result.item.row) in ours])
    _forget_secrets([result.item.row for result in results])
    return ours


def _forget_secrets(rows: Sequence[Delivery]) -> None:
    """What stood in a mail alone is kept no longer than until it is accepted; nothing is asked where there is none."""
    told = {row.letter_id for row in rows if row.state == DeliveryState.ACCEPTED and row.letter.secret}
    if told:
        Letter.objects.filter(pk__in=told).update(secret=None)


def _as_meant(one: Result) -> Result:
    """The result; deferred where the server refused by mistake what it takes later, such as over a daily limit."""
    meant = _class_of(one.outcome) if one.outcome.result is Answer.REFUSED else None
    if not (meant and meant.retry_refused):
        return one
    return replace(one, outcome=replace(one.outcome, result=Answer.DEFERRED))


def _class_of(outcome: Outcome) -> ReplyClass | None:
    """What the server meant; None where there is nothing to understand."""
    if outcome.result in (Answer.ACCEPTED, Answer.UNKNOWN) or outcome.is_untouched:
        return None
    return reply_class(outcome.code, outcome.enhanced, outcome.words, outcome.phase)


def _settle(result: Result, event: DeliveryEvent, at: datetime) -> None:
    """The row as the outcome leaves it. A copy whose turn never came is due again at once, without a reason."""
    row, outcome = result.item.row, result.outcome
    before = DeliveryState.CLAIMED if event is DeliveryEvent.RETURN else DeliveryState.TRANSMITTING
    state, meant = DELIVERIES.advance(before, event), _class_of(outcome)
    row.words, row.reason, row.due, row.settled_at = _sentence(row, outcome, meant), "", None, at
    row.reply_class = meant.key if meant else ""
    if state == DeliveryState.QUEUED and outcome.is_untouched:
        row.due, row.settled_at = at, None
    elif state == DeliveryState.QUEUED and _is_over(row, at):
        state = DELIVERIES.advance(state, DeliveryEvent.GIVE_UP)
        row.words = f"Given up after {config().send_days:g} days. {row.words}"
    elif state == DeliveryState.QUEUED and result.down is not None:
        row.reason, row.due, row.settled_at = Reason.SERVER_DOWN, result.down.until, None
        row.words = result.down.words
    elif state == DeliveryState.QUEUED:
        row.reason = Reason.SERVER_DOWN if event is DeliveryEvent.RETURN else Reason.PUT_OFF
        row.due, row.settled_at = _again(row, meant, at), None
        row.words = f"{_ended(row.words)} It is tried again at {row.due:%Y-%m-%d %H:%M} UTC."
    row.state = state


def _is_over(row: Delivery, at: datetime) -> bool:
    """Whether it was tried for long enough. Who waited that long for the first try has the days from that one on."""
    over = give_up(row.renewed_at or row.created_at, at, config().send_days)
    if over and row.attempts == 1 and config().send_days > 0:
        row.renewed_at, over = at, False
    return over


def _again(row: Delivery, meant: ReplyClass | None, at: datetime) -> datetime:
    """When it is tried again: not after its days are over, so that they end with a try."""
    wait = delivery_backoff(row.attempts, CHANCE.random(), meant.plan if meant else Plan.NORMAL)
    return min(at + timedelta(seconds=wait), last_try(row.renewed_at or row.created_at, config().send_days))


def _sentence(row: Delivery, outcome: Outcome, meant: ReplyClass | None) -> str:
    """Who said what, and what that means; words of our own, which have no code, are sentences already."""
    choice = row.dispatch
    if not outcome.code or choice is None:
        return outcome.words
    did = {Answer.ACCEPTED: "took it", Answer.DEFERRED: "put it off", Answer.REFUSED: "refused it"}
    said = f"{choice.server_name} {did.get(outcome.result, 'said')}: {outcome.words}"
    return f"{_ended(said)} {meant.sentence}" if meant and meant.is_named else said


def _ended(words: str) -> str:
    """Words to which a sentence can be added."""
    return words if words.endswith((".", "!", "?", "…")) else f"{words}."


def _fill(result: Result, at: datetime) -> None:
    row, attempt, outcome = result.item.row, result.item.attempt, result.outcome
    assert attempt is not None
    row.attempts = attempt.number
    attempt.ended_at = at
    attempt.outcome, attempt.phase = outcome.result, outcome.phase
    attempt.code, attempt.enhanced, attempt.words = outcome.code, outcome.enhanced[:12], outcome.words
    if outcome.result is Answer.ACCEPTED:
        ours = row.letter.message_id
        attempt.message_id = outcome.message_id or learned_message_id(outcome.words, result.host, ours)


def _news(result: Result) -> DeliveryNews:
    row, attempt = result.item.row, result.item.attempt
    return DeliveryNews(row.id, row.company_id, row.state, attempt.message_id if attempt else "")
