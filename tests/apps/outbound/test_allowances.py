"""What hosted companies may send a day by the operator's default server, and what becomes of the rest."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from postroom.core.sending.pace_rows import from_plain
from postroom.core.sending.pacing import used
from postroom.directory.models import User
from postroom.directory.profile import CannotSave
from postroom.infra.clock import now
from postroom.infra.config import config
from postroom.outbound import allowances, choice
from postroom.outbound.allowances import NoSuch
from postroom.outbound.models import Allowance, DailyUsage, Delivery, OutgoingServer, Plan, SendingPace
from postroom.outbound.services import Lane, send_due
from postroom.outbound.usage import monitor, usages
from tests.support import factory
from tests.support.acme import Acme
from tests.support.sending import post, sent_to
from tests.support.smtp_server import SmtpServer

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sink(acme: Acme, monkeypatch: pytest.MonkeyPatch) -> Iterator[SmtpServer]:
    """The operator's server; three copies a day unless something else is said."""
    with SmtpServer() as server, sent_to(server, monkeypatch, hosted_domain="host.example", hosted_daily_limit=3):
        yield server


@pytest.fixture
def operator(acme: Acme) -> User:
    return factory.user("root", {acme.company: "administrator"}, is_operator=True)


def people(number: int, start: int = 0) -> list[str]:
    return [f"one{index}@customer.example" for index in range(start, start + number)]


def states() -> list[str]:
    return list(Delivery.objects.order_by("pk").values_list("state", flat=True))


def sent() -> int:
    return sum(DailyUsage.objects.values_list("sent", flat=True))


def test_what_is_above_the_limit_waits_and_says_so(
    acme: Acme, sink: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(config(), "hosted_contact", "hosting@host.example")
    post(acme, *people(5))
    send_due()
    assert len(sink.mails) == 3
    assert states() == ["accepted"] * 3 + ["queued"] * 2
    assert sent() == 3
    last = Delivery.objects.order_by("pk").last()
    assert last is not None
    midnight = datetime.combine(now().astimezone(UTC).date() + timedelta(days=1), datetime.min.time(), UTC)
    assert last.due == midnight == allowances.resets_at()
    assert last.words.startswith("Today's limit of 3 mails by the shared server is reached")
    assert f"{midnight:%Y-%m-%d} 00:00 UTC" in last.words
    assert "ask hosting@host.example" in last.words
    assert last.attempts == 0
    assert allowances.waiting_for_tomorrow(acme.company.pk) == 2


def test_the_next_day_begins_anew(acme: Acme, sink: SmtpServer, monkeypatch: pytest.MonkeyPatch) -> None:
    post(acme, *people(5))
    send_due()
    Delivery.objects.filter(state="queued").update(due=now())  # as if it were tomorrow
    tomorrow = allowances.today() + timedelta(days=1)
    monkeypatch.setattr(allowances, "today", lambda: tomorrow)
    send_due()
    assert states() == ["accepted"] * 5
    assert dict(DailyUsage.objects.values_list("day", "sent")) == {tomorrow - timedelta(days=1): 3, tomorrow: 2}


def test_what_somebody_waits_for_goes_first(acme: Acme, sink: SmtpServer) -> None:
    post(acme, *people(4), lane=Lane.BULK)
    post(acme, "asks@customer.example", lane=Lane.INTERACTIVE)
    send_due()
    assert "asks@customer.example" in sink.counts()
    assert len(sink.mails) == 2  # the last place is never given to bulk
    post(acme, "late@customer.example", lane=Lane.INTERACTIVE)
    send_due()
    assert "late@customer.example" in sink.counts()
    assert len(sink.mails) == 3


def test_a_server_of_its_own_does_not_count(acme: Acme, sink: SmtpServer, monkeypatch: pytest.MonkeyPatch) -> None:
    OutgoingServer.objects.create(
        company=None,
        name="Own",
        host="127.0.0.1",
        port=sink.port,
        encryption="none",
        authentication="none",
        created_at=now(),
    )
    choice.forget()
    post(acme, *people(5))
    send_due()
    assert states() == ["accepted"] * 5
    assert sent() == 0


def test_a_record_that_refers_to_the_default_server_counts(acme: Acme, sink: SmtpServer) -> None:
    OutgoingServer.objects.create(
        company=acme.company, name="Shared", authentication="default", created_at=now(), port=587
    )
    choice.forget()
    post(acme, *people(5))
    send_due()
    assert len(sink.mails) == 3
    assert sent() == 3


@pytest.mark.parametrize(
    ("changes", "counted"),
    [({"hosted_domain": ""}, 0), ({"hosted_daily_limit": 0}, 5)],
    ids=["hosts nobody", "no limit"],
)
def test_without_a_limit(
    acme: Acme, sink: SmtpServer, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], counted: int
) -> None:
    for name, value in changes.items():
        monkeypatch.setattr(config(), name, value)
    post(acme, *people(5))
    send_due()
    assert states() == ["accepted"] * 5
    assert sent() == counted


