"""What users of the system that Postroom replaces rely on in routing; ★ marks what is better here on purpose."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from postroom.core.routing.decision import Create, Decision, Hold, Ignore, Refuse, Reply, Report
from postroom.core.routing.facts import Facts, Part, SenderFact, WhoMayWrite
from postroom.core.triage.kinds import Triage

from .build import (
    ACME,
    BOUNCE,
    HUMAN,
    MACHINE,
    OUT_OF_OFFICE,
    TO_BOUNCE,
    TO_CATCHALL,
    TO_NOBODY,
    TO_SALES,
    TO_SUPPORT,
    alias,
    at,
    decided,
    facts,
    refers,
    thread,
    to_alias,
)

LEAD = thread()
KNOWN = SenderFact(email="anne@customer.example", contacts=((ACME, 3),))


def guarded(who: WhoMayWrite, **changes: Any) -> Any:
    return to_alias(alias(7, "sales@acme.example", who_may_write=who, **changes))


@dataclass(frozen=True)
class Case:
    """`want` is the kind and target of each decision, in any order."""

    id: str
    of: Facts
    want: set[tuple[type[Decision], str]]
    triage: Triage = HUMAN
    headers: dict[str, Any] = field(default_factory=dict)


def create(alias_id: int) -> tuple[type[Decision], str]:
    return Create, f"alias:{alias_id}"


REPLY: tuple[type[Decision], str] = (Reply, "thread:31")
TO_BOTH = {"to": ["sales@acme.example", "support@acme.example"]}
TO_BOTH_TURNED = {"to": ["support@acme.example", "sales@acme.example"]}
REFERS = (refers(LEAD),)
UPDATE = to_alias(alias(8, "support@acme.example", "ticket", forced_target="ticket:4", forced_thread=44))

CASES = [
    Case("G02-alias-creates", facts(TO_SALES), {create(7)}),
    Case("G05-unknown-author-creates", facts(TO_SALES, sender=SenderFact(email="new@x.example")), {create(7)}),
    Case("G15-everyone", facts(guarded(WhoMayWrite.EVERYONE)), {create(7)}),
    Case("G16-contacts-refuses-unknown", facts(guarded(WhoMayWrite.CONTACTS)), {(Refuse, "alias:7")}),
    Case("G17-followers-refuses-unknown", facts(guarded(WhoMayWrite.FOLLOWERS)), {(Refuse, "alias:7")}),
    Case("G17-followers-refuses-contact", facts(guarded(WhoMayWrite.FOLLOWERS), sender=KNOWN), {(Refuse, "alias:7")}),
    Case("G18-contacts-takes-contact", facts(guarded(WhoMayWrite.CONTACTS), sender=KNOWN), {create(7)}),
    Case(
        # ★ any of a contact's addresses counts, not the first alone: the facts say whether the person follows
        "G19-G20★-follower",
        facts(guarded(WhoMayWrite.FOLLOWERS, sender_follows=True), sender=KNOWN),
        {create(7)},
    ),
    Case("G21-forced-thread-updates", facts(UPDATE), {(Reply, "thread:44")}),
    Case("G25-no-such-alias", facts(TO_NOBODY), {(Refuse, "none:unknown")}),
    Case("G27-forward-alias-second", facts(TO_SALES, TO_SUPPORT, referred=REFERS), {create(8)}, headers=TO_BOTH),
    Case("G28-forward-alias-first", facts(TO_SUPPORT, TO_SALES, referred=REFERS), {create(8)}, headers=TO_BOTH_TURNED),
    Case(
        "G29-forward-to-update-alias",
        facts(TO_SALES, UPDATE, referred=REFERS),
        {(Reply, "thread:44")},
        headers=TO_BOTH,
    ),
    Case("G30-two-aliases-two-records", facts(TO_SALES, TO_SUPPORT), {create(7), create(8)}, headers=TO_BOTH),
    Case("G32-bounce-address", facts(TO_BOUNCE), {(Report, "report:0")}, MACHINE),
    Case("G33-bounce-address-any-position", facts(TO_SALES, TO_BOUNCE), {(Report, "report:0")}, MACHINE),
    Case("G34-catchall-alone", facts(TO_CATCHALL), {(Refuse, "none:catchall")}),
    Case("G35-catchall-then-alias", facts(TO_CATCHALL, TO_SALES), {create(7)}),
    Case("G36-alias-then-catchall", facts(TO_SALES, TO_CATCHALL), {create(7)}),
    Case(
        "G37-catchall-and-unknown",
        facts(TO_CATCHALL, TO_NOBODY),
        {(Refuse, "none:catchall"), (Refuse, "none:unknown")},
    ),
    # ★ a person's mail to a bounce address is not swallowed
    Case("G38★-person-at-bounce-address", facts(TO_BOUNCE), {(Hold, "none:bounce")}),
    Case("G41-report-without-known-id", facts(TO_BOUNCE), {(Report, "report:0")}, BOUNCE),
    Case("G42-report-with-known-id", facts(TO_BOUNCE, referred=REFERS), {(Report, "report:0")}, BOUNCE),
    Case("G44-report-by-structure-alone", facts(TO_SALES), {(Report, "report:0")}, BOUNCE),
    Case("G49-reference-beats-wrong-name", facts(TO_NOBODY, referred=REFERS), {REPLY}),
    Case("G49-reference-at-catchall", facts(TO_CATCHALL, referred=REFERS), {REPLY}),
    Case(
        "G51-newest-reference",
        facts(TO_SALES, referred=(refers(LEAD), refers(thread(5), "older@acme.example"))),
        {REPLY},
    ),
    Case("G55-forward", facts(TO_SUPPORT, referred=REFERS), {create(8)}, headers={"to": ["support@acme.example"]}),
    Case("G56-same-type-is-a-reply", facts(TO_SALES, referred=REFERS), {REPLY}, headers={"to": ["sales@acme.example"]}),
    Case(
        "G57-other-type-in-cc-is-a-reply",
        facts(TO_SALES, TO_SUPPORT, referred=REFERS),
        {REPLY},
        headers={"to": ["sales@acme.example"], "cc": ["support@acme.example"]},
    ),
    # ★ never an error that loses the mail
    Case("G61★-unknown-reference-proves-nothing", facts(TO_NOBODY), {(Refuse, "none:unknown")},
         headers={"references": ("123-lead-12@acme.example",)}),
    Case("G64★-no-way-at-all-is-held", facts(), {(Hold, "none")}),
    Case(
        # ★ one looping route does not block the whole mail
        "L01-L02★-only-the-looping-route-is-held",
        facts(to_alias(alias(7, "sales@acme.example", created_by_sender=5)), TO_SUPPORT),
        {(Hold, "alias:7"), create(8)},
    ),
    Case(
        "L01-allow-list-is-exempt",
        facts(to_alias(alias(7, "sales@acme.example", created_by_sender=50, sender_is_free=True))),
        {create(7)},
    ),
    Case("L03-two-systems-up-to-the-limit", facts(TO_SALES, referred=(refers(thread(replies_by_sender=19)),)), {REPLY},
         MACHINE),
    Case("L03-two-systems-over-the-limit", facts(TO_SALES, referred=(refers(thread(replies_by_sender=20)),)),
         {(Hold, "thread:31")}, MACHINE),
    Case("L04-own-mail-comes-back", facts(TO_SALES, seen_outbound=True), {(Ignore, "none")}),
    Case("L05-auto-reply-to-bounce-address", facts(TO_BOUNCE), {(Report, "report:0")}, OUT_OF_OFFICE),
    # ★ forwarded to the catchall again and again: held, nobody is answered
    Case("L05★-echo-at-catchall", facts(TO_CATCHALL, echo_of="arrival 5"), {(Hold, "none:catchall")}),
    Case("Y01-answer-to-an-outside-id", facts(TO_SALES, referred=(refers(LEAD, "m0@customer.example"),)), {REPLY}),
    Case(
        # ★ the token finds the thread where a provider has rewritten every id
        "Y03★-rewritten-ids",
        facts(at("catchall+t@acme.example", Part.CATCHALL, ACME, token_thread=LEAD)),
        {REPLY},
    ),
    Case("Y04-out-of-office-is-threaded", facts(TO_SALES, referred=REFERS), {REPLY}, OUT_OF_OFFICE),
    Case("Y04-out-of-office-creates-nothing", facts(TO_SALES), {(Ignore, "alias:7")}, OUT_OF_OFFICE),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])
def test_routing(case: Case) -> None:
    routing = decided(case.of, case.triage, **case.headers)
    assert {(type(d), d.target) for d in routing.decisions} == case.want


def test_g12_a_refusal_names_the_alias_that_refuses() -> None:
    refusing = alias(8, "support@acme.example", "ticket", who_may_write=WhoMayWrite.EMPLOYEES)
    routing = decided(facts(TO_SALES, to_alias(refusing)), to=["sales@acme.example"], cc=["support@acme.example"])
    [refusal] = [d for d in routing.decisions if isinstance(d, Refuse)]
    assert "support@acme.example" in refusal.words


def test_g48_an_answer_to_an_internal_note_is_internal() -> None:
    for internal in (True, False):
        [reply] = decided(facts(TO_SALES, referred=(refers(thread(internal=internal)),))).decisions
        assert isinstance(reply, Reply)
        assert reply.internal is internal
