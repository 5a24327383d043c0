"""What holds for any author and any company, however odd: total, the same in any order of servers, explained."""

from __future__ import annotations

import random
from dataclasses import replace

from hypothesis import example, given, settings
from hypothesis import strategies as st

from postroom.core.addresses import Address, normalise
from postroom.core.sending.envelope import may_send
from postroom.core.sending.explain import MOST_SERVERS
from postroom.core.sending.facts import DEFAULT_SERVER, Choice, SendingFacts, ServerFact
from postroom.core.sending.from_filter import MOST_ITEMS, admits, filter_problems, parse_filter
from postroom.core.sending.from_rewrite import address_to_send_as, encapsulate
from postroom.core.sending.references import LAST, extend
from postroom.core.sending.reply_to import LONGEST_FIELD, reply_address, reply_mailbox
from postroom.core.sending.search import CASES, candidates
from postroom.core.sending.server_choice import choose_server
from postroom.core.subaddress import MAX_LOCAL

ODD = [
    "", " ", "@", "anna", "anna@", "@acme.example", "anna@acme.example", "ANNA@Acme.Example", "bob@customer.example",
    "eva@müller.example", "eva@xn--mller-kva.example", "x@xn--\u0080.example", "łucja@müller.example", "a@b@c.example",
    "notifications@acme.example", "bounce@acme.example", "anna@acme.example\r\nBcc: x@y.example", "\ud800@acme.example",
    '"a b"@acme.example', "x@[192.0.2.1]", "acme.example", "müller.example", "anna@acme.example,",
    "a" * 70 + "@b.example", "x@" + "d" * 1000, "\x00", "<anna@acme.example>", "anna@acme.example.",
]  # fmt: skip
LIKELY = [
    "anna@acme.example",
    "acme.example",
    "notifications@acme.example",
    "bob@customer.example",
    "eva@müller.example",
]
# Lone surrogates and controls too.
texts = st.sampled_from(LIKELY) | st.sampled_from(ODD) | st.text(st.characters(), max_size=12)
names = st.sampled_from(["", "A", "a", "B", "Relay", "\ud800", 'Anna "A" <x@y.example>']) | st.text(max_size=5)
likely = st.sampled_from(LIKELY)
filters = (st.lists(likely, max_size=2) | st.lists(texts, max_size=3)).map(",".join).map(parse_filter)
users = st.sampled_from([0, 7, 8])
# Ids and priorities are few, so that rows share them.
servers = st.builds(
    ServerFact,
    id=st.integers(0, 4),
    name=names,
    priority=st.sampled_from([-1, 10, 10**30]),
    filter=st.just(()) | filters,
    owner=users,
    active=st.sampled_from([True, True, False]),
    trusted_relay=st.sampled_from([False, False, True]),
)
worlds = st.builds(
    SendingFacts,
    servers=st.lists(servers, max_size=6).map(tuple),
    default=st.none() | servers.map(lambda one: replace(one, id=DEFAULT_SERVER, owner=0)),
    alias_domain=st.sampled_from(["acme.example", "müller.example", ""]) | texts,
    default_from=st.sampled_from(["notifications", ""]) | texts,
    bounce=texts,
    force_from=st.just("") | texts,
    dynamic_from=st.just("") | texts,
    author_user=users,
    forced_server=st.none() | st.integers(-1, 5),
)
authors = st.builds(Address, likely | texts, names)


def apart(facts: SendingFacts) -> SendingFacts:
    """The same world, where no two servers share their id or name."""
    told = [replace(one, id=number, name=f"Server-{number}.") for number, one in enumerate(facts.servers, 1)]
    return replace(facts, servers=tuple(told), default=facts.default and replace(facts.default, name="Default"))


clear_worlds = worlds.map(apart)


def chosen(choice: Choice, facts: SendingFacts) -> list[ServerFact]:
    """The servers that the choice may mean: ids can be shared, and the default server has one too."""
    known = [*facts.servers, *filter(None, [facts.default])]
    return [one for one in known if (one.id, one.name) == (choice.server, choice.server_name)]


