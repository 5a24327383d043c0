"""System parameters of all generations, and scheduled actions run by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from importlib import import_module

import pytest
from django.apps import apps

from postroom.core.routing.facts import Limits
from postroom.directory import system
from postroom.directory.models import User
from postroom.directory.profile import CannotSave
from postroom.directory.system import NotYours
from postroom.domains.models import AliasDomain, RetiredAddress
from postroom.inbound.actions import ACTIONS
from postroom.infra import parameters, schedule
from postroom.infra.clock import now
from postroom.infra.instance import KEY, instance_id
from postroom.infra.models import Parameter, ScheduledAction
from postroom.infra.schedule import Action
from tests.support import factory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    parameters.forget()
    yield
    parameters.forget()


@pytest.fixture
def olga() -> User:
    return factory.user("olga", is_operator=True)


def set_(user: User, key: str, value: str) -> None:
    system.set_parameter(user=user, key=key, value=value)


def test_every_generation_is_known_with_default_and_meaning(olga: User) -> None:
    shown = {one.key: one for one in system.settings(olga)}
    wanted = {
        "mail.default.from", "mail.default.from_filter", "mail.catchall.domain", "mail.catchall.alias",
        "mail.bounce.alias", "mail.force.smtp.from", "mail.dynamic.smtp.from", "mail.incoming.limit.period",
        "mail.incoming.limit.alias", "mail.gateway.loop.minutes", "mail.gateway.loop.threshold",
    }  # fmt: skip
    assert wanted <= set(shown)
    assert all(str(one.meaning) for one in shown.values())
    assert not any(one.is_set for one in shown.values())


def test_one_value_under_two_names(olga: User) -> None:
    set_(olga, "mail.gateway.loop.minutes", " 15 ")
    assert parameters.loop_limits() == Limits(period=15)
    assert dict(Parameter.objects.values_list("key", "value")) == {"mail.incoming.limit.period": "15"}
    one = system.setting(olga, "mail.incoming.limit.period")
    assert one
    assert (one.value, one.is_set) == ("15", True)
    assert system.reset_parameter(user=olga, key="mail.gateway.loop.minutes")
    assert parameters.loop_limits() == Limits()
    assert not system.reset_parameter(user=olga, key="mail.incoming.limit.period")


@pytest.mark.parametrize(
    ("key", "value", "field"),
    [
        ("mail.incoming.limit.alias", "five", "value"),
        ("mail.incoming.limit.alias", "", "value"),
        ("mail.incoming.limit.alias", "-1", "value"),
        ("mail.force.smtp.from", "nobody", "value"),
        ("mail.default.from", "two words", "value"),
        ("own.key", "x" * 4001, "value"),
        ("own.key", "a\0b", "value"),
        ("", "x", "key"),
        ("two words", "x", "key"),
        ("x" * 121, "x", "key"),
        (KEY, "x", "key"),
    ],
)
def test_what_cannot_be_set(olga: User, key: str, value: str, field: str) -> None:
    instance_id()
    with pytest.raises(CannotSave) as wrong:
        set_(olga, key, value)
    assert set(wrong.value.problems) == {field}


def test_one_that_we_do_not_know_is_kept_and_removed(olga: User) -> None:
    set_(olga, "Acme.Colour", "teal")
    one = system.setting(olga, "acme.colour")
    assert one
    assert (one.value, one.is_known) == ("teal", False)
    assert system.reset_parameter(user=olga, key="acme.colour")
    assert system.setting(olga, "acme.colour") is None


def test_the_domains_parameters_are_its_fields(olga: User) -> None:
    with pytest.raises(CannotSave, match="no alias domain yet"):
        set_(olga, "mail.bounce.alias", "returns")
    set_(olga, "mail.catchall.domain", "Acme.Example")
    domain = AliasDomain.objects.get()
    assert domain.name == "acme.example"
    AliasDomain.objects.create(name="second.example", priority=20)
    set_(olga, "mail.catchall.alias", "everything")
    domain.refresh_from_db()
    assert domain.catchall == "everything"
    assert RetiredAddress.objects.get().local_part == "catchall"
    one = system.setting(olga, "mail.catchall.alias")
    assert one
    assert (one.value, one.is_view, one.is_set) == ("everything", True, False)
    with pytest.raises(CannotSave) as wrong:
        set_(olga, "mail.catchall.alias", "bounce")
    assert set(wrong.value.problems) == {"value"}
    assert not system.reset_parameter(user=olga, key="mail.catchall.alias")
    assert not Parameter.objects.filter(key__startswith="mail.").exists()


def test_the_default_from_is_the_field_of_the_first_domain(olga: User) -> None:
    with pytest.raises(CannotSave, match="no alias domain yet"):
        set_(olga, "mail.default.from", "hello")
    set_(olga, "mail.catchall.domain", "acme.example")
    second = AliasDomain.objects.create(name="second.example", priority=20)
    for value in ("hello", "hello@acme.example"):
        set_(olga, "mail.default.from", value)
        one = system.setting(olga, "mail.default.from")
        assert one
        assert (one.value, one.is_view, one.form) == (value, True, "domains")
        assert AliasDomain.objects.get(name="acme.example").default_from == value
    second.refresh_from_db()
    assert second.default_from == "notifications"
    assert RetiredAddress.objects.filter(local_part="notifications", domain_name="acme.example").exists()
    assert not Parameter.objects.filter(key="mail.default.from").exists()


@pytest.mark.parametrize("there", [True, False])
def test_what_was_set_before_it_was_a_view_moves_to_the_field(there: bool) -> None:
    move = import_module("postroom.domains.migrations.0003_default_from").move
    Parameter.objects.create(key="mail.default.from", value="hello")
    if there:
        AliasDomain.objects.create(name="second.example", priority=20)
        AliasDomain.objects.create(name="acme.example", priority=1)
    move(apps, None)
    assert Parameter.objects.filter(key="mail.default.from").exists() is not there
    found = dict(AliasDomain.objects.values_list("name", "default_from"))
    assert found == ({"acme.example": "hello", "second.example": "notifications"} if there else {})


def test_operators_only() -> None:
    admin = factory.user("admin", {factory.company(): "administrator"})
    for do in (
        lambda: system.settings(admin),
        lambda: set_(admin, "a.b", "c"),
        lambda: system.reset_parameter(user=admin, key="a.b"),
        lambda: system.actions(admin, ACTIONS),
        lambda: system.change_action(user=admin, key="infra.forget", known=ACTIONS, every_seconds=60),
        lambda: system.run_action(user=admin, key="infra.forget", known=ACTIONS),
    ):
        with pytest.raises(NotYours):
            do()


def test_actions_are_listed_changed_and_rest(olga: User) -> None:
    assert [row.key for row in system.actions(olga, ACTIONS)] == sorted(ACTIONS)
    ScheduledAction.objects.update(due=now() + timedelta(hours=1))
    system.change_action(user=olga, key="infra.forget", known=ACTIONS, every_seconds=60)
    row = ScheduledAction.objects.get(key="infra.forget")
    assert row.every_seconds == 60
    assert row.due <= now() + timedelta(seconds=60)
    system.change_action(user=olga, key="infra.forget", known=ACTIONS, is_active=False)
    ScheduledAction.objects.update(due=now() - timedelta(hours=1))
    assert schedule.run_due({"infra.forget": ACTIONS["infra.forget"]}) == 0
    ScheduledAction.objects.exclude(key="infra.forget").delete()
    assert schedule.most_overdue() is None
    system.change_action(user=olga, key="infra.forget", known=ACTIONS, is_active=True)
    assert schedule.run_due({"infra.forget": ACTIONS["infra.forget"]}) == 1
    for seconds in (0, schedule.SHORTEST - 1, schedule.LONGEST + 1):
        with pytest.raises(CannotSave):
            system.change_action(user=olga, key="infra.forget", known=ACTIONS, every_seconds=seconds)
    with pytest.raises(NotYours):
        system.change_action(user=olga, key="no.such", known=ACTIONS, is_active=False)


def test_run_now_says_what_it_did_or_why_not(olga: User) -> None:
    def fail() -> str:
        raise ValueError("the disk is full")

    known = {"a.good": Action(3600, lambda: "Three of them."), "a.bad": Action(3600, fail)}
    assert system.run_action(user=olga, key="a.good", known=known) == "Three of them."
    row = ScheduledAction.objects.get(key="a.good")
    assert row.last_result == "Three of them."
    assert row.last_run_at
    assert row.due > now() + timedelta(minutes=59)
    assert system.run_action(user=olga, key="a.bad", known=known) == "Failed: ValueError: the disk is full"
