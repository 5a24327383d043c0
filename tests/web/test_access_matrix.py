"""Who is let in where: every address of pages and API, by GET and by POST, for every role and both of two companies.

The rows are held to the resolver: a new address without a row fails. Each is asked for what is the company's own of
Acme's people and for what is Globex's of Globex's; what is the other company's is never let in.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from copy import copy
from dataclasses import dataclass
from itertools import pairwise
from typing import cast
from urllib.parse import urlencode

import pytest
from django.db import transaction
from django.http import HttpResponseBase
from django.test import Client
from django.urls import URLResolver, get_resolver
from pytest_django import DjangoDbBlocker

from postroom.directory.models import User
from postroom.directory.services import create_token
from tests.support.populated import KINDS, NAMES, Twins, populate_twins

pytestmark = [pytest.mark.django_db, pytest.mark.either_database]

PLAIN = {"Accept-Encoding": "identity"}
READERS = ("nobody", "deactivated", "member", "administrator", "foreign", "operator", "two")


class Own(str):
    """The kind of a thing of the company's own, in whose place its number is sent."""

    __slots__ = ()


# What is sent where something empty would be refused before anybody asks who sends it.
SENT: Mapping[str, Mapping[str, object]] = {
    "api/v1/records": {"type": "lead", "title": "Vans", "desk_id": Own("desk")},
    "api/v1/records/assign": {"records": [Own("record")], "owner_id": None},
    "api/v1/messages/<int:pk>/schedule": {"send_at": "2031-01-01T00:00:00Z"},
    "api/v1/records/messages": {"records": [Own("record")], "body": "Hello"},
    "leads/write": {"record": Own("record"), "send": "1", "kind": "message", "body": "Hello"},
    "tickets/write": {"record": Own("ticket"), "send": "1", "kind": "message", "body": "Hello"},
    "api/v1/contacts": {"name": "Nina", "company": Own("company")},
    "api/v1/contacts/<int:pk>/addresses": {"email": "nina@holm.example"},
    "api/v1/contacts/<int:pk>/merge": {"other": Own("merged")},
    "api/v1/conversations": {"desk": Own("desk"), "subject": "Vans", "body": "Hello", "to": ["nina@holm.example"]},
    "api/v1/servers": {"name": "Post", "company": Own("company"), "host": "mx.acme.example", "authentication": "none"},
    "api/v1/paces/limit": {
        "company": Own("company"),
        "scope": "destination",
        "key": "firm.example",
        "period": "day",
        "number": 5,
    },
    "settings/paces": {
        "company": Own("company"),
        "scope": "destination",
        "key": "firm.example",
        "period": "day",
        "number": "5",
    },
    "api/v1/servers/test": {"name": "Post", "company": Own("company"), "host": ""},
    "api/v1/servers/simulate": {"email": "nina@acme.example", "company": Own("company")},
    "api/v1/servers/<int:pk>/move": {"to": 4711},
    "api/v1/outbound/decisions": {"verb": "hold", "filter": {"destination": "nowhere.example"}},
    "api/v1/domains": {"name": "new.example", "companies": [Own("company")]},
    "api/v1/domains/<int:pk>/move": {"way": "up"},
    "api/v1/aliases": {
        "local_part": "hello",
        "record_type": "lead",
        "company": Own("company"),
        "domain": Own("domain"),
    },
    "api/v1/users": {"name": "Nina", "email": "nina@acme.example", "company": Own("company")},
    "api/v1/tokens": {"name": "Till", "scopes": ["read"]},
    "api/v1/companies": {"name": "Initech"},
    "api/v1/installation/takeover": {"waiting": "hold"},
    "leads/move": {"record": Own("record"), "stage": "Qualified"},
    "tickets/move": {"record": Own("ticket"), "stage": "Qualified"},
    "leads/assign": {"record": Own("record"), "owner": "nobody"},
    "tickets/assign": {"record": Own("ticket"), "owner": "nobody"},
    "contacts/<int:pk>/addresses": {"do": "add", "email": "nina@holm.example"},
    "records/<int:pk>/forwarded": {"do": "take"},
    "outbox/<int:pk>/act": {"action": "hold"},
    "outbox/decide": {"action": "hold", "destination": "nowhere.example"},
    "outbox/<int:pk>/links": {"action": "revoke"},
    "messages/<int:pk>/links": {"action": "revoke"},
    "settings/developer-mode": {"mode": "on"},
    "settings/domains/<int:pk>/share": {"company": Own("company")},
    "settings/domains/<int:pk>/unshare": {"company": Own("company")},
}


