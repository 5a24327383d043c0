"""Mail handed in by HTTP, and arrivals as programs see them."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import OperationalError

from postroom.core.delivery.states import ArrivalState
from postroom.inbound import services
from postroom.inbound.models import InboundMail, RawMail, Refusal
from postroom.inbound.worker import settle_all
from postroom.infra.config import config
from postroom.records.models import Record
from tests.api.calls import Caller, caller, problem
from tests.support import factory
from tests.support.acme import Acme, letter

pytestmark = pytest.mark.django_db

TO_SALES = "/inbound?sender=hanna@customer.example&recipient=sales@acme.example"


@pytest.fixture
def program(acme: Acme) -> Caller:
    return caller(acme.admin)


def test_a_mail_handed_in_becomes_a_record(program: Caller) -> None:
    raw = letter(subject="Vans by HTTP")
    response = program.post(TO_SALES, raw)
    assert response.status_code == 201
    kept = response.json()["id"]
    assert bytes(RawMail.objects.get(pk=kept).data or b"") == raw
    settle_all()
    seen = program.get(f"/inbound/{kept}").json()
    assert (seen["state"], seen["source"], seen["sender"]) == ("routed", "http", "hanna@customer.example")
    (route,) = seen["routes"]
    assert route["because"]
    assert route["trace"][0]["text"]
    record = program.get(f"/records/{route['record']}").json()
    assert record["title"] == "Vans by HTTP"
    assert program.get(f"/inbound/{kept}/source").content == raw


def test_without_recipients_the_headers_name_them(program: Caller) -> None:
    assert program.post("/inbound", letter()).status_code == 201
    settle_all()
    assert InboundMail.objects.get().recipients_from_headers
    assert Record.objects.count() == 1


def test_the_same_key_again_keeps_nothing_twice(program: Caller, acme: Acme) -> None:
    first = program.post(TO_SALES, letter(), {"Idempotency-Key": "abc"}).json()
    again = program.post(TO_SALES, letter(), {"Idempotency-Key": "abc"})
    assert (again.status_code, again.json()) == (201, first)
    other = caller(factory.user("other", {acme.company: "administrator"}))
    assert other.post(TO_SALES, letter(), {"Idempotency-Key": "abc"}).json() != first
    assert program.post(TO_SALES, letter(), {"Idempotency-Key": "abd"}).json() != first


@pytest.mark.parametrize(
    ("query", "code", "words"),
    [
        ("recipient=nobody@acme.example", "550 5.1.1", "nobody here"),
        ("recipient=sales@acme.example&recipient=x@elsewhere.example", "550 5.7.1", "pass nothing on"),
        ("recipient=catchall@acme.example", "550 5.7.1", "Please write to"),
    ],
)
def test_a_refusal_says_the_words_of_the_other_doors(program: Caller, query: str, code: str, words: str) -> None:
    body = problem(program.post(f"/inbound?{query}", letter()), 422)
    assert body["code"] == code
    assert words in body["detail"]
    assert not InboundMail.objects.exists()
    refusal = Refusal.objects.get()
    assert (refusal.door, refusal.code) == ("http", code)
    assert words in refusal.words


def test_an_empty_body_is_no_mail(program: Caller) -> None:
    assert "empty" in problem(program.post(TO_SALES, b""), 422)["detail"]


def test_a_mail_above_the_limit_is_refused(program: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config(), "max_message_size", 1 << 20)
    assert "1 MB" in problem(program.post(TO_SALES, b"x" * (1 << 20) + b"x"), 413)["detail"]
    assert program.post(TO_SALES, b"x" * (1 << 20)).status_code == 201


def test_a_mail_of_many_megabytes_is_taken(program: Caller) -> None:
    raw = letter() + b"x" * 76 * 50_000
    assert program.post(TO_SALES, raw).status_code == 201
    settle_all()
    kept = program.get(f"/inbound/{InboundMail.objects.get().pk}/source")
    assert kept.content == raw


def test_too_many_recipients(program: Caller) -> None:
    query = "&".join(["recipient=sales@acme.example"] * 101)
    assert "100" in problem(program.post(f"/inbound?{query}", letter()), 422)["detail"]


def test_a_database_that_is_away_says_try_again(program: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*args: Any, **kwargs: Any) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(services, "accept", away)
    response = program.post(TO_SALES, letter())
    problem(response, 503)
    assert int(response["Retry-After"]) > 0


def test_the_source_is_only_ever_a_download(program: Caller, acme: Acme) -> None:
    arrival = factory.arrival(acme.company, b"Content-Type: text/html\r\n\r\n<script>")
    response = program.get(f"/inbound/{arrival.pk}/source")
    assert response["Content-Type"] == "message/rfc822"
    assert response["Content-Disposition"].startswith("attachment")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in response["Content-Security-Policy"]


def test_a_source_that_is_kept_no_longer(program: Caller, acme: Acme) -> None:
    arrival = factory.arrival(acme.company)
    RawMail.objects.all().delete()
    problem(program.get(f"/inbound/{arrival.pk}/source"), 410)


def test_a_held_mail_is_released(program: Caller, acme: Acme) -> None:
    arrival = factory.arrival(acme.company, letter(), state="held")
    response = program.post(f"/inbound/{arrival.pk}/replay?release=true")
    assert response.json() == {"replayed": 1}
    arrival.refresh_from_db()
    assert arrival.limits_lifted
    assert arrival.replayed_by == acme.admin.name
    settle_all()
    arrival.refresh_from_db()
    assert arrival.state == "routed"


def test_arrivals_by_state(program: Caller, acme: Acme) -> None:
    made = {state: factory.arrival(acme.company, state=state).pk for state in ("routed", "held", "failed")}
    for state, pk in made.items():
        factory.route(InboundMail.objects.get(pk=pk), acme.company, state=state)
    found = program.get("/inbound", state=["held", "failed"]).json()["items"]
    assert [one["id"] for one in found] == [made["failed"], made["held"]]
    body = problem(program.get("/inbound", state="lost"), 422)
    assert body["errors"][0]["where"].endswith("state.0")
    assert str(ArrivalState.HELD) in body["detail"]


@pytest.mark.parametrize("odd", ["a%00b@acme.example", "%00", "%ff@acme.example", "a%0d%0ab@acme.example", "x" * 4000])
def test_an_odd_recipient_is_nobody(program: Caller, odd: str) -> None:
    assert problem(program.post(f"/inbound?recipient={odd}", letter()), 422)


@pytest.mark.parametrize("odd", ["a%00b@acme.example", "%ff@x.example", "a%0d%0ab@x.example"])
def test_an_odd_sender_is_kept_as_far_as_it_is_text(program: Caller, odd: str) -> None:
    made = program.post(f"{TO_SALES}&sender={odd}", letter())
    assert made.status_code == 201
    settle_all()
    assert program.get(f"/inbound/{made.json()['id']}").json()["state"] == "routed"
