"""Who is answered what: roles, companies and endpoints in one table; tokens and their scopes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple

import pytest
from django.test import Client

from postroom.api.urls import api
from postroom.conversations.forwards import Passed, note_forwards
from postroom.conversations.models import Leaving
from postroom.core.addresses import Address
from postroom.directory.models import ApiToken, User
from postroom.infra.clock import now
from postroom.outbound.models import Plan
from postroom.records.models import Desk, Record
from tests.api.calls import BASE, Caller, caller, problem, somebody
from tests.support import factory

pytestmark = [pytest.mark.django_db, pytest.mark.either_database]

ALIAS = {"local_part": "hello", "record_type": "lead"}
SERVER = {"name": "Relay", "host": "relay.acme.example", "authentication": "none"}


@dataclass(frozen=True)
class World:
    """Acme with one of everything, and Globex with nothing but people."""

    callers: dict[str, Caller]
    calls: dict[str, Call]


class Call(NamedTuple):
    """A path and how it is asked."""

    path: str
    method: str = "GET"
    body: object = None


PARAMETER = "/parameters/mail.incoming.limit.period"
BEGUN = {"subject": "Trackers", "body": "Hello", "to": ["nina@holm.example"]}


def _passed_on(desk: Desk) -> Record:
    """A lead that one of Acme's people made by passing a mail on."""
    ours = factory.contact(desk.company, "Mira", user=factory.user("mira", {desk.company: "member"}))
    made = factory.record(desk, contact=ours)
    note_forwards([Passed(factory.message(made, author=ours), Address("nina@holm.example", "Nina"))])
    return made


