"""What a message's trace says: who was told and who was not, why it was kept from people, under which id it left."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from postroom.conversations.models import Message
from postroom.core.authentication.verdict import Level
from postroom.core.sending.recipients import Audience, Person, Spared, Told
from postroom.core.trace import Step

MOST_PEOPLE = 100  # of each kind whom a trace names; the rest it counts
CHANNELS = {"mail": "by mail", "inbox": "in the inbox"}
MACHINES = ("auto", "list", "loop")  # who writes for our own people only: other machines would answer


def trace_of(message: Message, audience: Audience, sent_as: str) -> list[Step]:
    """The steps that follow from telling; `sent_as` is the id of ours under which a mail was sent on, or empty."""
    return [*_told(audience.told), *_spared(audience.spared), *_kept(message), *_sent_as(message, sent_as)]


def _told(people: Sequence[Told]) -> Iterator[Step]:
    for one in people[:MOST_PEOPLE]:
        yield {"step": "told", "text": f"{_label(one.person)} {one.because}: told {CHANNELS[one.person.channel]}."}
    yield from _more("told", people)
    if not people:
        yield {"step": "told", "text": "Nobody was told."}


def _spared(people: Sequence[Spared]) -> Iterator[Step]:
    for one in people[:MOST_PEOPLE]:
        yield {"step": "spared", "text": f"{_label(one.person)} {one.because}: not told."}
    yield from _more("spared", people)


def _more(step: str, people: Sequence[Told | Spared]) -> Iterator[Step]:
    if len(people) > MOST_PEOPLE:
        yield {"step": step, "text": f"And {len(people) - MOST_PEOPLE} more."}


def _label(person: Person) -> str:
    if not person.email:
        return person.name
    return f"{person.name} <{person.email}>" if person.name else person.email


def _kept(message: Message) -> Iterator[Step]:
    """Why a message that came by mail was kept from people who would hear of others."""
    who = message.author_name or message.author_email or "The sender"
    text = ""
    if message.standing == Message.Standing.OUTSIDER:
        named = f"{who} named a message of this conversation, but neither takes part in it nor was addressed."
        why = message.verdict if message.level == Level.FORGED else named
        text = f"Not redistributed until a member accepts it: {why}"
    elif message.visibility == Message.Visibility.INTERNAL:
        text = "A note: it stays among our own people."
    elif message.standing == Message.Standing.CLAIMED_MEMBER:
        text = (
            f"Not sent to people outside: {who} has the address of one of us, and nothing proves that it was them."
            " Accept the message to send it on."
        )
    elif message.automatic in MACHINES:
        text = "Not sent to people outside: a machine wrote it or a list sent it, and machines would answer."
    if text:
        yield {"step": "kept back", "text": text}


def _sent_as(message: Message, sent_as: str) -> Iterator[Step]:
    if sent_as:
        named = "; the original stands in References" if message.message_id else ""
        yield {"step": "message id", "text": f"Sent on under the id <{sent_as}> of ours{named}."}
