"""Who hears of a message, as a table, and what holds for any crowd.

People: Anna, Ben and Cleo are our own, Mary and Otto customers. A case is a message and the people around it; then who
is told, and who is not and why.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.core.addresses import normalise, valid
from postroom.core.sending.recipients import (
    AUTHOR,
    CHOSEN,
    FOLLOWS,
    FOLLOWS_NOTES,
    HAS_IT,
    INBOX,
    KEPT_INSIDE,
    MAIL,
    MENTIONED,
    NO_ADDRESS,
    NO_DISCUSSIONS,
    NO_NOTES,
    NOTE_INSIDE,
    TWICE,
    Audience,
    Hearing,
    Person,
    who_hears,
)

ANNA = Person("anna@acme.example", "Anna", contact=1, user=11)
BEN = Person("ben@acme.example", "Ben", contact=2, user=12)
CLEO = Person("cleo@acme.example", "Cleo", contact=3, user=13, channel=INBOX)
MARY = Person("mary@customer.example", "Mary", contact=4)
OTTO = Person("otto@else.example", "Otto")
EVA = Person("eva@müller.example", "Eva")
NOTED = replace(BEN, notes=True)
BY_ANNA = {"author_email": ANNA.email, "author_user": ANNA.user, "author_contact": ANNA.contact}
BY_MARY = {"author_email": MARY.email, "author_contact": MARY.contact}
BY_NOBODY: dict[str, Any] = {}


def message(author: dict[str, Any], *followers: Person, **more: Any) -> Hearing:
    return Hearing(**author, followers=followers, **more)


def note(author: dict[str, Any], *followers: Person, **more: Any) -> Hearing:
    return message(author, *followers, internal=True, **more)


def had(*emails: str) -> frozenset[str]:
    return frozenset(emails)


CASES: list[tuple[str, Hearing, list[tuple[str, str]], list[tuple[str, str]]]] = [
    # --- a message: followers of discussions
    ("nobody is around", message(BY_ANNA), [], []),
    ("a follower", message(BY_ANNA, BEN), [("Ben", FOLLOWS)], []),
    ("a customer who follows", message(BY_ANNA, MARY), [("Mary", FOLLOWS)], []),
    ("followers in their order", message(BY_ANNA, OTTO, BEN, MARY),
     [("Otto", FOLLOWS), ("Ben", FOLLOWS), ("Mary", FOLLOWS)], []),
    ("a follower of notes alone", message(BY_ANNA, replace(BEN, discussions=False, notes=True)), [],
     [("Ben", NO_DISCUSSIONS)]),
    ("a customer who follows nothing", message(BY_ANNA, replace(MARY, discussions=False)), [],
     [("Mary", NO_DISCUSSIONS)]),
    ("who reads the inbox", message(BY_ANNA, CLEO), [("Cleo", FOLLOWS)], []),
    # --- the author
    ("the author who follows", message(BY_ANNA, ANNA, BEN), [("Ben", FOLLOWS)], [("Anna", AUTHOR)]),
    ("the author with another address", message(BY_ANNA, replace(ANNA, email="a@home.example")), [],
     [("Anna", AUTHOR)]),
    ("the author known by address alone", message({"author_email": "Anna@ACME.example"}, ANNA), [], [("Anna", AUTHOR)]),
    ("the author known by user alone", message({"author_user": 11}, ANNA), [], [("Anna", AUTHOR)]),
    ("the author known by contact alone", message({"author_contact": 4}, MARY), [], [("Mary", AUTHOR)]),
    ("the author mentions herself", message(BY_ANNA, mentioned=(ANNA,)), [], [("Anna", AUTHOR)]),
    ("the author is chosen", message(BY_MARY, chosen=(MARY,)), [], [("Mary", AUTHOR)]),
    ("the author once more under the address of the first entry",
     message({"author_user": 11}, ANNA, Person(ANNA.email, "A.")), [], [("Anna", AUTHOR), ("A.", AUTHOR)]),
    ("nobody wrote it: a machine", message(BY_NOBODY, ANNA), [("Anna", FOLLOWS)], []),
    ("an empty author is nobody's", message(BY_NOBODY, Person("", "Void")), [], [("Void", NO_ADDRESS)]),
    # --- Mary's case: an answer is told to the others
    ("a customer's answer", message(BY_MARY, MARY, ANNA, BEN), [("Anna", FOLLOWS), ("Ben", FOLLOWS)],
     [("Mary", AUTHOR)]),
    ("a colleague was in Cc", message(BY_MARY, MARY, ANNA, BEN, already=had(BEN.email)), [("Anna", FOLLOWS)],
     [("Mary", AUTHOR), ("Ben", HAS_IT)]),
    ("everybody was in To", message(BY_MARY, ANNA, BEN, already=had(ANNA.email, BEN.email)), [],
     [("Anna", HAS_IT), ("Ben", HAS_IT)]),
    ("in Cc in other letters", message(BY_MARY, BEN, already=had("BEN@Acme.Example")), [], [("Ben", HAS_IT)]),
    ("in Cc in A-labels", message(BY_MARY, EVA, already=had("eva@xn--mller-kva.example")), [], [("Eva", HAS_IT)]),
    ("a customer was in Cc", message(BY_MARY, OTTO, already=had(OTTO.email)), [], [("Otto", HAS_IT)]),
    ("mentioned, but in Cc", message(BY_MARY, mentioned=(BEN,), already=had(BEN.email)), [], [("Ben", HAS_IT)]),
    ("read in the inbox, but in Cc", message(BY_MARY, CLEO, already=had(CLEO.email)), [], [("Cleo", HAS_IT)]),
    ("the same user under a second address", message(BY_MARY, BEN, replace(BEN, email="b@home.example", name="B."),
     already=had(BEN.email)), [], [("Ben", HAS_IT), ("B.", HAS_IT)]),
    ("another one in Cc is nobody around", message(BY_MARY, BEN, already=had("x@y.example")), [("Ben", FOLLOWS)], []),
    ("nothing that can be read in Cc", message(BY_MARY, BEN, already=had("", "Ben")), [("Ben", FOLLOWS)], []),
    # --- nobody twice
    ("a follower twice", message(BY_ANNA, BEN, BEN), [("Ben", FOLLOWS)], [("Ben", TWICE)]),
    ("mentioned and following", message(BY_ANNA, BEN, mentioned=(BEN,)), [("Ben", MENTIONED)], [("Ben", TWICE)]),
    ("chosen and following", message(BY_ANNA, MARY, chosen=(MARY,)), [("Mary", CHOSEN)], [("Mary", TWICE)]),
    ("mentioned and chosen", message(BY_ANNA, mentioned=(BEN,), chosen=(BEN,)), [("Ben", MENTIONED)], [("Ben", TWICE)]),
    ("one address, two contacts", message(BY_ANNA, MARY, replace(MARY, contact=5, name="M.")), [("Mary", FOLLOWS)],
     [("M.", TWICE)]),
    ("one contact, two addresses", message(BY_ANNA, MARY, replace(MARY, email="m@home.example", name="M.")),
     [("Mary", FOLLOWS)], [("M.", TWICE)]),
    ("a contact that is a user too", message(BY_ANNA, BEN, Person(BEN.email, "B.", contact=2)), [("Ben", FOLLOWS)],
     [("B.", TWICE)]),
    ("an address in other letters", message(BY_ANNA, OTTO, Person("OTTO@Else.example", "O.")), [("Otto", FOLLOWS)],
     [("O.", TWICE)]),
    ("three entries that are one, by turns", message(BY_ANNA, Person("a@x.example", "A", contact=8),
     Person("b@x.example", "B", contact=8), Person("b@x.example", "C", contact=9)), [("A", FOLLOWS)],
     [("B", TWICE), ("C", TWICE)]),
    ("two strangers without a contact are two", message(BY_ANNA, OTTO, Person("x@else.example", "X")),
     [("Otto", FOLLOWS), ("X", FOLLOWS)], []),
    ("who could not be told once may be told later", message(BY_ANNA, replace(BEN, channel=INBOX),
     mentioned=(replace(BEN, email=""),)), [("Ben", FOLLOWS)], [("Ben", NO_ADDRESS)]),
    # --- mentioned and chosen
    ("mentioned without following", message(BY_ANNA, mentioned=(replace(BEN, discussions=False),)),
     [("Ben", MENTIONED)], []),
    ("chosen without following", message(BY_ANNA, chosen=(replace(MARY, discussions=False),)), [("Mary", CHOSEN)], []),
    ("mentioned, chosen, following in this order", message(BY_ANNA, BEN, mentioned=(OTTO,), chosen=(MARY,)),
     [("Otto", MENTIONED), ("Mary", CHOSEN), ("Ben", FOLLOWS)], []),
    # --- notes stay inside
    ("a note and a follower of discussions", note(BY_ANNA, BEN), [], [("Ben", NO_NOTES)]),
    ("a note and a follower of notes", note(BY_ANNA, NOTED), [("Ben", FOLLOWS_NOTES)], []),
    ("a note and a follower of notes alone", note(BY_ANNA, replace(NOTED, discussions=False)),
     [("Ben", FOLLOWS_NOTES)], []),
    ("a note mentions a colleague", note(BY_ANNA, mentioned=(BEN,)), [("Ben", MENTIONED)], []),
    ("a note and a customer who follows", note(BY_ANNA, MARY), [], [("Mary", NOTE_INSIDE)]),
    ("a note and a customer who follows notes", note(BY_ANNA, replace(MARY, notes=True)), [], [("Mary", NOTE_INSIDE)]),
    ("a note mentions a customer", note(BY_ANNA, mentioned=(MARY,)), [], [("Mary", NOTE_INSIDE)]),
    ("a note with a customer chosen", note(BY_ANNA, chosen=(MARY,)), [], [("Mary", NOTE_INSIDE)]),
    ("a note to a colleague chosen", note(BY_ANNA, chosen=(BEN,)), [("Ben", CHOSEN)], []),
    ("a note and its author", note(BY_ANNA, replace(ANNA, notes=True)), [], [("Anna", AUTHOR)]),
    ("a customer's answer to a note", note(BY_MARY, MARY, NOTED), [("Ben", FOLLOWS_NOTES)], [("Mary", AUTHOR)]),
    ("mentioned in a note that was in Cc", note(BY_MARY, mentioned=(BEN,), already=had(BEN.email)), [],
     [("Ben", HAS_IT)]),
    # --- what is not for people outside
    ("kept inside: our own hear", message(BY_MARY, BEN, OTTO, outside=False), [("Ben", FOLLOWS)],
     [("Otto", KEPT_INSIDE)]),
    ("kept inside: chosen all the same", message(BY_MARY, chosen=(OTTO,), outside=False), [], [("Otto", KEPT_INSIDE)]),
    ("a note is a note first", note(BY_ANNA, OTTO, outside=False), [], [("Otto", NOTE_INSIDE)]),
    # --- addresses that mail can't reach
    ("no address", message(BY_ANNA, replace(BEN, email="")), [], [("Ben", NO_ADDRESS)]),
    ("no address, but an inbox", message(BY_ANNA, replace(CLEO, email="")), [("Cleo", FOLLOWS)], []),
    ("a customer's inbox is none", message(BY_ANNA, Person("", "Void", channel=INBOX)), [], [("Void", NO_ADDRESS)]),
    ("half an address", message(BY_ANNA, Person("otto@", "Otto")), [], [("Otto", NO_ADDRESS)]),
    ("an address with a line break", message(BY_ANNA, Person("o@x.example\r\nRCPT TO:<y@z.example>", "Otto")), [],
     [("Otto", NO_ADDRESS)]),
    ("a local part too long to carry", message(BY_ANNA, Person(f"{'o' * 65}@x.example", "Otto")), [],
     [("Otto", NO_ADDRESS)]),
    ("the worse entry first: the better one is told", message(BY_ANNA, replace(MARY, email="mary@"), MARY),
     [("Mary", FOLLOWS)], [("Mary", NO_ADDRESS)]),
]  # fmt: skip


@pytest.mark.parametrize(("around", "told", "spared"), [one[1:] for one in CASES], ids=[one[0] for one in CASES])
def test_case(around: Hearing, told: list[tuple[str, str]], spared: list[tuple[str, str]]) -> None:
    audience = who_hears(around)
    assert [(one.person.name, one.because) for one in audience.told] == told
    assert [(one.person.name, one.because) for one in audience.spared] == spared


def test_the_table_is_whole() -> None:
    names = [one[0] for one in CASES]
    assert len(set(names)) == len(names) >= 40
    reasons = {because for one in CASES for _, because in (*one[2], *one[3])}
    assert reasons == {
        MENTIONED, CHOSEN, FOLLOWS, FOLLOWS_NOTES, AUTHOR, HAS_IT, TWICE, NOTE_INSIDE, KEPT_INSIDE, NO_DISCUSSIONS,
        NO_NOTES, NO_ADDRESS,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("person", "channel"),
    [(BEN, MAIL), (CLEO, INBOX), (MARY, MAIL), (replace(MARY, channel=INBOX), MAIL), (Person("o@x.example"), MAIL)],
)
def test_only_our_own_have_an_inbox(person: Person, channel: str) -> None:
    (told,) = who_hears(message(BY_ANNA, person)).told
    assert told.person == replace(person, channel=channel)


# --- what holds for any crowd

EMAILS = [
    "anna@acme.example", "ANNA@Acme.example", "mary@customer.example", "eva@müller.example",
    "eva@xn--mller-kva.example", "", "@", "otto@", f"{'o' * 65}@x.example", "a@x.example\r\nBcc: b@x.example",
]  # fmt: skip
emails = st.sampled_from(EMAILS) | st.text(st.characters(), max_size=6) | st.integers(0, 9).map("p{}@x.example".format)
ids = st.integers(0, 3)
people = st.builds(
    Person,
    emails,
    st.text(max_size=3),
    contact=ids,
    user=ids,
    channel=st.sampled_from([MAIL, INBOX, "", "sms"]),
    discussions=st.booleans(),
    notes=st.booleans(),
    language=st.sampled_from(["", "de"]),
)
crowds = st.lists(people, max_size=8).map(tuple)
hearings = st.builds(
    Hearing,
    internal=st.booleans(),
    author_email=emails,
    author_user=ids,
    author_contact=ids,
    followers=crowds,
    mentioned=crowds,
    chosen=crowds,
    already=st.frozensets(emails, max_size=4),
    outside=st.booleans(),
)


def same(one: Person, other: Person) -> bool:
    """Whether two entries share a user, a contact, or an address that is one."""
    shared = normalise(one.email) != "" and normalise(one.email) == normalise(other.email)
    return shared or one.user == other.user != 0 or one.contact == other.contact != 0


def everybody(hearing: Hearing) -> list[Person]:
    return [*hearing.mentioned, *hearing.chosen, *hearing.followers]


def reached_by(audience: Audience) -> list[Person]:
    return [*(one.person for one in audience.told), *(one.person for one in audience.spared)]


@given(hearings)
def test_everybody_is_told_or_spared(hearing: Hearing) -> None:
    audience = who_hears(hearing)
    assert who_hears(hearing) == audience
    reached = [replace(person, channel="") for person in reached_by(audience)]
    asked = [replace(one, channel="") for one in everybody(hearing)]
    assert sorted(reached, key=repr) == sorted(asked, key=repr)
    assert all(one.because for one in audience.told)
    assert all(one.because for one in audience.spared)


@given(hearings)
def test_those_who_are_told_keep_their_order(hearing: Hearing) -> None:
    asked = iter([replace(one, channel="") for one in everybody(hearing)])
    assert all(replace(one.person, channel="") in asked for one in who_hears(hearing).told)


@given(hearings)
def test_nobody_hears_twice(hearing: Hearing) -> None:
    told = [one.person for one in who_hears(hearing).told]
    assert not any(same(one, other) for n, one in enumerate(told) for other in told[:n])


@given(hearings)
def test_the_author_never_hears(hearing: Hearing) -> None:
    author = Person(hearing.author_email, user=hearing.author_user, contact=hearing.author_contact)
    assert not any(same(one.person, author) for one in who_hears(hearing).told)


@given(hearings)
def test_who_has_it_never_hears(hearing: Hearing) -> None:
    have_it = {normalise(one) for one in hearing.already} - {""}
    assert not any(normalise(one.person.email) in have_it for one in who_hears(hearing).told)


@given(hearings)
def test_a_note_never_leaves(hearing: Hearing) -> None:
    for one in who_hears(replace(hearing, internal=True)).told:
        assert one.person.user
        assert one.because in {MENTIONED, CHOSEN} or (one.because == FOLLOWS_NOTES and one.person.notes)
    assert all(one.person.user for one in who_hears(replace(hearing, outside=False)).told)


@given(hearings)
def test_what_goes_by_mail_can_go(hearing: Hearing) -> None:
    for one in who_hears(hearing).told:
        by_inbox = one.person.user and one.person.channel == INBOX
        assert by_inbox or valid(one.person.email)


@given(hearings)
def test_who_is_told_already_is_somebody_who_is_told(hearing: Hearing) -> None:
    """A reason to be spared is never empty words: with TWICE somebody hears, with AUTHOR and HAS_IT there is one."""
    audience = who_hears(hearing)
    reasons = {one.because for one in audience.spared}
    assert TWICE not in reasons or audience.told
    assert AUTHOR not in reasons or hearing.author_email or hearing.author_user or hearing.author_contact
    assert HAS_IT not in reasons or hearing.already


@given(hearings)
def test_asked_again_of_those_who_were_told_all_hear(hearing: Hearing) -> None:
    told = who_hears(hearing).told
    again = who_hears(replace(hearing, mentioned=tuple(one.person for one in told), chosen=(), followers=()))
    assert [one.person for one in again.told] == [one.person for one in told]
    assert not again.spared


def test_a_crowd_is_heard_in_a_time_that_grows_with_it() -> None:
    """Ten thousand entries that are all one person, by turns: each is looked at once."""
    chain = tuple(Person(f"p{n // 2}@x.example", contact=(n + 1) // 2) for n in range(10_000))
    audience: Audience = who_hears(Hearing(followers=chain))
    assert len(audience.told) == 1
    assert len(audience.spared) == len(chain) - 1