@pytest.fixture(scope="module")
def world(rows_of_module: None) -> World:
    acme, globex = factory.company(), factory.company("Globex")
    desk = factory.desk(acme)
    record = factory.record(desk)
    message = factory.message(record)
    attachment = factory.attachment(message, "offer.pdf")
    arrival = factory.arrival(acme)
    factory.route(arrival, acme, message=message)
    factory.refusal(acme)
    delivery = factory.delivery(record)
    doubted = factory.message(record, standing="outsider")
    contact = factory.contact(acme)
    factory.follower(record, contact)
    server = factory.server(acme)
    alias = factory.desk(acme, "ticket", "Support").alias
    assert alias
    domain, proof = alias.domain, factory.proof(alias.domain, "arrived")
    of_domain, of_alias = f"/domains/{domain.pk}", f"/aliases/{alias.pk}"
    of_user, of_contact = f"/users/{factory.user('mia', {acme: 'member'}).pk}", f"/contacts/{contact.pk}"
    guest = {"name": "Nina", "email": "nina@acme.example", "company": acme.pk}
    Plan.objects.create(name="Small.two", daily_limit=5)
    link = factory.download_link(factory.delivery(record))
    note = factory.message(record, "Psst", kind="note", visibility="internal")
    of_passed = f"/records/{_passed_on(desk).pk}"
    writer = factory.user("administrator-acme", {acme: "administrator"})
    of_record, of_copy, of_server = f"/records/{record.pk}", f"/outbound/{delivery.pk}", f"/servers/{server.pk}"
    return World(
        callers={
            "administrator": caller(writer),
            "member": somebody("member", acme),
            "foreign administrator": somebody("administrator", globex),
            "operator": somebody("operator", acme),
            "nobody": Caller(),
        },
        calls={
            "inbound": Call("/inbound"),
            "arrival": Call(f"/inbound/{arrival.pk}"),
            "source": Call(f"/inbound/{arrival.pk}/source"),
            "replay": Call(f"/inbound/{arrival.pk}/replay", "POST"),
            "refusals": Call("/refusals"),
            "records": Call("/records"),
            "record": Call(of_record),
            "add record": Call("/records", "POST", {"type": "lead", "title": "Vans", "desk_id": record.desk_id}),
            "change record": Call(of_record, "PATCH", {"title": "43 vans"}),
            "assign records": Call("/records/assign", "POST", {"records": [record.pk], "owner_id": None}),
            "desks": Call("/desks"),
            "messages": Call(f"{of_record}/messages"),
            "write": Call(f"{of_record}/messages", "POST", {"body": "Hello"}),
            "note": Call(f"{of_record}/notes", "POST", {"body": "Psst"}),
            "audience": Call(f"{of_record}/audience"),
            "followers": Call(f"{of_record}/followers"),
            "follower": Call(f"{of_record}/followers/{contact.pk}", "PUT", {"discussions": True}),
            "follow": Call(f"{of_record}/followers/me", "PUT", {}),
            "remove follower": Call(f"{of_record}/followers/{contact.pk}", "DELETE"),
            "unfollow": Call(f"{of_record}/followers/me", "DELETE"),
            "read": Call(f"{of_record}/read", "POST"),
            "attachment": Call(f"/attachments/{attachment.pk}"),
            "unread": Call(f"/messages/{message.pk}/unread", "POST"),
            "accept": Call(f"/messages/{doubted.pk}/accept", "POST"),
            "copies": Call(f"/messages/{message.pk}/copies"),
            "inbox": Call("/inbox"),
            "read all": Call("/inbox/read", "POST"),
            "inbox row": Call(f"/inbox/{record.pk}"),
            "star": Call(f"/inbox/{record.pk}/star", "PUT"),
            "unstar": Call(f"/inbox/{record.pk}/star", "DELETE"),
            "snooze": Call(f"/inbox/{record.pk}/snooze", "PUT", {"until": "2027-11-30T08:00:00Z"}),
            "wake": Call(f"/inbox/{record.pk}/snooze", "DELETE"),
            "done": Call(f"/inbox/{record.pk}/done", "PUT"),
            "undone": Call(f"/inbox/{record.pk}/done", "DELETE"),
            "begin": Call("/conversations", "POST", {**BEGUN, "desk": record.desk_id}),
            "contacts": Call("/contacts"),
            "contact": Call(of_contact),
            "talks of contact": Call(f"{of_contact}/conversations"),
            "alike contacts": Call(f"{of_contact}/alike"),
            "people": Call(f"{of_record}/people"),
            "forwarded": Call(f"{of_passed}/forwarded"),
            "take forwarded": Call(f"{of_passed}/forwarded", "PUT"),
            "give back forwarded": Call(f"{of_passed}/forwarded", "DELETE"),
            "add contact": Call("/contacts", "POST", {"name": "Luca", "company": acme.pk}),
            "change contact": Call(of_contact, "PATCH", {"phone": "+46"}),
            "add address": Call(f"{of_contact}/addresses", "POST", {"email": "new@holm.example"}),
            "remove address": Call(f"{of_contact}/addresses/old@holm.example", "DELETE"),
            "merge contacts": Call(f"{of_contact}/merge", "POST", {"other": factory.contact(acme, "Luca").pk}),
            "search": Call("/search"),
            "links": Call(f"/messages/{message.pk}/links"),
            "revoke links": Call(f"/messages/{message.pk}/links/revoke", "POST"),
            "renew links": Call(f"/messages/{message.pk}/links/renew", "POST"),
            "revoke link": Call(f"/download-links/{link.pk}/revoke", "POST"),
            "renew link": Call(f"/download-links/{link.pk}/renew", "POST"),
            "outbound": Call("/outbound"),
            "copy": Call(of_copy),
            "copy source": Call(f"{of_copy}/source"),
            "hold": Call(f"{of_copy}/hold", "POST"),
            "servers": Call("/servers"),
            "server": Call(of_server),
            "default server": Call("/servers/default"),
            "add server": Call("/servers", "POST", {**SERVER, "company": acme.pk}),
            "change server": Call(of_server, "PATCH", {"priority": 3}),
            "archive": Call(f"{of_server}/archive", "POST"),
            "restore": Call(f"{of_server}/restore", "POST"),
            "test": Call(f"{of_server}/test", "POST"),
            "try now": Call(f"{of_server}/try", "POST"),
            "providers": Call("/servers/providers"),
            "uses": Call(f"{of_server}/uses"),
            "move uses": Call(f"{of_server}/move", "POST", {"to": factory.server(acme, "Other").pk}),
            "size": Call(f"{of_server}/size", "POST"),
            "test mail": Call(f"{of_server}/test-mail", "POST"),
            "simulate": Call("/servers/simulate", "POST", {"email": "amara@acme.example", "company": acme.pk}),
            "paces": Call("/paces"),
            "set limit": Call(
                "/paces/limit",
                "POST",
                {"company": acme.pk, "scope": "destination", "key": "firm.example", "period": "day", "number": 5},
            ),
            "forget pace": Call(f"/paces/{factory.pace(acme, str(server.pk)).pk}/forget", "POST"),
            "domains": Call("/domains"),
            "domain": Call(of_domain),
            "add domain": Call("/domains", "POST", {"name": "new.example", "companies": [acme.pk]}),
            "change domain": Call(of_domain, "PATCH", {"priority": 3}),
            "remove domain": Call(of_domain, "DELETE"),
            "move domain": Call(f"{of_domain}/move", "POST", {"way": "up"}),
            "share domain": Call(f"{of_domain}/companies/{acme.pk}", "PUT"),
            "unshare domain": Call(f"{of_domain}/companies/{acme.pk}", "DELETE"),
            "senders": Call(f"{of_domain}/senders"),
            "prove": Call(f"{of_domain}/proofs", "POST"),
            "proofs": Call(f"{of_domain}/proofs"),
            "proof": Call(f"/proofs/{proof.pk}"),
            "stop proof": Call(f"/proofs/{proof.pk}/stop", "POST"),
            "aliases": Call("/aliases"),
            "alias": Call(of_alias),
            "add alias": Call("/aliases", "POST", {**ALIAS, "company": acme.pk, "domain": domain.pk}),
            "change alias": Call(of_alias, "PATCH", {"title": "No subject"}),
            "delete alias": Call(of_alias, "DELETE"),
            "attention": Call("/attention"),
            "changes": Call(f"{of_record}/changes"),
            "export": Call("/records/export"),
            "colleagues": Call("/colleagues"),
            "all messages": Call("/messages"),
            "message": Call(f"/messages/{message.pk}"),
            "original": Call(f"/messages/{message.pk}/original"),
            "message source": Call(f"/messages/{message.pk}/source"),
            "draft": Call(f"/messages/{message.pk}/draft"),
            "edit note": Call(f"/messages/{note.pk}", "PATCH", {"body": "Pst"}),
            "delete note": Call(f"/messages/{note.pk}", "DELETE"),
            "test new server": Call("/servers/test", "POST", {**SERVER, "host": "", "company": acme.pk}),
            "preview renaming": Call(f"{of_domain}/renaming", "POST", {"name": "other.example"}),
            "users": Call("/users"),
            "user": Call(of_user),
            "invite": Call("/users", "POST", guest),
            "change user": Call(of_user, "PATCH", {"name": "Mia Maes"}),
            "set role": Call(f"{of_user}/roles/{acme.pk}", "PUT", {"role": "administrator"}),
            "remove role": Call(f"{of_user}/roles/{acme.pk}", "DELETE"),
            "link": Call(f"{of_user}/link", "POST"),
            "deactivate": Call(f"{of_user}/deactivate", "POST"),
            "reactivate": Call(f"{of_user}/reactivate", "POST"),
            "tokens": Call("/tokens"),
            "add token": Call("/tokens", "POST", {"name": "Till", "scopes": ["read"]}),
            "revoke token": Call("/tokens/99999999", "DELETE"),
            "companies": Call("/companies"),
            "company": Call(f"/companies/{acme.pk}"),
            "add company": Call("/companies", "POST", {"name": "Initech"}),
            "change company": Call(f"/companies/{acme.pk}", "PATCH", {"language": "sv"}),
            "parameters": Call("/parameters"),
            "parameter": Call(PARAMETER),
            "set parameter": Call(PARAMETER, "PUT", {"value": "30"}),
            "reset parameter": Call(PARAMETER, "DELETE"),
            "actions": Call("/scheduled-actions"),
            "change action": Call("/scheduled-actions/infra.forget", "PATCH", {"every_seconds": 900}),
            "run action": Call("/scheduled-actions/infra.forget/run", "POST"),
            "usage": Call("/usage"),
            "monitor": Call("/monitor"),
            "set allowance": Call(f"/companies/{acme.pk}/allowance", "PUT", {"daily_limit": 5}),
            "plans": Call("/plans"),
            "set plan": Call("/plans/Small.one", "PUT", {"daily_limit": 5}),
            "remove plan": Call("/plans/Small.two", "DELETE"),
            "installation": Call("/installation"),
            "take over": Call("/installation/takeover", "POST", {"waiting": "hold"}),
            "queue": Call("/queue"),
            "retired": Call("/retired-addresses"),
            "me": Call("/me"),
            "change me": Call("/me", "PATCH", {"signature": "Me"}),
            **_before_it_leaves(writer, record, factory.record(desk, "Prices", contact=contact)),
            **_queue(delivery.pk, factory.operation(acme).pk),
        },
    )


