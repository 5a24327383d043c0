"""What each role sees, asked of the selectors: nothing of another company, ever."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser

from postroom.conversations import selectors as conversations
from postroom.directory.access import NO_COMPANY, companies, may
from postroom.directory.models import User
from postroom.directory.roles import PERMISSIONS, Permission, Role
from postroom.inbound import selectors as inbound
from postroom.inbound.access import may_replay
from postroom.records import lists
from postroom.records import selectors as records
from postroom.records.lists import Filter
from tests.support import factory

LEADS = Filter("lead")

pytestmark = pytest.mark.django_db


def test_every_role_has_its_line_in_the_table() -> None:
    assert set(PERMISSIONS) == set(Role)


@pytest.mark.parametrize(
    ("role", "permission", "allowed"),
    [
        ("member", Permission.RECORDS_READ, True),
        ("member", Permission.ARRIVALS_READ, False),
        ("member", Permission.ARRIVALS_REPLAY, False),
        ("administrator", Permission.RECORDS_READ, True),
        ("administrator", Permission.ARRIVALS_READ, True),
        ("administrator", Permission.ARRIVALS_REPLAY, True),
        ("janitor", Permission.RECORDS_READ, False),
    ],
)
def test_a_role_gives_its_permissions_in_its_company_only(role: str, permission: Permission, allowed: bool) -> None:
    acme, globex = factory.company(), factory.company("Globex")
    user = factory.user("somebody", {acme: role})
    assert companies(user, permission) == (frozenset({acme.pk}) if allowed else frozenset())
    assert globex.pk not in companies(user, permission)


def test_an_operator_sees_the_mail_of_no_company_and_nothing_else() -> None:
    operator = factory.user("operator", is_operator=True)
    assert companies(operator, Permission.ARRIVALS_READ) == {NO_COMPANY}
    assert companies(operator, Permission.RECORDS_READ) == frozenset()


def test_nobody_and_those_who_left_may_nothing() -> None:
    left = factory.user("left", {factory.company(): "administrator"}, is_active=False, is_operator=True)
    for user in (AnonymousUser(), left):
        assert not any(may(user, permission) for permission in Permission)


def _pair() -> tuple[User, User]:
    """Administrators of two companies; only the first has a record, a message, a file."""
    acme, globex = factory.company(), factory.company("Globex")
    return factory.user("ada", {acme: "administrator"}), factory.user("eve", {globex: "administrator"})


def test_records_and_conversations_belong_to_their_company() -> None:
    ada, eve = _pair()
    acme = ada.memberships.get().company
    record = factory.record(factory.desk(acme))
    message = factory.message(record)
    file = factory.attachment(message, "list.pdf", content_id="a@b")
    assert [row.pk for row in lists.newest(ada, LEADS).rows] == [record.pk]
    assert records.record(ada, "lead", record.pk) == record
    assert lists.stage_names(ada, "lead") == list(factory.STAGES)
    assert [row.pk for row in conversations.messages(ada, record).rows] == [message.pk]
    assert conversations.message(ada, message.pk) == message
    assert conversations.attachment(ada, file.pk) == file
    assert conversations.latest(ada, [record.pk])[record.pk].files
    assert list(conversations.inline_images(ada, message.pk)) == ["a@b"]

    assert lists.newest(eve, LEADS).rows == ()
    assert records.record(eve, "lead", record.pk) is None
    assert lists.stage_names(eve, "lead") == []
    assert conversations.messages(eve, record).rows == ()
    assert conversations.message(eve, message.pk) is None
    assert conversations.attachment(eve, file.pk) is None
    assert conversations.latest(eve, [record.pk]) == {}
    assert conversations.inline_images(eve, message.pk) == {}


def test_a_record_is_found_by_its_own_type_only() -> None:
    ada, _eve = _pair()
    record = factory.record(factory.desk(ada.memberships.get().company))
    assert records.record(ada, "ticket", record.pk) is None


def test_arrivals_belong_to_their_company() -> None:
    ada, eve = _pair()
    acme = ada.memberships.get().company
    mail = factory.arrival(acme)
    factory.route(mail, acme)
    factory.refusal(acme)
    assert [row.mail.pk for row in inbound.arrivals(ada).rows] == [mail.pk]
    assert inbound.source(ada, mail.pk) == factory.RAW
    assert len(inbound.refusals(ada).rows) == 1
    assert inbound.arrivals(eve).rows == ()
    assert inbound.arrival(eve, mail.pk) is None
    assert inbound.source(eve, mail.pk) is None
    assert inbound.refusals(eve).rows == ()


def test_of_a_mail_for_several_companies_each_sees_its_own_part() -> None:
    ada, eve = _pair()
    acme, globex = ada.memberships.get().company, eve.memberships.get().company
    mail = factory.arrival(None, state="failed", recipients=["sales@acme.example", "hidden@globex.example"])
    factory.route(mail, acme, "alias:1", state="routed", recipients=["sales@acme.example"])
    factory.route(mail, globex, "alias:2", state="failed", recipients=["hidden@globex.example"])
    seen = inbound.arrival(ada, mail.pk)
    assert seen is not None
    assert [route.company_id for route in seen.routes] == [acme.pk]
    assert seen.recipients == ["sales@acme.example"]
    assert seen.state == "routed"
    assert not may_replay(ada, mail)
    assert [row.mail.pk for row in inbound.arrivals(ada, states=["routed"]).rows] == [mail.pk]
    assert inbound.arrivals(ada, states=["failed"]).rows == ()


def test_mail_of_no_company_is_the_operators() -> None:
    ada, _eve = _pair()
    operator = factory.user("operator", is_operator=True)
    mail = factory.arrival(None, state="refused")
    factory.refusal(None)
    assert inbound.arrival(ada, mail.pk) is None
    assert inbound.refusals(ada).rows == ()
    seen = inbound.arrival(operator, mail.pk)
    assert seen is not None
    assert seen.whole
    assert may_replay(operator, mail)
    assert len(inbound.refusals(operator).rows) == 1


def test_why_a_message_is_here_is_told_to_all_who_may_read_it() -> None:
    ada, eve = _pair()
    acme = ada.memberships.get().company
    member = factory.user("mia", {acme: "member"})
    record = factory.record(factory.desk(acme))
    (message,) = factory.mails_into(record, ["hello"])
    assert inbound.reasons(member, [message.pk])[message.pk].because
    assert inbound.reasons(eve, [message.pk]) == {}


def test_pages_by_key_meet_without_gap_or_double() -> None:
    ada, _eve = _pair()
    acme = ada.memberships.get().company
    desk = factory.desk(acme)
    made = [factory.record(desk, f"Record {number}").pk for number in range(5)]
    first = lists.newest(ada, LEADS, limit=2)
    second = lists.newest(ada, LEADS, limit=2, before=first.next)
    third = lists.newest(ada, LEADS, limit=2, before=second.next)
    assert [row.pk for page in (first, second, third) for row in page.rows] == sorted(made, reverse=True)
    assert third.next is None
    mails = [factory.arrival(acme).pk for _ in range(5)]
    for mail in mails[:3]:
        factory.route(factory.arrival(acme, pk=None), acme)
        assert mail
    page = inbound.arrivals(ada, limit=3)
    seen = [row.mail.pk for row in page.rows]
    while page.next:
        page = inbound.arrivals(ada, limit=3, before=page.next)
        seen += [row.mail.pk for row in page.rows]
    assert seen == sorted(set(seen), reverse=True)
    assert set(mails) < set(seen)
    assert len(seen) == 8


def test_who_is_in_several_companies_sees_all_of_them_in_one_order() -> None:
    acme, globex = factory.company(), factory.company("Globex")
    both = factory.user("both", {acme: "administrator", globex: "administrator"}, is_operator=True)
    desks = [factory.desk(acme), factory.desk(globex)]
    made = [factory.record(desks[number % 2]).pk for number in range(6)]
    mails = [factory.arrival(owner).pk for owner in (acme, globex, None, acme, globex, None)]
    refused = [factory.refusal(owner).pk for owner in (acme, globex, None, globex)]

    page = lists.newest(both, LEADS, limit=4)
    assert [row.pk for row in page.rows] == made[:1:-1]
    assert [row.pk for row in lists.newest(both, LEADS, before=page.next).rows] == made[1::-1]
    arrived = inbound.arrivals(both, limit=4)
    assert [row.mail.pk for row in arrived.rows] == mails[:1:-1]
    assert [row.mail.pk for row in inbound.arrivals(both, before=arrived.next).rows] == mails[1::-1]
    turned_away = inbound.refusals(both, limit=3)
    assert [row.pk for row in turned_away.rows] == refused[:0:-1]
    assert [row.pk for row in inbound.refusals(both, before=turned_away.next).rows] == refused[:1]
