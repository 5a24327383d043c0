"""Mail that says it is from one of our people: what proves it, and what becomes of it where nothing does."""

from __future__ import annotations

from dataclasses import replace

import pytest

from postroom.core.routing.decision import Create, Hold, Refuse, Reply, Standing
from postroom.core.routing.facts import SenderFact, Unproved, WhoMayWrite

from .build import ACME, GLOBEX, TO_GLOBEX, TO_SALES, alias, decided, facts, refers, thread, to_alias

CLAIMS = SenderFact(email="amara@acme.example", members_of=(ACME,), verdict="Nothing proves that acme.example sent it.")
PROVED = replace(CLAIMS, verified=True, verdict="acme.example signed it.")
ELSEWHERE = replace(CLAIMS, members_of=(GLOBEX,))
BY_OTHER = replace(CLAIMS, email="amara@home.example", members_of=(), colleague_of=(ACME,))
STAFF = alias(9, "staff@acme.example", who_may_write=WhoMayWrite.EMPLOYEES)


@pytest.mark.parametrize(
    ("sender", "unproved", "kind"),
    [
        (CLAIMS, Unproved.FLAG, Create),
        (CLAIMS, Unproved.HOLD, Hold),
        (CLAIMS, Unproved.REFUSE, Refuse),
        (replace(CLAIMS, unknown=True), Unproved.REFUSE, Hold),
        (replace(CLAIMS, unknown=True), Unproved.FLAG, Create),
        (replace(BY_OTHER, unknown=True), Unproved.REFUSE, Hold),
        (PROVED, Unproved.REFUSE, Create),
        (BY_OTHER, Unproved.HOLD, Hold),
        (replace(BY_OTHER, verified=True), Unproved.HOLD, Create),
        (ELSEWHERE, Unproved.REFUSE, Create),
        (SenderFact(email="anne@customer.example"), Unproved.REFUSE, Create),
    ],
)
def test_the_domain_says_what_becomes_of_unproved_mail(
    sender: SenderFact, unproved: Unproved, kind: type[Create | Hold | Refuse]
) -> None:
    [decision] = decided(facts(replace(TO_SALES, unproved=unproved), sender=sender)).decisions
    assert type(decision) is kind
    if not isinstance(decision, Create):
        assert "one of our people" in decision.because
        assert sender.verdict in decision.because
        assert decision.company == ACME


def test_a_refusal_says_how_to_be_believed() -> None:
    [decision] = decided(facts(replace(TO_SALES, unproved=Unproved.REFUSE), sender=CLAIMS)).decisions
    assert isinstance(decision, Refuse)
    assert decision.code == "550 5.7.26"
    assert "amara@acme.example" in decision.words


def test_other_companies_take_the_mail_as_they_do() -> None:
    decisions = decided(facts(replace(TO_SALES, unproved=Unproved.HOLD), TO_GLOBEX, sender=CLAIMS)).decisions
    assert {type(one) for one in decisions} == {Hold, Create}


def test_it_holds_answers_too() -> None:
    reached = replace(TO_SALES, unproved=Unproved.HOLD)
    [decision] = decided(facts(reached, sender=CLAIMS, referred=(refers(thread()),))).decisions
    assert isinstance(decision, Hold)


def test_what_a_person_released_goes_on_and_stays_marked() -> None:
    reached = replace(TO_SALES, unproved=Unproved.HOLD)
    [decision] = decided(facts(reached, sender=CLAIMS, referred=(refers(thread()),), released=True)).decisions
    assert isinstance(decision, Reply)
    assert decision.standing is Standing.CLAIMED_MEMBER
    [made] = decided(facts(to_alias(STAFF), sender=CLAIMS, released=True)).decisions
    assert isinstance(made, Create)


@pytest.mark.parametrize(
    ("sender", "kind"),
    [
        (CLAIMS, Hold),
        (PROVED, Create),
        (BY_OTHER, Refuse),
        (ELSEWHERE, Refuse),
        (replace(PROVED, is_ours=True), Refuse),
    ],
)
def test_what_only_our_people_may_do_waits_for_proof(sender: SenderFact, kind: type) -> None:
    [decision] = decided(facts(to_alias(STAFF), sender=sender)).decisions
    assert type(decision) is kind


@pytest.mark.parametrize(
    ("sender", "follows", "kind"),
    [
        (CLAIMS, True, Hold),
        (CLAIMS, False, Refuse),
        (PROVED, True, Create),
        (PROVED, False, Refuse),
        (SenderFact(email="anne@customer.example"), True, Create),
    ],
)
def test_what_followers_may_do_waits_for_proof_of_those_who_are_ours(
    sender: SenderFact, follows: bool, kind: type
) -> None:
    circle = alias(9, "circle@acme.example", who_may_write=WhoMayWrite.FOLLOWERS, sender_follows=follows)
    [decision] = decided(facts(to_alias(circle), sender=sender)).decisions
    assert type(decision) is kind
    if kind is Hold:
        assert "only from followers" in decision.because


@pytest.mark.parametrize(
    ("sender", "kind"),
    [
        (CLAIMS, Hold),
        (replace(CLAIMS, contacts=((ACME, 3),)), Hold),
        (replace(BY_OTHER, contacts=((ACME, 3),)), Hold),
        (replace(BY_OTHER, contacts=((ACME, 3),), verified=True), Create),
        (PROVED, Create),
        (ELSEWHERE, Refuse),
        (SenderFact(email="anne@customer.example", contacts=((ACME, 3),)), Create),
    ],
)
def test_what_contacts_may_do_waits_for_proof_of_those_who_are_ours(sender: SenderFact, kind: type) -> None:
    known = alias(9, "partners@acme.example", who_may_write=WhoMayWrite.CONTACTS)
    [decision] = decided(facts(to_alias(known), sender=sender)).decisions
    assert type(decision) is kind
    if kind is Hold:
        assert "only from contacts" in decision.because
