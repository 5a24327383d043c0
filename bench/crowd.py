"""A company as it is after years, written in bulk into the database of this process's configuration.

Run as a process of its own, with Django set up: `python -m bench.prepare_crowd RECORDS MESSAGES`. The same numbers give
the same company each time. Without numbers it brings one that is there to what the product needs now.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.core.management import call_command
from django.db import transaction

from bench.letters import CROWD_PASSWORD
from postroom.conversations.models import Follower, InboxEntry, Message, MessageId, Notification, Participant, Thread
from postroom.directory.models import Company, Contact, ContactAddress, User
from postroom.directory.services import create_user
from postroom.domains.services import create_domain
from postroom.inbound.models import InboundMail, Route
from postroom.infra.clock import now
from postroom.infra.database.base import insert, insert_numbered, insert_values
from postroom.infra.search.index import BULK, index_all
from postroom.outbound.models import Delivery, Dispatch, Letter
from postroom.records.models import Desk, Record, Stage
from postroom.records.services import create_desk

DOMAIN = "acme.example"

CONTACTS_FOR = 5  # records for two contacts
LONG = 1_000  # messages of the longest conversation, that of the first lead
WAITING = 10_000  # conversations in the member's inbox
MAILS = 100_000  # arrivals, and as many copies sent
CHUNK = 2_000
WORDS = (
    "offer", "order", "delivery", "invoice", "chairs", "tables", "oslo", "bergen", "van", "pilot", "battery",
    "sensor", "contract", "renewal", "question", "price", "discount", "pallet", "monday", "tuesday", "friday",
    "meeting", "drawing", "sample", "warranty", "return", "refund", "tracking", "customs", "harbour",
)  # fmt: skip
NAMES = (
    "Nadia", "Hanna", "Marek", "Aiko", "Luca", "Sofie", "Jonas", "Priya", "Zoë", "Ines", "Omar", "Lena", "Tomáš",
    "Yuki", "Carla", "Nils",
)  # fmt: skip
FAMILIES = (
    "Berg", "Sjöberg", "Dvořák", "Tanaka", "Bianchi", "Maes", "Lindqvist", "Nair", "Duarte", "Haddad", "Vogt",
    "Novák", "Sato", "Rossi", "Holm",
)  # fmt: skip
Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Own:
    """What every row of the crowd hangs on."""

    company: Company
    member: User
    desks: tuple[Desk, ...]
    stages: tuple[tuple[int, ...], ...]
    began: datetime


def fill(records: int, messages: int) -> None:
    """The company, its people, `records` records and `messages` messages, mail both ways and an inbox."""
    own = _company()
    contacts = _contacts(own, max(records * 2 // CONTACTS_FOR, 1))
    with_thread = _records(own, contacts, records)
    newest = _messages(own, with_thread, contacts, messages)
    _inbox(own, newest)
    _mail(own, newest)


def _company() -> Own:
    company = Company.objects.create(name="Acme", slug="acme", created_at=now())
    domain = create_domain(name=DOMAIN, companies=[company])
    member = _user("member", "Amara Okafor", company, "member")
    _user("admin", "Ines Duarte", company, "administrator")
    made = (("lead", "Nordics", "sales"), ("ticket", "Support", "support"))
    desks = tuple(
        create_desk(company=company, record_type=kind, name=name, domain=domain, local_part=local, owner=member)
        for kind, name, local in made
    )
    stages = tuple(tuple(Stage.objects.filter(desk=desk).order_by("position").values_list("pk", flat=True))
                   for desk in desks)  # fmt: skip
    return Own(company, member, desks, stages, now() - timedelta(days=700))


def _user(name: str, full: str, company: Company, role: str) -> User:
    user = create_user(
        username=name,
        name=full,
        email=f"{name}@{DOMAIN}",
        password=CROWD_PASSWORD,
        company=company,
        role=role,
        is_operator=role == "administrator",
    )
    User.objects.filter(pk=user.pk).update(notify_by=User.NotifyBy.INBOX)
    return user


def _person(number: int) -> tuple[str, str]:
    name = f"{NAMES[number % len(NAMES)]} {FAMILIES[number // len(NAMES) % len(FAMILIES)]}"
    return name, f"person{number}@customer{number % 997}.example"


def _some(number: int, count: int) -> str:
    """Words that look drawn and are the same each time."""
    return " ".join(WORDS[(number * 7 + step * step * 13 + step) % len(WORDS)] for step in range(count))


def _contacts(own: Own, count: int) -> list[int]:
    found: list[int] = []
    for numbers in _chunks(range(count)):
        made = insert(
            Contact(
                company=own.company,
                name=_person(one)[0],
                organisation=f"Customer {one % 997}",
                created_at=own.began,
            )
            for one in numbers
        )
        insert(
            ContactAddress(company=own.company, contact=contact, email=_person(one)[1])
            for one, contact in zip(numbers, made, strict=True)
        )
        found += [contact.pk for contact in made]
    return found


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation: its own key, its record's, whose it is (a number of `_person`) and when it began."""

    thread: int
    record: int
    ref: str
    title: str
    person: int
    at: datetime


