"""Who hears of messages, and how: decided by `core.sending.recipients`, written as rows and letters, many at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from postroom.conversations import hearers
from postroom.conversations.hearers import Known
from postroom.conversations.inbox_entries import Entering, enter
from postroom.conversations.letters import ANSWERED, Mailing, queue_all
from postroom.conversations.models import Message, MessageId, Notification, Telling, Thread
from postroom.conversations.reasons import MACHINES, trace_of
from postroom.conversations.ways import WayBack, ways_back
from postroom.core.addresses import Address
from postroom.core.sending.recipients import Audience, Hearing, Person, Spared, Told, who_hears
from postroom.infra.changes import tell
from postroom.infra.clock import now
from postroom.infra.database.base import insert_numbered, insert_values
from postroom.outbound.services import Lane, Wait

HAVE_IT = "follows, and has what is forwarded already"
ROW = ("message", "company", "contact", "user", "email", "name", "channel", "delivery", "because", "mention",
       "read_at", "created_at")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Posted:
    """A message that was just written, and what is known of its people besides its followers.

    The thread has its record loaded, the message its user where one of our people wrote it here. `body_html`
    (sanitised) and `body_text` are what its letters say. `mentioned` are ids of contacts of our own people;
    `to` and `cc` outside recipients that somebody chose; `already` the addresses that have it (To, Cc and From of a
    mail that came). `outside`: people who are not ours may hear. `answers` is the message that it answers, 0 where that
    is not known: who wrote a note hears of the answers to it. `told` are the
    addresses of people who were told of the message before, and of whom nothing more is said. `after` is the
    Message-ID that it answers, empty: the last of the thread. `passed_on`: it forwards what the followers have already,
    so that only who was chosen or mentioned hears; `spared` is why they do not.

    `wait` is until when its copies wait. `in_time`: who is told in the inbox is told when it leaves. `lane` and
    `server` are those of all its copies, where it is one of many.
    """

    message: Message
    thread: Thread
    body_html: str
    body_text: str
    mentioned: tuple[int, ...] = ()
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    already: frozenset[str] = frozenset()
    outside: bool = True
    answers: int = 0
    told: frozenset[str] = frozenset()
    after: str = ""
    passed_on: bool = False
    spared: str = HAVE_IT
    wait: Wait | None = None
    in_time: bool = False
    lane: Lane | None = None
    server: int | None = None


@dataclass(slots=True)
class _World:
    """Everything fetched for a batch."""

    followers: dict[int, list[Known]] = field(default_factory=dict)
    contacts: dict[int, Known] = field(default_factory=dict)
    chosen: dict[tuple[int, str], Known] = field(default_factory=dict)
    answered: dict[int, int] = field(default_factory=dict)
    owners: dict[int, Person] = field(default_factory=dict)
    ways: dict[int, WayBack] = field(default_factory=dict)


def notify(posted: Sequence[Posted]) -> None:
    """Within a transaction: tell whoever is to hear of these messages; a fixed number of queries.

    Writes notifications, letters and their copies, the ids of ours under which mail is sent on, and each message's
    trace: who was told, who was not, and why.
    """
    if not posted:
        return
    world = _fetch(posted)
    heard = [(one, _audience(one, world)) for one in posted]
    mailings = [Mailing(one, world.ways[one.thread.record_id], _by_mail(audience)) for one, audience in heard]
    queue_all(mailings)
    _write_notifications(heard, mailings)
    _write_ids(mailings)
    _write_traces(heard, mailings)
    _tell(heard)


def _fetch(posted: Sequence[Posted]) -> _World:
    companies = {one.message.company_id for one in posted}
    outsiders = (one.thread.record for one in posted if one.message.standing == Message.Standing.OUTSIDER)
    answered = _note_authors([one.answers for one in posted if one.answers and not _is_public(one)])
    return _World(
        followers=hearers.followers({one.thread.pk for one in posted}),
        contacts=hearers.contacts({contact for one in posted for contact in one.mentioned} | set(answered.values())),
        chosen=hearers.contacts_at(companies, {one.email for each in posted for one in (*each.to, *each.cc)}),
        answered=answered,
        owners=hearers.owners({record.owner_id for record in outsiders if record.owner_id}),
        ways=ways_back(one.thread.record for one in posted),
    )


def _note_authors(messages: Sequence[int]) -> dict[int, int]:
    """Who wrote these notes, as contacts."""
    if not messages:
        return {}
    rows = Message.objects.filter(pk__in=messages, visibility=Message.Visibility.INTERNAL, author__isnull=False)
    return dict(rows.values_list("pk", "author_id"))


def _is_public(one: Posted) -> bool:
    return one.message.visibility == Message.Visibility.PUBLIC


def _audience(one: Posted, world: _World) -> Audience:
    message = one.message
    if message.standing == Message.Standing.OUTSIDER:
        return _owner_alone(one, world)
    following = [known for known in world.followers.get(one.thread.pk, []) if one.told.isdisjoint(known.emails)]
    audience = (_passed_on if one.passed_on else _all_of)(one, following, world)
    return _in_time(audience) if one.in_time else audience


def _in_time(audience: Audience) -> Audience:
    """Who is told by mail already has a copy that waits; the others are told when it leaves."""
    inbox = Notification.Channel.INBOX
    return Audience(tuple(told for told in audience.told if told.person.channel != inbox), audience.spared)


def _passed_on(one: Posted, following: Sequence[Known], world: _World) -> Audience:
    """Of a forward those hear whom somebody named; the followers have what it carries."""
    audience = _all_of(one, (), world)
    named = {told.person.email for told in audience.told}
    others = (known for known in following if named.isdisjoint(known.emails))
    return Audience(audience.told, (*audience.spared, *(Spared(known.person(), one.spared) for known in others)))


def _all_of(one: Posted, following: Sequence[Known], world: _World) -> Audience:
    message = one.message
    named = [world.contacts[contact] for contact in one.mentioned if contact in world.contacts]
    answered = world.contacts.get(world.answered.get(one.answers, 0))
    people = [*named, answered] if answered else named
    audience = who_hears(
        Hearing(
            internal=not _is_public(one),
            author_email=message.author_email,
            author_user=message.user_id or 0,
            author_contact=message.author_id or 0,
            followers=tuple(known.person(one.already) for known in following if not known.left),
            mentioned=tuple(known.person(one.already) for known in people if known.user),
            chosen=tuple(
                _chosen(address, one, world) for address in (*one.to, *one.cc) if address.email not in one.told
            ),
            already=one.already,
            outside=one.outside and _is_public(one) and not _kept_inside(message),
        )
    )
    left = tuple(
        Spared(known.person(), "is no longer one of us, or can't sign in") for known in following if known.left
    )
    told = audience.told
    if answered:
        told = tuple(replace(one, because=ANSWERED) if one.person.contact == answered.contact else one for one in told)
    return Audience(told, (*audience.spared, *left))


def _owner_alone(one: Posted, world: _World) -> Audience:
    """Of a message that nobody vouches for only the record's owner hears, in the inbox: somebody has to see it."""
    owner = world.owners.get(one.thread.record.owner_id or 0)
    told = (Told(owner, "owns the record; nobody else was told"),) if owner else ()
    following = world.followers.get(one.thread.pk, [])
    spared = (known for known in following if not owner or known.user != owner.user)
    return Audience(told, tuple(Spared(known.person(), "nobody vouches for the sender yet") for known in spared))


