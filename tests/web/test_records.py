"""Lists, boards and forms of records without a browser: what they show, what they refuse, what a file holds."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from postroom.directory.models import User
from postroom.records import exporting, lists
from postroom.records.exporting import FORMULA, harmless
from postroom.records.models import Desk, FieldChange, Record
from tests.support import factory
from tests.web.conftest import World

pytestmark = pytest.mark.django_db

ROWS = {"HX-Request": "true", "HX-Target": "rows"}


@pytest.fixture
def member(client: Client, world: World) -> Client:
    client.force_login(world.member)
    return client


def desk_of(record: Record) -> Desk:
    assert record.desk
    return record.desk


def page(client: Client, address: str, **headers: str) -> str:
    response = client.get(address, headers=headers)
    assert response.status_code == 200
    return response.content.decode()


def test_a_list_is_narrowed_by_each_filter(member: Client, world: World) -> None:
    won = desk_of(world.lead).stages.get(name="Won")
    factory.record(desk_of(world.lead), "Done", stage=won, closed_at=world.lead.created_at, owner=world.member)
    for query, number in {
        "": 2, "owner=mine": 1, "owner=nobody": 1, f"owner={world.member.pk}": 1, "state=open": 1, "state=closed": 1,
        f"desk={desk_of(world.lead).pk}": 2, "stage=Won": 1, "stage=Won&state=open": 0, "sort=title": 2,
        "sort=active": 2, "owner=%00": 2, "sort=size": 2, "desk=x": 2, "state=lost": 2,
    }.items():  # fmt: skip
        shown = page(member, f"/leads?{query}")
        assert shown.count("data-row") == number, query
    assert "Nothing matches this filter." in page(member, "/leads?stage=Won&state=open")


def test_an_order_goes_on_from_page_to_page(member: Client, world: World) -> None:
    for number in range(60):
        factory.record(desk_of(world.lead), f"Numbered {number:02}")
    first = member.get("/leads?sort=title&state=open")
    second = member.get(first.context["list"].next)
    titles = [row.title for shown in (first, second) for row in shown.context["list"].rows]
    assert titles == sorted(titles)
    assert len(titles) == 61
    assert "Newest" in second.content.decode()


def test_the_view_is_remembered(member: Client) -> None:
    assert 'id="board"' not in page(member, "/leads")
    assert 'id="board"' in page(member, "/leads?view=board")
    assert 'id="board"' in page(member, "/leads")
    assert 'id="board"' not in page(member, "/tickets"), "each list has a view of its own"
    assert 'id="board"' not in page(member, "/leads?view=list")
    assert 'id="board"' not in page(member, "/leads?view=nonsense")


def test_a_board_has_a_column_for_each_stage(member: Client, world: World) -> None:
    for number in range(25):
        factory.record(desk_of(world.lead), f"Numbered {number}")
    shown = member.get("/leads?view=board", headers=ROWS)
    columns = shown.context["board"].columns
    assert [(column.name, column.count, len(column.cards)) for column in columns] == [
        ("New", "26", 15), ("Qualified", "0", 0), ("Proposition", "0", 0), ("Won", "0", 0),
    ]  # fmt: skip
    more = member.get(columns[0].more)
    assert len(more.context["column"].cards) == 11
    assert not more.context["column"].more
    assert {card.id for card in columns[0].cards}.isdisjoint(card.id for card in more.context["column"].cards)
    assert "Nothing matches" in page(member, "/leads?view=board&q=nothing")
    assert "No leads yet." not in page(member, "/leads?view=board")


def test_a_card_is_moved(member: Client, world: World) -> None:
    asked = {"record": world.lead.pk, "stage": "Won"}
    answer = member.post("/leads/move", asked)
    assert answer.json() == {"said": f"Moved {world.lead.number} to Won."}
    world.lead.refresh_from_db()
    assert world.lead.stage == desk_of(world.lead).stages.get(name="Won")
    assert world.lead.closed_at
    refused = member.post("/leads/move", {**asked, "stage": "Lost"})
    assert refused.status_code == 422
    assert refused.json()["said"] == f"{world.lead.number} stays: Nordics has no stage “Lost”."
    assert member.post("/leads/move", {"record": world.ticket.pk, "stage": "Won"}).status_code == 404
    assert member.get("/leads/move").status_code == 405


def test_rows_are_assigned_and_what_is_not_is_said(member: Client, world: World) -> None:
    jonas = factory.user("jonas", {world.acme: "member"}, name="Jonas Lindqvist")
    foreign = factory.record(factory.desk(world.globex))
    given = {"record": [world.lead.pk, foreign.pk, "x"], "owner": jonas.pk, "back": "/leads?state=open"}
    response = member.post("/leads/assign", given, follow=True)
    assert response.redirect_chain == [("/leads?state=open", 302)]
    said = f"Assigned 1 record to Jonas Lindqvist. Not {foreign.pk}: It is not there any more."
    assert said in response.content.decode()
    world.lead.refresh_from_db()
    assert world.lead.owner == jonas
    for wrong, words in (
        ({"record": []}, "Choose some rows first."),
        ({"owner": ""}, "Choose to whom."),
        ({"owner": world.stranger.pk}, "Choose somebody of your company, or nobody."),
    ):
        shown = member.post("/leads/assign", {**given, **wrong, "back": "//evil.example/leads"}, follow=True)
        assert shown.redirect_chain == [("/leads", 302)]
        assert words in shown.content.decode()
    member.post("/leads/assign", {**given, "owner": "nobody"})
    world.lead.refresh_from_db()
    assert world.lead.owner is None


def filled(world: World, **changes: Any) -> dict[str, Any]:
    """The form of a new lead, filled in."""
    values = {"title": "42 vans", "desk": desk_of(world.lead).pk, "stage": "", "owner": world.member.pk}
    return {**values, "who": "", "contact": "", "notes": "", **changes}


def test_a_record_is_made_by_form(member: Client, world: World) -> None:
    assert "Create lead" in page(member, "/leads/new")
    response = member.post("/leads/new", filled(world, who="Luca Bianchi <luca@vans.example>", notes="By train"))
    record = Record.objects.latest("pk")
    assert response.headers["Location"] == f"/leads/{record.pk}"
    assert record.contact
    assert (record.title, record.contact.name, record.owner, record.notes) == (
        "42 vans", "Luca Bianchi", world.member, "By train",
    )  # fmt: skip
    hanna = factory.contact(world.acme)
    member.post("/leads/new", filled(world, who="Hanna", contact=hanna.pk))
    assert Record.objects.latest("pk").contact == hanna


@pytest.mark.parametrize(
    ("changes", "words", "beside"),
    [
        ({"title": ""}, "Give it a title", "title"),
        ({"who": "Somebody"}, "no mail address", "who"),
        ({"who": "Theirs", "contact": "foreign"}, "Choose somebody of the list", "who"),
        ({"desk": ""}, "Choose a desk", "desk"),
        ({"stage": "999"}, "Choose a stage", "stage"),
        ({"owner": "999"}, "Choose somebody of this company", "owner"),
    ],
)
def test_what_is_wrong_stands_beside_its_field_and_nothing_is_lost(
    member: Client, world: World, changes: dict[str, Any], words: str, beside: str
) -> None:
    if changes.get("contact"):
        changes = {**changes, "contact": factory.contact(world.globex, "Theirs").pk}
    before = Record.objects.count()
    response = member.post("/leads/new", filled(world, notes="Words that took <an hour>", **changes))
    shown = response.content.decode()
    assert response.status_code == 422
    assert words in shown
    assert words in response.context["form"].errors[beside]
    assert "Words that took &lt;an hour&gt;" in shown
    for name, value in changes.items():
        assert response.context["form"].values[name] == str(value)
    assert Record.objects.count() == before


def test_a_record_is_changed_by_form(member: Client, world: World) -> None:
    shown = page(member, f"/leads/{world.lead.pk}/edit")
    assert f"Edit {world.lead.number}" in shown
    south = factory.desk(world.acme, name="South")
    stage = world.lead.stage_id
    changed = filled(world, title="43 vans", desk=south.pk, stage=stage, owner="")
    assert member.post(f"/leads/{world.lead.pk}/edit", changed).status_code == 302
    world.lead.refresh_from_db()
    assert (world.lead.title, world.lead.desk, world.lead.owner) == ("43 vans", south, None)
    assert world.lead.stage == south.stages.get(name="New")
    assert set(FieldChange.objects.values_list("field", flat=True)) >= {"title", "desk"}
    refused = member.post(f"/leads/{world.lead.pk}/edit", {**changed, "title": ""})
    assert refused.status_code == 422
    assert f"Edit {world.lead.number}" in refused.content.decode()


def test_without_a_desk_the_form_says_what_is_missing(client: Client, world: World) -> None:
    client.force_login(world.stranger)
    assert "There is no desk that a lead could stand on." in page(client, "/leads/new")


def test_contacts_are_those_of_the_desks_company(member: Client, world: World) -> None:
    factory.contact(world.acme, "Sofie Maes")
    factory.contact(world.globex, "Sofie Other")
    found = member.get(f"/desks/{desk_of(world.lead).pk}/people?q=sofie").json()["people"]
    assert [one["name"] for one in found] == ["Sofie Maes"]
    assert member.get(f"/desks/{factory.desk(world.globex).pk}/people?q=sofie").status_code == 404


@pytest.mark.parametrize("who", ["stranger", "lonely", "operator"])
def test_who_may_not(client: Client, world: World, who: str) -> None:
    user: User = getattr(world, who)
    client.force_login(user)
    assert client.get(f"/leads/{world.lead.pk}/edit").status_code == 404
    assert client.post("/leads/move", {"record": world.lead.pk, "stage": "Won"}).status_code == 404
    assert client.get(f"/desks/{desk_of(world.lead).pk}/people?q=a").status_code == 404
    client.post("/leads/assign", {"record": world.lead.pk, "owner": "nobody"})
    assert not FieldChange.objects.exists()
    if who == "stranger":
        assert client.post("/leads/new", filled(world)).status_code == 422
        file: Any = client.get("/leads/export")
        assert world.lead.title.encode() not in b"".join(file.streaming_content)
    else:
        assert client.get("/leads/new").status_code == 403
        assert client.get("/leads/export").status_code == 403


def test_who_may_only_read_is_offered_nothing_to_change(
    member: Client, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("postroom.directory.access.PERMISSIONS", {"member": frozenset({"records.read"})})
    shown = page(member, "/leads")
    assert "data-pick" not in shown
    assert 'id="new"' not in shown
    assert 'draggable="true"' not in page(member, "/leads?view=board")
    assert member.get("/leads/new").status_code == 403
    assert member.get(f"/leads/{world.lead.pk}/edit").status_code == 403
    answer = member.post("/leads/move", {"record": world.lead.pk, "stage": "Won"})
    assert (answer.status_code, "may read" in answer.json()["said"]) == (422, True)


def read_file(response: Any) -> list[list[str]]:
    data = b"".join(response.streaming_content)
    assert data.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))


def test_a_file_holds_the_list(member: Client, world: World) -> None:
    contact = factory.contact(world.acme, "=cmd|' /C calc'!A0", "eve@evil.example", organisation="+1")
    factory.record(desk_of(world.lead), '@SUM("a,\nb")', contact=contact, notes="-2+3")
    response = member.get("/leads/export?q=sum")
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert response.headers["Content-Disposition"].startswith('attachment; filename="leads-')
    heads, row = read_file(response)
    cells = dict(zip(heads, row, strict=True))
    assert cells["Title"] == '\'@SUM("a,\nb")'
    assert cells["Contact"] == "'=cmd|' /C calc'!A0"
    assert (cells["Email"], cells["Organisation"], cells["Notes"]) == ("eve@evil.example", "'+1", "'-2+3")
    assert len(read_file(member.get("/leads/export"))) == 3


def test_a_file_has_an_end(member: Client, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(9):
        factory.record(desk_of(world.lead), f"Numbered {number}")
    monkeypatch.setattr(exporting, "MOST", 7)
    monkeypatch.setattr(exporting, "BATCH", 3)
    rows = read_file(member.get("/leads/export?sort=title"))
    assert [row[1] for row in rows[1:-1]] == [f"Numbered {number}" for number in range(7)]
    assert rows[-1] == ["Only the first 7 are here."]


@given(st.text())
def test_no_cell_is_a_formula(text: str) -> None:
    cell = harmless(text)
    assert not cell.lstrip(" ").startswith(FORMULA)
    assert cell.removeprefix("'") == text.removeprefix("'") or cell == text


def _fill(world: World, number: int) -> Iterator[Record]:
    for place in range(number):
        stage = desk_of(world.lead).stages.order_by("position")[place % 4]
        contact = factory.contact(world.acme)
        yield factory.record(desk_of(world.lead), contact=contact, owner=world.member, stage=stage)


@pytest.mark.parametrize(
    ("address", "most"),
    [
        ("/leads?view=board", 32),
        ("/leads?sort=active&state=open&owner=mine", 14),
        ("/leads?stage=New&q=vans", 15),
        ("/leads/new", 9),
        ("/leads/export", 6),
    ],
)
def test_many_rows_cost_as_much_as_few(
    member: Client, world: World, address: str, most: int, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    def ask() -> None:
        response: Any = member.get(address)
        _ = b"".join(response.streaming_content) if response.streaming else response.content

    list(_fill(world, 4))
    with django_assert_max_num_queries(most) as few:
        ask()
    list(_fill(world, 50))
    with django_assert_max_num_queries(len(few)):
        ask()


def test_a_count_says_that_there_are_more(member: Client, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "MOST_COUNTED", 3)
    list(_fill(world, 8))
    board = member.get("/leads?view=board").context["board"]
    assert [column.count for column in board.columns] == ["2+", "2", "2", "2"]


def test_words_of_a_refusal_are_plain_json(member: Client, world: World) -> None:
    answer = member.post("/leads/move", {"record": world.lead.pk, "stage": "<b>\0"})
    assert json.loads(answer.content)["said"].endswith("has no stage “<b>”.")
