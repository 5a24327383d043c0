"""Tables: what is decided about a mail, rule by rule."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from postroom.core.headers import Headers
from postroom.core.routing.chain import RULES, route
from postroom.core.routing.decision import Create, Hold, Ignore, Refuse, Reply, Report
from postroom.core.routing.facts import Limits, Part, SenderFact, WhoMayWrite
from postroom.core.triage.kinds import Triage

from .build import (
    ACME,
    BOUNCE,
    BY_LIST,
    COMPLAINT,
    GLOBEX,
    HUMAN,
    MACHINE,
    OUT_OF_OFFICE,
    SALES,
    SUPPORT,
    TO_BOUNCE,
    TO_CATCHALL,
    TO_FOREIGN,
    TO_GLOBEX,
    TO_NOBODY,
    TO_NOTIFICATIONS,
    TO_POSTMASTER,
    TO_SALES,
    TO_SUPPORT,
    alias,
    at,
    decided,
    facts,
    mail,
    refers,
    said,
    thread,
    to_alias,
)

LEAD = thread()
TOKEN = "b" * 24


def tagged(of: Any, name: str, **changes: Any) -> Any:
    return replace(of, address=f"{name}+{TOKEN}@acme.example", tag=TOKEN, **changes)


def test_rules_stand_in_the_order_that_the_design_names() -> None:
    assert [name for name, _ in RULES] == [
        "loop guard",
        "bounce address",
        "filter",
        "identity",
        "reply token",
        "reply reference",
        "alias match",
        "catchall",
        "fallback",
    ]


# --- loop guard


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"own_mail": "It carries the mark of this instance."}, "It carries the mark of this instance."),
        ({"seen_outbound": True}, "<m1@customer.example> is one that we sent"),
    ],
)
@pytest.mark.parametrize("triage", [HUMAN, BOUNCE], ids=["message", "report"])
def test_our_own_mail_is_ignored_whatever_it_is(changes: dict[str, Any], words: str, triage: Triage) -> None:
    routing = decided(facts(TO_SALES, TO_NOBODY, referred=(refers(LEAD),), **changes), triage)
    [decision] = routing.decisions
    assert isinstance(decision, Ignore)
    assert words in decision.because
    assert decision.recipients == ("nobody@acme.example", "sales@acme.example")


def went_by(servers: int) -> dict[str, Any]:
    return {"headers": Headers((("Received", b"from a by b"),) * servers)}


def test_a_mail_that_goes_in_circles_waits_in_each_company() -> None:
    routing = decided(facts(TO_SALES, TO_GLOBEX, referred=(refers(LEAD),)), **went_by(101))
    assert [type(one) for one in routing.decisions] == [Hold, Hold]
    assert [one.company for one in routing.decisions] == [ACME, GLOBEX]
    assert "101 servers" in routing.decisions[0].because
    [nowhere] = decided(facts(), **went_by(101)).decisions
    assert isinstance(nowhere, Hold)


def test_a_mail_that_came_a_long_way_or_was_released_does_not_wait() -> None:
    assert not isinstance(decided(facts(TO_SALES), **went_by(100)).decisions[0], Hold)
    assert not isinstance(decided(facts(TO_SALES, released=True), **went_by(101)).decisions[0], Hold)


# --- bounce address


@pytest.mark.parametrize("to", [TO_BOUNCE, TO_SALES, TO_CATCHALL, TO_NOBODY], ids=lambda r: r.address)
@pytest.mark.parametrize("triage", [BOUNCE, COMPLAINT], ids=["bounce", "complaint"])
def test_a_report_is_known_by_its_structure_wherever_it_goes(to: Any, triage: Triage) -> None:
    [decision] = decided(facts(to, referred=(refers(LEAD),)), triage).decisions
    assert isinstance(decision, Report)
    assert decision.original_message_id == triage.original_message_id
    assert (decision.company, decision.target) == (ACME, "report:0")


@pytest.mark.parametrize("triage", [MACHINE, OUT_OF_OFFICE], ids=["automatic", "out-of-office"])
def test_anything_automatic_at_a_bounce_address_is_a_report(triage: Triage) -> None:
    [decision] = decided(facts(TO_SALES, TO_BOUNCE), triage).decisions
    assert isinstance(decision, Report)
    assert set(decision.recipients) == {"bounce@acme.example", "sales@acme.example"}


def test_the_tag_of_a_bounce_address_names_the_delivery() -> None:
    [decision] = decided(facts(tagged(TO_BOUNCE, "bounce", token_delivery=55)), BOUNCE).decisions
    assert decision.target == "report:55"
    assert "names delivery 55" in decision.because


def test_a_bad_tag_of_a_bounce_address_is_said() -> None:
    to = tagged(TO_BOUNCE, "bounce", token_problem="the signature is wrong.")
    [decision] = decided(facts(to), BOUNCE).decisions
    assert decision.target == "report:0"
    assert "the signature is wrong." in decision.because


def test_what_wants_no_answer_is_a_report_at_a_bounce_address() -> None:
    [decision] = decided(facts(TO_BOUNCE, envelope_sender="")).decisions
    assert isinstance(decision, Report)
    [decision] = decided(facts(TO_BOUNCE, envelope_sender="", from_headers=True)).decisions
    assert isinstance(decision, Hold)


def test_a_person_at_a_bounce_address_may_answer_by_reference() -> None:
    [decision] = decided(facts(TO_BOUNCE, referred=(refers(LEAD),))).decisions
    assert isinstance(decision, Reply)
    [decision] = decided(facts(TO_BOUNCE)).decisions
    assert isinstance(decision, Hold)
    assert decision.target == "none:bounce"


# --- reply by token


def test_a_token_finds_its_thread_without_any_reference() -> None:
    routing = decided(facts(tagged(TO_SALES, "sales", token_thread=LEAD)))
    [decision] = routing.decisions
    assert isinstance(decision, Reply)
    assert (decision.thread, decision.by, decision.outsider, decision.internal) == (31, "token", False, False)
    assert "reply reference" not in [asked.rule for asked in routing.trace]


def test_a_token_goes_before_a_reference() -> None:
    [decision] = decided(facts(tagged(TO_SALES, "sales", token_thread=LEAD), referred=(refers(thread(99)),))).decisions
    assert decision.target == "thread:31"


def test_a_bad_token_is_said_and_the_next_rules_go_on() -> None:
    to = tagged(TO_SALES, "sales", token_problem="its signature does not fit.")
    routing = decided(facts(to))
    assert isinstance(routing.decisions[0], Create)
    assert "its signature does not fit." in said(routing, "reply token")


def test_a_token_of_a_company_that_was_not_written_to_does_not_count() -> None:
    routing = decided(facts(tagged(TO_SALES, "sales", token_thread=thread(company=GLOBEX))))
    assert isinstance(routing.decisions[0], Create)
    assert "another company" in said(routing, "reply token")


def test_two_tokens_answer_two_threads() -> None:
    other = replace(TO_CATCHALL, address="catchall+x@acme.example", token_thread=thread(40, "lead:13"))
    routing = decided(facts(tagged(TO_SALES, "sales", token_thread=LEAD), other))
    assert {d.target: d.recipients for d in routing.decisions} == {
        "thread:40": ("catchall+x@acme.example",),
        "thread:31": (f"sales+{TOKEN}@acme.example",),
    }


def test_a_token_that_does_not_count_keeps_no_recipient_from_an_answer() -> None:
    foreign = replace(TO_CATCHALL, token_thread=thread(99, company=GLOBEX))
    [decision] = decided(facts(tagged(TO_SALES, "sales", token_thread=LEAD), foreign)).decisions
    assert decision.target == "thread:31"
    assert "catchall@acme.example" in decision.recipients


def test_a_token_that_does_not_count_makes_no_answer_of_a_forward() -> None:
    foreign = replace(TO_SUPPORT, token_thread=thread(99, company=GLOBEX))
    [decision] = decided(facts(TO_SALES, foreign, referred=(refers(LEAD),))).decisions
    assert decision.target == "alias:8"


def test_a_token_at_an_alias_of_another_type_is_no_forward() -> None:
    [decision] = decided(facts(replace(TO_SUPPORT, token_thread=LEAD))).decisions
    assert decision.target == "thread:31"


# --- reply by reference


def test_the_newest_known_reference_wins() -> None:
    [decision] = decided(facts(TO_SALES, referred=(refers(thread(2)), refers(thread(1))))).decisions
    assert decision.target == "thread:2"


def test_an_outsider_and_an_internal_note_are_marked() -> None:
    known = refers(thread(knows_sender=False, internal=True))
    [decision] = decided(facts(TO_SALES, referred=(known,))).decisions
    assert isinstance(decision, Reply)
    assert decision.outsider
    assert decision.internal
    assert "unverified outsider" in decision.because
    assert "internal note" in decision.because


def test_references_to_a_company_that_was_not_written_to_do_not_count() -> None:
    routing = decided(facts(TO_SALES, referred=(refers(thread(company=GLOBEX)),)))
    assert isinstance(routing.decisions[0], Create)
    assert "do not count" in said(routing, "reply reference")


def test_a_shared_domain_reaches_the_threads_of_both_companies() -> None:
    shared = replace(TO_SALES, companies=(ACME, GLOBEX))
    [decision] = decided(facts(shared, referred=(refers(thread(company=GLOBEX)),))).decisions
    assert (decision.company, decision.target) == (GLOBEX, "thread:31")


def test_an_answer_in_one_company_and_a_new_record_in_another() -> None:
    routing = decided(facts(TO_SALES, TO_GLOBEX, referred=(refers(LEAD),)))
    assert {(d.company, d.target): d.recipients for d in routing.decisions} == {
        (ACME, "thread:31"): ("sales@acme.example",),
        (GLOBEX, "alias:9"): ("sales@globex.example",),
    }


def test_an_unknown_name_beside_an_answer_is_part_of_it_and_a_foreign_one_is_refused() -> None:
    routing = decided(facts(TO_SALES, TO_NOBODY, TO_FOREIGN, referred=(refers(LEAD),)))
    reply, refusal = routing.decisions
    assert reply.recipients == ("nobody@acme.example", "sales@acme.example")
    assert isinstance(refusal, Refuse)
    assert refusal.recipients == ("bob@elsewhere.example",)


@pytest.mark.parametrize(
    ("headers", "target"),
    [
        ({"to": ["support@acme.example"]}, "alias:8"),
        ({}, "alias:8"),  # in the envelope alone
        ({"cc": ["support@acme.example"]}, "thread:31"),
        ({"to": ["support@acme.example"], "cc": ["support@acme.example"]}, "alias:8"),
    ],
    ids=["To", "envelope", "Cc", "To and Cc"],
)
@pytest.mark.parametrize("by", ["token", "reference"])
def test_an_alias_of_another_type_makes_an_answer_a_forward(headers: dict[str, Any], target: str, by: str) -> None:
    known = {"referred": (refers(LEAD),)} if by == "reference" else {}
    own = TO_SALES if by == "reference" else tagged(TO_SALES, "sales", token_thread=LEAD)
    [decision] = decided(facts(own, TO_SUPPORT, **known), **headers).decisions
    assert decision.target == target
    assert set(decision.recipients) == {own.address, "support@acme.example"}
    if target == "thread:31":
        assert "An answer makes no new record at" in decision.because


@pytest.mark.parametrize(
    ("subject", "target"),
    [
        ("Fwd: Chairs", "alias:7"),
        ("WG: AW: Chairs", "alias:7"),
        ("转发：Chairs", "alias:7"),
        ("Re: Fwd: Chairs", "thread:31"),
        ("Chairs", "thread:31"),
        ("RV: Chairs", "thread:31"),  # such short prefixes may mean something else
    ],
)
def test_a_forward_to_an_alias_is_no_answer(subject: str, target: str) -> None:
    [decision] = decided(facts(TO_SALES, referred=(refers(LEAD),)), subject=subject).decisions
    assert decision.target == target
    assert ("a forward is no answer" in decision.because) is (target == "alias:7")


def test_a_forward_to_the_token_of_a_conversation_belongs_there() -> None:
    own = tagged(TO_SALES, "sales", token_thread=LEAD)
    [decision] = decided(facts(own, referred=(refers(LEAD),)), subject="Fwd: Chairs").decisions
    assert decision.target == "thread:31"


def test_a_forward_to_another_company_at_a_shared_domain_names_no_foreign_record() -> None:
    shared = replace(to_alias(alias(9, "hr@acme.example", "applicant", company=GLOBEX)), companies=(ACME, GLOBEX))
    [decision] = decided(facts(shared, referred=(refers(LEAD),))).decisions
    assert (decision.company, decision.target) == (GLOBEX, "alias:9")
    assert "lead" not in decision.because


def test_an_automatic_answer_forwards_nothing() -> None:
    [decision] = decided(facts(TO_SUPPORT, referred=(refers(LEAD),)), OUT_OF_OFFICE).decisions
    assert decision.target == "thread:31"


# --- limits


@pytest.mark.parametrize(("count", "kind"), [(4, Create), (5, Hold), (6, Hold)])
def test_too_many_records_by_one_alias_are_held(count: int, kind: type) -> None:
    over = alias(7, "sales@acme.example", created_by_sender=count)
    routing = decided(facts(to_alias(over), TO_SUPPORT))
    first, second = sorted(routing.decisions, key=lambda d: d.target)
    assert isinstance(first, kind)
    assert (first.company, first.target) == (ACME, "alias:7")  # where it would have gone: a release reuses the route
    assert isinstance(second, Create)  # only that pair is paused


@pytest.mark.parametrize(("count", "kind"), [(19, Reply), (20, Hold)])
@pytest.mark.parametrize("by", ["token", "reference"])
def test_too_many_answers_in_one_thread_are_held(count: int, kind: type, by: str) -> None:
    over = thread(replies_by_sender=count)
    to = replace(TO_SALES, token_thread=over) if by == "token" else TO_SALES
    routing = decided(facts(to, TO_GLOBEX, referred=(refers(over),) if by == "reference" else ()))
    first, second = routing.decisions
    assert isinstance(first, kind)
    assert (first.company, first.target) == (ACME, "thread:31")
    assert isinstance(second, Create)


@pytest.mark.parametrize("why", ["free by alias", "free by thread", "released", "limit off"])
def test_who_is_free_of_the_limits(why: str) -> None:
    free = why == "free by alias"
    over = thread(replies_by_sender=99, sender_is_free=why == "free by thread")
    sales = to_alias(alias(7, "sales@acme.example", created_by_sender=99, sender_is_free=free))
    common: dict[str, Any] = {"released": why == "released"}
    common |= {"limits": Limits(per_alias=0, per_thread=0)} if why == "limit off" else {}
    assert isinstance(decided(facts(sales, referred=(refers(over),), **common)).decisions[0], Reply)
    expected = Hold if why == "free by thread" else Create
    assert isinstance(decided(facts(sales, **common)).decisions[0], expected)


@pytest.mark.parametrize("referred", [(), (refers(LEAD),)], ids=["no reference", "reference"])
def test_an_echo_at_the_catchall_is_held(referred: Any) -> None:
    [decision] = decided(facts(TO_CATCHALL, referred=referred, echo_of="arrival 5")).decisions
    assert isinstance(decision, Hold)
    assert "arrival 5" in decision.because
    [decision] = decided(facts(TO_SALES, referred=referred, echo_of="arrival 5")).decisions
    assert not isinstance(decision, Hold)


# --- aliases


@pytest.mark.parametrize(
    ("who", "sender", "follows", "taken"),
    [
        (WhoMayWrite.EVERYONE, SenderFact(), False, True),
        (WhoMayWrite.EVERYONE, SenderFact(is_ours=True), False, True),
        (WhoMayWrite.CONTACTS, SenderFact(), False, False),
        (WhoMayWrite.CONTACTS, SenderFact(contacts=((ACME, 3),)), False, True),
        (WhoMayWrite.CONTACTS, SenderFact(contacts=((GLOBEX, 3),)), False, False),
        (WhoMayWrite.CONTACTS, SenderFact(members_of=(ACME,), verified=True), False, True),
        (WhoMayWrite.CONTACTS, SenderFact(contacts=((ACME, 3),), is_ours=True), False, False),
        (WhoMayWrite.FOLLOWERS, SenderFact(contacts=((ACME, 3),)), False, False),
        (WhoMayWrite.FOLLOWERS, SenderFact(contacts=((ACME, 3),)), True, True),
        (WhoMayWrite.EMPLOYEES, SenderFact(contacts=((ACME, 3),)), True, False),
        (WhoMayWrite.EMPLOYEES, SenderFact(members_of=(GLOBEX,)), False, False),
        (WhoMayWrite.EMPLOYEES, SenderFact(members_of=(ACME,), verified=True), False, True),
    ],
)
def test_who_may_write(who: WhoMayWrite, sender: SenderFact, follows: bool, taken: bool) -> None:
    guarded = alias(7, "sales@acme.example", who_may_write=who, sender_follows=follows)
    decisions = decided(facts(to_alias(guarded), TO_SUPPORT, sender=sender)).decisions
    first, second = sorted(decisions, key=lambda d: d.target)
    assert isinstance(second, Create)  # one refusal does not stop the others
    assert first.target == "alias:7"
    if taken:
        assert isinstance(first, Create)
    else:
        assert isinstance(first, Refuse)
        assert first.code == "550 5.7.1"
        assert first.words.startswith("sales@acme.example takes mail only from ")


@pytest.mark.parametrize(
    ("triage", "takes", "kind"),
    [
        (OUT_OF_OFFICE, True, Ignore),
        (MACHINE, True, Create),
        (MACHINE, False, Ignore),
        (BY_LIST, True, Create),
        (BY_LIST, False, Ignore),
        (HUMAN, False, Create),
    ],
    ids=["out-of-office", "machine", "machine unwanted", "list", "list unwanted", "person"],
)
def test_what_machines_may_make(triage: Triage, takes: bool, kind: type) -> None:
    [decision] = decided(facts(to_alias(alias(7, "a@acme.example", takes_automatic=takes))), triage).decisions
    assert isinstance(decision, kind)
    assert decision.target == "alias:7"


def test_a_forced_target_gets_every_mail() -> None:
    forced = alias(7, "sales@acme.example", forced_target="lead:12", forced_thread=31)
    for triage in (HUMAN, OUT_OF_OFFICE):
        [decision] = decided(facts(to_alias(forced)), triage).decisions
        assert isinstance(decision, Reply)
        assert (decision.target, decision.by) == ("thread:31", "alias")
    [decision] = decided(facts(to_alias(replace(forced, created_by_sender=9)))).decisions
    assert isinstance(decision, Hold)
    assert decision.target == "thread:31"


def test_a_forced_target_that_is_gone_makes_a_record_and_says_so() -> None:
    [decision] = decided(facts(to_alias(alias(7, "a@acme.example", forced_target="lead:12")))).decisions
    assert isinstance(decision, Create)
    assert "lead 12 no longer exists" in decision.because


def test_two_addresses_of_one_alias_make_one_record() -> None:
    old = to_alias(SALES, "verkauf@acme.example", retired="verkauf@acme.example")
    [decision] = decided(facts(TO_SALES, old)).decisions
    assert isinstance(decision, Create)
    assert decision.recipients == ("sales@acme.example", "verkauf@acme.example")
    assert "retired address verkauf@acme.example" in decision.because


def test_two_aliases_with_one_forced_target_post_once() -> None:
    one, two = (alias(i, f"{i}@acme.example", forced_target="lead:12", forced_thread=31) for i in (1, 2))
    [decision] = decided(facts(to_alias(one), to_alias(two))).decisions
    assert decision.recipients == ("1@acme.example", "2@acme.example")


# --- catchall and fallback


@pytest.mark.parametrize(
    ("others", "words"), [((), " is at no domain"), (("eve@elsewhere.example",), " are at no domain")]
)
def test_one_address_is_and_two_are(others: tuple[str, ...], words: str) -> None:
    strangers = [replace(TO_FOREIGN, address=address) for address in (TO_FOREIGN.address, *others)]
    [decision] = decided(facts(*strangers)).decisions
    assert words in decision.because


@pytest.mark.parametrize("to", [TO_CATCHALL, TO_NOTIFICATIONS], ids=lambda r: r.address)
def test_the_catchall_alone_is_refused_with_the_address_to_use(to: Any) -> None:
    [decision] = decided(facts(to)).decisions
    assert isinstance(decision, Refuse)
    assert decision.code == "550 5.7.1"
    assert "info@acme.example" in decision.words
    assert (decision.company, decision.target) == (ACME, "none:catchall")


@pytest.mark.parametrize(
    ("to", "kind", "code", "target"),
    [
        (TO_NOBODY, Refuse, "550 5.1.1", "none:unknown"),
        (TO_FOREIGN, Refuse, "550 5.7.1", "none:foreign"),
        (TO_POSTMASTER, Hold, "", "none:postmaster"),
        (TO_BOUNCE, Hold, "", "none:bounce"),
        (at("ghost@acme.example", Part.ALIAS, ACME), Refuse, "550 5.1.1", "none:unknown"),
    ],
    ids=lambda v: getattr(v, "address", None),
)
def test_what_nobody_takes(to: Any, kind: type, code: str, target: str) -> None:
    [decision] = decided(facts(to)).decisions
    assert isinstance(decision, kind)
    assert decision.target == target
    assert getattr(decision, "code", "") == code


def test_unknown_names_of_two_companies_are_two_refusals() -> None:
    routing = decided(facts(TO_NOBODY, at("x@globex.example", Part.UNKNOWN, GLOBEX), TO_SALES))
    assert {(d.company, d.target) for d in routing.decisions} == {
        (ACME, "alias:7"),
        (ACME, "none:unknown"),
        (GLOBEX, "none:unknown"),
    }
    assert "nobody@acme.example" in said(routing, "the rest")


def test_no_recipient_is_held() -> None:
    [decision] = decided(facts(referred=(refers(LEAD),))).decisions
    assert isinstance(decision, Hold)
    assert decision.recipients == ()


def test_other_peoples_addresses_in_headers_are_not_refused() -> None:
    routing = decided(facts(TO_FOREIGN, TO_SUPPORT, from_headers=True))
    [decision] = routing.decisions
    assert decision.recipients == ("support@acme.example",)
    assert "bob@elsewhere.example" in said(routing, "recipients")
    [decision] = decided(facts(TO_FOREIGN, from_headers=True)).decisions
    assert isinstance(decision, Hold)


def test_every_rule_asked_says_something() -> None:
    routing = route(mail(), HUMAN, facts(TO_NOBODY))
    assert [asked.rule for asked in routing.trace] == [name for name, _ in RULES]
    assert all(asked.said.endswith(".") for asked in routing.trace)
    assert SUPPORT.address not in " ".join(asked.said for asked in routing.trace)
