"""Forms that stayed open while others worked: what was not touched is not written, what both changed is asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.db.models import Model
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser, LexborNode

from postroom.domains.models import Alias
from postroom.outbound.servers import services as servers
from postroom.outbound.servers.services import ServerFields
from postroom.records.models import FieldChange, Record
from postroom.web.meanwhile import Meanwhile, merged, shown
from tests.support import factory
from tests.web.conftest import World

pytestmark = [pytest.mark.django_db, pytest.mark.either_database]


@dataclass(frozen=True)
class Case:
    """A form: whose page it is, what the person changes (`mine`), what somebody else changes meanwhile in another
    (`theirs`), each with field and value.
    """

    row: Callable[[World], Model]
    page: str
    mine: tuple[str, str]
    theirs: tuple[str, str]


def _server(world: World) -> Model:
    fields = ServerFields(
        name="Company mail", company=world.acme.pk, host="smtp.acme.example", username="post", password="very-secret-7"
    )
    return servers.create_server(user=world.admin, fields=fields)


def _alias(world: World) -> Alias:
    alias = world.lead.desk.alias if world.lead.desk else None
    assert alias
    return alias


CASES = {
    "record": Case(lambda world: world.lead, "/leads/{}/edit", ("title", "42 vans"), ("notes", "Call on Monday")),
    "contact": Case(
        lambda world: factory.contact(world.acme), "/contacts/{}", ("name", "Hanna Berg"), ("phone", "+46 8 1")
    ),
    "company": Case(
        lambda world: world.acme, "/settings/companies/{}", ("name", "Acme AB"), ("time_zone", "Europe/Stockholm")
    ),
    "user": Case(lambda world: world.member, "/settings/users/{}", ("name", "Mary Poe"), ("signature", "Best,\nMary")),
    "profile": Case(lambda world: world.admin, "/profile", ("name", "Ada Poe"), ("signature", "Best,\nAda")),
    "domain": Case(
        lambda world: _alias(world).domain, "/settings/domains/{}", ("priority", "3"), ("way_in", "mailbox")
    ),
    "alias": Case(_alias, "/settings/aliases/{}", ("who_may_write", "contacts"), ("takes_automatic", "")),
    "server": Case(_server, "/settings/servers/{}", ("name", "Other mail"), ("from_filter", "acme.example")),
}


@pytest.fixture
def admin(client: Client, world: World) -> Client:
    client.force_login(world.admin)
    return client


def form(body: bytes) -> dict[str, str]:
    """What a browser would send of the form that carries what was shown."""
    (hidden,) = LexborHTMLParser(body).css('input[name="shown"]')
    node: LexborNode | None = hidden
    while node is not None and node.tag != "form":
        node = node.parent
    assert node is not None
    sent: dict[str, str] = {}
    for one in node.css("input[name], select[name], textarea[name]"):
        given = one.attributes
        ticked = given.get("type") not in {"checkbox", "radio"} or "checked" in given
        if ticked and "disabled" not in given:
            sent[given["name"] or ""] = _value(one)
    return sent


def _value(node: LexborNode) -> str:
    if node.tag == "select":
        options = node.css("option[selected]") or node.css("option")
        return _of_option(options[0])
    if node.tag == "textarea":
        return node.text().removeprefix("\n").replace("\n", "\r\n")
    ticks = node.attributes.get("type") in {"checkbox", "radio"}
    return node.attributes.get("value") or ("on" if ticks else "")


def _of_option(option: LexborNode) -> str:
    given = option.attributes
    return (given["value"] or "") if "value" in given else option.text()


def _written(row: Model, field: str, value: str) -> None:
    """Somebody else's change."""
    kept: Any = value if field != "takes_automatic" else value == "on"
    type(row)._default_manager.filter(pk=row.pk).update(**{field: kept})