def _before_it_leaves(writer: User, record: Record, reached: Record) -> dict[str, Call]:
    """What `writer` wrote or took back in `record`, and what goes to many: to the contact of `reached`."""
    scheduled = factory.message(record, "Soon", user=writer)
    Leaving.objects.create(message=scheduled, at=now() + timedelta(days=1), scheduled=True)
    later = (now() + timedelta(days=2)).isoformat()
    batch = f"/batches/{factory.batch(writer, record).pk}"
    return {
        "undo": Call(f"/messages/{scheduled.pk}/undo", "POST"),
        "send now": Call(f"/messages/{scheduled.pk}/send-now", "POST"),
        "schedule": Call(f"/messages/{scheduled.pk}/schedule", "POST", {"send_at": later}),
        "drafts": Call(f"/records/{record.pk}/drafts"),
        "delete draft": Call(f"/drafts/{factory.draft(writer, record).pk}", "DELETE"),
        "write to many": Call("/records/messages", "POST", {"records": [reached.pk], "body": "Hello"}),
        "batch": Call(batch),
        "stop batch": Call(f"{batch}/stop", "POST"),
    }


def _queue(copy: int, operation: int) -> dict[str, Call]:
    """What waits, and decisions about it."""
    of_operation = f"/outbound/operations/{operation}"
    return {
        "what waits": Call("/outbound/queue"),
        "decide": Call("/outbound/decisions", "POST", {"verb": "hold", "ids": [copy]}),
        "operations": Call("/outbound/operations"),
        "operation": Call(of_operation),
        "stop operation": Call(f"{of_operation}/stop", "POST"),
    }


