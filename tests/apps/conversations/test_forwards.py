"""Who wrote first what one of us passed on: offered, taken, given back; nothing by itself."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction

from postroom.conversations.checks import CannotPost
from postroom.conversations.forwards import Offer, Passed, give_back_writer, note_forwards, offer_of, take_writer
from postroom.conversations.models import Forwarded, Message, Participant
from postroom.conversations.people import people_of
from postroom.core.addresses import Address
from postroom.directory.contacts_merging import merge_contacts
from postroom.directory.models import Contact, ContactAddress
from postroom.records.models import FieldChange, Record
from tests.apps.conversations.world import World
from tests.support import factory
from tests.support.queries import statements

NINA = Address("nina@holm.example", "Nina Holm")


@pytest.fixture
def lead(world: World) -> Record:
    """A lead that Amara made by passing a mail of Nina's on."""
    made = factory.record(world.acme.sales, "Forty chairs", contact=world.amara)
    passed(world, made)
    return made


def passed(world: World, of: Record, writer: Address = NINA) -> Message:
    message = factory.message(
        of, author=world.amara, author_email=world.user.email, author_name=world.user.name, standing="member"
    )
    with transaction.atomic():
        note_forwards([Passed(message, writer)])
    return message


def offered(record: Record) -> Offer:
    found = offer_of(fresh(record))
    assert found is not None
    return found


def fresh(record: Record) -> Record:
    return Record.objects.get(pk=record.pk)


def test_it_is_offered_and_nothing_has_changed(world: World, lead: Record) -> None:
    offer = offered(lead)
    assert (offer.email, offer.name, offer.by, offer.by_user) == (*NINA_SAID, world.user.name, world.user.pk)
    assert (offer.taken, offer.contact) == (False, 0)
    assert fresh(lead).contact == world.amara
    assert not Contact.objects.filter(name="Nina Holm").exists()
    assert not Participant.objects.filter(email=NINA.email).exists()


NINA_SAID = (NINA.email, NINA.name)


def test_taken_she_is_the_contact_and_takes_part_and_nobody_vouches_for_her(world: World, lead: Record) -> None:
    take_writer(user=world.user, record_id=lead.pk)
    contact = fresh(lead).contact
    assert contact is not None
    assert contact.name == "Nina Holm"
    assert ContactAddress.objects.get(contact=contact).email == NINA.email
    (nina,) = [one for one in people_of(lead).rows if one.email == NINA.email]
    assert (nina.way, nina.level, nina.contact) == ("forwarded", "", contact.pk)
    offer = offered(lead)
    assert (offer.taken, offer.taken_by) == (True, world.user.name)
    change = FieldChange.objects.get(record=lead)
    assert (change.field, change.before, change.after) == ("contact", world.user.name, "Nina Holm")
    assert Message.objects.get(thread=lead.thread).author == world.amara


def test_given_back_all_is_as_it_was(world: World, lead: Record) -> None:
    take_writer(user=world.user, record_id=lead.pk)
    give_back_writer(user=world.user, record_id=lead.pk)
    assert fresh(lead).contact == world.amara
    assert not Participant.objects.filter(email=NINA.email).exists()
    assert not offered(lead).taken
    take_writer(user=world.user, record_id=lead.pk)
    assert offered(lead).taken


def test_who_took_part_before_still_does_after(world: World, lead: Record) -> None:
    Participant.objects.create(thread=lead.thread, email=NINA.email, way="cc")
    take_writer(user=world.user, record_id=lead.pk)
    give_back_writer(user=world.user, record_id=lead.pk)
    assert Participant.objects.get(email=NINA.email).way == "cc"


def test_who_was_written_to_meanwhile_may_answer(world: World, lead: Record) -> None:
    take_writer(user=world.user, record_id=lead.pk)
    factory.message(lead, "Our offer", user=world.user, to=[[NINA.email, ""]])
    give_back_writer(user=world.user, record_id=lead.pk)
    assert Participant.objects.filter(email=NINA.email).exists()


def test_a_known_contact_is_taken_and_one_that_was_merged_given_back(world: World, lead: Record) -> None:
    nina = factory.contact(world.acme.company, "Nina H.", NINA.email)
    former = factory.contact(world.acme.company, "Former")
    Record.objects.filter(pk=lead.pk).update(contact=None)
    take_writer(user=world.user, record_id=lead.pk)
    assert fresh(lead).contact == nina
    Forwarded.objects.update(former=former.pk)
    kept = factory.contact(world.acme.company, "Kept")
    merge_contacts(user=world.user, winner_id=kept.pk, loser_id=former.pk)
    give_back_writer(user=world.user, record_id=lead.pk)
    assert fresh(lead).contact == kept


def test_nothing_is_offered_once_somebody_chose(world: World, lead: Record) -> None:
    Record.objects.filter(pk=lead.pk).update(contact=world.dave)
    assert offer_of(fresh(lead)) is None
    with pytest.raises(CannotPost, match="nobody to be made the contact"):
        take_writer(user=world.user, record_id=lead.pk)


def test_what_was_changed_since_is_not_undone(world: World, lead: Record) -> None:
    take_writer(user=world.user, record_id=lead.pk)
    Record.objects.filter(pk=lead.pk).update(contact=world.dave)
    with pytest.raises(CannotPost, match="changed since"):
        give_back_writer(user=world.user, record_id=lead.pk)
    assert fresh(lead).contact == world.dave


@pytest.mark.parametrize("verb", [take_writer, give_back_writer])
def test_only_who_may_write_there(world: World, lead: Record, verb: Any) -> None:
    stranger = factory.user("stranger", {factory.company("Globex"): "member"})
    with pytest.raises(CannotPost, match="There is no record"):
        verb(user=stranger, record_id=lead.pk)
    with pytest.raises(CannotPost):
        verb(user=world.user, record_id=world.lead.pk)


@pytest.mark.parametrize("email", ["sales@acme.example", "admin@acme.example", "no address", "", "a@" + "b" * 400])
def test_neither_ours_nor_what_is_no_address_is_offered(world: World, email: str) -> None:
    made = factory.record(world.acme.sales, contact=world.amara)
    passed(world, made, Address(email, "Somebody"))
    assert offer_of(made) is None


@pytest.mark.parametrize("amount", [1, 50])
def test_as_many_statements_for_many(world: World, amount: int) -> None:
    all_of = []
    for number in range(amount):
        message = factory.message(factory.record(world.acme.sales, contact=world.amara), author=world.amara)
        all_of.append(Passed(message, Address(f"n{number}@holm.example", "N")))
    with transaction.atomic(), statements() as said:
        note_forwards(all_of)
    assert Forwarded.objects.count() == amount
    assert len(said) <= 7, said