@given(authors, worlds)
def test_every_question_has_an_answer_and_always_the_same(author: Address, facts: SendingFacts) -> None:
    choice = choose_server(author, facts)
    assert choose_server(author, facts) == choice
    assert choice.case in CASES
    assert (choice.server is None) is (choice.case == "none")
    assert choice.server is None or chosen(choice, facts)
    assert choice.because
    assert normalise(choice.author.email) == choice.author.email


@given(authors, worlds, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(author: Address, facts: SendingFacts, chance: random.Random) -> None:
    shuffled = tuple(chance.sample(facts.servers, len(facts.servers)))
    assert choose_server(author, replace(facts, servers=shuffled)) == choose_server(author, facts)


@given(authors, worlds, st.randoms(use_true_random=False))
def test_the_order_of_servers_alike_in_all_but_the_id_is_that_of_the_ids(
    author: Address, facts: SendingFacts, chance: random.Random
) -> None:
    twins = [replace(one, id=number, name="Twin", priority=10) for number, one in enumerate(facts.servers, 1)]
    shuffled = tuple(chance.sample(twins, len(twins)))
    known = replace(facts, servers=tuple(twins), forced_server=None)
    assert [one.id for one in candidates(known)] == sorted(one.id for one in candidates(known))
    assert choose_server(author, replace(known, servers=shuffled)) == choose_server(author, known)


@given(authors, clear_worlds)
def test_what_is_called_admitted_is_admitted(author: Address, facts: SendingFacts) -> None:
    choice = choose_server(author, facts)
    if choice.admitted:
        assert choice.author.email
        assert any(may_send(one, choice.author.email) for one in chosen(choice, facts))
    elif choice.author.email and choice.case != "none":
        assert any(not may_send(one, choice.author.email) for one in chosen(choice, facts))


@given(authors, clear_worlds)
def test_an_archived_server_is_never_taken(author: Address, facts: SendingFacts) -> None:
    choice = choose_server(author, facts)
    assert choice.case == "none" or any(one.active for one in chosen(choice, facts))


@given(authors, clear_worlds)
def test_a_personal_server_sends_its_owners_listed_address_only(author: Address, facts: SendingFacts) -> None:
    own = replace(facts, servers=tuple(replace(one, owner=one.owner or 9) for one in facts.servers))
    choice = choose_server(author, own)
    taken = [one for one in chosen(choice, own) if one.owner]
    if choice.case in {"default", "none"} or (choice.case == "forced" and choice.server == DEFAULT_SERVER):
        return
    assert any(one.owner == facts.author_user and admits(one.filter, choice.author.email) for one in taken)


@given(authors, clear_worlds, st.data())
def test_a_forced_server_is_taken_or_the_trace_says_why_not(
    author: Address, facts: SendingFacts, data: st.DataObject
) -> None:
    wanted = data.draw(st.sampled_from([*facts.servers, ServerFact(DEFAULT_SERVER, "Default")]))
    asked = replace(facts, forced_server=wanted.id)
    choice = choose_server(author, asked)
    if choice.case == "forced":
        assert choice.server == wanted.id
        assert [one.server for one in choice.candidates if one.chosen] == [wanted.id]
        assert len(choice.candidates) == 1
        (taken,) = chosen(choice, asked)
        assert taken.active
        assert not taken.owner or (taken.owner == facts.author_user and admits(taken.filter, choice.author.email))
        return
    searched = choose_server(author, replace(facts, forced_server=None))
    refusals = [step["text"] for step in choice.trace if step["step"] == "forced server"]
    assert len(refusals) == 1
    assert replace(choice, trace=()) == replace(searched, trace=())
    known = facts.default if wanted.id == DEFAULT_SERVER else wanted
    assert not (known and known.active and not known.owner)


@given(authors, clear_worlds)
def test_a_stranger_is_told_nothing_about_somebody_elses_server(author: Address, facts: SendingFacts) -> None:
    hidden = ServerFact(77, "Somebody's own", filter=("anna@acme.example", "acme.example"), owner=99)
    choice = choose_server(author, replace(facts, servers=(*facts.servers, hidden)))
    assert choice == choose_server(author, facts)
    forced = choose_server(author, replace(facts, servers=(*facts.servers, hidden), forced_server=77))
    assert hidden.name not in repr(forced)


@given(authors, worlds)
def test_from_is_the_authors_or_one_that_the_settings_name(author: Address, facts: SendingFacts) -> None:
    choice = choose_server(author, facts)
    named = {facts.notification, facts.force_from, facts.default_from, facts.dynamic_from}
    assert choice.author.email in {normalise(one) for one in {author.email, *named}} | {""}
    if author.name:
        assert choice.author.name == author.name
    elif choice.author.email != normalise(author.email):
        assert choice.author.name == normalise(author.email).rpartition("@")[0]


@settings(max_examples=300)
@given(authors, clear_worlds)
def test_a_from_that_a_filter_lists_is_kept(author: Address, facts: SendingFacts) -> None:
    facts = replace(facts, forced_server=None)
    choice = choose_server(author, facts)
    if choice.case in {"address", "domain"}:
        assert choice.author == address_to_send_as(author, facts)[0]
        assert any(admits(one.filter, choice.author.email) == choice.case for one in chosen(choice, facts))
    elif choice.case not in {"forced", "default", "none"}:
        sender = address_to_send_as(author, facts)[0]
        assert not any(admits(one.filter, sender.email) for one in candidates(facts))


@given(authors, clear_worlds)
def test_a_token_goes_into_the_bounce_address_only_and_only_where_it_may_be_sent(
    author: Address, facts: SendingFacts
) -> None:
    choice = choose_server(author, facts)
    if choice.may_tag:
        assert choice.return_path == normalise(facts.bounce) != ""
        assert any(may_send(one, choice.return_path) for one in chosen(choice, facts))
    else:
        assert choice.return_path == choice.author.email


@given(authors, clear_worlds)
def test_the_trace_names_every_candidate_once_with_a_reason(author: Address, facts: SendingFacts) -> None:
    facts = replace(facts, forced_server=None)
    choice = choose_server(author, facts)
    told = [step["text"] for step in choice.trace if step["step"] == "server"]
    lines = [line for line in told if not line.startswith("Archived and not asked: ")]
    default = [facts.default] if choice.case == "default" and facts.default else []
    asked = [*candidates(facts), *default]
    assert len(lines) == len(asked)
    for server, line in zip(asked, lines, strict=True):
        name, reason = line[: len(server.name)], line[len(server.name) :]
        assert name == server.name
        assert reason.startswith(": ")
        assert len(reason) > len(": .")
    assert all("chosen" not in line for line in lines if not line.startswith(choice.server_name or "-"))


@given(authors, worlds)
def test_the_trace_begins_with_the_from_and_ends_with_what_comes_back(author: Address, facts: SendingFacts) -> None:
    steps = [step["step"] for step in choose_server(author, facts).trace]
    assert steps[0] == "from"
    assert steps[-3:] == ["choice", "return path", "reply to"]
    assert set(steps) <= {"from", "forced server", "server", "choice", "return path", "reply to"}


@given(st.integers(0, 100))
def test_a_trace_never_outgrows(count: int) -> None:
    many = SendingFacts(servers=tuple(ServerFact(n, f"S{n}") for n in range(1, count + 1)))
    told = [step["text"] for step in choose_server(Address("a@b.example"), many).trace if step["step"] == "server"]
    assert len(told) == min(count, MOST_SERVERS + 1)
    if count > MOST_SERVERS:
        assert told[-1] == f"{count - MOST_SERVERS} more servers were asked."


# --- the parts


@given(authors, texts)
def test_another_address_never_costs_the_name(author: Address, email: str) -> None:
    given_one = encapsulate(author, email)
    assert given_one.email == email
    assert given_one.name == (author.name if author.name or author.email == email else author.local)
    assert encapsulate(given_one, email) == given_one


@given(st.text(st.characters(), max_size=60) | st.lists(texts, max_size=5).map(";".join))
def test_a_filter_that_says_anything_admits_not_everybody(typed: str) -> None:
    items = parse_filter(typed)
    assert bool(items) is bool(typed.replace(",", " ").replace(";", " ").split())
    assert parse_filter(",".join(items)) == items
    assert len(set(items)) == len(items) <= MOST_ITEMS
    assert len(filter_problems(typed)) <= len(typed)


@given(texts, filters)
def test_a_filter_admits_what_it_lists(email: str, items: tuple[str, ...]) -> None:
    address = normalise(email)
    how = admits(items, address)
    assert (how == "address") is (address != "" and address in items)
    assert (how == "domain") is (how != "address" and address != "" and address.rpartition("@")[2] in items)


ids = st.integers(0, 60).map(lambda n: f"{n}@x.example")


@given(st.lists(ids | st.just(""), max_size=80), ids)
@example([f"{n}@x.example" for n in range(60)], "30@x.example")
def test_references_keep_their_beginning_and_their_end(references: list[str], new_id: str) -> None:
    grown = extend(references, new_id)
    known = list(dict.fromkeys(filter(None, [*references, new_id])))
    assert len(set(grown)) == len(grown) == min(len(known), LAST + 1)
    assert grown[0] == known[0]
    assert new_id in grown
    assert set(grown) - {new_id} <= {known[0], *known[-LAST:]}


@given(st.lists(ids, max_size=200))
def test_references_that_are_grown_one_by_one_are_those_of_the_whole(all_ids: list[str]) -> None:
    grown: list[str] = []
    for one in all_ids:
        grown = extend(grown, one)
        assert len(grown) <= LAST + 1
        assert one in grown
    assert grown[:1] == all_ids[:1]


@given(ids)
def test_a_loop_of_answers_adds_nothing(one: str) -> None:
    assert extend(extend([one], one), one) == [one]
    assert extend([one], "") == [one]


locals_ = st.text(st.characters(exclude_characters="@"), max_size=70) | st.sampled_from(["sales", "é" * 40, "a" * 39])
bases = st.builds(lambda local, domain: f"{local}@{domain}", locals_, st.sampled_from(["acme.example", "b.example"]))
separators = st.sampled_from(["+", "-", "=", ""])
TOKEN = "ab" * 12


@given(bases | texts, separators, bases | texts)
@example("\ud800@acme.example", "+", "")
def test_a_reply_address_carries_the_token_or_is_the_base(base: str, separator: str, catchall: str) -> None:
    address = reply_address(base, TOKEN, separator, catchall)
    local, _, domain = address.rpartition("@")
    if address == base:
        return
    assert separator
    assert local.endswith(separator + TOKEN)
    assert len(local.encode("utf-8", "replace")) <= MAX_LOCAL == 64
    assert domain in {base.rpartition("@")[2], catchall.rpartition("@")[2]}
    assert local.removesuffix(separator + TOKEN) in {base.rpartition("@")[0], catchall.rpartition("@")[0]}


@given(st.integers(1, 64), separators)
def test_up_to_39_characters_have_room_for_a_token(length: int, separator: str) -> None:
    base, catchall = f"{'a' * length}@acme.example", "catchall@acme.example"
    address = reply_address(base, TOKEN, separator, catchall)
    if not separator:
        assert address == base
    elif length <= 39:
        assert address == f"{'a' * length}{separator}{TOKEN}@acme.example"
    else:
        assert address == f"catchall{separator}{TOKEN}@acme.example"
        assert reply_address(base, TOKEN, separator) == base


@given(st.text(max_size=80), bases)
def test_a_reply_mailbox_is_short_or_has_no_name(name: str, email: str) -> None:
    box = reply_mailbox(name, email)
    assert box.email == email
    assert box.name in {name, ""}
    assert not box.name or len(f'"{box.name}" <{email}>') <= LONGEST_FIELD