def addresses(resolver: URLResolver | None = None, before: str = "") -> Iterator[str]:
    """Every address of the resolver, as it is written there; but for those that catch what is none."""
    for one in (resolver or get_resolver()).url_patterns:
        route = before + str(one.pattern)
        if isinstance(one, URLResolver):
            yield from addresses(one, route)
        elif not route.endswith("^"):
            yield route


ELSEWHERE = {"events"}  # a stream without an end, which ends the connection of whoever asks: see test_events
ADDRESSES = tuple(one for one in dict.fromkeys(addresses()) if one not in ELSEWHERE)

# For each address a letter for each reader, in their order: what GET is answered, then POST. See `letter`.
TABLE = {
    "api/v1/openapi.json": "+++++++ +++++++",
    "api/v1/health": "+++++++ mmmmmmm",
    "api/v1/attention": "ssx+++x mmmmmmm",
    "api/v1/inbound": "ssx+++x ssx+++x",
    "api/v1/inbound/<int:pk>": "ss-+--- mmmmmmm",
    "api/v1/inbound/<int:pk>/source": "ss-+--- mmmmmmm",
    "api/v1/inbound/<int:pk>/replay": "mmmmmmm ss-+---",
    "api/v1/refusals": "ssx+++x mmmmmmm",
    "api/v1/records": "ss+++x+ ss++fx+",
    "api/v1/records/assign": "mmmmmmm ss+++x+",
    "api/v1/records/<int:pk>": "ss++--+ mmmmmmm",
    "api/v1/desks": "ss+++x+ mmmmmmm",
    "api/v1/attachments/<int:pk>": "ss++--+ mmmmmmm",
    "api/v1/records/export": "ss+++x+ mmmmmmm",
    "api/v1/records/<int:pk>/changes": "ss++--+ mmmmmmm",
    "api/v1/colleagues": "ss+++x+ mmmmmmm",
    "api/v1/contacts": "ss+++x+ ss++fx+",
    "api/v1/contacts/<int:pk>": "ss++-x+ mmmmmmm",
    "api/v1/contacts/<int:pk>/addresses": "mmmmmmm ss++-x+",
    "api/v1/contacts/<int:pk>/addresses/<email>": "mmmmmmm mmmmmmm",
    "api/v1/contacts/<int:pk>/conversations": "ss++-x+ mmmmmmm",
    "api/v1/contacts/<int:pk>/alike": "ss++-x+ mmmmmmm",
    "api/v1/records/<int:pk>/people": "ss++--+ mmmmmmm",
    "api/v1/records/<int:pk>/forwarded": "ss----- mmmmmmm",
    "api/v1/contacts/<int:pk>/merge": "mmmmmmm ss++-x+",
    "api/v1/records/<int:pk>/messages": "ss++--+ ssff--f",
    "api/v1/records/<int:pk>/notes": "mmmmmmm ssff--f",
    "api/v1/messages/<int:pk>": "ss++--+ mmmmmmm",
    "api/v1/messages": "ssxxx+x mmmmmmm",
    "api/v1/messages/<int:pk>/undo": "mmmmmmm ssxx--x",
    "api/v1/messages/<int:pk>/send-now": "mmmmmmm ssxx--x",
    "api/v1/messages/<int:pk>/schedule": "mmmmmmm ssxx--x",
    "api/v1/records/<int:pk>/drafts": "ss++--+ mmmmmmm",
    "api/v1/drafts/<int:pk>": "mmmmmmm mmmmmmm",
    "api/v1/records/messages": "mmmmmmm ss++fx+",
    "api/v1/batches/<int:pk>": "ss-+--- mmmmmmm",
    "api/v1/batches/<int:pk>/stop": "mmmmmmm ss-+---",
    "api/v1/messages/<int:pk>/original": "ss++--+ mmmmmmm",
    "api/v1/messages/<int:pk>/source": "ss-+--- mmmmmmm",
    "api/v1/messages/<int:pk>/draft": "ss++--+ mmmmmmm",
    "api/v1/records/<int:pk>/audience": "ss++--+ mmmmmmm",
    "api/v1/records/<int:pk>/followers": "ss++--+ mmmmmmm",
    "api/v1/records/<int:pk>/followers/<int:contact>": "mmmmmmm mmmmmmm",
    "api/v1/records/<int:pk>/followers/me": "mmmmmmm mmmmmmm",
    "api/v1/messages/<int:pk>/accept": "mmmmmmm ss++--+",
    "api/v1/messages/<int:pk>/copies": "ss++--+ mmmmmmm",
    "api/v1/inbox": "ss+++x+ mmmmmmm",
    "api/v1/inbox/read": "mmmmmmm ss+++x+",
    "api/v1/inbox/<int:pk>": "ss++--- mmmmmmm",
    "api/v1/records/<int:pk>/read": "mmmmmmm ss++--+",
    "api/v1/messages/<int:pk>/unread": "mmmmmmm ss++--+",
    "api/v1/inbox/<int:pk>/done": "mmmmmmm mmmmmmm",
    "api/v1/inbox/<int:pk>/star": "mmmmmmm mmmmmmm",
    "api/v1/inbox/<int:pk>/snooze": "mmmmmmm mmmmmmm",
    "api/v1/conversations": "mmmmmmm ss++fx+",
    "api/v1/search": "ss+++x+ mmmmmmm",
    "api/v1/outbound": "ssx++xx mmmmmmm",
    "api/v1/outbound/queue": "ssx++xx mmmmmmm",
    "api/v1/outbound/decisions": "mmmmmmm ssx++xx",
    "api/v1/outbound/operations": "ssx++xx mmmmmmm",
    "api/v1/outbound/operations/<int:pk>": "ss-+--- mmmmmmm",
    "api/v1/outbound/operations/<int:pk>/stop": "mmmmmmm ss-+---",
    "api/v1/outbound/<int:pk>": "ss-+--- mmmmmmm",
    "api/v1/outbound/<int:pk>/source": "ss-+--- mmmmmmm",
    "api/v1/outbound/<int:pk>/<verb>": "mmmmmmm ss-+---",
    "api/v1/messages/<int:pk>/links": "ss++--+ mmmmmmm",
    "api/v1/messages/<int:pk>/links/revoke": "mmmmmmm ssx+--x",
    "api/v1/messages/<int:pk>/links/renew": "mmmmmmm ssx+--x",
    "api/v1/download-links/<int:pk>/revoke": "mmmmmmm ss-+---",
    "api/v1/download-links/<int:pk>/renew": "mmmmmmm ss-+---",
    "api/v1/servers": "ssx+++x ssx+ffx",
    "api/v1/servers/default": "ssx+++x mmmmmmm",
    "api/v1/servers/test": "mmmmmmm ssxfffx",
    "api/v1/servers/simulate": "mmmmmmm ssx+ffx",
    "api/v1/servers/<int:pk>": "ssx+--x mmmmmmm",
    "api/v1/servers/providers": "ssx+++x mmmmmmm",
    "api/v1/servers/<int:pk>/uses": "ssx+--x mmmmmmm",
    "api/v1/servers/<int:pk>/move": "mmmmmmm ssxf--x",
    "api/v1/servers/<int:pk>/size": "mmmmmmm ssx+--x",
    "api/v1/servers/<int:pk>/test-mail": "mmmmmmm ssx+--x",
    "api/v1/servers/<int:pk>/archive": "mmmmmmm ssx+--x",
    "api/v1/servers/<int:pk>/restore": "mmmmmmm ssx+--x",
    "api/v1/servers/<int:pk>/try": "mmmmmmm ssx+--x",
    "api/v1/servers/<int:pk>/test": "mmmmmmm ssx+--x",
    "api/v1/domains": "ssx+++x ssx+f+x",
    "api/v1/domains/<int:pk>": "ssx+-+x mmmmmmm",
    "api/v1/domains/<int:pk>/renaming": "mmmmmmm ssx+-+x",
    "api/v1/domains/<int:pk>/move": "mmmmmmm ssx+-+x",
    "api/v1/domains/<int:pk>/companies/<int:company>": "mmmmmmm mmmmmmm",
    "api/v1/domains/<int:pk>/senders": "ssx+-+x mmmmmmm",
    "api/v1/domains/<int:pk>/proofs": "ssx+-+x ssx+-+x",
    "api/v1/proofs/<int:pk>": "ssx+-+x mmmmmmm",
    "api/v1/proofs/<int:pk>/stop": "mmmmmmm ssx+-+x",
    "api/v1/aliases": "ssx+++x ssx+ffx",
    "api/v1/aliases/<int:pk>": "ssx+--x mmmmmmm",
    "api/v1/me": "ss+++++ mmmmmmm",
    "api/v1/users": "ssx+++x ssx+f+x",
    "api/v1/users/<int:pk>": "ssx+-+x mmmmmmm",
    "api/v1/users/<int:pk>/roles/<int:company>": "mmmmmmm mmmmmmm",
    "api/v1/users/<int:pk>/link": "mmmmmmm ssx+-+x",
    "api/v1/users/<int:pk>/deactivate": "mmmmmmm ssx+-+x",
    "api/v1/users/<int:pk>/reactivate": "mmmmmmm ssx+-+x",
    "api/v1/tokens": "ss+++++ ss+++++",
    "api/v1/tokens/<int:pk>": "mmmmmmm mmmmmmm",
    "api/v1/companies": "ssx+++x ssxxx+x",
    "api/v1/companies/<int:pk>": "ssx+-+x mmmmmmm",
    "api/v1/companies/<int:pk>/allowance": "mmmmmmm mmmmmmm",
    "api/v1/usage": "ssx++xx mmmmmmm",
    "api/v1/monitor": "ssxxx+x mmmmmmm",
    "api/v1/paces": "ssx+++x mmmmmmm",
    "api/v1/paces/limit": "mmmmmmm ssx+--x",
    "api/v1/paces/<int:pk>/forget": "mmmmmmm ssx+--x",
    "api/v1/plans": "ssxxx+x mmmmmmm",
    "api/v1/plans/<name>": "mmmmmmm mmmmmmm",
    "api/v1/installation": "ssxxx+x mmmmmmm",
    "api/v1/installation/takeover": "mmmmmmm ssxxxfx",
    "api/v1/parameters": "ssxxx+x mmmmmmm",
    "api/v1/parameters/<key>": "ssxxx+x mmmmmmm",
    "api/v1/scheduled-actions": "ssxxx+x mmmmmmm",
    "api/v1/scheduled-actions/<key>": "mmmmmmm mmmmmmm",
    "api/v1/scheduled-actions/<key>/run": "mmmmmmm ssxxx+x",
    "api/v1/queue": "ssxxx+x mmmmmmm",
    "api/v1/retired-addresses": "ssxxx+x mmmmmmm",
    "api/v1/": "------- -------",
    "sign-in": "+++++++ ff+++++",
    "sign-out": "mmmmmmm +++++++",
    "": "ss+++++ mmmmmmm",
    "home/count": "ssx+++x mmmmmmm",
    "welcome": "------- -------",
    "welcome/<slug:key>": "------- -------",
    "inbox": "ss+++x+ mmmmmmm",
    "inbox/count": "ss+++x+ mmmmmmm",
    "inbox/new": "ss+++x+ ssfffxf",
    "inbox/read": "mmmmmmm ss+++x+",
    "inbox/undo": "mmmmmmm ss+++x+",
    "inbox/<int:pk>": "ss++-x+ mmmmmmm",
    "inbox/<int:pk>/unread": "mmmmmmm ss++-x+",
    "inbox/<int:pk>/snooze": "ss++-x+ ssff-xf",
    "inbox/people/<int:desk>": "ss++-x+ mmmmmmm",
    "inbox/<int:pk>/read": "mmmmmmm ss++-x+",
    "inbox/<int:pk>/done": "mmmmmmm ss++-x+",
    "inbox/<int:pk>/undone": "mmmmmmm ss++-x+",
    "inbox/<int:pk>/star": "mmmmmmm ss++-x+",
    "inbox/<int:pk>/unstar": "mmmmmmm ss++-x+",
    "inbox/<int:pk>/wake": "mmmmmmm ss++-x+",
    "leads": "ss+++++ ss+++++",
    "leads/new": "ss+++x+ ssfffxf",
    "leads/cards": "ss+++++ mmmmmmm",
    "leads/move": "mmmmmmm ss++--+",
    "leads/assign": "mmmmmmm ss+++++",
    "leads/export": "ss+++x+ mmmmmmm",
    "leads/write": "mmmmmmm ss++fx+",
    "leads/<int:pk>": "ss++--+ ss++--+",
    "leads/<int:pk>/edit": "ss++--+ ssff--f",
    "tickets": "ss+++++ ss+++++",
    "tickets/new": "ss+++x+ ssfffxf",
    "tickets/cards": "ss+++++ mmmmmmm",
    "tickets/move": "mmmmmmm ss++--+",
    "tickets/assign": "mmmmmmm ss+++++",
    "tickets/export": "ss+++x+ mmmmmmm",
    "tickets/write": "mmmmmmm ssfffxf",
    "tickets/<int:pk>": "ss++--+ ss++--+",
    "tickets/<int:pk>/edit": "ss++--+ ssff--f",
    "desks/<int:desk>/people": "ss++--+ mmmmmmm",
    "records/<int:pk>/post": "mmmmmmm ssff--f",
    "records/<int:pk>/audience": "ss++--+ mmmmmmm",
    "records/<int:pk>/stage": "mmmmmmm ss++--+",
    "records/<int:pk>/owner": "mmmmmmm ss++--+",
    "records/<int:pk>/composer": "ss++--+ mmmmmmm",
    "records/<int:pk>/followers": "ss++--+ ss++--+",
    "records/<int:pk>/forwarded": "ss++--+ ss++--+",
    "records/<int:pk>/people": "ss++--+ mmmmmmm",
    "records/<int:pk>/mentions": "ss++--+ mmmmmmm",
    "records/<int:pk>/states": "ss++--+ mmmmmmm",
    "copies/<int:pk>": "ss++--+ mmmmmmm",
    "copies/<int:pk>/again": "mmmmmmm ssx+--x",
    "copies/<int:pk>/cancel": "mmmmmmm ssx+--x",
    "messages/<int:pk>/copies": "ss++--+ mmmmmmm",
    "messages/<int:pk>/links": "ss++--+ ssx+--x",
    "messages/<int:pk>/heard": "ss++--+ mmmmmmm",
    "messages/<int:pk>/accept": "mmmmmmm ss++--+",
    "messages/<int:pk>": "ss++--+ mmmmmmm",
    "messages/<int:pk>/edit": "ss++--+ ssff--f",
    "messages/<int:pk>/delete": "mmmmmmm ss++--+",
    "messages/<int:pk>/undo": "mmmmmmm ss++--+",
    "messages/<int:pk>/send-now": "mmmmmmm ss++--+",
    "messages/<int:pk>/leaves": "ss++--+ ss++--+",
    "drafts/<int:pk>/discard": "mmmmmmm ss-+---",
    "batches/<int:pk>": "ss-+-x- mmmmmmm",
    "batches/<int:pk>/stop": "mmmmmmm ss-+-x-",
    "batches/<int:pk>/again": "ss-+-x- mmmmmmm",
    "messages/<int:pk>/original": "ss++--+ mmmmmmm",
    "messages/<int:pk>/download": "ss-+--- mmmmmmm",
    "messages/<int:pk>/reply": "ss++--+ mmmmmmm",
    "messages/<int:pk>/reply-all": "ss++--+ mmmmmmm",
    "messages/<int:pk>/forward": "ss++--+ mmmmmmm",
    "messages/<int:pk>/body": "ss++--+ ss++--+",
    "messages/<int:pk>/text": "ss++--+ ss++--+",
    "attachments/<int:pk>/<str:name>": "ss++--+ ss++--+",
    "contacts": "ss+++x+ ss+++x+",
    "search": "ss+++++ mmmmmmm",
    "search/palette": "ss+++++ mmmmmmm",
    "contacts/new": "ss+++x+ ssfffxf",
    "contacts/merge": "ss+++x+ mmmmmmm",
    "contacts/<int:pk>": "ss++-x+ ss++-x+",
    "contacts/<int:pk>/addresses": "mmmmmmm ss++-x+",
    "contacts/<int:pk>/others": "ss++-x+ mmmmmmm",
    "contacts/<int:pk>/merge": "ss++-x+ ss++-x+",
    "arrivals": "ssx+++x ssx+++x",
    "arrivals/refused": "ssx+++x ssx+++x",
    "arrivals/<int:pk>": "ssx+--x ssx+--x",
    "arrivals/<int:pk>/source": "ssx+--x ssx+--x",
    "arrivals/<int:pk>/download": "ssx+--x ssx+--x",
    "arrivals/<int:pk>/replay": "mmmmmmm ssx+--x",
    "outbox": "ssx++xx mmmmmmm",
    "outbox/queue": "ssx++xx mmmmmmm",
    "outbox/decide": "ssx++xx ssx++xx",
    "outbox/operations/<int:pk>": "ssx+-xx mmmmmmm",
    "outbox/operations/<int:pk>/stop": "mmmmmmm ssx+-xx",
    "outbox/<int:pk>": "ssx+-xx mmmmmmm",
    "outbox/<int:pk>/body": "ssx+-xx mmmmmmm",
    "outbox/<int:pk>/files/<int:number>/<str:name>": "ssx--xx mmmmmmm",
    "outbox/<int:pk>/source": "ssx+-xx mmmmmmm",
    "outbox/<int:pk>/download": "ssx+-xx mmmmmmm",
    "outbox/<int:pk>/links": "mmmmmmm ssx+-xx",
    "outbox/<int:pk>/act": "mmmmmmm ssx+-xx",
    "outbox/<int:pk>/reply": "mmmmmmm ssxx-xx",
    "outbox/replies/<int:pk>": "ssx+++x mmmmmmm",
    "d/<str:token>": "------- -------",
    "d/<str:token>/<str:name>": "------- mmmmmmm",
    "settings": "ss+++++ ss+++++",
    "settings/developer-mode": "mmmmmmm ssxxx+x",
    "settings/users": "ssx+++x ssx+++x",
    "settings/users/invite": "ssx+++x ssxfffx",
    "settings/users/<int:pk>": "ssx+-+x ssxf-fx",
    "settings/users/<int:pk>/roles": "mmmmmmm ssx+-+x",
    "settings/users/<int:pk>/link": "mmmmmmm ssx+-+x",
    "settings/users/<int:pk>/deactivate": "mmmmmmm ssx+-+x",
    "settings/users/<int:pk>/reactivate": "mmmmmmm ssx+-+x",
    "settings/companies": "ssx+++x ssx+++x",
    "settings/companies/new": "ssxxx+x ssxxxfx",
    "settings/companies/<int:pk>": "ssx+-+x ssxf-fx",
    "settings/usage": "ssx++xx mmmmmmm",
    "settings/monitor": "ssxxx+x mmmmmmm",
    "settings/monitor/<int:pk>": "ss---+- ss---+-",
    "settings/plans": "ssxxx+x ssxxxfx",
    "settings/plans/remove": "mmmmmmm ssxxx-x",
    "settings/installation": "ssxxx+x ssxxx+x",
    "settings/tokens": "ss+++++ ssfffff",
    "settings/tokens/<int:pk>/revoke": "mmmmmmm ss-----",
    "invitation/<str:secret>": "------- -------",
    "settings/servers": "ssx+++x ssx+++x",
    "settings/servers/default": "ssx+++x ssx+++x",
    "settings/servers/choice": "ssx+++x ssx+++x",
    "settings/servers/choice/dns": "ssx+++x ssx+++x",
    "settings/servers/provider": "ssx+++x ssx+++x",
    "settings/servers/new/size": "mmmmmmm ssx+++x",
    "settings/servers/<int:pk>/size": "mmmmmmm ssx+--x",
    "settings/servers/<int:pk>/move": "mmmmmmm ssx+--x",
    "settings/servers/<int:pk>/test-mail": "mmmmmmm ssx+--x",
    "settings/servers/<int:pk>/test-mail/<int:number>": "ssx---x ssx---x",
    "settings/paces": "ssx+++x ssx+--x",
    "settings/paces/<int:pk>/forget": "mmmmmmm ssx+--x",
    "settings/servers/new": "ssx+++x ssxfffx",
    "settings/servers/new/test": "mmmmmmm ssx+++x",
    "settings/servers/<int:pk>": "ssx+--x ssxf--x",
    "settings/servers/<int:pk>/test": "mmmmmmm ssx+--x",
    "settings/servers/<int:pk>/archive": "mmmmmmm ssx+--x",
    "settings/servers/<int:pk>/restore": "mmmmmmm ssx+--x",
    "settings/domains": "ssx+++x ssx+++x",
    "settings/domains/new": "ssx+++x ssxfffx",
    "settings/domains/<int:pk>": "ssx+-+x ssxf-fx",
    "settings/domains/<int:pk>/proof": "ssx+-+x ssx+-+x",
    "settings/domains/<int:pk>/proof/stop": "mmmmmmm ssx+-+x",
    "settings/domains/<int:pk>/move": "mmmmmmm ssx+-+x",
    "settings/domains/<int:pk>/share": "mmmmmmm ssx+-+x",
    "settings/domains/<int:pk>/unshare": "mmmmmmm ssxf-fx",
    "settings/domains/<int:pk>/remove": "mmmmmmm ssxf-fx",
    "settings/aliases": "ssx+++x ssx+++x",
    "settings/aliases/new": "ssx+++x ssxfffx",
    "settings/aliases/<int:pk>": "ssx+--x ssxf--x",
    "settings/aliases/<int:pk>/delete": "mmmmmmm ssx+--x",
    "profile": "ss+++++ ssfffff",
    "developer/parameters": "ssxxx+x ssxxx+x",
    "developer/parameters/new": "ssxxx+x ssxxxfx",
    "developer/parameters/<str:key>": "ssxxx+x ssxxxfx",
    "developer/parameters/<str:key>/reset": "mmmmmmm ssxxx+x",
    "developer/actions": "ssxxx+x ssxxx+x",
    "developer/actions/<str:key>": "mmmmmmm ssxxx+x",
    "developer/actions/<str:key>/run": "mmmmmmm ssxxx+x",
    "developer/queue": "ssxxx+x ssxxx+x",
    "developer/messages": "ssxxx+x ssxxx+x",
    "developer/retired": "ssxxx+x ssxxx+x",
}
ONES_OWN = {"outbox/replies/<int:pk>"}  # says nothing but that nothing is known yet