def _records(own: Own, contacts: list[int], count: int) -> list[Talk]:
    found: list[Talk] = []
    apart = timedelta(days=690) / count
    for numbers in _chunks(range(count)):
        made = insert(_record(own, contacts, one, own.began + one * apart) for one in numbers)
        threads = insert(
            Thread(record=record, company=own.company, last_message_at=record.created_at) for record in made
        )
        insert_values(
            Participant,
            ("thread", "email", "name"),
            [
                (thread.pk, *reversed(_person(one % len(contacts))))
                for one, thread in zip(numbers, threads, strict=True)
            ],
        )
        member = Contact.objects.get(company=own.company, user=own.member).pk
        insert_values(
            Follower, ("thread", "contact", "discussions", "notes"), [(t.pk, member, True, False) for t in threads]
        )
        found += [
            Talk(thread.pk, record.pk, record.ref, record.title, one % len(contacts), record.created_at)
            for one, record, thread in zip(numbers, made, threads, strict=True)
        ]
    return found


def _record(own: Own, contacts: list[int], number: int, at: datetime) -> Record:
    kind = int(number % 10 >= 7)  # seven leads, three tickets
    stages = own.stages[kind]
    stage = 0 if number % 3 == 0 else number % len(stages)
    return Record(
        company=own.company,
        type=own.desks[kind].record_type,
        title=f"{_some(number, 3).capitalize()} {number}",
        contact_id=contacts[number % len(contacts)],
        desk=own.desks[kind],
        owner=own.member if number % 4 else None,
        stage_id=stages[stage],
        created_at=at,
        closed_at=at if stage == len(stages) - 1 else None,
    )


FIELDS = (
    "thread", "company", "kind", "visibility", "standing", "automatic", "user", "author", "author_name", "author_email",
    "subject", "html", "text", "own_text", "quoted_text", "to", "cc", "defects", "message_id", "sent_at", "received_at",
    "edited_at", "deleted_at",
)  # fmt: skip


def _messages(own: Own, threads: list[Talk], contacts: list[int], count: int) -> list[tuple[Talk, int]]:
    """The messages, spread over the conversations; the newest of each conversation."""
    last: dict[int, int] = {}
    turns = itertools.chain(itertools.cycle(range(len(threads))))
    order = itertools.chain(itertools.islice(turns, max(count - LONG, 0)), itertools.repeat(0, min(LONG, count)))
    for numbers in _chunks(enumerate(order)):
        rows = [_message(own, threads[at], contacts, number) for number, at in numbers]
        keys = insert_numbered(Message, FIELDS, rows)
        insert_values(
            MessageId,
            ("message", "company", "value"),
            [(key, own.company.pk, row[18]) for key, row in zip(keys, rows, strict=True)],
        )
        last |= {at: key for key, (_, at) in zip(keys, numbers, strict=True)}
    return [(threads[at], last[at]) for at in sorted(last, key=last.__getitem__)]


def _message(own: Own, thread: Talk, contacts: list[int], number: int) -> tuple[Any, ...]:
    name, email = _person(thread.person)
    words = f"{_some(number, 24)}.\n\n{_some(number + 5, 16)}."
    html = f"<p>{words[:120]}</p><p>{words[120:]}</p>"
    ours = number % 3 == 1
    me = (own.member.pk, None, own.member.name, own.member.email)
    who = me if ours else (None, contacts[thread.person], name, email)
    to = [[email, name]] if ours else [[f"sales@{DOMAIN}", ""]]
    at = thread.at + timedelta(minutes=number % 5_000)
    standing = Message.Standing.MEMBER if ours else Message.Standing.SENDER
    return (
        thread.thread, own.company.pk, "email", "public", standing, "human", *who, thread.title, html, words, words, "",
        to, [], [], f"{number}@crowd.example", at, at, None, None,
    )  # fmt: skip


