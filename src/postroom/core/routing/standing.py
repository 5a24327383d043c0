"""How far the From of an answer is believed, whether it answers a note, and what is learnt from it."""

from __future__ import annotations

from itertools import chain, islice

from postroom.core.message.mail import Mail
from postroom.core.routing.decision import Standing
from postroom.core.routing.facts import Facts, ThreadFact
from postroom.core.routing.rule import token_thread

_NOTE = "The message answered is an internal note, so the answer stays internal."


def standing_of(thread: ThreadFact, facts: Facts, *, by: str, internal: bool) -> tuple[Standing, str]:
    """The standing of an answer's writer and the reason in words, empty where they simply take part.

    From is text that anybody can write, and a token is a direction: only what authenticates the mail makes its writer
    one of us.
    """
    note = f"{_NOTE} " if internal else ""
    if facts.sender.is_member(thread.company):
        return Standing.MEMBER, f"{note}{facts.sender.verdict}".strip()
    if facts.sender.claims_member(thread.company):
        because = "A member has the sender's address, but nothing proves who wrote this: shown as unverified."
        return Standing.CLAIMED_MEMBER, note + because
    if internal:
        return Standing.OUTSIDER, f"{note}The sender is none of our own people: shown as an unverified outsider."
    if facts.sender.forged:
        return Standing.OUTSIDER, f"{facts.sender.verdict} Shown as an unverified outsider."
    if thread.knows_sender or thread.token_names_sender:
        return Standing.PARTICIPANT, ""
    others = "The token was sent to somebody else. " if by == "token" else ""
    because = "The sender neither takes part nor was addressed: shown as an unverified outsider."
    return Standing.OUTSIDER, others + because


def answers_note(thread: ThreadFact, facts: Facts) -> bool:
    """Whether the mail answers an internal note of this thread: by one of its tokens, or by its newest reference."""
    by_token = (found for r in facts.recipients if (found := token_thread(r)) is not None)
    here = (known.thread for known in facts.referred if known.thread.company == thread.company)
    return any(other.internal for other in chain((thread,), by_token, islice(here, 1)) if other.id == thread.id)


def learnt(mail: Mail, facts: Facts, thread: ThreadFact, standing: Standing) -> str:
    """The id by which a mail quotes the message that its token names, where nobody knows that id; else empty.

    Some providers replace the Message-ID of what they send, so that an answer quotes an id that we never wrote. Only
    those teach it who take part, or to whom the copy was sent: a token in the wrong hands draws no other mail here.
    """
    newest = next(chain(mail.in_reply_to, reversed(mail.references)), "")
    if not newest or newest == mail.message_id or standing is Standing.OUTSIDER:
        return ""
    if standing is Standing.CLAIMED_MEMBER and not thread.token_names_sender:
        return ""
    known = {r.message_id for r in facts.referred if r.thread.company == thread.company}
    return "" if newest in known else newest