# What each is answered; `empty` is a list without anything of Acme's.
TABLE = {
    "inbound": ("full", 403, "empty", "empty", 401),
    "arrival": (200, 404, 404, 404, 401),
    "source": (200, 404, 404, 404, 401),
    "replay": (200, 404, 404, 404, 401),
    "refusals": ("full", 403, "empty", "empty", 401),
    "records": ("full", "full", "empty", 403, 401),
    "record": (200, 200, 404, 404, 401),
    "add record": (201, 201, 422, 403, 401),
    "change record": (200, 200, 404, 404, 401),
    "assign records": (200, 200, 200, 403, 401),
    "desks": ("full", "full", "empty", 403, 401),
    "messages": ("full", "full", 404, 404, 401),
    "write": (201, 201, 404, 404, 401),
    "note": (201, 201, 404, 404, 401),
    "audience": (200, 200, 404, 404, 401),
    "followers": ("full", "full", 404, 404, 401),
    "follower": (200, 200, 404, 404, 401),
    "follow": (200, 200, 404, 404, 401),
    "remove follower": (204, 204, 404, 404, 401),
    "unfollow": (404, 404, 404, 404, 401),
    "read": (200, 200, 404, 404, 401),
    "attachment": (200, 200, 404, 404, 401),
    "unread": (204, 204, 404, 404, 401),
    "accept": (200, 200, 404, 404, 401),
    "copies": ("empty", "empty", 404, 404, 401),
    "inbox": ("empty", "empty", "empty", 403, 401),
    "read all": (200, 200, 200, 403, 401),
    "inbox row": (404, 404, 404, 404, 401),
    "star": (200, 200, 404, 404, 401),
    "unstar": (422, 422, 404, 404, 401),
    "snooze": (200, 200, 404, 404, 401),
    "wake": (422, 422, 404, 404, 401),
    "done": (422, 422, 404, 404, 401),
    "undone": (422, 422, 404, 404, 401),
    "begin": (201, 201, 422, 403, 401),
    "contacts": ("full", "full", "empty", 403, 401),
    "contact": (200, 200, 404, 403, 401),
    "talks of contact": ("full", "full", 404, 403, 401),
    "alike contacts": ("empty", "empty", 404, 403, 401),
    "people": ("full", "full", 404, 404, 401),
    "forwarded": (200, 200, 404, 404, 401),
    "take forwarded": (200, 200, 404, 404, 401),
    "give back forwarded": (409, 409, 404, 404, 401),
    "add contact": (201, 201, 422, 403, 401),
    "change contact": (200, 200, 404, 403, 401),
    "add address": (200, 200, 404, 403, 401),
    "remove address": (422, 422, 404, 403, 401),
    "merge contacts": (200, 200, 404, 403, 401),
    "search": ("empty", "empty", "empty", 403, 401),
    "links": (200, 200, 404, 404, 401),
    "revoke links": (200, 403, 404, 404, 401),
    "renew links": (200, 403, 404, 404, 401),
    "revoke link": (200, 404, 404, 404, 401),
    "renew link": (200, 404, 404, 404, 401),
    "outbound": ("full", 403, "empty", 403, 401),
    "copy": (200, 404, 404, 404, 401),
    "copy source": (200, 404, 404, 404, 401),
    "hold": (200, 404, 404, 404, 401),
    "servers": ("full", 403, "empty", "empty", 401),
    "server": (200, 403, 404, 404, 401),
    "default server": (200, 403, 200, 200, 401),
    "add server": (201, 403, 422, 422, 401),
    "change server": (200, 403, 404, 404, 401),
    "archive": (200, 403, 404, 404, 401),
    "restore": (200, 403, 404, 404, 401),
    "test": (200, 403, 404, 404, 401),
    "try now": (200, 403, 404, 404, 401),
    "providers": ("full", 403, "full", "full", 401),
    "uses": (200, 403, 404, 404, 401),
    "move uses": (200, 403, 404, 404, 401),
    "size": (200, 403, 404, 404, 401),
    "test mail": (202, 403, 404, 404, 401),
    "simulate": (200, 403, 422, 422, 401),
    "paces": ("full", 403, "empty", "empty", 401),
    "set limit": (204, 403, 404, 404, 401),
    "forget pace": (204, 403, 404, 404, 401),
    "domains": ("full", 403, "empty", "full", 401),
    "domain": (200, 403, 404, 200, 401),
    "add domain": (201, 403, 422, 201, 401),
    "change domain": (200, 403, 404, 200, 401),
    "remove domain": (409, 403, 404, 409, 401),
    "move domain": (200, 403, 404, 200, 401),
    "share domain": (200, 403, 404, 200, 401),
    "unshare domain": (409, 403, 404, 409, 401),
    "senders": ("full", 403, 404, "full", 401),
    "prove": (202, 403, 404, 202, 401),
    "proofs": ("full", 403, 404, "full", 401),
    "proof": (200, 403, 404, 200, 401),
    "stop proof": (200, 403, 404, 200, 401),
    "aliases": ("full", 403, "empty", "empty", 401),
    "alias": (200, 403, 404, 404, 401),
    "add alias": (201, 403, 422, 422, 401),
    "change alias": (200, 403, 404, 404, 401),
    "delete alias": (204, 403, 404, 404, 401),
    "attention": ("empty", 403, "full", "empty", 401),
    "changes": ("empty", "empty", 404, 404, 401),
    "export": (200, 200, 200, 403, 401),
    "colleagues": ("full", "full", "full", 403, 401),
    "all messages": (403, 403, 403, "empty", 401),
    "message": (200, 200, 404, 404, 401),
    "original": (200, 200, 404, 404, 401),
    "message source": (200, 404, 404, 404, 401),
    "draft": (200, 200, 404, 404, 401),
    "edit note": (422, 422, 404, 404, 401),
    "delete note": (409, 409, 404, 404, 401),
    "test new server": (422, 403, 422, 422, 401),
    "preview renaming": (200, 403, 404, 200, 401),
    "users": ("full", 403, "full", "full", 401),
    "user": (200, 403, 404, 200, 401),
    "invite": (201, 403, 422, 201, 401),
    "change user": (200, 403, 404, 200, 401),
    "set role": (200, 403, 404, 200, 401),
    "remove role": (204, 403, 404, 204, 401),
    "link": (201, 403, 404, 201, 401),
    "deactivate": (200, 403, 404, 200, 401),
    "reactivate": (409, 403, 404, 409, 401),
    "tokens": ("full", "full", "full", "full", 401),
    "add token": (201, 201, 201, 201, 401),
    "revoke token": (404, 404, 404, 404, 401),
    "companies": ("full", 403, "full", "full", 401),
    "company": (200, 403, 404, 200, 401),
    "add company": (403, 403, 403, 201, 401),
    "change company": (200, 403, 404, 200, 401),
    "parameters": (403, 403, 403, "full", 401),
    "parameter": (403, 403, 403, 200, 401),
    "set parameter": (403, 403, 403, 200, 401),
    "reset parameter": (403, 403, 403, 204, 401),
    "actions": (403, 403, 403, "full", 401),
    "change action": (403, 403, 403, 200, 401),
    "run action": (403, 403, 403, 200, 401),
    "usage": ("full", 403, "full", 403, 401),
    "monitor": (403, 403, 403, "full", 401),
    "set allowance": (403, 403, 403, 200, 401),
    "plans": (403, 403, 403, "full", 401),
    "set plan": (403, 403, 403, 200, 401),
    "remove plan": (403, 403, 403, 204, 401),
    "installation": (403, 403, 403, 200, 401),
    "take over": (403, 403, 403, 422, 401),
    "queue": (403, 403, 403, 200, 401),
    "retired": (403, 403, 403, "empty", 401),
    "me": (200, 200, 200, 200, 401),
    "change me": (200, 200, 200, 200, 401),
    "undo": (200, 403, 404, 404, 401),
    "send now": (200, 403, 404, 404, 401),
    "schedule": (200, 403, 404, 404, 401),
    "drafts": ("full", "empty", 404, 404, 401),
    "delete draft": (204, 404, 404, 404, 401),
    "write to many": (201, 201, 422, 403, 401),
    "batch": (200, 404, 404, 404, 401),
    "stop batch": (200, 404, 404, 404, 401),
    "what waits": (200, 403, 200, 403, 401),
    "decide": (200, 403, 200, 403, 401),
    "operations": ("full", 403, "empty", 403, 401),
    "operation": (200, 404, 404, 404, 401),
    "stop operation": (200, 404, 404, 404, 401),
}
WHO = ("administrator", "member", "foreign administrator", "operator", "nobody")
CASES = [(call, who, answer) for call, line in TABLE.items() for who, answer in zip(WHO, line, strict=True)]


