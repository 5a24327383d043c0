"""What holds for any mail and any facts: total, deterministic, complete, independent of the order of recipients."""

from __future__ import annotations

import random
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from postroom.core.message.mail import Mail
from postroom.core.routing.chain import route
from postroom.core.routing.decision import Create, Reply, Standing
from postroom.core.routing.explain import _narrowed, explain
from postroom.core.routing.facts import (
    AliasFact,
    Facts,
    Limits,
    Part,
    Recipient,
    Referred,
    SenderFact,
    ThreadFact,
    WhoMayWrite,
)
from postroom.core.routing.rule import token_thread
from postroom.core.triage.filtered import Answer, Said
from postroom.core.triage.kinds import Automatic, Kind, Triage

from .build import mail

COMPANIES = st.integers(1, 2)
TYPES = st.sampled_from(["lead", "ticket"])
ADDRESSES = [f"{name}@{domain}.example" for name in ("sales", "support", "x") for domain in ("acme", "globex", "else")]

threads = st.builds(
    ThreadFact,
    id=st.integers(1, 4),
    company=st.just(0),
    record=st.just("lead:12"),
    record_type=TYPES,
    knows_sender=st.booleans(),
    replies_by_sender=st.sampled_from([0, 20]),
    internal=st.booleans(),
    message=st.integers(0, 2),
    token_names_sender=st.booleans(),
).map(lambda thread: replace(thread, company=1 + thread.id % 2))  # a thread has one company
aliases = st.builds(
    AliasFact,
    id=st.integers(1, 3),
    address=st.sampled_from(ADDRESSES),
    company=COMPANIES,
    record_type=TYPES,
    who_may_write=st.sampled_from(WhoMayWrite),
    forced_target=st.sampled_from(["", "lead:12"]),
    forced_thread=st.integers(0, 3),
    created_by_sender=st.sampled_from([0, 5]),
    sender_is_free=st.booleans(),
    takes_automatic=st.booleans(),
)


@st.composite
def recipients(draw: st.DrawFn) -> tuple[Recipient, ...]:
    names = draw(st.lists(st.sampled_from(ADDRESSES), unique=True, max_size=5))
    return tuple(
        Recipient(
            address=name,
            base=name,
            part=draw(st.sampled_from(Part)),
            companies=tuple(draw(st.sets(COMPANIES))),
            alias=draw(st.none() | aliases),
            retired=draw(st.sampled_from(["", "old@acme.example"])),
            token_thread=draw(st.none() | threads),
            token_delivery=draw(st.integers(0, 2)),
            token_problem=draw(st.sampled_from(["", "it is forged."])),
        )
        for name in names
    )


referred_to = st.builds(Referred, message_id=st.sampled_from(["a@b", "c@b"]), thread=threads)
facts_of_any_kind = st.builds(
    Facts,
    recipients=recipients(),
    referred=st.lists(st.builds(Referred, message_id=st.sampled_from(["a@b", "c@b"]), thread=threads), max_size=2).map(
        tuple
    ),
    sender=st.builds(SenderFact, members_of=st.sets(COMPANIES).map(tuple), is_ours=st.booleans()),
    limits=st.builds(Limits, per_alias=st.integers(-1, 5), per_thread=st.integers(-1, 20)),
    from_headers=st.booleans(),
    seen_outbound=st.booleans() | st.just(False),
    echo_of=st.sampled_from(["", "arrival 5"]),
    released=st.booleans(),
    filters=st.lists(
        st.builds(Said, by=st.just("f"), answer=st.sampled_from(Answer), words=st.just("So.")), max_size=2
    ).map(tuple),
)
triages = st.builds(Triage, kind=st.sampled_from(Kind), automatic=st.sampled_from(Automatic), because=st.just("So."))
MAILS = [
    mail(),
    mail(in_reply_to=("new@b",)),
    mail(references=("new@b", "a@b")),
    mail(to=ADDRESSES[:2]),
    mail(cc=ADDRESSES[:4]),
    mail(to=ADDRESSES[2:4], cc=ADDRESSES),
]
mails = st.sampled_from(MAILS)


