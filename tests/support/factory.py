"""Rows for tests, made through the ORM; each call gives something believable that a test then varies."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from postroom.conversations.inbox_entries import Entering, enter
from postroom.conversations.models import (
    Attachment,
    Batch,
    BatchItem,
    Draft,
    Follower,
    Message,
    Notification,
    Participant,
    Thread,
)
from postroom.core.sending import pacing
from postroom.core.sending.pace_learning import Said
from postroom.core.sending.pace_rows import to_plain
from postroom.core.sending.pacing import Limits, Pace
from postroom.directory.models import Company, Contact, ContactAddress, Membership, User
from postroom.domains.models import Alias, AliasDomain, CompanyDomain
from postroom.inbound.models import InboundMail, RawMail, Refusal, Route
from postroom.infra import blobs, secrets
from postroom.infra.clock import now
from postroom.infra.database import words
from postroom.infra.models import Blob, File, SearchEntry, SearchPending
from postroom.infra.search.sources import sources
from postroom.outbound.models import (
    Delivery,
    DownloadLink,
    Letter,
    LetterFile,
    OutgoingServer,
    Proof,
    QueueOperation,
    RoundTrip,
    SendingPace,
)
from postroom.outbound.steps.link import digest_of
from postroom.records.models import Desk, Record, Stage

PASSWORD = "correct horse battery"
STAGES = ("New", "Qualified", "Proposition", "Won")

_numbers = itertools.count(1)


def company(name: str = "Acme") -> Company:
    return Company.objects.create(name=name, slug=f"{name.lower()}-{next(_numbers)}", created_at=now())


def user(username: str, roles: Mapping[Company, str] | None = None, **fields: Any) -> User:
    values = {"name": username.title(), "email": f"{username}@acme.example", "created_at": now(), **fields}
    made = User(username=username, **values)
    made.set_password(PASSWORD)
    made.save()
    for where, role in (roles or {}).items():
        Membership.objects.create(user=made, company=where, role=role)
    return made


def contact(where: Company, name: str = "Hanna Sjöberg", email: str = "", **fields: Any) -> Contact:
    made = Contact.objects.create(company=where, name=name, created_at=now(), **fields)
    address = email or f"{name.split(maxsplit=1)[0].lower()}.{next(_numbers)}@norrgard.example"
    ContactAddress.objects.create(company=where, contact=made, email=address)
    return made


def domain(name: str, *owners: Company) -> AliasDomain:
    made, _ = AliasDomain.objects.get_or_create(name=name)
    for owner in owners:
        CompanyDomain.objects.get_or_create(company=owner, domain=made)
    return made


def desk(where: Company, type: str = "lead", name: str = "Nordics", local_part: str = "", **fields: Any) -> Desk:
    address = Alias.objects.create(
        domain=domain(f"{where.slug}.example", where),
        local_part=local_part or f"{type}{next(_numbers)}",
        company=where,
        record_type=type,
    )
    made = Desk.objects.create(company=where, record_type=type, name=name, alias=address, **fields)
    for position, stage in enumerate(STAGES):
        Stage.objects.create(desk=made, name=stage, position=position, closes=stage == STAGES[-1])
    return made


def record(at: Desk, title: str = "Telematics for 42 delivery vans", **fields: Any) -> Record:
    values = {"stage": at.stages.first(), "created_at": now(), "type": at.record_type, **fields}
    made = Record.objects.create(company=at.company, title=title, desk=at, **values)
    Thread.objects.create(record=made, company=at.company, last_message_at=now())
    return made


def message(of: Record, text: str = "The numbers look right.", **fields: Any) -> Message:
    values = {
        "author_name": "Hanna Sjöberg",
        "author_email": "hanna@norrgard.example",
        "text": text,
        "own_text": text,
        "subject": of.title,
        "to": [["sales@acme.example", ""]],
        "received_at": now(),
        **fields,
    }
    made = Message.objects.create(thread=of.thread, company=of.company, **values)
    name = {"name": values["author_name"]}
    Participant.objects.get_or_create(thread=of.thread, email=values["author_email"], defaults=name)
    return made


def follower(of: Record, who: Contact) -> Follower:
    return Follower.objects.create(thread=of.thread, contact=who)


def told(who: User, of: Record, text: str = "Could you call me?", *, mention: bool = False, **fields: Any) -> Message:
    """A message of which somebody is told in the inbox."""
    made = message(of, text, **fields)
    row = Notification.objects.create(
        message=made,
        company=of.company,
        user=who,
        email=who.email,
        channel="inbox",
        mention=mention,
        created_at=now(),
    )
    enter([Entering(who.pk, made.thread_id, of.company_id, row.pk, named=mention)])
    return made


def attachment(
    of: Message, name: str, data: bytes = b"data", type: str = "application/pdf", **fields: Any
) -> Attachment:
    kept = file(of.company_id, name, data, type)
    return Attachment.objects.create(message=of, file=kept, position=of.attachments.count(), **fields)


def file(company: int, name: str, data: bytes, type: str = "application/pdf") -> File:
    digest = blobs.put([data])[0]
    return File.objects.create(
        company_id=company,
        blob=Blob.objects.get(pk=digest),
        name=name,
        content_type=type,
        size=len(data),
        created_at=now(),
    )


def delivery(of: Record, address: str = "hanna@norrgard.example", state: str = "queued", **fields: Any) -> Delivery:
    """A copy of an answer to a record, as it stands in the queue."""
    letter = Letter.objects.create(
        company=of.company,
        about=of.ref,
        author_name="Amara Okafor",
        author_email="amara@acme.example",
        subject=f"Re: {of.title}",
        html="<p>We have 42.</p>",
        text="We have 42.\n",
        message_id=f"letter{next(_numbers)}@acme.example",
        created_at=now(),
    )
    values = {"name": "Hanna Sjöberg", "created_at": now(), "due": now() if state == "queued" else None, **fields}
    return Delivery.objects.create(letter=letter, company=of.company, address=address, state=state, **values)


def draft(of: User, where: Record, body: str = "We have 42.") -> Draft:
    """What somebody took back before it left."""
    return Draft.objects.create(user=of, thread=where.thread, company=where.company, body=body, created_at=now())


def batch(of: User, *records: Record) -> Batch:
    """One text to these records, which waits."""
    made = Batch.objects.create(user=of, body="Our prices change.", at=now(), created_at=now())
    for one in records:
        BatchItem.objects.create(batch=made, record=one)
    return made


def download_link(of: Delivery, name: str = "offer.pdf", token: str = "", **fields: Any) -> DownloadLink:
    """A file of a copy that went as a link, under an address that ends in the token."""
    part = LetterFile.objects.create(letter=of.letter, file=file(of.company_id, name, b"large" * 1000), position=0)
    until, token = now() + timedelta(days=30), token or f"token{next(_numbers)}"
    days = {"said_until": until, "expires_at": until, "created_at": now()}
    secret = secrets.encrypt(f"https://post.acme.example/d/{token}")
    values = {"digest": digest_of(token), "secret": secret, **days, **fields}
    return DownloadLink.objects.create(delivery=of, part=part, **values)


def server(where: Company | None, name: str = "Relay", **fields: Any) -> OutgoingServer:
    """An outgoing server at which nothing answers."""
    values = {"host": "127.0.0.1", "port": 1, "authentication": "none", "encryption": "none", **fields}
    return OutgoingServer.objects.create(company=where, name=name, created_at=now(), **values)


def operation(where: Company, **fields: Any) -> QueueOperation:
    """A decision about many copies that nobody has begun to carry out."""
    values = {"verb": "hold", "filter": {"destination": "nowhere.example"}, "highest": 0, "total": 0, **fields}
    return QueueOperation.objects.create(who="Ada", companies=[where.pk], company=where.pk, started_at=now(), **values)


RAW = (
    b"From: Hanna <hanna@norrgard.example>\r\nTo: sales@acme.example\r\n"
    b"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n\r\nHi\r\n"
)


def arrival(owner: Company | None, raw: bytes = RAW, **fields: Any) -> InboundMail:
    values = {
        "source": "smtp",
        "key": f"key-{next(_numbers)}",
        "state": "routed",
        "received_at": now(),
        "settled_at": now(),
        "sender": "hanna@norrgard.example",
        "recipients": ["sales@acme.example"],
        "size": len(raw),
        "subject": "Grüße",
        "author_name": "Hanna Sjöberg",
        "author_email": "hanna@norrgard.example",
        "kind": "message",
        **fields,
    }
    made = InboundMail.objects.create(company_id=owner.pk if owner else 0, **values)
    RawMail.objects.create(arrival=made, data=raw)
    return made


def route(of: InboundMail, owner: Company | None, target: str = "none", state: str = "routed", **fields: Any) -> Route:
    values = {
        "because": "sales@acme.example is the alias of Nordics, which makes a lead.",
        "trace": [{"step": "loop_guard", "text": "not a loop"}, {"step": "alias_match", "text": "sales@ makes a lead"}],
        "recipients": ["sales@acme.example"],
        "content_key": f"content-{next(_numbers)}",
        "created_at": now(),
        "settled_at": now(),
        "attempts": 1,
        **fields,
    }
    return Route.objects.create(arrival=of, company_id=owner.pk if owner else 0, target=target, state=state, **values)


def refusal(owner: Company | None, at: datetime | None = None, **fields: Any) -> Refusal:
    moment = at or now()
    values = {
        "door": "smtp",
        "peer": "192.0.2.7",
        "helo": "mail.norrgard.example",
        "sender": "hanna@norrgard.example",
        "recipient": f"nobody{next(_numbers)}@acme.example",
        "code": "550 5.1.1",
        "words": "Nobody has this address here.",
        "hour": moment.replace(minute=0, second=0, microsecond=0),
        **fields,
    }
    return Refusal.objects.create(company_id=owner.pk if owner else 0, first_at=moment, last_at=moment, **values)


def mails_into(of: Record, texts: Sequence[str]) -> list[Message]:
    """Messages that came by mail, each with its arrival and the route that posted it."""
    posted = []
    for text in texts:
        made = message(of, text)
        route(arrival(of.company), of.company, f"thread:{of.thread.pk}", message=made)
        posted.append(made)
    return posted


def proof(where: AliasDomain, *fates: str, **fields: Any) -> Proof:
    """A proof with a round trip for each of these fates (several by commas), the tagged form of every other one."""
    values = {"began_at": now(), "due": now(), "closed_at": now(), "tags_arrive": True, **fields}
    made = Proof.objects.create(domain=where, **values)
    for number, fate in enumerate(fates):
        base = f"{('catchall', 'bounce', 'sales', 'support')[number // 2 % 4]}@{where.name}"
        tag = number % 2 == 1
        address = base.replace("@", "+abcdefghijklmnopqrstuvwx@") if tag else base
        RoundTrip.objects.create(
            proof=made, server_name="Relay", base=base, is_tagged=tag, address=address, fates=fate, settled_at=now()
        )
    return made


def nothing_indexed() -> None:
    """The search as an update leaves it: all that stands there waits. Tests that commit may have left it otherwise."""
    words.empty()
    SearchEntry.objects.all().delete()
    SearchPending.objects.all().delete()
    SearchPending.objects.bulk_create([SearchPending(kind=one.kind) for one in sources()])


def pace(where: Company, server: str) -> SendingPace:
    """The pace of a server that said "too fast" after thirty mails."""
    at = now().timestamp()
    known = pacing.throttled(pacing.taken(Pace(), Limits(), at, 30, 60.0), at, at, Said(450, "4.7.1", "Slow"), 60.0)
    values = {"state": to_plain(known), "learnt_rate": 15.0, "changed_at": now()}
    return SendingPace.objects.create(company=where.pk, scope="server", key=server, **values)
