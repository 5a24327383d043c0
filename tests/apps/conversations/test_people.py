"""The people of a conversation: how they came in, how far they are believed, who is offered and under which address."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.db import transaction

from postroom.conversations import people
from postroom.conversations.audience import audience, following_of
from postroom.conversations.models import Message, Notification, Participant
from postroom.conversations.people import Came, note_people, people_of
from postroom.conversations.services import post_message
from postroom.conversations.suggestions import suggested
from postroom.core.addresses import Address
from postroom.directory.models import ContactAddress
from tests.apps.conversations.world import MARY, World, arriving, settle, told
from tests.support import factory
from tests.support.queries import statements

HOME = Address("mary@home.example", "Mary")
BOB, CLEO = Address("bob@partner.example", "Bob"), Address("cleo@partner.example", "Cleo")


def ways(world: World) -> dict[str, tuple[str, str]]:
    rows = Participant.objects.filter(thread=world.lead.thread).order_by("pk")
    return {row.email: (row.way, row.level) for row in rows}


def mail(world: World, author: Address, level: str = "", **fields: object) -> Message:
    """A mail in the conversation that there was before."""
    one, own = arriving(world, author, dict(fields))
    (message,) = settle(world, [(replace(one, level=level, new_record=False), own)])
    return message


def second_address(world: World) -> None:
    ContactAddress.objects.create(
        company=world.acme.company, contact=world.mary, email=HOME.email, primary=False
    )  # fmt: skip


def test_each_comes_in_once_in_their_way(world: World) -> None:
    sales = Address("sales@acme.example")
    mail(world, MARY, "verified", to=(sales, BOB), cc=(CLEO, BOB))
    post_message(
        user=world.user, record_id=world.lead.pk, body="Hello", to=[Address("dora@partner.example")], cc=[CLEO]
    )
    assert ways(world) == {
        MARY.email: ("wrote", "verified"),
        BOB.email: ("to", ""),
        CLEO.email: ("cc", ""),
        "dora@partner.example": ("asked", ""),
    }


def test_who_was_named_and_writes_is_believed_as_far_as_the_best_of_their_mails(world: World) -> None:
    mail(world, MARY, cc=(BOB,))
    for level, known in (
        ("unverified", "unverified"),
        ("verified", "verified"),
        ("forged", "verified"),
        ("", "verified"),
    ):
        mail(world, BOB, level)
        assert ways(world)[BOB.email] == ("cc", known)


def test_a_crowd_is_bounded_and_whoever_writes_comes_in_all_the_same(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(people, "MOST_PEOPLE", 5)
    crowd = tuple(Address(f"p{number}@crowd.example") for number in range(300))
    mail(world, MARY, cc=crowd[:3])
    mail(world, MARY, cc=crowd)
    assert Participant.objects.count() == 5
    late = Address("late@crowd.example")
    mail(world, late, cc=crowd)
    assert ways(world)[late.email] == ("wrote", "")
    assert Participant.objects.count() == 6


def test_one_mail_names_so_many_at_most(world: World) -> None:
    world.comes(cc=tuple(Address(f"p{number}@crowd.example") for number in range(300)))
    assert Participant.objects.count() == people.MOST_NAMED  # the writer, and all but one of To, which is ours


@pytest.mark.parametrize("amount", [1, 50])
def test_as_many_statements_for_many(world: World, amount: int) -> None:
    threads = [factory.record(world.acme.sales).thread.pk for _ in range(amount)]
    note_people({(thread, BOB.email): Came("Bob", "cc") for thread in threads})
    came = {(thread, BOB.email): Came("Bob", "wrote", "verified") for thread in threads}
    came |= {(thread, CLEO.email): Came("Cleo", "cc") for thread in threads}
    with transaction.atomic(), statements() as said:
        note_people(came)
    assert len(said) == 4, said
    with statements() as said:
        note_people(came)
    assert len(said) == 1, "those who are there cost a look"


def test_known_and_unknown_inside_and_outside(world: World) -> None:
    ours = factory.user("nobody-yet", {world.acme.company: "member"})
    mail(world, MARY, cc=(BOB, Address(world.amara.user.email if world.amara.user else ""), Address(ours.email)))
    found = {one.email: one for one in people_of(world.lead).rows}
    assert found[MARY.email].contact == world.mary.pk
    assert (found[BOB.email].contact, found[BOB.email].name, found[BOB.email].inside) == (0, "Bob", False)
    assert found[world.user.email].inside
    assert (found[ours.email].contact, found[ours.email].inside) == (0, True)
    assert {one.email for one in people_of(world.lead).outside} == {MARY.email, BOB.email}


def test_others_are_offered_and_hear_only_where_somebody_chooses_them(world: World) -> None:
    mail(world, MARY, cc=(BOB, CLEO))
    mail(world, MARY)
    known = audience(world.user, world.lead.pk)
    assert known is not None
    assert [one.email for one in known.outside] == [MARY.email]
    assert [(one.email, one.field) for one in known.others] == [(BOB.email, "cc"), (CLEO.email, "cc")]
    written = post_message(user=world.user, record_id=world.lead.pk, body="To you alone")
    assert set(told(written)) == {MARY.email}


def test_whose_domain_disowns_all_that_they_wrote_is_not_offered(world: World) -> None:
    mail(world, BOB, "forged", cc=(CLEO,))
    mail(world, MARY, "verified")
    known = audience(world.user, world.lead.pk)
    assert known is not None
    assert [one.email for one in known.others] == [CLEO.email]


def test_neither_colleagues_nor_addresses_of_ours_are_offered(world: World) -> None:
    support = Address("support@acme.example")
    mail(world, MARY, cc=(support, Address(world.user.email), BOB))
    mail(world, MARY)
    known = audience(world.user, world.lead.pk)
    assert known is not None
    assert [one.email for one in known.others] == [BOB.email]
    note = audience(world.user, world.lead.pk, internal=True)
    assert note is not None
    assert note.others == ()


# --- one who has several addresses


def proposed(world: World) -> list[str]:
    return [one.email for one in suggested(world.lead, following_of(world.lead), world.user.pk)]


def test_an_answer_goes_to_the_primary_address(world: World) -> None:
    second_address(world)
    assert proposed(world) == [MARY.email]


def test_or_to_the_one_that_they_wrote_from_last_in_this_conversation(world: World) -> None:
    second_address(world)
    elsewhere = factory.record(world.acme.sales, "Another", contact=world.mary)
    factory.message(elsewhere, author=world.mary, author_email=HOME.email)
    assert proposed(world) == [MARY.email]
    mail(world, HOME)
    assert proposed(world) == [HOME.email]
    mail(world, MARY)
    assert proposed(world) == [MARY.email]


def test_what_nobody_vouches_for_leads_no_answer_astray(world: World) -> None:
    second_address(world)
    mail(world, HOME, standing="outsider")
    assert proposed(world) == [MARY.email]


def test_an_address_that_was_taken_away_is_written_to_no_more(world: World) -> None:
    second_address(world)
    mail(world, HOME)
    ContactAddress.objects.filter(email=HOME.email).delete()
    assert proposed(world)[0] == MARY.email


def test_a_follower_hears_where_they_wrote_from(world: World) -> None:
    second_address(world)
    world.follow(world.mary, world.amara)
    mail(world, HOME)
    came = mail(world, Address("dave@partner.example", "Dave"))
    assert HOME.email in told(came)
    assert MARY.email not in told(came)
    assert Notification.objects.filter(message=came, contact=world.mary).count() == 1
