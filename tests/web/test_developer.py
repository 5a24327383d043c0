"""Developer mode: parameters, scheduled actions, the queue, messages, retired addresses."""

from __future__ import annotations

from collections.abc import Iterator
from html import unescape

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from postroom.conversations import all_messages
from postroom.conversations.models import MessageId
from postroom.domains import services
from postroom.domains.models import Alias
from postroom.inbound.counts import open_arrivals
from postroom.infra import parameters
from postroom.infra.models import Parameter, ScheduledAction
from postroom.outbound.queue.counts import open_copies
from tests.support import factory
from tests.support.queries import scanned, statements
from tests.web.conftest import World

pytestmark = pytest.mark.django_db

PAGES = (
    "/developer/parameters",
    "/developer/parameters/new",
    "/developer/parameters/mail.force.smtp.from",
    "/developer/actions",
    "/developer/queue",
    "/developer/messages",
    "/developer/retired",
)
POSTS = (
    "/developer/parameters/new",
    "/developer/parameters/mail.force.smtp.from",
    "/developer/parameters/mail.force.smtp.from/reset",
    "/developer/actions/infra.forget",
    "/developer/actions/infra.forget/run",
)


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    parameters.forget()
    yield
    parameters.forget()


@pytest.fixture
def boss(client: Client, world: World) -> Client:
    """Who runs the installation and administers Acme."""
    client.force_login(factory.user("boss", {world.acme: "administrator"}, is_operator=True))
    return client


