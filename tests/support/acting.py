"""What people do within an installation: `python -m tests.support.acting` reads JSON lines and does what they say.

A line is `[verb, {arguments}]`; its answer is one line of JSON.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from tests.support.running import Installation


class Actor:
    """A process of an installation that does what it is told until the `with` block ends."""

    def __init__(self, installation: Installation) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.acting"],
            env=installation.environment(),
            cwd=installation.var,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._process.communicate(timeout=30)

    def __call__(self, verb: str, **arguments: Any) -> Any:
        """Do this; what came of it."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps([verb, arguments]).encode() + b"\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())


def _user(name: str) -> Any:
    from postroom.directory.models import User

    return User.objects.get(username__startswith=f"{name}-")


def _record(title: str) -> Any:
    from postroom.records.models import Record

    return Record.objects.get(title=title)


def _addresses(emails: Sequence[str]) -> list[Any]:
    from postroom.core.addresses import Address

    return [Address(email) for email in emails]


def write(user: str, title: str, body: str, to: Sequence[str] | None = None, cc: Sequence[str] = ()) -> Any:
    """Answer in the conversation of the record with this title: the message's id and Message-ID."""
    from postroom.conversations.services import post_message

    who = None if to is None else _addresses(to)
    message = post_message(user=_user(user), record_id=_record(title).pk, body=body, to=who, cc=_addresses(cc))
    return {"id": message.pk, "message_id": message.message_id}