def _chosen(address: Address, one: Posted, world: _World) -> Person:
    known = world.chosen.get((one.message.company_id, address.email))
    return known.person(email=address.email, name=address.name) if known else Person(address.email, address.name)


def _kept_inside(message: Message) -> bool:
    """Whether what came by mail goes to our own people only: who says to be one of us has to be believed first, and
    what a machine or a list wrote is not for other machines and lists.
    """
    return message.standing == Message.Standing.CLAIMED_MEMBER or message.automatic in MACHINES


def _by_mail(audience: Audience) -> list[Told]:
    return [told for told in audience.told if told.person.channel == Notification.Channel.MAIL]


def _write_notifications(heard: Sequence[tuple[Posted, Audience]], mailings: Sequence[Mailing]) -> None:
    at = now()
    people = [
        (one, mailing, told) for (one, audience), mailing in zip(heard, mailings, strict=True) for told in audience.told
    ]
    rows = [
        (
            one.message.pk,
            one.message.company_id,
            told.person.contact or None,
            told.person.user or None,
            told.person.email,
            told.person.name,
            told.person.channel,
            mailing.deliveries.get(told.person.email),
            told.because,
            told.person.contact in one.mentioned,
            None,
            at,
        )
        for one, mailing, told in people
    ]
    if all(told.person.channel != Notification.Channel.INBOX for _, _, told in people):
        insert_values(Notification, ROW, rows)
        return
    keys = insert_numbered(Notification, ROW, rows)
    enter(
        Entering(
            told.person.user,
            one.thread.pk,
            one.message.company_id,
            key,
            named=told.person.contact in one.mentioned,
        )
        for key, (one, _, told) in zip(keys, people, strict=True)
        if told.person.channel == Notification.Channel.INBOX
    )


def _write_ids(mailings: Sequence[Mailing]) -> None:
    """What is sent on leaves under an id of ours: answers to it name that one."""
    rows = [
        (one.posted.message.pk, one.posted.message.company_id, one.message_id)
        for one in mailings
        if one.message_id and not one.written_here
    ]
    insert_values(MessageId, ("message", "company", "value"), rows)


def _write_traces(heard: Sequence[tuple[Posted, Audience]], mailings: Sequence[Mailing]) -> None:
    """Rows of their own: to write them on the messages would write those a second time."""
    rows = [
        (one.message.pk, trace_of(one.message, audience, "" if mailing.written_here else mailing.message_id))
        for (one, audience), mailing in zip(heard, mailings, strict=True)
    ]
    insert_values(Telling, ("message", "steps"), rows)


def _tell(heard: Sequence[tuple[Posted, Audience]]) -> None:
    inbox = {
        (one.message.company_id, "inbox", str(told.person.user))
        for one, audience in heard
        for told in audience.told
        if told.person.channel == Notification.Channel.INBOX
    }
    if inbox:
        tell(sorted(inbox))