@given(mails, triages, facts_of_any_kind)
def test_every_recipient_is_answered_exactly_once(of: Mail, triage: Triage, facts: Facts) -> None:
    routing = route(of, triage, facts)
    answered = [address for decision in routing.decisions for address in decision.recipients]
    ours = [r.address for r in facts.recipients if not (facts.from_headers and r.part is Part.FOREIGN)]
    assert sorted(answered) == sorted(ours)
    assert routing.decisions


@given(mails, triages, facts_of_any_kind)
def test_no_two_decisions_have_one_target(of: Mail, triage: Triage, facts: Facts) -> None:
    decisions = route(of, triage, facts).decisions
    keys = [(decision.company, decision.target) for decision in decisions]
    assert len(set(keys)) == len(keys)
    assert all(target and len(target) <= 40 for _, target in keys)


@given(mails, triages, facts_of_any_kind)
def test_everything_says_why(of: Mail, triage: Triage, facts: Facts) -> None:
    routing = route(of, triage, facts)
    assert all(decision.because for decision in routing.decisions)
    assert all(asked.rule and asked.said for asked in routing.trace)
    steps = explain(routing, of, triage, facts)
    assert all(set(step) == {"step", "text"} and step["text"].strip() for step in steps)


@given(mails, triages, facts_of_any_kind, st.randoms(use_true_random=False))
def test_the_order_of_recipients_does_not_matter(of: Mail, triage: Triage, facts: Facts, chance: random.Random) -> None:
    shuffled = [*facts.recipients, *facts.recipients[:1]]  # one of them twice: equals count once
    chance.shuffle(shuffled)
    assert route(of, triage, replace(facts, recipients=tuple(shuffled))) == route(of, triage, facts)


@given(mails, triages, facts_of_any_kind)
def test_nothing_is_posted_or_made_in_a_company_that_was_not_written_to(of: Mail, triage: Triage, facts: Facts) -> None:
    reach = {c for r in facts.recipients for c in (*r.companies, *([r.alias.company] if r.alias else []))}
    for decision in route(of, triage, facts).decisions:
        if isinstance(decision, Reply | Create):
            assert decision.company in reach


@given(mails, triages, facts_of_any_kind, COMPANIES)
def test_what_one_company_is_told_is_what_was_decided_for_it(
    of: Mail, triage: Triage, facts: Facts, company: int
) -> None:
    facts = replace(facts, recipients=tuple(_settled_here(r) for r in facts.recipients))
    routing = route(of, triage, facts)
    own = {(d.target, frozenset(d.recipients)) for d in routing.decisions if d.company == company}
    if own:
        told = route(of, triage, _narrowed(company, routing, facts))
        assert {(d.target, frozenset(d.recipients)) for d in told.decisions} == own


@given(mails, triages, facts_of_any_kind)
def test_a_note_stays_a_note(of: Mail, triage: Triage, facts: Facts) -> None:
    notes = {r.token_thread.id for r in facts.recipients if r.token_thread and r.token_thread.internal}
    for decision in route(of, triage, facts).decisions:
        if isinstance(decision, Reply) and decision.by == "token" and decision.thread in notes:
            tokens = [t for r in facts.recipients if (t := token_thread(r)) and t.id == decision.thread]
            assert decision.internal or not any(t.internal for t in tokens)
        if isinstance(decision, Reply) and decision.standing is Standing.MEMBER:
            assert facts.sender.verified
            assert decision.company in facts.sender.members_of


@given(mails, triages, facts_of_any_kind)
def test_only_a_token_teaches_and_never_an_outsider(of: Mail, triage: Triage, facts: Facts) -> None:
    for decision in route(of, triage, facts).decisions:
        if isinstance(decision, Reply) and decision.learns:
            assert decision.by == "token"
            assert not decision.outsider
            own = {known.message_id for known in facts.referred if known.thread.company == decision.company}
            assert decision.learns not in own


def _settled_here(recipient: Recipient) -> Recipient:
    """At a domain of one company, to which its alias belongs."""
    companies = recipient.companies[:1]
    if recipient.alias is None or not companies:
        return replace(recipient, companies=companies, alias=None)
    return replace(recipient, companies=companies, alias=replace(recipient.alias, company=companies[0]))
