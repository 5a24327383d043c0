"""Lists: page by page by key, each row once, limits and cursors checked; the form of what is answered."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from postroom.infra.clock import now
from tests.api.calls import BASE, Caller, problem, somebody
from tests.support import factory

pytestmark = pytest.mark.django_db


@pytest.fixture
def program() -> Caller:
    """An administrator of a company with seven of everything, one with seven messages."""
    acme = factory.company()
    desk = factory.desk(acme)
    tickets = factory.desk(acme, "ticket", "Support")
    records = [factory.record(desk, f"Lead {number}") for number in range(7)]
    factory.record(tickets, "Ticket")
    for number in range(7):
        factory.message(records[0], f"Message {number}")
        factory.arrival(acme)
        factory.refusal(acme, now() - timedelta(hours=number))
    return somebody("administrator", acme)


def every(program: Caller, path: str, limit: int, **query: Any) -> list[dict[str, Any]]:
    """All rows of a list, page by page."""
    rows: list[dict[str, Any]] = []
    cursor = ""
    for _ in range(20):
        page = program.get(path, limit=limit, cursor=cursor, **query).json()
        assert len(page["items"]) <= limit
        rows += page["items"]
        if page["next"] is None:
            return rows
        cursor = page["next"]
    raise AssertionError("the list has no end")


@pytest.mark.parametrize("limit", [1, 3, 7, 200])
@pytest.mark.parametrize("path", ["/inbound", "/refusals", "/records?type=lead", "messages"])
def test_every_row_comes_once_newest_first(program: Caller, path: str, limit: int) -> None:
    if path == "messages":
        oldest = every(program, "/records", 50, type="lead")[-1]
        path = f"/records/{oldest['id']}/messages"
    where, _, query = path.partition("?")
    rows = every(program, where, limit, **dict(pair.split("=") for pair in query.split("&") if pair))
    ids = [row["id"] for row in rows]
    assert len(ids) == 7
    assert len(set(ids)) == 7
    moments = [row.get("last_at") or row["id"] for row in rows]
    assert moments == sorted(moments, reverse=True)


def test_records_of_all_types_and_of_one(program: Caller) -> None:
    assert {row["type"] for row in program.get("/records").json()["items"]} == {"lead", "ticket"}
    assert [row["title"] for row in program.get("/records", type="ticket").json()["items"]] == ["Ticket"]
    assert "lead" in problem(program.get("/records", type="unicorn"), 422)["detail"]


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=x", "cursor=x", "cursor=-1", "cursor=" + "9" * 100])
@pytest.mark.parametrize("path", ["/inbound", "/records", "/refusals"])
def test_a_limit_or_cursor_that_is_none(program: Caller, path: str, query: str) -> None:
    body = problem(program.get(f"{path}?{query}"), 422)
    assert query.partition("=")[0] in body["detail"]


def test_times_are_utc(program: Caller) -> None:
    moment = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
    assert moment.fullmatch(program.get("/records").json()["items"][0]["created_at"])
    assert moment.fullmatch(program.get("/refusals").json()["items"][0]["last_at"])


def test_a_message_comes_whole() -> None:
    acme = factory.company()
    record = factory.record(factory.desk(acme))
    message = factory.message(record, "Own", html="<p>Own</p>", quoted_text="> quoted", cc=[["c@x.example", "Cé"]])
    image = factory.attachment(message, "logo.png", b"png", "image/png", content_id="logo@x", inline=True)
    program = somebody("member", acme)
    (one,) = program.get(f"/records/{record.pk}/messages").json()["items"]
    assert (one["text"], one["html"], one["quoted_text"]) == ("Own", "<p>Own</p>", "> quoted")
    assert one["cc"] == [{"email": "c@x.example", "name": "Cé"}]
    assert one["attachments"][0]["cid"] == "logo@x"
    response = program.get(f"/attachments/{image.pk}")
    assert response.content == b"png"
    assert response["Content-Disposition"] == 'attachment; filename="logo.png"'
    assert response["Content-Type"] == "application/octet-stream"


def test_a_page_of_messages_costs_the_same_however_many(django_assert_max_num_queries: Any) -> None:
    acme = factory.company()
    record = factory.record(factory.desk(acme))
    for number in range(20):
        factory.attachment(factory.message(record), f"{number}.txt")
    program = somebody("member", acme)
    program.get("/records")  # the token's first use is written down
    with django_assert_max_num_queries(8):
        assert len(program.get(f"/records/{record.pk}/messages").json()["items"]) == 20


@pytest.mark.parametrize("path", ["/nowhere", "/records/x", "/records/1/nowhere", "/docs"])
def test_what_is_not_there_is_a_problem_too(program: Caller, path: str) -> None:
    problem(program.get(path), 404)


def test_the_description_is_served_and_names_the_token() -> None:
    response = Caller().client.get(f"{BASE}/openapi.json")
    described = response.json()
    assert described["info"]["title"] == "Postroom"
    schemes = described["components"]["securitySchemes"]
    assert [scheme["scheme"] for scheme in schemes.values()] == ["bearer"]
    open_to_all = [path for path, verbs in described["paths"].items() if "security" not in next(iter(verbs.values()))]
    assert open_to_all == [f"{BASE}/health"]