def test_what_the_server_puts_off_is_counted_when_it_is_tried_again(acme: Acme, sink: SmtpServer) -> None:
    sink.on(f"RCPT {people(1)[0]}", "450 4.2.1 Greylisted")
    post(acme, *people(2))
    send_due()
    assert sent() == 1
    Delivery.objects.filter(state="queued").update(due=now())
    send_due()
    assert states() == ["accepted", "accepted"]
    assert sent() == 2


def test_what_waits_for_another_day_takes_nothing_of_its_servers_limit(acme: Acme, sink: SmtpServer) -> None:
    row = factory.server(acme.company, "By the operator's", authentication="default", daily_limit=4)
    choice.forget()
    post(acme, *people(4), forced_server=row.pk)
    send_due()
    (pace,) = SendingPace.objects.all()
    assert pace.key == str(row.pk)
    assert (states().count("accepted"), sent(), used(from_plain(pace.state), now().timestamp(), 60.0)[2]) == (3, 3, 3)


def test_what_the_server_refuses_counts(acme: Acme, sink: SmtpServer) -> None:
    sink.on(f"RCPT {people(1)[0]}", "550 5.1.1 No such user")
    post(acme, *people(2))
    send_due()
    assert states() == ["failed", "accepted"]
    assert sent() == 2


def test_each_company_has_its_own_day(acme: Acme, sink: SmtpServer) -> None:
    globex = factory.company("Globex")
    post(acme, *people(4))
    post(acme, *people(2, 10), company=globex.pk, domain=None, author_user=None)
    send_due()
    assert dict(DailyUsage.objects.values_list("company__name", "sent")) == {"Acme": 3, "Globex": 2}
    assert len(sink.mails) == 5


def test_a_higher_limit_lets_go_what_waits(acme: Acme, sink: SmtpServer, operator: User) -> None:
    post(acme, *people(5))
    send_due()
    found = allowances.set_allowance(user=operator, company_id=acme.company.pk, plan="", daily_limit=4)
    assert (found.limit, found.own) == (4, True)
    send_due()
    assert (len(sink.mails), sent()) == (4, 4)
    allowances.set_plan(user=operator, name="Large", daily_limit=100)
    allowances.set_allowance(user=operator, company_id=acme.company.pk, plan="Large", daily_limit=None)
    send_due()
    assert states() == ["accepted"] * 5


def test_waiting_for_tomorrow_takes_nothing_of_the_days_over_which_it_is_tried(acme: Acme, sink: SmtpServer) -> None:
    post(acme, *people(4))
    send_due()
    waits = Delivery.objects.get(state="queued")
    assert waits.renewed_at == waits.due


def test_plan_own_limit_and_default(acme: Acme, operator: User, monkeypatch: pytest.MonkeyPatch) -> None:
    key = acme.company.pk
    assert allowances.allowed([key])[key].limit == config().hosted_daily_limit == 200
    plan = allowances.set_plan(user=operator, name=" Small  business ", daily_limit=50)
    assert plan.name == "Small business"
    allowances.set_allowance(user=operator, company_id=key, plan=plan.name, daily_limit=None)
    assert allowances.allowed([key])[key] == allowances.Allowed(50, "Small business")
    allowances.set_allowance(user=operator, company_id=key, plan=plan.name, daily_limit=70)
    assert allowances.allowed([key])[key] == allowances.Allowed(70, "Small business", own=True)
    with pytest.raises(CannotSave, match="give them another one first"):
        allowances.remove_plan(user=operator, name=plan.name)
    allowances.set_allowance(user=operator, company_id=key, plan="", daily_limit=None)
    allowances.remove_plan(user=operator, name=plan.name)
    assert not Plan.objects.exists()
    assert allowances.allowed([key])[key].limit == 200