@pytest.mark.parametrize(("call", "who", "answer"), CASES)
def test_who_is_answered_what(world: World, call: str, who: str, answer: int | str) -> None:
    path, method, body = world.calls[call]
    response = world.callers[who].send(method, path, body)
    match answer:
        case "full" | "empty":
            assert response.status_code == 200
            assert bool(response.json()["items"]) == (answer == "full")
        case int() if answer < 300:
            assert response.status_code == answer, response.content
        case _:
            problem(response, int(answer))


def test_the_table_names_every_endpoint(world: World) -> None:
    described = api.get_openapi_schema(path_prefix="")["paths"]
    there = {(method.upper(), path.lstrip("/")) for path, methods in described.items() for method in methods}
    elsewhere = {("GET", "health"), ("POST", "inbound")}  # tested by themselves
    asked = [(call.method, call.path) for call in world.calls.values()]
    for method, pattern in there - elsewhere:
        assert [path for verb, path in asked if verb == method and _fits(pattern, path)], f"{method} {pattern}"
    assert set(TABLE) == set(world.calls)


def _fits(pattern: str, path: str) -> bool:
    """Whether a path is one of those that are described like this."""
    return re.fullmatch(re.sub(r"{[^}]+}", r"(\\d+|[^/]*[.@][^/]*|hold)", pattern), path.lstrip("/")) is not None