def body(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return unescape(response.content.decode())


@pytest.mark.parametrize("name", ["member", "admin", "stranger", "lonely"])
def test_for_operators_only(client: Client, world: World, name: str) -> None:
    client.force_login(getattr(world, name))
    assert {client.get(address).status_code for address in PAGES} == {403}
    assert {client.post(address).status_code for address in POSTS} == {403}


@pytest.mark.parametrize("address", PAGES)
def test_operators_without_a_company_reach_every_page(client: Client, world: World, address: str) -> None:
    client.force_login(world.operator)
    assert client.get(address).status_code == 200


def test_a_parameter_is_set_and_reset(boss: Client) -> None:
    here = "/developer/parameters/mail.incoming.limit.alias"
    wrong = boss.post(here, {"value": "many"})
    assert wrong.status_code == 422
    assert b'value="many"' in wrong.content
    assert boss.post(here, {"value": "9"}).status_code == 302
    assert parameters.loop_limits().per_alias == 9
    assert "Reset to default" in body(boss, here)
    assert 'value="9"' in body(boss, "/developer/parameters/mail.gateway.loop.threshold")
    assert boss.post(f"{here}/reset").status_code == 302
    assert parameters.loop_limits().per_alias == 5
    assert "Reset to default" not in body(boss, here)


def test_a_parameter_names_the_form_that_sets_the_same(boss: Client, world: World) -> None:
    text = body(boss, "/developer/parameters/mail.catchall.alias")
    assert 'href="/settings/domains"' in text
    assert "a field of the alias domain" in text


def test_one_of_ones_own_is_added_and_removed(boss: Client) -> None:
    wrong = boss.post("/developer/parameters/new", {"key": "two words", "value": "x"})
    assert wrong.status_code == 422
    assert boss.post("/developer/parameters/new", {"key": "acme.colour", "value": "teal"}).status_code == 302
    assert "does not know this parameter" in body(boss, "/developer/parameters/acme.colour")
    assert boss.post("/developer/parameters/acme.colour/reset").headers["Location"] == "/developer/parameters"
    assert not Parameter.objects.filter(key="acme.colour").exists()
    assert boss.get("/developer/parameters/acme.colour").status_code == 404
    assert boss.get("/developer/parameters/instance.id").status_code == 404


def test_an_action_is_run_slowed_down_and_put_to_rest(boss: Client) -> None:
    assert "Tidy up" in body(boss, "/developer/actions")
    assert boss.post("/developer/actions/infra.forget/run").status_code == 302
    said = "Tidy up has run: 0 changes, 0 counters, 0 answered requests, 0 days of usage,"
    assert said in body(boss, "/developer/actions")
    wrong = boss.post("/developer/actions/infra.forget", {"every_seconds": "soon"})
    assert wrong.status_code == 422
    assert b'value="soon"' in wrong.content
    assert boss.post("/developer/actions/infra.forget", {"every_seconds": "120"}).status_code == 302
    assert boss.post("/developer/actions/infra.forget", {"state": "off"}).status_code == 302
    row = ScheduledAction.objects.get(key="infra.forget")
    assert (row.every_seconds, row.is_active) == (120, False)
    assert "Resting" in body(boss, "/developer/actions")
    assert boss.post("/developer/actions/no.such/run").status_code == 404


def test_the_queue_counts_the_whole_installation(boss: Client, world: World) -> None:
    for state in ("queued", "queued", "held", "accepted", "failed"):
        factory.delivery(world.lead, state=state)
    factory.route(factory.arrival(world.acme, state="held"), world.acme, "alias:9", state="held")
    text = body(boss, "/developer/queue")
    assert 'href="/outbox?state=waiting"' in text
    assert 'href="/outbox?state=held"' in text
    assert 'href="/arrivals?state=held"' in text
    operator = world.operator
    assert [(state, count) for state, count, _ in open_copies(operator)] == [("queued", 2), ("held", 1)]
    assert ("held", 1) in [(state, count) for state, count, _ in open_arrivals(operator)]
    assert open_copies(world.admin) == open_arrivals(world.admin) == []


def test_the_queue_is_counted_by_indexes(world: World) -> None:
    factory.delivery(world.lead, state="queued")
    with statements() as said:
        open_copies(world.operator)
        open_arrivals(world.operator)
    tables = {"outbound_delivery", "inbound_inboundmail", "inbound_route"}
    assert not [table for sql in said for table in scanned(sql, tables)]


def test_messages_are_those_of_ones_own_companies(boss: Client, client: Client, world: World) -> None:
    foreign = factory.record(factory.desk(world.globex), "Globex only")
    other = factory.message(foreign, subject="Globex only")
    MessageId.objects.create(message=other, company=world.globex, value="them@globex.example")
    MessageId.objects.create(message=world.message, company=world.acme, value="us@acme.example")
    text = body(boss, "/developer/messages")
    assert f"/leads/{world.lead.pk}?at={world.message.pk}#m{world.message.pk}" in text
    assert "Globex only" not in text
    assert f"#m{world.message.pk}" in body(boss, "/developer/messages?q=<us@acme.example>")
    assert "No message of your companies" in body(boss, "/developer/messages?q=them@globex.example")


def test_messages_go_on_by_key_and_look_no_further_than_a_window(
    monkeypatch: pytest.MonkeyPatch, boss: Client, world: World
) -> None:
    boss.get("/developer/messages")
    with CaptureQueriesContext(connection) as few:
        boss.get("/developer/messages")
    made = [factory.message(world.lead) for _ in range(60)]
    with CaptureQueriesContext(connection) as many:
        response = boss.get("/developer/messages")
    assert len(many) == len(few)
    assert f"before={made[10].pk}".encode() in response.content
    monkeypatch.setattr(all_messages, "WINDOW", 10)
    found = all_messages.all_messages(world.stranger)
    assert (found.rows, found.next) == ((), made[-1].pk + 1 - 10)
    assert len(all_messages.all_messages(world.admin, before=made[10].pk).rows) == 10


def test_retired_addresses_stand_with_what_they_lead_to(boss: Client, world: World) -> None:
    alias = Alias.objects.filter(company=world.acme).order_by("pk")[0]
    old = alias.address
    assert "No address is retired" in body(boss, "/developer/retired")
    services.rename_alias(alias=alias, local_part="fresh")
    text = body(boss, "/developer/retired")
    assert old in text
    assert alias.address in text
