"""The trace in words, as a support person reads it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from postroom.core.routing.decision import Decision
from postroom.core.routing.explain import explain, explain_route, explain_within, outcome
from postroom.core.routing.facts import Facts, SenderFact
from postroom.core.triage.kinds import Triage

from .build import (
    ACME,
    BOUNCE,
    GLOBEX,
    HUMAN,
    OUT_OF_OFFICE,
    TO_BOUNCE,
    TO_CATCHALL,
    TO_GLOBEX,
    TO_NOBODY,
    TO_POSTMASTER,
    TO_SALES,
    TO_SUPPORT,
    alias,
    decided,
    facts,
    mail,
    refers,
    thread,
    to_alias,
)


def test_a_new_lead_from_first_to_last() -> None:
    of = facts(TO_SALES, envelope_sender="anne@customer.example", sender=replace(SenderFact(), contacts=((ACME, 3),)))
    steps = explain(decided(of), mail(), HUMAN, of)
    assert [step["step"] for step in steps] == [
        "sender", "recipient", "kind", "loop guard", "bounce address", "filter", "identity", "reply token",
        "reply reference", "alias match", "outcome",
    ]  # fmt: skip
    text = {step["step"]: step["text"] for step in steps}
    assert "anne@customer.example" in text["sender"]
    assert "A contact has that address" in text["sender"]
    assert text["recipient"] == "sales@acme.example is an alias for lead."
    assert text["outcome"] == "A new lead is made, by sales@acme.example."
    assert json.loads(json.dumps(steps)) == steps


def test_the_evidence_of_a_from_stands_behind_it() -> None:
    found = ({"step": "dkim", "text": "acme.example signed it (pass)"}, {"step": "verdict", "text": "verified: so."})
    of = facts(TO_SALES, sender=replace(SenderFact(), verified=True, verdict="so.", evidence=found))
    assert tuple(explain(decided(of), mail(), HUMAN, of)[1:3]) == found


@pytest.mark.parametrize(
    ("of", "triage", "words"),
    [
        (
            facts(TO_SALES, referred=(refers(thread()),)),
            HUMAN,
            "Posted in the conversation that was found by its reference.",
        ),
        (facts(TO_BOUNCE), BOUNCE, "<sent-1@acme.example>"),
        (facts(TO_NOBODY), HUMAN, "Refused: 550 5.1.1"),
        (facts(TO_CATCHALL), HUMAN, "info@acme.example"),
        (facts(TO_POSTMASTER), HUMAN, "Held for a person."),
        (facts(to_alias(alias(7, "a@b.example", created_by_sender=5))), HUMAN, "Only this sender is paused"),
        (facts(TO_SALES), OUT_OF_OFFICE, "nothing else is done"),
    ],
)
def test_outcomes(of: Facts, triage: Triage, words: str) -> None:
    assert words in explain(decided(of, triage), mail(), triage, of)[-1]["text"]
    assert outcome(Decision("Because."))["text"] == "Because."


@pytest.mark.parametrize(
    ("sender", "words"),
    [
        (SenderFact(is_ours=True), "one of our own addresses"),
        (SenderFact(members_of=(ACME,)), "not verified"),
        (SenderFact(), "Nobody known"),
    ],
)
def test_senders(sender: SenderFact, words: str) -> None:
    of = facts(TO_SALES, sender=sender)
    assert words in explain(decided(of), mail(), HUMAN, of)[0]["text"]
    assert explain(decided(of), mail(authors=()), HUMAN, of)[0]["text"].startswith("Names no author")


def test_recipients_say_what_they_are() -> None:
    moved = replace(
        TO_SALES, address="verkauf@acme.example", base="verkauf@acme.example", retired="verkauf@acme.example"
    )
    token = replace(TO_CATCHALL, token_thread=thread())
    of = facts(moved, token, replace(TO_BOUNCE, token_delivery=5))
    texts = [s["text"] for s in explain(decided(of), mail(), HUMAN, of) if s["step"] == "recipient"]
    assert "(sales@acme.example); verkauf@acme.example was retired and still works." in texts[0]
    assert texts[1].endswith("its token names lead 12.")
    assert texts[2].endswith("its token names delivery 5.")


def test_a_route_keeps_the_common_steps_and_its_own_outcome() -> None:
    of = facts(TO_SALES, TO_SUPPORT)
    routing = decided(of)
    steps = explain(routing, mail(), HUMAN, of)
    own = explain_route(routing.decisions[1], steps)
    assert [s for s in own if s["step"] == "outcome"] == [outcome(routing.decisions[1])]
    assert len(own) == len(steps) - 1


def test_what_another_company_has_to_do_with_it_is_not_told() -> None:
    known = thread(record="lead:4711", knows_sender=False)
    of = facts(TO_SALES, TO_GLOBEX, referred=(refers(known),), sender=SenderFact(contacts=((ACME, 3),)))
    routing = decided(of)
    acme, globex = (explain_within(company, routing, mail(), HUMAN, of) for company in (ACME, GLOBEX))
    assert "4711" in str(acme)
    assert "globex" not in str(acme)
    assert "4711" not in str(globex)
    assert "acme" not in str(globex)
    assert "A contact" not in str(globex)
    assert "A new lead is made, by " in str(globex)
    assert explain_within(0, routing, mail(), HUMAN, of) == explain(routing, mail(), HUMAN, of)


def test_hundreds_of_recipients_are_counted_not_listed() -> None:
    of = facts(*(replace(TO_NOBODY, address=f"n{n}@acme.example") for n in range(300)))
    steps = explain(decided(of), mail(), HUMAN, of)
    assert len(steps) < 40
    assert "And 280 more recipients." in [s["text"] for s in steps]