@pytest.mark.parametrize(
    ("who", "status"),
    [("administrator", 201), ("foreign administrator", 201), ("operator", 201), ("member", 403), ("nobody", 401)],
)
def test_who_may_hand_mail_in(world: World, who: str, status: int) -> None:
    response = world.callers[who].post("/inbound", b"Subject: hi\r\n\r\nHi\r\n")
    assert response.status_code == status


@pytest.fixture
def admin() -> User:
    return factory.user("ada", {factory.company(): "administrator"})


@pytest.mark.parametrize(
    ("scopes", "reading", "writing"), [(("read",), 200, 403), (("write",), 403, 201), (("read", "write"), 200, 201)]
)
def test_a_scope_is_needed(admin: User, scopes: tuple[str, ...], reading: int, writing: int) -> None:
    program = caller(admin, *scopes)
    assert program.get("/inbound").status_code == reading
    response = program.post("/inbound", b"Subject: hi\r\n\r\nHi\r\n")
    assert response.status_code == writing
    if writing == 403:
        assert "scope write" in problem(response, 403)["detail"]


@pytest.mark.parametrize("secret", ["", "pr_unknown", "x" * 5000, "pr_ä"])
def test_an_unknown_token_is_asked_for_another(secret: str) -> None:
    response = Caller(secret).get("/records")
    problem(response, 401)
    assert response["WWW-Authenticate"].startswith("Bearer")