@pytest.mark.parametrize("name", CASES)
def test_what_was_not_touched_stays_as_others_made_it(admin: Client, world: World, name: str) -> None:
    case = CASES[name]
    row = case.row(world)
    address = case.page.format(row.pk)
    sent = form(admin.get(address).content)
    _written(row, *case.theirs)
    response = admin.post(address, {**sent, case.mine[0]: case.mine[1]})
    assert response.status_code == 302
    row.refresh_from_db()
    assert str(getattr(row, case.mine[0])) == case.mine[1]
    assert getattr(row, case.theirs[0]) in {case.theirs[1], bool(case.theirs[1])}


@pytest.mark.parametrize("name", CASES)
def test_what_both_changed_is_asked_and_nothing_is_lost(admin: Client, world: World, name: str) -> None:
    case = CASES[name]
    row, (field, mine) = case.row(world), case.mine
    theirs = {"priority": "7", "who_may_write": "followers"}.get(field, "Theirs")
    address = case.page.format(row.pk)
    sent = form(admin.get(address).content)
    _written(row, field, theirs)
    asked = admin.post(address, {**sent, field: mine})
    assert asked.status_code == 422
    row.refresh_from_db()
    assert str(getattr(row, field)) == theirs
    body = asked.content.decode()
    words = "Those who follow the desk" if field == "who_may_write" else theirs
    assert f"Somebody changed this to “{words}" in body
    again = form(asked.content)
    assert again[field] == mine
    assert admin.post(address, again).status_code == 302
    row.refresh_from_db()
    assert str(getattr(row, field)) == mine


def test_a_change_of_a_record_is_logged_once_and_only_for_what_was_changed(admin: Client, world: World) -> None:
    address = CASES["record"].page.format(world.lead.pk)
    sent = form(admin.get(address).content)
    Record.objects.filter(pk=world.lead.pk).update(notes="Theirs", owner=world.member)
    admin.post(address, {**sent, "title": "Mine"})
    (row,) = FieldChange.objects.filter(record=world.lead)
    assert (row.field, row.after) == ("title", "Mine")


def test_another_contact_meanwhile_is_asked_beside_the_contact(admin: Client, world: World) -> None:
    address = CASES["record"].page.format(world.lead.pk)
    bob, eve = (
        factory.contact(world.acme, "Bob Berg", "bob@x.example"),
        factory.contact(world.acme, "Eve", "eve@x.example"),
    )
    sent = form(admin.get(address).content)
    Record.objects.filter(pk=world.lead.pk).update(contact=bob)
    mine = {**sent, "who": "Eve", "contact": str(eve.pk)}
    asked = admin.post(address, mine)
    assert asked.status_code == 422
    assert "Somebody changed this to “Bob Berg”" in asked.content.decode()
    assert admin.post(address, form(asked.content)).status_code == 302
    assert Record.objects.get(pk=world.lead.pk).contact_id == eve.pk


def test_an_address_that_is_given_up_is_asked_with_what_was_shown(admin: Client, world: World) -> None:
    alias = _alias(world)
    address = CASES["alias"].page.format(alias.pk)
    sent = form(admin.get(address).content)
    _written(alias, "takes_automatic", "")
    question = admin.post(address, {**sent, "local_part": "deals"})
    assert "Give up" in question.content.decode()
    assert admin.post(address, {**form(question.content), "confirmed": "yes"}).status_code == 302
    alias.refresh_from_db()
    assert (alias.local_part, alias.takes_automatic) == ("deals", False)


TEXTS = st.text(max_size=3)


@given(first=TEXTS, mine=TEXTS, theirs=TEXTS)
def test_of_a_field_the_last_change_that_was_seen_wins(first: str, mine: str, theirs: str) -> None:
    """Plain words of what a form means: untouched, untouched by others, the same, else asked."""
    seen = shown({"a": first})
    first, mine, theirs = (one.replace("\r\n", "\n").strip() for one in (first, mine, theirs))
    if mine not in {first, theirs} and theirs != first:
        with pytest.raises(Meanwhile) as asked:
            merged({"a": theirs}, {"a": mine}, seen)
        assert merged({"a": theirs}, asked.value.values, asked.value.shown) == {"a": mine}
    else:
        assert merged({"a": theirs}, {"a": mine}, seen) == {"a": theirs if mine == first else mine}
