"""Mail that filters say something of: a table of answers and what becomes of the mail."""

from __future__ import annotations

import pytest

from postroom.core.routing.decision import Create, Decision, Hold, Refuse, Report
from postroom.core.routing.facts import Part
from postroom.core.triage.filtered import Answer, Said

from .build import ACME, BOUNCE, GLOBEX, TO_GLOBEX, TO_SALES, at, decided, facts, refers, said, thread

FINE = Said("rspamd", Answer.ACCEPT, "rspamd has nothing against it.")
SPAM = Said("rspamd", Answer.HOLD, "rspamd takes it for spam.")
WORSE = Said("strict", Answer.REFUSE, "Strict takes nothing.")


@pytest.mark.parametrize(
    ("filters", "released", "kind"),
    [
        ((), False, Create),
        ((FINE,), False, Create),
        ((SPAM,), False, Hold),
        ((FINE, SPAM), False, Hold),
        ((SPAM, WORSE), False, Refuse),
        ((SPAM,), True, Create),
        ((WORSE,), True, Create),
    ],
)
def test_what_becomes_of_it(filters: tuple[Said, ...], kind: type[Decision], *, released: bool) -> None:
    [decision] = decided(facts(TO_SALES, filters=filters, released=released)).decisions
    assert type(decision) is kind
    assert decision.company == ACME


def test_a_refusal_tells_no_secrets() -> None:
    [decision] = decided(facts(TO_SALES, filters=(WORSE,))).decisions
    assert isinstance(decision, Refuse)
    assert decision.code == "550 5.7.1"
    assert "Strict" in decision.because
    assert "Strict" not in decision.words


def test_each_company_holds_its_own() -> None:
    decisions = decided(facts(TO_SALES, TO_GLOBEX, filters=(SPAM,))).decisions
    assert [(type(one), one.company, one.target) for one in decisions] == [
        (Hold, ACME, "filter"),
        (Hold, GLOBEX, "filter"),
    ]


def test_it_holds_answers_too() -> None:
    [decision] = decided(facts(TO_SALES, filters=(SPAM,), referred=(refers(thread()),))).decisions
    assert isinstance(decision, Hold)


def test_reports_about_our_own_mail_are_read_all_the_same() -> None:
    to = at("bounce@acme.example", Part.BOUNCE, ACME)
    assert isinstance(decided(facts(to, filters=(SPAM,)), triage=BOUNCE).decisions[0], Report)


def test_the_trace_says_who_was_asked() -> None:
    routing = decided(facts(TO_SALES, filters=(FINE,)))
    assert said(routing, "filter") == FINE.words
    assert said(decided(facts(TO_SALES)), "filter") == "No filter said anything about it."
