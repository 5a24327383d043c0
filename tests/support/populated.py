"""Acme with one of everything and Globex with people only: what tests of access and of the API's form start from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from postroom.conversations.models import Message, Notification
from postroom.directory.models import Company, User
from postroom.directory.services import create_token
from postroom.inbound.models import InboundMail
from postroom.infra.clock import now
from tests.support import factory

ROLES = ("anonymous", "lonely", "member", "administrator", "operator", "stranger")


@dataclass(frozen=True)
class Populated:
    """Two companies, one user of each role (none is anonymous), and the number of each thing of Acme's by its kind."""

    acme: Company
    globex: Company
    users: Mapping[str, User]
    things: Mapping[str, int]


INVITATION: Mapping[str, Any] = {
    "method": "request", "title": "Handover of the first vans", "place": "Depot Borås", "notes": "", "status": "",
    "starts": {"local": "2031-03-03T10:00:00", "zone": "Europe/Stockholm", "utc": "2031-03-03T09:00:00Z",
               "whole_day": False},
    "ends": None, "organiser": {"name": "Hanna", "email": "hanna@norrgard.example", "answer": "", "optional": False},
    "guests": [], "more_guests": 0, "occurrence": None, "sequence": 1, "uid": "1@norrgard.example", "more": 2,
    "recurrence": {"every": "weekly", "interval": 2, "count": 5, "until": None, "days": [[0, "MO"]], "month_days": [],
                   "months": [], "other": False},
}  # fmt: skip
# Of which thing a number in an address is, by what stands before it.
KINDS: Mapping[str, str] = {
    "aliases": "alias", "arrivals": "arrival", "attachments": "attachment", "batches": "batch", "companies": "company",
    "contacts": "contact", "copies": "copy", "desks": "desk", "domains": "domain", "download-links": "link",
    "drafts": "draft",
    "followers": "contact",
    "inbound": "arrival", "inbox": "record", "leads": "record", "messages": "message", "monitor": "company",
    "operations": "operation", "outbound": "copy",
    "outbox": "copy", "paces": "pace", "people": "desk", "proofs": "proof", "records": "record", "replies": "message",
    "roles": "company", "servers": "server", "tickets": "ticket", "tokens": "token", "users": "user",
}  # fmt: skip
# What else is named in an address, by what stands before it.
NAMES: Mapping[str, str] = {
    "actions": "infra.forget", "addresses": "hanna@norrgard.example", "files": "0",
    "parameters": "mail.incoming.limit.period", "plans": "Small",
    "scheduled-actions": "infra.forget", "test-mail": "0", "welcome": "company",
}  # fmt: skip


def populate() -> Populated:
    """Fill the database."""
    acme, globex = factory.company(), factory.company("Globex")
    users = {
        "lonely": factory.user("lonely"),
        "member": factory.user("member", {acme: "member"}),
        "administrator": factory.user("administrator", {acme: "administrator"}),
        "operator": factory.user("operator", is_operator=True),
        "stranger": factory.user("stranger", {globex: "administrator"}),
    }
    things = {"company": acme.pk, "user": users["member"].pk, **_records(acme, users), **_post(acme)}
    return Populated(acme, globex, users, things)


@dataclass(frozen=True)
class Twins:
    """Two companies with one of everything each: for both the users of each role, and the number of each thing."""

    users: tuple[Mapping[str, User], Mapping[str, User]]
    things: tuple[Mapping[str, int], Mapping[str, int]]


def populate_twins() -> Twins:
    """Fill the database. `foreign` is the administrator of the other company, `two` a member of both."""
    companies = (factory.company(), factory.company("Globex"))
    own = [
        {role: factory.user(f"{role}-{company.slug}", {company: role}) for role in ("member", "administrator")}
        for company in companies
    ]
    shared = {
        "operator": factory.user("operator", is_operator=True),
        "two": factory.user("two", dict.fromkeys(companies, "member")),
    }
    acme, globex = (
        {
            **own[place],
            **shared,
            "foreign": own[1 - place]["administrator"],
            "deactivated": factory.user(f"gone-{company.slug}", {company: "administrator"}, is_active=False),
        }
        for place, company in enumerate(companies)
    )
    things = [
        {"company": company.pk, "user": users["member"].pk, **_records(company, users), **_post(company)}
        for company, users in zip(companies, (acme, globex), strict=True)
    ]
    for own_things in things:
        come_and_gone(own_things)
    return Twins((acme, globex), (things[0], things[1]))


def come_and_gone(things: Mapping[str, int]) -> None:
    """Let the message of these things have come by their arrival, and their copy be one of it."""
    message = Message.objects.get(pk=things["message"])
    told = {"message": message, "company": message.company, "delivery_id": things["copy"]}
    Notification.objects.create(**told, email="hanna@norrgard.example", channel="mail", created_at=now())
    factory.route(InboundMail.objects.get(pk=things["arrival"]), message.company, "thread:1", message=message)


def _records(acme: Company, users: Mapping[str, User]) -> dict[str, int]:
    desk, support = factory.desk(acme), factory.desk(acme, "ticket", "Support")
    contact = factory.contact(acme)
    record, ticket = factory.record(desk, contact=contact), factory.record(support, "GPS drift in tunnels")
    message = factory.message(record, "Hello from Borås", html="<p>Hello from <b>Borås</b></p>", invitation=INVITATION)
    factory.attachment(message, "order.pdf.exe", risk="disguised")
    factory.attachment(message, "winmail.dat", aside="envelope")
    doubted = factory.message(record, standing="outsider")
    note = factory.message(record, "Psst", kind="note", visibility="internal", user=users["administrator"])
    factory.follower(record, contact)
    for name in ("member", "administrator"):
        factory.told(users[name], record)
    domain = factory.domain(f"{acme.slug}.example", acme)
    return {
        "desk": desk.pk,
        "stage": desk.stages.values_list("pk", flat=True)[0],
        "contact": contact.pk,
        "merged": factory.contact(acme, "Hanna S.").pk,
        "record": record.pk,
        "ticket": ticket.pk,
        "message": message.pk,
        "doubted": doubted.pk,
        "note": note.pk,
        "attachment": factory.attachment(message, "offer.pdf").pk,
        "copy": factory.delivery(record).pk,
        "link": factory.download_link(factory.delivery(record, "kim@norrgard.example")).pk,
        "alias": desk.alias_id or 0,
        "domain": domain.pk,
        "draft": factory.draft(users["administrator"], record).pk,
        "batch": factory.batch(users["administrator"], record).pk,
        "proof": factory.proof(domain, "arrived", "without_tag,id_rewritten", tags_arrive=False).pk,
    }


def _post(acme: Company) -> dict[str, int]:
    arrival = factory.arrival(acme)
    factory.route(arrival, acme)
    factory.refusal(acme)
    token = create_token(
        user=factory.user(f"program-{acme.slug}", {acme: "administrator"}), name="test", scopes=("read",)
    )
    server = factory.server(acme)
    return {
        "arrival": arrival.pk,
        "operation": factory.operation(acme).pk,
        "server": server.pk,
        "pace": factory.pace(acme, str(server.pk)).pk,
        "token": token.token.pk,
    }
