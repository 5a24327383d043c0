"""Records made and changed by hand: who may, what is refused beside which field, what the log and the pages hear."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from postroom.conversations.models import Follower, Thread
from postroom.conversations.services import post_note
from postroom.directory import access
from postroom.directory.models import Company, Contact, ContactAddress, User
from postroom.directory.roles import Permission
from postroom.infra.models import Change
from postroom.records import editing, events, services
from postroom.records.models import Desk, DeskFollower, FieldChange, Record, Stage
from postroom.records.services import CannotDo, NoRecord
from tests.support import factory

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class Desks:
    """Acme with two desks of leads and one of tickets; Globex with one; Amara and Jonas of Acme, Eve of Globex."""

    acme: Company
    globex: Company
    nordics: Desk
    south: Desk
    support: Desk
    theirs: Desk
    amara: User
    jonas: User
    eve: User
    hanna: Contact


@pytest.fixture
def desks() -> Desks:
    acme, globex = factory.company("Acme"), factory.company("Globex")
    return Desks(
        acme=acme,
        globex=globex,
        nordics=factory.desk(acme, name="Nordics"),
        south=factory.desk(acme, name="South"),
        support=factory.desk(acme, "ticket", "Support"),
        theirs=factory.desk(globex, name="Theirs"),
        amara=factory.user("amara", {acme: "member"}),
        jonas=factory.user("jonas", {acme: "member"}),
        eve=factory.user("eve", {globex: "administrator"}),
        hanna=factory.contact(acme),
    )


def stage(desk: Desk, name: str) -> Stage:
    return Stage.objects.get(desk=desk, name=name)


def made(desks: Desks, **changes: Any) -> Record:
    values = {"type": "lead", "title": "42 vans", "desk_id": desks.nordics.pk, **changes}
    return services.create_record(user=desks.amara, **values)


def log(record: Record) -> list[tuple[str, str, str]]:
    rows = FieldChange.objects.filter(record=record).order_by("pk")
    return list(rows.values_list("field", "before", "after"))


def test_a_record_has_what_was_entered_and_is_followed_as_its_desk_says(desks: Desks) -> None:
    DeskFollower.objects.create(desk=desks.nordics, contact=desks.hanna)
    record = made(
        desks, title="  42\n vans ", contact_id=desks.hanna.pk, owner_id=desks.jonas.pk, notes="By train\r\nonly"
    )
    record.refresh_from_db()
    assert (record.title, record.notes, record.stage) == ("42 vans", "By train\nonly", stage(desks.nordics, "New"))
    assert (record.contact, record.owner, record.company, record.closed_at) == (
        desks.hanna, desks.jonas, desks.acme, None,
    )  # fmt: skip
    following = Follower.objects.filter(thread__record=record).order_by("pk")
    assert [(one.contact.name, one.notes) for one in following] == [("Hanna Sjöberg", False), ("Jonas", True)]
    assert list(Change.objects.values_list("company_id", "topic", "ref")) == [(desks.acme.pk, "record", record.ref)]
    assert not log(record)


def test_a_record_may_begin_at_its_end(desks: Desks) -> None:
    record = made(desks, stage_id=stage(desks.nordics, "Won").pk)
    assert record.closed_at == record.created_at


def test_a_contact_is_found_by_address_or_made(desks: Desks) -> None:
    email = ContactAddress.objects.get(contact=desks.hanna).email
    assert made(desks, contact_email=email.upper(), contact_name="Somebody").contact == desks.hanna
    new = made(desks, contact_email="luca@vans.example", contact_name="Luca Bianchi").contact
    assert new is not None
    assert (new.name, new.company) == ("Luca Bianchi", desks.acme)


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"title": " \0 "}, "title", "Give it a title"),
        ({"title": "x" * 501}, "title", "At most 500"),
        ({"desk_id": 0}, "desk_id", "Choose a desk"),
        ({"desk_id": "theirs"}, "desk_id", "Choose a desk"),
        ({"desk_id": "support"}, "desk_id", "Choose a desk"),
        ({"type": "unicorn"}, "type", "no record type"),
        ({"stage_id": "south"}, "stage_id", "a stage of this desk"),
        ({"owner_id": "eve"}, "owner_id", "somebody of this company"),
        ({"contact_id": "foreign"}, "contact_id", "somebody of the list"),
        ({"contact_email": "hanna at home"}, "contact_email", "no mail address"),
        ({"notes": "x" * 20_001}, "notes", "At most 20000"),
    ],
)
def test_what_cannot_be_is_said_beside_its_field(desks: Desks, changes: dict[str, Any], field: str, words: str) -> None:
    ids = {
        ("desk_id", "theirs"): desks.theirs.pk,
        ("desk_id", "support"): desks.support.pk,
        ("stage_id", "south"): stage(desks.south, "New").pk,
        ("owner_id", "eve"): desks.eve.pk,
        ("contact_id", "foreign"): factory.contact(desks.globex, "Theirs").pk,
    }
    given = {name: ids.get((name, value), value) for name, value in changes.items()}
    with pytest.raises(CannotDo, match=words) as caught:
        made(desks, **given)
    assert caught.value.field == field
    assert words in caught.value.problems[field]
    assert not Record.objects.exists()
    assert not Change.objects.exists()


def test_all_that_is_wrong_is_said_at_once(desks: Desks) -> None:
    with pytest.raises(CannotDo) as caught:
        made(desks, title="", contact_email="nobody", owner_id=desks.eve.pk)
    assert set(caught.value.problems) == {"title", "contact_email", "owner_id"}


def test_a_change_is_kept_in_words(desks: Desks) -> None:
    record = made(desks, owner_id=desks.amara.pk)
    services.edit_record(
        user=desks.amara, record_id=record.pk, title="43 vans", owner_id=desks.jonas.pk, contact_id=desks.hanna.pk
    )
    assert log(record) == [
        ("title", "42 vans", "43 vans"), ("contact", "", "Hanna Sjöberg"), ("owner", "Amara", "Jonas"),
    ]  # fmt: skip
    before = record.active_at
    record.refresh_from_db()
    assert record.active_at > before
    assert Change.objects.filter(ref=record.ref).count() == 2


def test_nothing_changed_is_nothing_told(desks: Desks) -> None:
    record = made(desks)
    services.edit_record(user=desks.amara, record_id=record.pk, title="42 vans", stage_id=record.stage_id)
    assert not log(record)
    assert Change.objects.count() == 1


def test_a_stage_closes_and_opens(desks: Desks) -> None:
    record = made(desks)
    moved = services.move_to_stage(user=desks.amara, record_id=record.pk, stage_id=stage(desks.nordics, "Won").pk)
    assert moved.closed_at is not None
    moved = services.move_to_stage(user=desks.amara, record_id=record.pk, stage_id=stage(desks.nordics, "New").pk)
    assert moved.closed_at is None
    assert log(record) == [("stage", "New", "Won"), ("stage", "Won", "New")]
    with pytest.raises(CannotDo) as caught:
        services.move_to_stage(user=desks.amara, record_id=record.pk, stage_id=stage(desks.south, "Won").pk)
    assert caught.value.field == "stage_id"


def test_on_another_desk_it_stands_at_the_stage_of_the_same_name(desks: Desks) -> None:
    record = made(desks, stage_id=stage(desks.nordics, "Qualified").pk)
    moved = services.edit_record(user=desks.amara, record_id=record.pk, desk_id=desks.south.pk)
    assert moved.stage == stage(desks.south, "Qualified")
    Stage.objects.filter(desk=desks.nordics, name="Qualified").update(name="Warm")
    moved = services.edit_record(user=desks.amara, record_id=record.pk, desk_id=desks.nordics.pk)
    assert moved.stage == stage(desks.nordics, "New")


def test_a_stranger_finds_no_record(desks: Desks) -> None:
    record = made(desks)
    with pytest.raises(NoRecord):
        services.edit_record(user=desks.eve, record_id=record.pk, title="Mine")
    with pytest.raises(NoRecord):
        services.assign(user=desks.eve, record_id=record.pk, owner_id=None)
    with pytest.raises(NoRecord):
        services.move_to_stage(user=desks.eve, record_id=record.pk, stage_id=record.stage_id or 0)


def test_who_may_only_read_changes_nothing(desks: Desks, monkeypatch: pytest.MonkeyPatch) -> None:
    record = made(desks)
    monkeypatch.setattr(access, "PERMISSIONS", {"member": frozenset({Permission.RECORDS_READ})})
    with pytest.raises(CannotDo, match="may read"):
        services.edit_record(user=desks.amara, record_id=record.pk, title="Mine")
    outcome = services.assign_many(user=desks.amara, record_ids=[record.pk], owner_id=None)
    assert [one.why for one in outcome.refused] == ["Amara may read it, but not change it."]
    with pytest.raises(CannotDo, match="Choose a desk"):
        made(desks)


def test_many_are_assigned_and_the_others_named(desks: Desks) -> None:
    records = [made(desks, title=f"Lead {number}") for number in range(3)]
    foreign = factory.record(desks.theirs)
    wanted = [*(record.pk for record in records), foreign.pk, 999_999]
    outcome = services.assign_many(user=desks.amara, record_ids=wanted, owner_id=desks.jonas.pk)
    assert outcome.done == tuple(record.pk for record in records)
    assert [one.record_id for one in outcome.refused] == [foreign.pk, 999_999]
    assert set(Record.objects.filter(owner=desks.jonas)) == set(records)
    assert log(records[0]) == [("owner", "", "Jonas")]
    assert Follower.objects.filter(contact__user=desks.jonas).count() == 3
    again = services.assign_many(user=desks.amara, record_ids=wanted, owner_id=desks.jonas.pk)
    assert again.done == outcome.done
    assert len(log(records[0])) == 1
    services.assign_many(user=desks.amara, record_ids=wanted, owner_id=None)
    assert log(records[0])[1:] == [("owner", "Jonas", "")]


def test_nobody_else_gets_records(desks: Desks) -> None:
    record = made(desks)
    with pytest.raises(CannotDo) as caught:
        services.assign_many(user=desks.amara, record_ids=[record.pk], owner_id=desks.eve.pk)
    assert caught.value.field == "owner_id"
    with pytest.raises(CannotDo, match="At most 500"):
        services.assign_many(user=desks.amara, record_ids=range(501), owner_id=None)


def test_many_cost_as_much_as_few(desks: Desks, django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    few, many = [made(desks).pk for _ in range(2)], [made(desks).pk for _ in range(40)]
    with django_assert_max_num_queries(20) as asked:
        services.assign_many(user=desks.amara, record_ids=few, owner_id=desks.jonas.pk)
    with django_assert_max_num_queries(len(asked)):
        services.assign_many(user=desks.amara, record_ids=many, owner_id=desks.jonas.pk)


def test_a_message_makes_its_record_active(desks: Desks) -> None:
    record = made(desks)
    assert Thread.objects.filter(record=record).exists()
    post_note(user=desks.amara, record_id=record.pk, body="Called them")
    before = record.active_at
    record.refresh_from_db()
    assert record.active_at > before


def test_the_log_of_many_says_whose_they_were_when_they_were_taken(
    desks: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = [made(desks, title=f"Lead {number}") for number in range(3)]
    tell_owners = events.records_assigned.send

    def late(rows: Sequence[Record]) -> None:
        """Somebody else gives one away, and another one to the same owner, before the rows are taken."""
        Record.objects.filter(pk=records[0].pk).update(owner=desks.amara)
        Record.objects.filter(pk=records[1].pk).update(owner=desks.jonas)
        tell_owners(rows)

    monkeypatch.setattr(events.records_assigned, "send", late)
    outcome = services.assign_many(user=desks.amara, record_ids=[one.pk for one in records], owner_id=desks.jonas.pk)
    assert len(outcome.done) == 3
    assert [log(one) for one in records] == [[("owner", "Amara", "Jonas")], [], [("owner", "", "Jonas")]]


def test_who_owns_a_record_meanwhile_is_asked_again(desks: Desks, monkeypatch: pytest.MonkeyPatch) -> None:
    """Jonas owned it when it was looked at, nobody once it was taken: he follows, since he owns it anew."""
    record = made(desks)
    Record.objects.filter(pk=record.pk).update(owner=desks.jonas)
    taken = editing.own_record

    def late(user: User, record_id: int, *, lock: bool = False) -> Record:
        if lock:
            Record.objects.filter(pk=record_id).update(owner=None)
        return taken(user, record_id, lock=lock)

    monkeypatch.setattr(editing, "own_record", late)
    with pytest.raises(CannotDo, match="Others are changing"):
        services.assign(user=desks.amara, record_id=record.pk, owner_id=desks.jonas.pk)
    monkeypatch.setattr(editing, "own_record", taken)
    services.assign(user=desks.amara, record_id=record.pk, owner_id=None)
    services.assign(user=desks.amara, record_id=record.pk, owner_id=desks.jonas.pk)
    assert Follower.objects.filter(contact__user=desks.jonas).count() == 1