@dataclass
class Asker:
    """Somebody at one of the companies: signed in for the pages, with a token for the API."""

    client: Client
    headers: Mapping[str, str]

    def ask(self, method: str, path: str, body: Mapping[str, object]) -> str:
        """How they are answered, in a letter; whatever it does is undone."""
        cookies = copy(self.client.cookies)
        with transaction.atomic():
            if path.startswith("/api"):
                data, kind, headers = json.dumps(body), "application/json", self.headers
            else:
                data, kind, headers = urlencode(body), "application/x-www-form-urlencoded", PLAIN
            answer = self.client.generic(method, path, data, content_type=kind, headers=headers)
            transaction.set_rollback(True)
        self.client.cookies = cookies
        return letter(cast("HttpResponseBase", answer))


def letter(answer: HttpResponseBase) -> str:
    """`s`: sign in first; `x`: your role does not allow it; `-`: not there; `m`: not by this method; `f`: what
    was sent is wrong; `+`: let in.
    """
    status = answer.status_code
    assert status < 500, answer
    if status == 401 or (status == 302 and answer.headers["Location"].startswith("/sign-in?")):
        return "s"
    return {403: "x", 404: "-", 405: "m", 422: "f"}.get(status, "+")


@pytest.fixture(scope="module")
def twins(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Twins]:
    with django_db_blocker.unblock(), transaction.atomic():
        yield populate_twins()
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def askers(twins: Twins) -> list[dict[str, Asker]]:
    return [{reader: _asker(users.get(reader)) for reader in READERS} for users in twins.users]


