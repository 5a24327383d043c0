"""Mary's case at the level of rows: a customer's mail is told to everybody who hears, once, and to nobody else."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from postroom.conversations.models import MessageId
from postroom.core.addresses import Address
from tests.apps.conversations.world import MARY, SALES, World, by_inbox, envelopes, letters, told, words
from tests.support import factory

AMARA, BEN = "amara@acme.example", "ben@acme.example"
CARLA, DAVE = "carla@partner.example", "dave@partner.example"


@dataclass(frozen=True)
class Case:
    """Who follows, who stands in To and Cc of Mary's mail, who of us reads in the inbox, and who is told how."""

    name: str
    following: tuple[str, ...]
    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    inbox: tuple[str, ...] = ()
    mailed: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()


CASES = (
    Case("nobody follows", ()),
    Case("one of us", ("amara",), mailed=(AMARA,)),
    Case("two of us, one in the inbox", ("amara", "ben"), inbox=("ben",), mailed=(AMARA,), unread=(BEN,)),
    Case("Mary herself follows", ("mary", "amara"), mailed=(AMARA,)),
    Case("only Mary follows", ("mary",)),
    Case("one of us is in To", ("amara", "ben"), to=(AMARA,), mailed=(BEN,)),
    Case("one of us is in Cc", ("amara", "ben"), cc=(BEN,), mailed=(AMARA,)),
    Case("somebody outside follows", ("carla",), mailed=(CARLA,)),
    Case("the one outside is in Cc", ("carla", "amara"), cc=(CARLA,), mailed=(AMARA,)),
    Case("two outside, one in To", ("carla", "dave"), to=(DAVE,), mailed=(CARLA,)),
    Case("in Cc who does not follow", ("amara",), cc=(DAVE,), mailed=(AMARA,)),
    Case(
        "everybody",
        ("mary", "amara", "ben", "carla", "dave"),
        to=(CARLA,),
        cc=(AMARA,),
        inbox=("ben",),
        mailed=(DAVE,),
        unread=(BEN,),
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_who_hears_of_marys_mail(world: World, case: Case) -> None:
    world.follow(*(getattr(world, name) for name in case.following))
    by_inbox(*(getattr(world, name) for name in case.inbox))
    message = world.comes(to=(SALES, *map(Address, case.to)), cc=tuple(map(Address, case.cc)))
    assert told(message) == dict.fromkeys(case.mailed, "mail") | dict.fromkeys(case.unread, "inbox")
    sent = [address for letter in letters(message) for address in envelopes(letter)]
    assert sorted(sent) == sorted(case.mailed)
    for address in (*case.mailed, *case.unread):
        assert address in words(message, "told")
    for name in set(case.following):
        assert getattr(world, name).name in words(message)


def test_the_letter_is_marys_and_leads_back_to_the_conversation(world: World) -> None:
    world.follow(world.amara, world.carla)
    message = world.comes(message_id="hers@customer.example", subject="Re: Vans")
    for letter in letters(message):
        assert (letter.author_email, letter.author_name, letter.author_user_id) == (MARY.email, "Mary", None)
        assert letter.reply_to == "sales@acme.example"
        assert letter.subject == "Re: Vans"
        assert letter.message_id.endswith("@acme.example")
        assert letter.references == ["hers@customer.example"]
        assert letter.in_reply_to == "hers@customer.example"
        assert letter.about == world.lead.ref
        assert not letter.is_automatic
        assert "How much?" in letter.text


def test_all_copies_carry_one_id_of_ours_by_which_the_message_is_known(world: World) -> None:
    world.follow(world.amara, world.carla)
    message = world.comes(message_id="hers@customer.example")
    (ours,) = {letter.message_id for letter in letters(message)}
    assert set(MessageId.objects.filter(message=message).values_list("value", flat=True)) == {
        "hers@customer.example",
        ours,
    }
    assert ours in words(message, "message id")


def test_copies_outside_name_all_outside_and_those_of_ours_nobody_else(world: World) -> None:
    world.follow(world.amara, world.carla, world.dave)
    ours, outside = letters(world.comes())
    assert (ours.to, ours.cc) == ([], [])
    assert outside.to == [[CARLA, "Carla"], [DAVE, "Dave"]]
    assert envelopes(outside) == [CARLA, DAVE]


def test_an_address_that_is_not_the_primary_one_counts_too(world: World) -> None:
    world.carla.addresses.create(company=world.acme.company, email="carla@home.example", primary=False)
    world.follow(world.carla)
    assert told(world.comes(cc=(Address("carla@home.example"),))) == {}


def test_her_second_mail_refers_to_the_first(world: World) -> None:
    world.follow(world.carla)
    world.comes(message_id="one@customer.example")
    second = world.comes(message_id="two@customer.example")
    (letter,) = letters(second)
    assert letter.references == ["one@customer.example", "two@customer.example"]
    assert letter.in_reply_to == "two@customer.example"


def test_an_id_that_no_header_can_carry_is_left_out(world: World) -> None:
    world.follow(world.carla)
    (letter,) = letters(world.comes(message_id="ü@customer.example"))
    assert letter.references == []
    assert world.lead.thread.references == []


def test_what_a_machine_wrote_stays_among_us_and_is_called_automatic(world: World) -> None:
    world.follow(world.amara, world.carla)
    message = world.comes(headers=(("Auto-Submitted", "auto-replied"),))
    assert told(message) == {AMARA: "mail"}
    assert letters(message)[0].is_automatic
    assert "a machine wrote it" in words(message, "kept back")


def test_what_came_by_a_list_stays_among_us(world: World) -> None:
    world.follow(world.amara, world.carla)
    message = world.comes(headers=(("List-Id", "<vans.lists.example>"),))
    assert told(message) == {AMARA: "mail"}
    assert letters(message)[0].is_automatic
    assert "a list sent it" in words(message, "kept back")


def test_a_long_trace_names_a_hundred_and_counts_the_rest(world: World) -> None:
    world.follow(*(factory.contact(world.acme.company, f"F{n}", f"f{n}@many.example") for n in range(103)))
    message = world.comes()
    assert len(told(message)) == 103
    assert words(message, "told").splitlines()[100:] == ["And 3 more."]


def test_a_colleague_who_left_hears_nothing(world: World) -> None:
    from tests.apps.conversations.world import leave

    world.follow(world.ben, notes=True)
    leave(world, world.ben)
    message = world.comes()
    assert told(message) == {}
    assert "Ben Okri" in words(message, "spared")


def test_letters_are_told_apart_by_language(world: World) -> None:
    world.carla.language = "de"
    world.carla.save()
    world.follow(world.carla, world.dave)
    message = world.comes()
    assert sorted(envelopes(letter) for letter in letters(message)) == [[CARLA], [DAVE]]
    assert len({str(letter.to) for letter in letters(message)}) == 1
