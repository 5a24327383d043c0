"""One text to several records: a message in each conversation, nobody learns of the others, undone as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from postroom.conversations import batch_posting
from postroom.conversations.batch_posting import post_batch, post_due
from postroom.conversations.batches import MOST, NoBatch, left_out, progress, reached, stop, write_to_many
from postroom.conversations.models import Batch, Message, Notification
from postroom.conversations.services import CannotPost, Upload
from postroom.infra.clock import now
from postroom.outbound import choice
from postroom.outbound.models import Delivery, Lane, Letter
from postroom.outbound.selectors import chosen
from postroom.records.models import Record
from tests.apps.conversations.world import World, make_world, words
from tests.support import factory
from tests.support.queries import statements

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(db: None) -> World:
    return make_world()


def _records(world: World, count: int) -> list[int]:
    company = world.acme.company
    people = [factory.contact(company, f"Person {number}", f"p{number}@firm.example") for number in range(count)]
    return [factory.record(world.acme.sales, f"Invoice {place}", contact=who).pk for place, who in enumerate(people)]


def _write(world: World, records: Sequence[int], **fields: object) -> Batch:
    given = {"body": "Here is your invoice.", "undo_seconds": 0, **fields}
    return write_to_many(user=world.user, record_ids=records, **given)  # type: ignore[arg-type]


def _letters() -> list[Letter]:
    return list(Letter.objects.order_by("pk"))


def test_each_contact_gets_a_message_of_their_own(world: World) -> None:
    records = _records(world, 3)
    batch = _write(world, records, subject="Invoice of May")
    assert post_due() == "3 messages were posted."
    messages = list(Message.objects.filter(user=world.user).order_by("thread__record"))
    assert [one.thread.record_id for one in messages] == records
    assert [one.to for one in messages] == [[[f"p{number}@firm.example", f"Person {number}"]] for number in range(3)]
    assert {one.subject for one in messages} == {"Invoice of May"}
    for number, letter in enumerate(_letters()):
        (copy,) = letter.deliveries.all()
        assert (copy.address, copy.lane) == (f"p{number}@firm.example", Lane.BULK)
        assert letter.to == [[copy.address, f"Person {number}"]]
        assert not {f"p{other}@firm.example" for other in range(3) if other != number} & set(letter.text.split())
    done = progress(world.user, batch.pk)
    assert (done.batch.state, done.total, done.posted, done.left_out) == ("done", 3, 3, 0)
    assert "One of 3 messages" in words(messages[0], "one of many")
    assert post_due() == "0 messages were posted."


def test_one_record_is_no_mail_to_many(world: World) -> None:
    factory.server(world.acme.company, "Bulk", for_many=True)
    choice.forget()
    _write(world, _records(world, 1))
    post_due()
    (copy,) = Delivery.objects.all()
    assert copy.lane == Lane.INTERACTIVE
    assert copy.letter.forced_server_id is None


def test_without_a_subject_each_has_its_own(world: World) -> None:
    _write(world, _records(world, 2))
    post_due()
    assert {one.subject for one in _letters()} == {"Re: Invoice 0", "Re: Invoice 1"}


def test_followers_hear_or_do_not(world: World) -> None:
    first, second = _records(world, 2)
    for pk in (first, second):
        factory.follower(Record.objects.get(pk=pk), world.carla)
    _write(world, [first, second], followers=False)
    post_due()
    assert not Notification.objects.filter(email="carla@partner.example").exists()
    message = Message.objects.filter(thread__record=first).get()
    assert "only the contact of each record" in words(message, "spared")
    _write(world, [first, second])
    post_due()
    assert Notification.objects.filter(email="carla@partner.example").count() == 2


def test_who_gets_it_and_who_cannot_is_known_before(world: World) -> None:
    good, *_ = records = _records(world, 2)
    nobody = factory.record(world.acme.sales, "No contact")
    without = factory.contact(world.acme.company, "No Address")
    without.addresses.all().delete()
    ours = factory.contact(world.acme.company, "Desk", world.acme.sales.alias.address)  # type: ignore[union-attr]
    me = factory.record(world.acme.sales, "Mine", contact=world.amara)
    strange = factory.record(factory.desk(factory.company("Globex")), "Theirs")
    more = [factory.record(world.acme.sales, one.name, contact=one) for one in (without, ours)]
    found = reached(world.user, [*records, nobody.pk, more[0].pk, more[1].pk, me.pk, strange.pk, 999_999, good])
    assert [(one.record.pk, one.to.email if one.to else "") for one in found[:2]] == [
        (pk, f"p{number}@firm.example") for number, pk in enumerate(records)
    ]
    assert [one.why for one in found[2:]] == [
        "It has no contact.",
        "No Address has no address.",
        f"{world.acme.sales.alias.address} is an address of ours.",  # type: ignore[union-attr]
        "Its contact is you.",
    ], "what is not there for the writer is not among them, and nobody stands there twice"
    batch = _write(world, [*records, nobody.pk])
    post_due()
    assert left_out(batch, 10) == [(nobody, "It has no contact.")]
    assert progress(world.user, batch.pk).left_out == 1
    with pytest.raises(CannotPost, match="Nobody would get it"):
        _write(world, [nobody.pk])
    with pytest.raises(CannotPost, match="1,000 at most"):
        _write(world, range(1, MOST + 2))


def test_it_costs_the_same_however_many_they_are(world: World) -> None:
    counts, asked = [], []
    reached(world.user, _records(world, 1))  # which reads the settings
    for number in (3, 30):
        records = _records_of(world, number)
        with statements() as said:
            reached(world.user, records)
        asked.append(len(said))
        batch = _write(world, records)
        with statements() as said:
            post_batch(batch.pk)
        counts.append(len(said))
    assert asked[0] == asked[1]
    assert counts[0] == counts[1]
    assert counts[0] < 60


def _records_of(world: World, count: int) -> list[int]:
    company = world.acme.company
    return [
        factory.record(world.acme.sales, f"Quote {one}", contact=factory.contact(company, f"Q{one}")).pk
        for one in range(count)
    ]


def test_files_are_kept_once(world: World) -> None:
    records = _records(world, 2)
    batch = _write(world, records, uploads=[Upload("terms.pdf", "application/pdf", b"pdf")])
    post_due()
    files = {one.attachments.get().file_id for one in Message.objects.filter(user=world.user)}
    assert len(files) == 1
    (kept,) = batch.files.all()
    _write(world, records, again=batch.pk, kept=[kept.pk])
    post_due()
    assert Message.objects.filter(attachments__file=kept.file).count() == 4
    other = factory.user("other", {world.acme.company: "member"})
    with pytest.raises(CannotPost, match="earlier text"):
        write_to_many(user=other, record_ids=records, body="x", again=batch.pk, kept=[kept.pk])


def test_undone_nothing_was_ever_posted(world: World) -> None:
    batch = _write(world, _records(world, 3), undo_seconds=10)
    assert post_due() == "0 messages were posted."
    assert stop(user=world.user, batch_id=batch.pk).state == "undone"
    Batch.objects.update(at=now() - timedelta(seconds=1))
    assert post_due() == "0 messages were posted."
    assert not Message.objects.filter(user=world.user).exists()
    with pytest.raises(CannotPost, match="too late"):
        stop(user=world.user, batch_id=batch.pk)
    with pytest.raises(NoBatch):
        stop(user=factory.user("other", {world.acme.company: "administrator"}), batch_id=batch.pk)


def test_stopped_on_the_way_the_rest_is_not_posted(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_posting, "CHUNK", 2)
    batch = _write(world, _records(world, 5))
    Batch.objects.update(state="posting")
    assert batch_posting._post_some(batch.pk) == 2
    assert stop(user=world.user, batch_id=batch.pk).state == "stopped"
    assert post_due() == "0 messages were posted."
    done = progress(world.user, batch.pk)
    assert (done.posted, done.waiting) == (2, 3)


def test_what_was_interrupted_goes_on(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_posting, "CHUNK", 2)
    batch = _write(world, _records(world, 5))
    Batch.objects.update(state="posting")
    batch_posting._post_some(batch.pk)
    assert post_due() == "3 messages were posted."
    assert Message.objects.filter(user=world.user).count() == 5
    assert progress(world.user, batch.pk).batch.state == "done"


def test_what_changed_meanwhile_counts(world: World) -> None:
    records = _records(world, 3)
    batch = _write(world, records, undo_seconds=10)
    Record.objects.filter(pk=records[0]).update(contact=None)
    Record.objects.filter(pk=records[1]).delete()
    Batch.objects.update(at=now())
    assert post_due() == "1 messages were posted."
    assert [why for _, why in left_out(batch, 9)] == ["It has no contact."]


def test_it_takes_the_server_for_mail_to_many(world: World) -> None:
    company = world.acme.company
    factory.server(company, "Office", priority=1)
    many = factory.server(company, "Bulk", priority=9, for_many=True)
    factory.server(None, "Everybody's", priority=1, for_many=True)
    factory.server(company, "Gone", priority=1, for_many=True, is_active=False)
    choice.forget()
    _write(world, _records(world, 2))
    post_due()
    assert {one.forced_server_id for one in _letters()} == {many.pk}
    message = Message.objects.filter(user=world.user).first()
    assert message is not None
    assert "They leave by Bulk, the server for mail to many." in words(message, "one of many")
    found = chosen(Delivery.objects.select_related("letter").order_by("pk")[0])
    assert found is not None
    assert (found.server_name, found.case) == ("Bulk", "forced")
    assert "names Bulk" in found.because


def test_a_time_can_be_chosen(world: World) -> None:
    at = now() + timedelta(hours=2)
    batch = _write(world, _records(world, 2), later=at)
    assert (batch.at, batch.scheduled) == (at, True)
    assert post_due() == "0 messages were posted."
    Batch.objects.update(at=now())
    assert post_due() == "2 messages were posted."


def test_who_writes_hears_of_the_answers(world: World) -> None:
    records = _records(world, 2)
    _write(world, records)
    post_due()
    for pk in records:
        followers = Record.objects.get(pk=pk).thread.followers
        assert world.user.pk in set(followers.values_list("contact__user", flat=True))
