"""Tables: how far the From of an answer is believed, that a note stays a note, and which ids are learnt."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from postroom.core.routing.decision import Reply, Standing
from postroom.core.routing.facts import SenderFact, ThreadFact

from .build import (
    ACME,
    GLOBEX,
    HUMAN,
    OUT_OF_OFFICE,
    TO_CATCHALL,
    TO_GLOBEX,
    TO_SALES,
    TO_SUPPORT,
    alias,
    decided,
    facts,
    refers,
    said,
    thread,
    to_alias,
)

STRANGER = SenderFact(email="eve@elsewhere.example")
CUSTOMER = SenderFact(email="anne@customer.example", contacts=((ACME, 3),))
COLLEAGUE = SenderFact(email="amara@acme.example", contacts=((ACME, 4),), members_of=(ACME,))
OF_GLOBEX = SenderFact(email="gus@globex.example", members_of=(GLOBEX,))
FORMER = SenderFact(email="former@acme.example", contacts=((ACME, 5),))

PUBLIC = thread(message=77)
NOTE = thread(message=78, internal=True)

PROVED = replace(COLLEAGUE, verified=True, verdict="acme.example signed it.")
PROVED_CUSTOMER = replace(CUSTOMER, verified=True, verdict="customer.example signed it.")
BY_OTHER = SenderFact(email="amara@home.example", contacts=((ACME, 4),), colleague_of=(ACME,))
PROVED_OTHER = replace(BY_OTHER, verified=True, verdict="home.example signed it.")
DISOWNED = replace(CUSTOMER, forged=True, verdict="customer.example asks to refuse mail like this one.")

participant, outsider, claimed, member = (
    Standing.PARTICIPANT, Standing.OUTSIDER, Standing.CLAIMED_MEMBER, Standing.MEMBER,
)  # fmt: skip


def answered(known: ThreadFact, by: str, sender: SenderFact, triage: Any = HUMAN, **of_mail: Any) -> Reply:
    """The decision about an answer that finds its thread by a token or by a reference."""
    if by == "token":
        to = replace(TO_SALES, address="sales+t@acme.example", tag="t", token_thread=known)
        [decision] = decided(facts(to, sender=sender), triage, **of_mail).decisions
    else:
        [decision] = decided(facts(TO_SALES, sender=sender, referred=(refers(known),)), triage, **of_mail).decisions
    assert isinstance(decision, Reply)
    assert decision.by == by
    assert decision.answers == known.message
    return decision


# who writes, takes part, found by, the token's copy went to them: public message → standing; note → standing
WRITERS = [
    (CUSTOMER, True, "reference", False, participant, outsider, "takes part"),
    (CUSTOMER, True, "token", True, participant, outsider, "takes part and answers their own copy"),
    (CUSTOMER, True, "token", False, participant, outsider, "takes part and answers somebody else's copy"),
    (CUSTOMER, False, "token", True, participant, outsider, "was sent the copy that they answer"),
    (CUSTOMER, False, "token", False, outsider, outsider, "holds somebody else's token"),
    (STRANGER, False, "reference", False, outsider, outsider, "knows somebody's references"),
    (STRANGER, False, "token", False, outsider, outsider, "a stranger with a token"),
    (COLLEAGUE, True, "reference", False, claimed, claimed, "a colleague's address, by reference"),
    (COLLEAGUE, False, "reference", False, claimed, claimed, "a colleague's address that takes no part"),
    (COLLEAGUE, True, "token", False, claimed, claimed, "a colleague's address with another's token"),
    (COLLEAGUE, True, "token", True, claimed, claimed, "a colleague's address with their own token"),
    (COLLEAGUE, False, "token", True, claimed, claimed, "who was mentioned only"),
    (BY_OTHER, True, "reference", False, claimed, claimed, "another address of a colleague"),
    (BY_OTHER, False, "token", True, claimed, claimed, "another address of a colleague, with a token"),
    (PROVED_OTHER, True, "reference", False, participant, outsider, "another address that is proved: no member's own"),
    (PROVED, False, "reference", False, member, member, "a colleague, by reference"),
    (PROVED, True, "token", True, member, member, "a colleague with their own token"),
    (PROVED, False, "token", False, member, member, "a colleague with another's token"),
    (PROVED_CUSTOMER, True, "reference", False, participant, outsider, "a customer who is none of ours, proved or not"),
    (DISOWNED, True, "reference", False, outsider, outsider, "whose own domain disowns the mail"),
    (DISOWNED, True, "token", True, outsider, outsider, "the same, with their own token"),
    (OF_GLOBEX, False, "token", True, participant, outsider, "a member of another company"),
    (OF_GLOBEX, False, "reference", False, outsider, outsider, "a member of another company, by reference"),
    (FORMER, True, "token", True, participant, outsider, "is one of us no more"),
]


@pytest.mark.parametrize("internal", [False, True], ids=["message", "note"])
@pytest.mark.parametrize(("sender", "takes_part", "by", "own", "to_message", "to_note", "who"), WRITERS)
def test_who_is_believed(
    internal: bool,
    sender: SenderFact,
    takes_part: bool,
    by: str,
    own: bool,
    to_message: Standing,
    to_note: Standing,
    who: str,
) -> None:
    known = replace(NOTE if internal else PUBLIC, knows_sender=takes_part, token_names_sender=own)
    decision = answered(known, by, sender)
    assert decision.standing is (to_note if internal else to_message), who
    assert decision.internal is internal
    assert decision.outsider is (decision.standing is outsider)


SENTENCES = [
    (NOTE, "token", COLLEAGUE, True, "internal note, so the answer stays internal"),
    (NOTE, "token", PROVED, True, "internal note, so the answer stays internal. acme.example signed it."),
    (NOTE, "token", COLLEAGUE, False, "A member has the sender's address, but nothing proves who wrote this"),
    (NOTE, "reference", COLLEAGUE, False, "internal note, so the answer stays internal"),
    (NOTE, "reference", STRANGER, False, "none of our own people: shown as an unverified outsider"),
    (PUBLIC, "reference", COLLEAGUE, False, "A member has the sender's address, but nothing proves who wrote this"),
    (PUBLIC, "token", DISOWNED, True, "asks to refuse mail like this one. Shown as an unverified outsider."),
    (PUBLIC, "token", STRANGER, False, "The token was sent to somebody else."),
    (PUBLIC, "reference", STRANGER, False, "neither takes part nor was addressed: shown as an unverified outsider"),
]


@pytest.mark.parametrize(("known", "by", "sender", "own", "words"), SENTENCES)
def test_the_trace_says_which_case_it_is(known: ThreadFact, by: str, sender: SenderFact, own: bool, words: str) -> None:
    fact = replace(known, knows_sender=False, token_names_sender=own)
    assert words in answered(fact, by, sender).because


def test_who_takes_part_needs_no_sentence() -> None:
    because = answered(PUBLIC, "token", CUSTOMER).because
    assert because == "Answers a message of lead 12, named by the token in sales+t@acme.example."


# --- a note stays a note


def test_an_answer_to_a_note_is_no_forward() -> None:
    to = replace(TO_SALES, address="sales+t@acme.example", token_thread=replace(NOTE, token_names_sender=True))
    [decision] = decided(facts(to, TO_SUPPORT, sender=COLLEAGUE)).decisions
    assert decision.target == "thread:31"
    assert "An answer makes no new record at support@acme.example." in decision.because


def test_the_token_of_a_message_in_an_answer_to_a_note_changes_nothing() -> None:
    to = replace(TO_SALES, address="sales+t@acme.example", token_thread=replace(PUBLIC, token_names_sender=True))
    [decision] = decided(facts(to, sender=COLLEAGUE, referred=(refers(NOTE),))).decisions
    assert isinstance(decision, Reply)
    assert decision.internal
    assert decision.standing is claimed  # the token that names them is not that of the note


def test_of_two_tokens_the_one_of_the_note_counts() -> None:
    public = replace(TO_CATCHALL, address="catchall+a@acme.example", token_thread=PUBLIC)
    note = replace(TO_SALES, address="sales+b@acme.example", token_thread=NOTE)
    [decision] = decided(facts(public, note, sender=COLLEAGUE)).decisions
    assert isinstance(decision, Reply)
    assert decision.internal


def test_a_newer_message_makes_an_answer_public_although_an_older_note_is_quoted() -> None:
    known = (refers(PUBLIC, "new@acme.example"), refers(NOTE, "old@acme.example"))
    [decision] = decided(facts(TO_SALES, referred=known)).decisions
    assert isinstance(decision, Reply)
    assert not decision.internal


def test_a_note_of_another_thread_makes_nothing_internal() -> None:
    to = replace(TO_SALES, address="sales+t@acme.example", token_thread=PUBLIC)
    [decision] = decided(facts(to, referred=(refers(replace(NOTE, id=99)),))).decisions
    assert isinstance(decision, Reply)
    assert not decision.internal


def test_a_fixed_target_believes_no_member_either() -> None:
    forced = to_alias(alias(7, "sales@acme.example", forced_target="lead:12", forced_thread=31))
    for sender, expected in ((COLLEAGUE, claimed), (CUSTOMER, participant), (DISOWNED, outsider)):
        [decision] = decided(facts(forced, sender=sender)).decisions
        assert isinstance(decision, Reply)
        assert decision.standing is expected


# --- ids that a server gave our mail on its way

WIRE = "0102018f-wire@provider.example"
SENT = "sent-1@acme.example"  # which the facts know


@pytest.mark.parametrize(
    ("sender", "takes_part", "own", "quoted", "learns"),
    [
        (CUSTOMER, True, True, {"in_reply_to": (WIRE,)}, WIRE),
        (CUSTOMER, True, True, {"references": ("x@y.example", WIRE)}, WIRE),
        (CUSTOMER, True, False, {"in_reply_to": (WIRE,), "references": (SENT,)}, WIRE),
        (CUSTOMER, True, True, {"in_reply_to": (SENT,), "references": (WIRE,)}, ""),
        (CUSTOMER, True, True, {}, ""),
        (CUSTOMER, True, True, {"in_reply_to": ("m1@customer.example",)}, ""),  # its own id
        (CUSTOMER, False, True, {"in_reply_to": (WIRE,)}, WIRE),
        (STRANGER, False, False, {"in_reply_to": (WIRE,)}, ""),
        (FORMER, True, True, {"in_reply_to": (WIRE,)}, WIRE),
        (COLLEAGUE, True, True, {"in_reply_to": (WIRE,)}, WIRE),
        (COLLEAGUE, True, False, {"in_reply_to": (WIRE,)}, ""),
    ],
)
@pytest.mark.parametrize("triage", [HUMAN, OUT_OF_OFFICE], ids=["person", "machine"])
def test_what_an_answer_by_token_teaches(
    sender: SenderFact, takes_part: bool, own: bool, quoted: dict[str, Any], learns: str, triage: Any
) -> None:
    known = replace(PUBLIC, knows_sender=takes_part, token_names_sender=own)
    to = replace(TO_SALES, address="sales+t@acme.example", token_thread=known)
    referred = (refers(known, SENT),) if SENT in str(quoted) else ()
    [decision] = decided(facts(to, sender=sender, referred=referred), triage, **quoted).decisions
    assert isinstance(decision, Reply)
    assert decision.learns == learns
    assert (f"<{WIRE}>" in decision.because) is bool(learns)


def test_who_was_one_of_us_teaches_nothing_about_a_note() -> None:
    known = replace(NOTE, token_names_sender=True)
    decision = answered(known, "token", FORMER, in_reply_to=(WIRE,))
    assert (decision.standing, decision.learns) == (outsider, "")


def test_a_known_id_of_another_company_is_learnt_all_the_same() -> None:
    shared = replace(TO_SALES, companies=(ACME, GLOBEX), token_thread=PUBLIC)
    theirs = refers(thread(99, company=GLOBEX), WIRE)
    [decision] = decided(facts(shared, referred=(theirs,)), in_reply_to=(WIRE,)).decisions
    assert isinstance(decision, Reply)
    assert decision.learns == WIRE


def test_an_answer_by_reference_teaches_nothing() -> None:
    quoted: dict[str, Any] = {"in_reply_to": (WIRE,), "references": (SENT,)}
    assert answered(PUBLIC, "reference", CUSTOMER, **quoted).learns == ""


def test_a_token_of_a_company_that_was_not_written_to_names_nobody() -> None:
    foreign = replace(TO_GLOBEX, token_thread=replace(NOTE, token_names_sender=True))
    routing = decided(facts(foreign, sender=COLLEAGUE))
    assert "another company" in said(routing, "reply token")
    assert not any(isinstance(decision, Reply) for decision in routing.decisions)
