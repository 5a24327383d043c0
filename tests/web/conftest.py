"""A world of two companies, for tests of the pages."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.conf import settings
from django.test import Client

from postroom.conversations.models import Attachment, Message
from postroom.directory.models import Company, User
from postroom.inbound.models import InboundMail, Refusal
from postroom.records.models import Record
from tests.support import factory
from tests.support.require import require

if TYPE_CHECKING:  # tests without a browser need not load it
    from playwright.sync_api import Browser

    from tests.support.browser import Site, States

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000a49444154789c6360000002000154a24f5f0000"
    "000049454e44ae426082"
)


@dataclass(frozen=True)
class World:
    """Acme with a lead, a ticket and mail; Globex with mail of its own; everybody who may or may not look."""

    acme: Company
    globex: Company
    member: User
    admin: User
    operator: User
    stranger: User
    lonely: User
    lead: Record
    ticket: Record
    message: Message
    html: Message
    file: Attachment
    arrival: InboundMail
    shared: InboundMail
    nobodys: InboundMail
    refusal: Refusal


def make_world() -> World:
    acme, globex = factory.company("Acme"), factory.company("Globex")
    sales, support = factory.desk(acme), factory.desk(acme, "ticket", "Support")
    lead, ticket = factory.record(sales), factory.record(support, "GPS drift in tunnels")
    message = factory.message(lead)
    html = factory.message(lead, "", html="<p>Hello from <b>Borås</b></p>")
    arrival, shared, nobodys = factory.arrival(acme), factory.arrival(None), factory.arrival(None, state="refused")
    factory.route(arrival, acme, "alias:1", message=message)
    factory.route(shared, acme, "alias:1", recipients=["sales@acme.example"])
    factory.route(shared, globex, "alias:2", recipients=["hidden@globex.example"])
    return World(
        acme=acme,
        globex=globex,
        member=factory.user("member", {acme: "member"}),
        admin=factory.user("admin", {acme: "administrator"}),
        operator=factory.user("operator", is_operator=True),
        stranger=factory.user("stranger", {globex: "administrator"}),
        lonely=factory.user("lonely"),
        lead=lead,
        ticket=ticket,
        message=message,
        html=html,
        file=factory.attachment(message, "route list.pdf"),
        arrival=arrival,
        shared=shared,
        nobodys=nobodys,
        refusal=factory.refusal(acme),
    )


@pytest.fixture(autouse=True, scope="session")
def static_folder() -> None:
    """WhiteNoise warns where there is none."""
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)


@pytest.fixture(scope="module")
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site of its own for a module's browser: filled, or as the module says by `SITE`, one of `ready.RECIPES`."""
    from tests.support.browser import running_site

    require("chromium")
    with running_site(tmp_path_factory.mktemp("site"), getattr(request.module, "SITE", "filled")) as site:
        yield site


@pytest.fixture(scope="module")
def browser(site: Site) -> Iterator[Browser]:
    """It ends with the module: while it runs, Django takes the thread for one that must not wait for a database."""
    from tests.support.chromium import running_chromium

    with running_chromium(require("chromium")) as browser:
        yield browser


@pytest.fixture(scope="module")
def states(browser: Browser, site: Site) -> States:
    """`states[username]`: what a browser keeps after this user signed in."""
    from tests.support.browser import States

    return States(browser, site)


@pytest.fixture(scope="module")
def world_of_module(rows_of_module: None) -> World:
    return make_world()


@pytest.fixture
def world(db: None, world_of_module: World) -> World:
    """A test's own copy: what it does to the rows and to these goes with it."""
    return copy.deepcopy(world_of_module)


@pytest.fixture
def client(world: World) -> Client:
    return Client()