@pytest.mark.parametrize(
    ("plan", "limit", "field"),
    [("Nowhere", None, "plan"), ("", -1, "daily_limit"), ("", 10**12, "daily_limit")],
)
def test_what_no_company_may(acme: Acme, operator: User, plan: str, limit: int | None, field: str) -> None:
    with pytest.raises(CannotSave) as caught:
        allowances.set_allowance(user=operator, company_id=acme.company.pk, plan=plan, daily_limit=limit)
    assert set(caught.value.problems) == {field}
    assert not Allowance.objects.exists()


@pytest.mark.parametrize("name", ["", " ", "x" * 61, "a\nb\x00"])
def test_what_is_no_plan(operator: User, name: str) -> None:
    with pytest.raises(CannotSave):
        allowances.set_plan(user=operator, name=name, daily_limit=5)


def test_only_operators_give_and_see_all(acme: Acme) -> None:
    admin = factory.user("ada", {acme.company: "administrator"})
    for act in (
        lambda: allowances.set_allowance(user=admin, company_id=acme.company.pk, plan="", daily_limit=0),
        lambda: allowances.set_plan(user=admin, name="Large", daily_limit=0),
        lambda: allowances.remove_plan(user=admin, name="Large"),
        lambda: monitor(admin),
    ):
        with pytest.raises(NoSuch):
            act()
    assert allowances.plans(admin) == []


def test_a_company_sees_its_own_day(acme: Acme, sink: SmtpServer) -> None:
    factory.company("Globex")
    admin = factory.user("ada", {acme.company: "administrator"})
    member = factory.user("mia", {acme.company: "member"})
    post(acme, *people(5))
    send_due()
    DailyUsage.objects.create(company=acme.company, day=allowances.today() - timedelta(days=1), sent=6)
    DailyUsage.objects.create(company=acme.company, day=allowances.today() - timedelta(days=90), sent=6)
    (one,) = usages(admin)
    assert (one.sent, one.left, one.waiting, one.share, one.state) == (3, 0, 2, 100, "reached")
    assert [(day.sent, day.share) for day in one.days] == [(3, 50), (6, 100)]
    assert usages(member) == []


@pytest.mark.parametrize(
    ("used", "state", "left"), [(0, "well", 10), (7, "well", 3), (8, "near", 2), (10, "reached", 0), (12, "reached", 0)]
)
def test_how_a_day_stands(acme: Acme, operator: User, used: int, state: str, left: int) -> None:
    allowances.set_allowance(user=operator, company_id=acme.company.pk, plan="", daily_limit=10)
    DailyUsage.objects.create(company=acme.company, day=allowances.today(), sent=used)
    (one,) = usages(operator)
    assert (one.state, one.left) == (state, left)


def test_operators_see_every_company_in_a_fixed_number_of_queries(
    acme: Acme, operator: User, django_assert_num_queries: Any
) -> None:
    record = factory.record(factory.desk(factory.company("Initech")))
    factory.delivery(record, state="failed", settled_at=now())
    factory.delivery(record, state="bounced", settled_at=now() - timedelta(days=30))
    factory.delivery(record, state="queued", due=now())
    factory.delivery(record, state="held")
    factory.delivery(record, state="unknown")
    monitor(operator)
    with django_assert_num_queries(6):
        found = monitor(operator)
    assert [row.usage.company.name for row in found.rows] == ["Acme", "Initech"]
    row = found.rows[1]
    assert (row.queued, row.held, row.unknown, row.failed) == (1, 1, 1, 1)
    assert row.oldest is not None
    first = monitor(operator, limit=1)
    assert first.next == "acme"
    assert [row.usage.company.name for row in monitor(operator, after=first.next).rows] == ["Initech"]


def test_old_days_are_forgotten(acme: Acme) -> None:
    for days in (1, 399, 401):
        DailyUsage.objects.create(company=acme.company, day=allowances.today() - timedelta(days=days), sent=1)
    assert allowances.forget_old() == 1
