"""Acme with one of everything and Globex with people only: what tests of access and of the API's form start from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from postroom.directory.models import Company, User
from postroom.directory.services import create_token
from tests.support import factory

ROLES = ("anonymous", "lonely", "member", "administrator", "operator", "stranger")


@dataclass(frozen=True)
class Populated:
    """Two companies, one user of each role (none is anonymous), and the number of each thing of Acme's by its kind."""

    acme: Company
    globex: Company
    users: Mapping[str, User]
    things: Mapping[str, int]


# Of which thing a number in an address is, by what stands before it.
KINDS: Mapping[str, str] = {
    "aliases": "alias", "arrivals": "arrival", "attachments": "attachment", "companies": "company",
    "contacts": "contact", "copies": "copy", "desks": "desk", "domains": "domain", "followers": "contact",
    "inbound": "arrival", "inbox": "record", "leads": "record", "messages": "message", "outbound": "copy",
    "outbox": "copy", "records": "record", "replies": "message", "servers": "server", "tickets": "ticket",
    "tokens": "token", "users": "user",
}  # fmt: skip
# What else is named in an address, by what stands before it.
NAMES: Mapping[str, str] = {
    "actions": "infra.forget", "addresses": "hanna@norrgard.example", "files": "0",
    "parameters": "mail.incoming.limit.period",
    "scheduled-actions": "infra.forget", "welcome": "company",
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


def _records(acme: Company, users: Mapping[str, User]) -> dict[str, int]:
    desk, support = factory.desk(acme), factory.desk(acme, "ticket", "Support")
    contact = factory.contact(acme)
    record, ticket = factory.record(desk, contact=contact), factory.record(support, "GPS drift in tunnels")
    message = factory.message(record, "Hello from Borås", html="<p>Hello from <b>Borås</b></p>")
    doubted = factory.message(record, standing="outsider")
    note = factory.message(record, "Psst", kind="note", visibility="internal", user=users["administrator"])
    factory.follower(record, contact)
    for name in ("member", "administrator"):
        factory.told(users[name], record)
    return {
        "desk": desk.pk,
        "stage": desk.stages.values_list("pk", flat=True)[0],
        "contact": contact.pk,
        "record": record.pk,
        "ticket": ticket.pk,
        "message": message.pk,
        "doubted": doubted.pk,
        "note": note.pk,
        "attachment": factory.attachment(message, "offer.pdf").pk,
        "copy": factory.delivery(record).pk,
        "alias": desk.alias_id or 0,
        "domain": factory.domain(f"{acme.slug}.example", acme).pk,
    }


def _post(acme: Company) -> dict[str, int]:
    arrival = factory.arrival(acme)
    factory.route(arrival, acme)
    factory.refusal(acme)
    token = create_token(user=factory.user("program", {acme: "administrator"}), name="test", scopes=("read",))
    return {"arrival": arrival.pk, "server": factory.server(acme).pk, "token": token.token.pk}