def _asker(user: User | None) -> Asker:
    client = Client(raise_request_exception=False)
    headers = dict(PLAIN)
    if user is not None:
        is_active, user.is_active = user.is_active, True  # whoever is deactivated was not always
        client.force_login(user)
        headers["Authorization"] = f"Bearer {create_token(user=user, name='test').secret}"
        user.is_active = is_active
        user.save()
    return Asker(client, headers)


def concrete(address: str, things: Mapping[str, int]) -> str:
    """The path with the company's own things in it."""
    parts: list[str] = []
    for before, part in pairwise(["", *address.split("/")]):
        value = str(things[KINDS[before]]) if before in KINDS else NAMES.get(before, "hold" if "verb" in part else "x")
        parts.append(re.sub("<[^>]+>", value, part))
    return "/" + "/".join(parts)


def given(address: str, things: Mapping[str, int]) -> dict[str, object]:
    """What is sent to an address, with the company's own things in it."""
    return {name: _own(value, things) for name, value in SENT.get(address, {}).items()}


def _own(value: object, things: Mapping[str, int]) -> object:
    if isinstance(value, Own):
        return things[value]
    return [_own(one, things) for one in value] if isinstance(value, list) else value


def test_every_address_has_its_row() -> None:
    assert set(TABLE) == set(ADDRESSES)


@pytest.mark.parametrize("address", ADDRESSES)
def test_who_is_let_in(twins: Twins, askers: list[dict[str, Asker]], address: str) -> None:
    for things, readers in zip(twins.things, askers, strict=True):
        path, sent = concrete(address, things), given(address, things)
        rows = ["".join(readers[who].ask(method, path, sent) for who in READERS) for method in ("GET", "POST")]
        assert " ".join(rows) == TABLE[address], path


@pytest.mark.parametrize("address", [one for one in ADDRESSES if "<int" in one and one not in ONES_OWN])
def test_what_is_another_companys_is_not_there(address: str) -> None:
    """The table itself: a thing of the other company's is 404, or its method is none, and nothing else."""
    assert {row[READERS.index("foreign")] for row in TABLE[address].split()} <= set("-m")


@pytest.mark.parametrize("address", ADDRESSES)
def test_who_is_deactivated_is_nobody(address: str) -> None:
    assert all(row[READERS.index("nobody")] == row[READERS.index("deactivated")] for row in TABLE[address].split())
