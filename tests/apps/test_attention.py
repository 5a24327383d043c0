"""What needs attention: who is asked what, in which order it is told, and that the worker is seen."""

from __future__ import annotations

from datetime import timedelta

import pytest

from postroom.directory import alone, attention, overdue
from postroom.directory.attention import Attention, Weight, attention_of
from postroom.directory.models import User
from postroom.directory.roles import Permission
from postroom.infra.clock import now
from postroom.infra.models import ScheduledAction
from postroom.records import attention as records
from tests.support import factory

pytestmark = pytest.mark.django_db


def test_the_worst_comes_first_then_what_has_been_so_longest(monkeypatch: pytest.MonkeyPatch) -> None:
    at = now()
    items = [
        Attention(Weight.STEP, "step", "", "home", ""),
        Attention(Weight.BAD, "always", "", "home", ""),
        Attention(Weight.WARNING, "warning", "", "home", "", since=at - timedelta(days=9)),
        Attention(Weight.BAD, "new", "", "home", "", since=at),
        Attention(Weight.BAD, "old", "", "home", "", since=at - timedelta(hours=1)),
    ]

    def check(user: User) -> list[Attention]:
        return items

    monkeypatch.setattr(attention, "_checks", [(Permission.USERS_MANAGE, check)])
    acme = factory.company()
    admin, member = factory.user("ada", {acme: "administrator"}), factory.user("amara", {acme: "member"})
    assert [one.title for one in attention_of(admin)] == ["old", "new", "always", "warning", "step"]
    assert attention_of(member) == []


def test_every_app_asks_what_it_owns() -> None:
    modules = {check.__module__ for _permission, check in attention._checks}
    checks = ("outbound.attention.queues", "inbound.attention", "domains.attention", "records.attention")
    assert {f"postroom.{name}" for name in (*checks, "directory.overdue", "directory.alone")} <= modules


def test_a_company_with_a_domain_wants_an_address() -> None:
    acme, bare = factory.company("Acme"), factory.company("Bare")
    admin = factory.user("ada", {acme: "administrator", bare: "administrator"})
    factory.domain("acme.example", acme)
    assert [one.title for one in records.no_address(admin)] == ["Acme has no address yet"]
    factory.desk(acme)
    assert list(records.no_address(admin)) == []


def test_who_is_alone_is_asked_to_invite_somebody() -> None:
    acme, globex = factory.company("Acme"), factory.company("Globex")
    ada = factory.user("ada", {acme: "administrator", globex: "member"})
    gone = factory.user("gone", {acme: "member"}, is_active=False)
    assert [one.title for one in alone.nobody_else(ada)] == ["Nobody else is at Acme yet"]
    assert [one.page for one in attention_of(ada) if one.title.startswith("Nobody else")] == ["user-new"]
    gone.is_active = True
    gone.save()
    assert list(alone.nobody_else(ada)) == []


@pytest.mark.parametrize(("minutes", "active", "seen"), [(11, True, False), (9, True, True), (11, False, True)])
def test_a_worker_that_does_not_come_round(minutes: int, active: bool, seen: bool) -> None:
    due = now() - timedelta(minutes=minutes)
    ScheduledAction.objects.create(key="forget", every_seconds=60, due=due, is_active=active)
    operator = factory.user("op", is_operator=True)
    assert [one.since for one in overdue.worker_not_seen(operator)] == ([] if seen else [due])
    assert bool([one for one in attention_of(operator) if "worker" in one.title]) is not seen
