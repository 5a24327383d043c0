"""To whom outside a message of a record goes unless somebody says otherwise."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import QuerySet

from postroom.conversations import hearers
from postroom.conversations.hearers import Known
from postroom.conversations.models import DOUBTED, Message
from postroom.conversations.people import People
from postroom.conversations.selectors import thread_key
from postroom.core.addresses import Address, valid
from postroom.core.authentication.verdict import Level
from postroom.core.routing.facts import Part
from postroom.domains.facts import recipients
from postroom.infra.database.prepared import prepared
from postroom.records.models import Record

MOST = 50  # people outside whom a message names
MOST_OFFERED = 20  # others of a conversation whom a composer offers
FORWARDED = "Fwd: "  # how the subject of what is passed on begins
NOT_OURS = (Part.FOREIGN, Part.UNKNOWN)  # an unknown name at a domain of ours may be a mailbox elsewhere


@dataclass(frozen=True, slots=True)
class Suggested:
    """Somebody who will hear. `field` is `to` or `cc`; `channel` is `mail` or `inbox`; `fixed` means that they hear
    because they follow, whether or not they are named. `contact` and `user` are ids or 0.
    """

    email: str
    name: str
    because: str
    field: str = "to"
    channel: str = "mail"
    contact: int = 0
    user: int = 0
    fixed: bool = False

    @property
    def address(self) -> Address:
        return Address(self.email, self.name)


class Ours:
    """Which addresses are ours, for several who ask: those `expected` of a later one are asked for with the first."""

    def __init__(self, expected: Iterable[str] = ()) -> None:
        self._expected, self._asked, self._own = set(expected), set[str](), set[str]()

    def among(self, emails: Collection[str]) -> set[str]:
        """Those of these addresses; the queries of `of_ours` where one was neither asked for nor expected."""
        if not self._asked.issuperset(emails):
            wanted = (self._expected | set(emails)) - self._asked
            self._own |= of_ours(wanted)
            self._asked |= wanted
        return self._own.intersection(emails)


def suggested(
    record: Record, following: Sequence[Known], writer: int = 0, ours: Ours | None = None
) -> tuple[Suggested, ...]:
    """The record's contact first, whoever that is; then people outside: those of the last public message, and those
    who follow. Who has several addresses is written to at the one that they wrote from here, else at the primary one.

    Nobody twice, by address or as a contact; not the user who writes. A fixed number of queries.
    """
    found = [one for one in (*_contact(record), *_last_people(record)) if valid(one.email)]
    known = hearers.contacts_at([record.company_id], {one.email for one in found})
    own = (ours or Ours()).among([one.email for one in found])
    steady = {one.contact for one in following if one.discussions}
    kept: dict[str, Suggested] = {}
    contacts: set[int] = set()
    for one in [*found, *_outside_followers(following)]:
        who = known.get((record.company_id, one.email))
        contact = who.contact if who else one.contact
        if one.email in own or one.email in kept or contact in contacts or _is_inside(who, record, writer):
            continue
        contacts.update({contact} - {0})
        user, channel = (who.user, who.channel) if who and who.user else (0, one.channel)
        fixed = one.fixed or contact in steady
        kept[one.email] = replace(one, contact=contact, user=user, channel=channel, fixed=fixed)
    return tuple(kept.values())[:MOST]


def offered(people: People, proposed: Sequence[Suggested], ours: Ours | None = None) -> tuple[Suggested, ...]:
    """Others outside who take part, for whoever answers to all: those whom nobody proposed, by address or as a contact,
    but for who only wrote what their domain disowns.
    A fixed number of queries, none where there are no others.
    """
    emails, contacts = {one.email for one in proposed}, {one.contact for one in proposed} - {0}
    others = {
        one.contact or one.email: one
        for one in reversed(people.outside)  # the first address of each, where they take part with several
        if one.email not in emails and one.contact not in contacts and valid(one.email) and one.level != Level.FORGED
    }
    own = (ours or Ours()).among([one.email for one in others.values()])
    return tuple(
        Suggested(one.email, one.name, "takes part in this conversation", "cc", contact=one.contact)
        for one in reversed(others.values())
        if one.email not in own
    )[:MOST_OFFERED]


def people_to_answer(
    record: Record, message: Message, writer: int, *, everybody: bool
) -> tuple[tuple[Address, ...], tuple[Address, ...]]:
    """To and Cc of an answer to one message: to who wrote it, or where one of us did, to whom they wrote; `everybody`:
    and to all others whom it names. Neither colleagues nor addresses of ours, nobody twice.
    """
    wrote = [] if message.user_id or not message.author_email else [[message.author_email, message.author_name]]
    to = wrote or message.to[:MOST]
    others = [*(message.to[:MOST] if wrote else ()), *message.cc[:MOST]] if everybody else []
    named = {email: name for email, name in reversed([*to, *others]) if valid(email)}
    known = hearers.contacts_at([record.company_id], set(named))
    own = of_ours(named)
    kept = {
        email
        for email in named
        if email not in own and not _is_inside(known.get((record.company_id, email)), record, writer)
    }
    first = dict.fromkeys(email for email, _ in to if email in kept)
    rest = dict.fromkeys(email for email, _ in others if email in kept and email not in first)
    as_addresses = (tuple(Address(email, named[email]) for email in some) for some in (first, rest))
    return next(as_addresses), next(as_addresses)


def _is_inside(who: Known | None, record: Record, writer: int) -> bool:
    """Whether this is somebody of ours to whom an answer does not go: colleagues hear as followers, unless the record
    is about them.
    """
    if who is None or not (who.user or who.left):
        return False
    return who.contact != record.contact_id or who.user == writer != 0


def of_ours(emails: Iterable[str]) -> set[str]:
    """Those of these addresses at which we answer ourselves; five queries."""
    return {address for address, known in recipients(set(emails)).items() if known.part not in NOT_OURS}


def _contact(record: Record) -> list[Suggested]:
    if record.contact_id is None:
        return []
    known = hearers.contacts([record.contact_id])[record.contact_id]
    hearers.prefer_written_from([(thread_key(record), known)])
    return [
        Suggested(email, known.name, "the contact of this record", contact=known.contact) for email in known.emails[:1]
    ]


def _last_people(record: Record) -> list[Suggested]:
    """Of the last public message that nobody doubts, as an answer to all would name them."""
    thread = thread_key(record)
    last = _last_public(thread, thread)
    if not last:
        return []
    email, name, to, cc, user = last[0]
    wrote = [] if user or not email else [Suggested(email, name, "wrote the last message")]
    addressed = "to" if user else "cc"
    return [
        *wrote,
        *(Suggested(one, as_, "was addressed in the last message", addressed) for one, as_ in to[:MOST]),
        *(Suggested(one, as_, "had a copy of the last message", "cc") for one, as_ in cc[:MOST]),
    ]


@prepared
def _last_public(first: int, last: int) -> QuerySet[Message, tuple[Any, ...]]:
    """Of one thread, asked for as in `selectors.messages`."""
    public = Message.objects.filter(thread__gte=first, thread__lte=last, visibility=Message.Visibility.PUBLIC)
    trusted = public.exclude(standing__in=DOUBTED)
    to_all = trusted.exclude(user__isnull=False, subject__startswith=FORWARDED)  # not to people who are asked aside
    return to_all.order_by("thread", "-pk").values_list("author_email", "author_name", "to", "cc", "user_id")[:1]


def _outside_followers(following: Sequence[Known]) -> list[Suggested]:
    return [
        Suggested(one.emails[0], one.name, "follows this conversation", "cc", contact=one.contact, fixed=True)
        for one in following
        if one.discussions and not one.user and not one.left and one.emails
    ]