def _inbox(own: Own, newest: list[tuple[Talk, int]]) -> None:
    """What waits for the member: the newest message of the conversations that were last written in."""
    names = ("message", "company", "contact", "user", "email", "name", "channel", "delivery", "because", "mention",
             "read_at", "created_at")  # fmt: skip
    me = (None, own.member.pk, own.member.email, own.member.name, "inbox", None, "follows")
    for some in _chunks(newest[-WAITING:]):
        rows = [
            (message, own.company.pk, *me, message % 50 == 0, None if message % 2 else now(), now())
            for _, message in some
        ]
        keys = insert_numbered(Notification, names, rows)
        insert(
            InboxEntry(
                user=own.member,
                thread_id=thread.thread,
                company=own.company,
                newest=key,
                unread=message % 2,
                mentioned=message % 50 == 0,
                starred=message % 40 == 0,
            )
            for key, (thread, message) in zip(keys, some, strict=True)
        )


def _mail(own: Own, newest: list[tuple[Talk, int]]) -> None:
    """Arrivals with their route, and letters with their copy."""
    for some in _chunks(newest[-MAILS:]):
        arrivals = insert(_arrival(own, thread, message) for thread, message in some)
        insert(_route(own, arrival, thread, message) for arrival, (thread, message) in zip(arrivals, some, strict=True))
        letters = insert(_letter(own, thread, message) for thread, message in some)
        dispatches = insert(
            Dispatch(
                letter=letter,
                server_name="Outbox folder",
                from_email=letter.author_email,
                case="default",
                because="There is no other server.",
                created_at=now(),
            )
            for letter in letters
        )
        insert(
            Delivery(
                letter=letter,
                company=own.company,
                address=_person(thread.person)[1],
                name=_person(thread.person)[0],
                state="accepted" if message % 100 else "failed",
                dispatch=dispatch,
                attempts=1,
                created_at=now(),
                settled_at=now(),
            )
            for letter, dispatch, (thread, message) in zip(letters, dispatches, some, strict=True)
        )


def _arrival(own: Own, thread: Talk, message: int) -> InboundMail:
    name, email = _person(thread.person)
    return InboundMail(
        source="crowd", key=str(message), company_id=own.company.pk, state="routed", received_at=thread.at,
        settled_at=thread.at, sender=email, recipients=[f"sales@{DOMAIN}"], size=4_000,
        message_id=f"{message}@crowd.example", subject=thread.title, author_name=name, author_email=email,
        kind="message",
    )  # fmt: skip


def _route(own: Own, arrival: InboundMail, thread: Talk, message: int) -> Route:
    return Route(
        arrival=arrival, company_id=own.company.pk, target=f"thread:{thread.thread}", content_key=f"{message:064d}",
        state="routed", because="Answers a message.", trace=[{"step": "decide", "text": "Answers a message."}],
        recipients=[f"sales@{DOMAIN}"], message_id=message, created_at=thread.at, settled_at=thread.at,
    )  # fmt: skip


def _letter(own: Own, thread: Talk, message: int) -> Letter:
    name, email = _person(thread.person)
    return Letter(
        company=own.company, about=thread.ref, author_name=own.member.name, author_email=own.member.email,
        author_user=own.member, to=[[email, name]], reply_to=f"sales@{DOMAIN}", subject=thread.title,
        html="<p>Thank you.</p>", text="Thank you.", message_id=f"out-{message}@{DOMAIN}", created_at=now(),
    )  # fmt: skip


def _chunks(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """The rows by the chunk, each in a transaction of its own."""
    each = iter(rows)
    while chunk := list(itertools.islice(each, CHUNK)):
        with transaction.atomic():
            yield chunk


def main() -> None:
    """Migrate, fill where numbers are given, and index what is to be searched."""
    call_command("migrate", verbosity=0)
    if sys.argv[1:]:
        fill(*map(int, sys.argv[1:3]))
    index_all(BULK)