def test_a_token_that_ran_out_is_none(admin: User) -> None:
    program = caller(admin, days=1)
    assert program.get("/records").status_code == 200
    ApiToken.objects.update(expires_at=now() - timedelta(seconds=1))
    problem(program.get("/records"), 401)


def test_whoever_left_is_answered_nothing(admin: User) -> None:
    program = caller(admin)
    User.objects.update(is_active=False)
    problem(program.get("/records"), 401)


@pytest.mark.parametrize(("path", "allowed"), [("/inbound", "GET, POST"), ("/health", "GET")])
def test_a_method_that_an_address_does_not_have_is_answered_by_a_document(path: str, allowed: str) -> None:
    response: Any = Client().delete(f"{BASE}{path}")
    assert allowed in problem(response, 405)["detail"]
    assert response["Allow"] == allowed


def test_a_session_is_no_token(admin: User) -> None:
    program = Caller()
    program.client.force_login(admin)
    problem(program.get("/records"), 401)


def test_a_token_remembers_that_it_was_used(admin: User) -> None:
    caller(admin).get("/records")
    assert ApiToken.objects.get(user=admin).last_used_at is not None


def test_of_a_shared_mail_a_company_sees_its_own_part() -> None:
    acme, globex = factory.company(), factory.company("Globex")
    shared = factory.arrival(None, recipients=["sales@acme.example", "info@globex.example"], peer="192.0.2.7")
    factory.route(shared, acme, recipients=["sales@acme.example"])
    factory.route(shared, globex, recipients=["info@globex.example"], because="A matter of Globex.")
    seen = somebody("administrator", acme).get(f"/inbound/{shared.pk}").json()
    assert seen["recipients"] == ["sales@acme.example"]
    assert [route["company"] for route in seen["routes"]] == [acme.pk]
    assert "Globex" not in str(seen)
    assert seen["peer"] == ""


def test_a_shared_mail_is_not_replayed_by_one_of_its_companies() -> None:
    acme = factory.company()
    shared = factory.arrival(None)
    factory.route(shared, acme)
    assert "operator" in problem(somebody("administrator", acme).post(f"/inbound/{shared.pk}/replay"), 403)["detail"]