def write_with_files(user: str, title: str, to: Sequence[str], files: Sequence[tuple[str, str, int]]) -> Any:
    """Answer with files, each of a name, a type and so many bytes that come from hashing numbers."""
    import hashlib

    from postroom.conversations.services import Upload, post_message

    uploads = []
    for name, kind, size in files:
        data = b"".join(hashlib.sha256(number.to_bytes(4, "big")).digest() for number in range(size // 32 + 1))
        uploads.append(Upload(name, kind, data[:size]))
    about = _record(title).pk
    message = post_message(user=_user(user), record_id=about, body="Here.", to=_addresses(to), uploads=uploads)
    return {"id": message.pk}


def token(user: str) -> Any:
    """A token for the API."""
    from postroom.directory.services import create_token

    return create_token(user=_user(user), name="test").secret


def note(user: str, title: str, body: str, mentions: Sequence[str] = ()) -> Any:
    """Write a note that mentions colleagues."""
    from postroom.conversations.services import post_note
    from postroom.directory.models import Contact

    named = [Contact.objects.get(user=_user(name)).pk for name in mentions]
    message = post_note(user=_user(user), record_id=_record(title).pk, body=body, mentions=named)
    return {"id": message.pk, "message_id": message.message_id}


def record(title: str, followers: Sequence[Sequence[str]] = (), desk: str = "sales") -> Any:
    """A record on a desk of Acme, followed by these (address, name) alone, of whom some may be our own people."""
    from postroom.conversations.models import Follower
    from postroom.directory.models import Contact
    from postroom.records.models import Desk
    from tests.support import factory

    made = factory.record(Desk.objects.get(alias__local_part=desk), title)
    for email, name in followers:
        known = Contact.objects.filter(company=made.company, addresses__email=email).first()
        who = known or factory.contact(made.company, name, email)
        Follower.objects.create(thread=made.thread, contact=who)
    return {"id": made.pk}


def allow(emails: Sequence[str]) -> Any:
    """No loop limit counts for mail of these to sales@."""
    from postroom.domains.models import Alias, AllowedSender

    alias = Alias.objects.get(local_part="sales")
    AllowedSender.objects.bulk_create([AllowedSender(alias=alias, email=email) for email in emails])
    return {}


def known(title: str, message_id: str, to: Sequence[str]) -> Any:
    """A message that we sent to these earlier, known by its id."""
    from postroom.conversations.models import MessageId, Participant

    about = _record(title)
    made = _sent_message(about, to)
    MessageId.objects.create(message=made, company=about.company, value=message_id)
    for email in to:
        Participant.objects.get_or_create(thread=about.thread, email=email)
    return {"id": made.pk}


def _sent_message(about: Any, to: Sequence[str]) -> Any:
    """A message of ours in a conversation."""
    from tests.support import factory

    author = {"author_name": "Amara Okafor", "author_email": "amara@acme.example", "standing": "member"}
    return factory.message(about, "What we sent.", to=[[email, ""] for email in to], **author)


def employ(email: str) -> Any:
    """One of Acme's people with an address elsewhere."""
    from postroom.directory.models import Company, Contact, ContactAddress, Membership, User
    from postroom.infra.clock import now

    company = Company.objects.get(slug="acme")
    user = User.objects.create(username=email, name=email, email=email, created_at=now())
    Membership.objects.create(user=user, company=company, role="member")
    contact = Contact.objects.create(company=company, name=email, user=user, created_at=now())
    ContactAddress.objects.create(company=company, contact=contact, email=email)
    return {"id": user.pk}


def for_employees(local: str) -> Any:
    """An alias by which only our own people may make leads."""
    from postroom.directory.models import Company
    from postroom.domains.models import Alias, AliasDomain

    domain, company = AliasDomain.objects.get(name="acme.example"), Company.objects.get(slug="acme")
    made = Alias.objects.create(
        domain=domain, local_part=local, company=company, record_type="lead", who_may_write="employees"
    )
    return {"id": made.pk}


def unproved(kind: str) -> Any:
    """What Acme's domain does with mail of its people that nothing proves."""
    from postroom.domains.models import AliasDomain

    return AliasDomain.objects.filter(name="acme.example").update(unproved=kind)


def trust_forwarder(domain: str) -> Any:
    """Acme believes what this one seals."""
    from postroom.domains.models import AliasDomain

    return AliasDomain.objects.filter(name="acme.example").update(trusted_forwarders=domain)


def became(message_id: str) -> Any:
    """What became of a mail: what is said of its From, and its messages with whom they are attributed to."""
    from postroom.conversations.models import Notification
    from postroom.inbound.models import InboundMail

    arrival = InboundMail.objects.filter(message_id=message_id).first()
    if arrival is None:
        return {"settled": False}
    routes = list(arrival.routes.select_related("message__user", "message__author__user").order_by("id"))
    outside = Notification.objects.exclude(user__isnull=False)
    return {
        "settled": arrival.settled_at is not None,
        "state": arrival.state,
        "level": arrival.level,
        "verdict": arrival.verdict,
        "trace": [step for route in routes for step in route.trace],
        "messages": [
            {
                "kind": message.kind,
                "visibility": message.visibility,
                "standing": message.standing,
                "level": message.level,
                "verdict": message.verdict,
                "user": message.user.email if message.user else "",
                "author_user": message.author.user.email if message.author and message.author.user else "",
                "told_outside": list(outside.filter(message=message).values_list("email", flat=True)),
            }
            for message in (route.message for route in routes)
            if message is not None
        ],
    }


def conversation(title: str) -> Any:
    """Every message of a record's conversation, oldest first, with whom it was told to."""
    from postroom.conversations.models import Message, Notification

    rows = Message.objects.filter(thread__record__title=title).order_by("id")
    return [
        {
            "text": message.own_text.strip(),
            "from": message.author_email,
            "kind": message.kind,
            "visibility": message.visibility,
            "standing": message.standing,
            "message_id": message.message_id,
            "ids": sorted(message.ids.values_list("value", flat=True)),
            "told": sorted(Notification.objects.filter(message=message).values_list("email", flat=True)),
            "trace": [step["text"] for step in message.trace],
        }
        for message in rows
    ]


def sent(title: str) -> Any:
    """The copies of a record's conversation: to whom, under which From, and why so."""
    from postroom.outbound.models import Delivery

    rows = Delivery.objects.filter(letter__about=_record(title).ref).select_related("dispatch").order_by("id")
    return [
        {"to": row.address, "state": row.state, "from": row.dispatch.from_email, "because": row.dispatch.because}
        for row in rows
        if row.dispatch
    ]


def records() -> Any:
    """The titles of all records."""
    from postroom.records.models import Record

    return list(Record.objects.order_by("id").values_list("title", flat=True))


def routes() -> Any:
    """The reason of every route, oldest first."""
    from postroom.inbound.models import Route

    return list(Route.objects.order_by("id").values_list("because", flat=True))


def unsettled() -> Any:
    """How many arrivals and how many copies wait still."""
    from postroom.inbound.models import InboundMail
    from postroom.outbound.models import Delivery

    on_their_way = ("queued", "claimed", "transmitting")
    return InboundMail.objects.exclude(due=None).count() + Delivery.objects.filter(state__in=on_their_way).count()


def password(user: str) -> Any:
    """Let somebody sign in on the pages: the name to give."""
    from tests.support.factory import PASSWORD

    known = _user(user)
    known.set_password(PASSWORD)
    known.save()
    return {"username": known.username}


def copies(message: int) -> Any:
    """The copies of a message by address: the state and the outcome of each try."""
    from postroom.outbound.models import Delivery

    rows = Delivery.objects.filter(notification__message=message).order_by("id")
    return {
        row.address: {
            "id": row.pk,
            "state": row.state,
            "words": row.words,
            "waits": row.due is not None,
            "tries": list(row.tries.order_by("pk").values_list("outcome", flat=True)),
        }
        for row in rows
    }


def time_passes() -> Any:
    """What waits for its next try is due: as if the time until then were over."""
    from postroom.infra.clock import now
    from postroom.outbound.models import Delivery

    return Delivery.objects.filter(state="queued", due__gt=now()).update(due=now())


def rendered(delivery: int) -> Any:
    """The bytes of a copy, made again from what is kept of it; a letter for each byte."""
    from postroom.outbound.models import Delivery
    from postroom.outbound.selectors import rendered as made_again

    return made_again(Delivery.objects.select_related("letter", "dispatch").get(pk=delivery)).decode("latin-1")


def queue(emails: Sequence[str]) -> Any:
    """Queue a letter of Acme's to each of these; how many wait."""
    from postroom.directory.models import Company
    from postroom.domains.models import AliasDomain
    from postroom.outbound.models import Delivery
    from tests.support.acme import Acme
    from tests.support.sending import post

    company, domain = Company.objects.get(slug="acme"), AliasDomain.objects.get(name="acme.example")
    acme = Acme(company, domain, None, None, None, None)  # type: ignore[arg-type]  # no more is asked of it
    post(acme, *emails)
    return Delivery.objects.filter(due__isnull=False).count()


def claim() -> Any:
    """Lease what is due, and do nothing with it; how many."""
    from postroom.outbound.steps.claim import claim as claimed

    return len(claimed(1000))


def states() -> Any:
    """How many copies are in each state."""
    from collections import Counter

    from postroom.outbound.models import Delivery

    return Counter(Delivery.objects.values_list("state", flat=True))


VERBS: dict[str, Callable[..., Any]] = {
    verb.__name__: verb
    for verb in (
        write, write_with_files, token, note, record, allow, known, conversation, sent, records, routes, unsettled,
        password, copies, time_passes, rendered, queue, claim, states, employ, for_employees, unproved,
        trust_forwarder, became,
    )
}  # fmt: skip


def main() -> None:
    """Answer line by line."""
    import django

    django.setup()
    for line in sys.stdin:
        verb, arguments = json.loads(line)
        print(json.dumps(VERBS[verb](**arguments)), flush=True)


if __name__ == "__main__":
    main()
