"""The simulator: what may be asked, what DNS tells of the answer, and that silence is never a missing record."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from postroom.conversations.simulator import CannotAsk, Question, ask_dns, question, simulate
from postroom.core.addresses import Address
from postroom.core.sending.facts import DEFAULT_SERVER
from postroom.infra import parameters
from postroom.infra.config import config
from postroom.infra.dns import Limits, Resolver
from postroom.outbound import choice
from tests.support import factory
from tests.support.acme import Acme, make_acme
from tests.support.dns_server import Fault, Records, serving

AMARA, MARY = Address("amara@acme.example", "Amara"), Address("mary@customer.example", "Mary")
TABLE: Records = {
    ("acme.example", "TXT"): ['"v=spf1 a:relay.example include:_spf.google.com -all"'],
    ("_dmarc.acme.example", "TXT"): ['"v=DMARC1; p=reject"'],
    ("relay.example", "A"): ["192.0.2.3"],
    ("google._domainkey.acme.example", "TXT"): ['"v=DKIM1; p=MIIB"'],
}


@pytest.fixture
def acme(db: None) -> Iterator[Acme]:
    parameters.forget()
    choice.forget()
    yield make_acme()
    choice.forget()


def _told(acme: Acme, author: Address, table: Records, **server: Any) -> list[tuple[str, str]]:
    factory.server(acme.company, **{"host": "relay.example", "from_filter": "acme.example", **server})
    choice.forget()
    with serving(table) as there:
        found = ask_dns(simulate(Question(acme.company.pk, author)), Resolver([there.address], Limits(0.3, 1)))
    return [(check.method, check.verdict) for check in found]


def test_dns_vouches_for_the_from_at_the_chosen_server(acme: Acme) -> None:
    assert _told(acme, AMARA, TABLE) == [("SPF", "aligned"), ("DKIM", "cannot be told"), ("DMARC", "aligned")]


def test_a_provider_is_known_by_its_host(acme: Acme) -> None:
    found = _told(acme, AMARA, TABLE, host="smtp-relay.gmail.com")
    assert found == [("SPF", "aligned"), ("DKIM", "aligned"), ("DMARC", "aligned")]


def test_a_form_that_was_filled_in_from_a_provider_may_name_another_host(acme: Acme) -> None:
    table = {**TABLE, ("acme.example", "TXT"): ['"v=spf1 a:relay.example -all"']}
    found = _told(acme, AMARA, table, provider="google-workspace")
    assert found == [("SPF", "aligned"), ("DKIM", "cannot be told"), ("DMARC", "aligned")]


def test_a_from_that_is_kept_by_a_trusted_relay_is_doubted(acme: Acme) -> None:
    table = {**TABLE, ("_dmarc.customer.example", "TXT"): ['"v=DMARC1; p=reject"']}
    found = _told(acme, MARY, table, from_filter="", trusted_relay=True)
    assert found == [("SPF", "not aligned"), ("DKIM", "cannot be told"), ("DMARC", "not aligned")]


def test_what_does_not_stand_there_is_no_record(acme: Acme) -> None:
    bare: Records = {("relay.example", "A"): ["192.0.2.3"]}
    assert _told(acme, AMARA, bare) == [("SPF", "no record"), ("DKIM", "cannot be told"), ("DMARC", "no record")]


@pytest.mark.parametrize("fault", ["SERVFAIL", "SILENT", "REFUSED"])
def test_a_resolver_that_cannot_say_is_not_a_missing_record(acme: Acme, fault: Fault) -> None:
    table: Records = dict.fromkeys(TABLE, fault)
    found = _told(acme, AMARA, table, host="smtp-relay.gmail.com")
    assert found == [("SPF", "could not ask"), ("DKIM", "could not ask"), ("DMARC", "could not ask")]


def test_nothing_is_asked_where_nothing_leaves(acme: Acme) -> None:
    choice_ = simulate(Question(acme.company.pk, AMARA))
    assert choice_.server == DEFAULT_SERVER
    with serving(TABLE) as there:
        assert ask_dns(choice_, Resolver([there.address])) == ()
        assert not there.asked


def test_a_record_that_refers_to_the_default_server_is_judged_by_its_host(
    acme: Acme, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(config(), "outgoing_server", "relay.example")
    found = _told(acme, AMARA, TABLE, authentication="default", host="")
    assert found[0] == ("SPF", "aligned")


def test_the_default_server_is_judged_too(acme: Acme, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config(), "outgoing_server", "relay.example")
    choice.forget()
    with serving(TABLE) as there:
        found = ask_dns(simulate(Question(acme.company.pk, AMARA)), Resolver([there.address]))
    assert [check.verdict for check in found] == ["aligned", "cannot be told", "aligned"]


def test_a_record_brings_the_address_of_its_desk(acme: Acme) -> None:
    record = factory.record(acme.support)
    found = simulate(question(acme.admin, AMARA, record=record.pk))
    assert (found.reply_to, found.reply_tag, found.return_path) == (
        "support@acme.example", "+", "bounce@acme.example",
    )  # fmt: skip
    without = simulate(question(acme.admin, AMARA))
    assert without.reply_to == "catchall@acme.example"
    assert without.trace[-1]["text"] == "Answers go to catchall@acme.example, with a tag of its own for each copy."


def test_without_proof_that_tags_arrive_none_is_promised(acme: Acme) -> None:
    acme.domain.way_in = acme.domain.WayIn.FORWARDED
    acme.domain.save()
    choice.forget()
    found = simulate(question(acme.admin, AMARA))
    assert (found.reply_tag, found.return_tag, found.may_tag) == ("", "", True)
    assert found.trace[-1]["text"] == "Answers go to catchall@acme.example."


def test_the_named_server_is_the_only_candidate(acme: Acme) -> None:
    factory.server(acme.company, "Listed", from_filter="acme.example")
    other = factory.server(acme.company, "Other", from_filter="else.example")
    found = simulate(question(acme.admin, AMARA, server=other.pk))
    assert (found.server_name, found.case, found.admitted) == ("Other", "forced", False)
    assert [(one.name, one.chosen) for one in found.candidates] == [("Other", True)]
    assert simulate(question(acme.admin, AMARA, server=DEFAULT_SERVER)).server == DEFAULT_SERVER


def test_a_writer_lends_name_and_personal_server(acme: Acme) -> None:
    own = factory.server(acme.company, "Hers", from_filter="amara@acme.example", owner=acme.amara)
    found = simulate(question(acme.admin, Address("amara@acme.example"), writer=acme.amara.pk))
    assert (found.server, found.author.name) == (own.pk, "Amara Okafor")


Asking = Callable[[Acme, Acme], dict[str, Any]]


@pytest.mark.parametrize(
    ("field", "asked"),
    [
        ("company", lambda acme, other: {"company": other.company.pk}),
        ("company", lambda acme, other: {"company": 0}),
        ("record", lambda acme, other: {"record": factory.record(other.sales).pk}),
        ("record", lambda acme, other: {"record": 4711}),
        ("user", lambda acme, other: {"writer": other.amara.pk}),
        ("server", lambda acme, other: {"server": factory.server(other.company).pk}),
        ("server", lambda acme, other: {"server": 4711}),
    ],
)
def test_nobody_asks_about_what_is_not_theirs(acme: Acme, field: str, asked: Asking) -> None:
    other = make_acme("Other", "other.example")
    with pytest.raises(CannotAsk) as refused:
        question(acme.admin, AMARA, **asked(acme, other))
    assert refused.value.field == field


def test_a_member_who_manages_no_servers_asks_nothing(acme: Acme) -> None:
    with pytest.raises(CannotAsk):
        question(acme.amara, AMARA, company=acme.company.pk)
