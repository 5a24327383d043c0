"""What the choice of a server is given: rows, parameters, configuration."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from postroom.core.addresses import Address
from postroom.infra import parameters, secrets
from postroom.infra.clock import now
from postroom.infra.config import config
from postroom.infra.models import Parameter
from postroom.outbound import choice
from postroom.outbound.models import OutgoingServer
from tests.support.acme import Acme, make_acme

AMARA = Address("amara@acme.example", "Amara")


@pytest.fixture(autouse=True)
def anew() -> Iterator[None]:
    parameters.forget()
    choice.forget()
    yield
    parameters.forget()
    choice.forget()


def _server(name: str, **fields: Any) -> OutgoingServer:
    return OutgoingServer.objects.create(name=name, host=f"{name.lower()}.example", created_at=now(), **fields)


def _set(key: str, value: str) -> None:
    Parameter.objects.update_or_create(key=key, defaults={"value": value})


def test_without_any_server_the_folder_stands_in_for_one_of_the_own_domain(acme: Acme) -> None:
    found = choice.preview(acme.company.pk, Address("x@elsewhere.example"))
    assert (found.server, found.case, found.admitted) == (0, "default", True)
    assert found.author.email == "notifications@acme.example"
    assert choice.preview(acme.company.pk, Address("amara@acme.example")).author.email == "amara@acme.example"
    assert choice.server_of(0).transport == "outbox"


def test_the_filter_of_the_default_server(acme: Acme, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config(), "from_filter", "elsewhere.example")
    assert choice.preview(acme.company.pk, AMARA).author.email == "notifications@acme.example"
    _set("mail.default.from_filter", "acme.example")
    parameters.forget()
    choice.forget()
    assert choice.preview(acme.company.pk, AMARA).author.email == "amara@acme.example"


def test_the_default_server_is_the_configuration(acme: Acme, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config(), "outgoing_server", "relay.example")
    monkeypatch.setattr(config(), "outgoing_port", 465)
    monkeypatch.setattr(config(), "outgoing_encryption", "tls")
    monkeypatch.setattr(config(), "outgoing_user", "me")
    monkeypatch.setattr(config(), "outgoing_password", "secret")
    found = choice.server_of(0)
    assert (found.transport, found.host, found.port, found.encryption) == ("smtp", "relay.example", 465, "tls")
    assert (found.authentication, found.username, found.password) == ("login", "me", "secret")
    assert not choice.default_server().trusted_relay


def test_own_servers_and_those_of_all_and_nobody_elses(acme: Acme) -> None:
    other = make_acme("Other", "other.example")
    _server("Own", company=acme.company)
    _server("All", from_filter="acme.example, other.example", trusted_relay=True)
    _server("Theirs", company=other.company)
    _server("Amaras", owner=acme.amara, is_active=False)
    known = {one.name: one for one in choice.sending_facts(acme.company.pk).servers}
    assert set(known) == {"Own", "All", "Amaras"}
    assert known["All"].filter == ("acme.example", "other.example")
    assert known["All"].trusted_relay
    assert (known["Amaras"].owner, known["Amaras"].active) == (acme.amara.pk, False)


def test_a_personal_server_is_its_owners(acme: Acme) -> None:
    own = _server("Own", company=acme.company, owner=acme.amara, from_filter="amara@acme.example")
    assert choice.preview(acme.company.pk, AMARA).server == 0
    assert choice.preview(acme.company.pk, AMARA, acme.amara).server == own.pk


@pytest.mark.parametrize(
    ("key", "value", "read"),
    [
        ("mail.force.smtp.from", "one@acme.example", lambda facts: facts.force_from),
        ("mail.dynamic.smtp.from", "two@acme.example", lambda facts: facts.dynamic_from),
    ],
)
def test_parameters(acme: Acme, key: str, value: str, read: Callable[[Any], str]) -> None:
    assert read(choice.sending_facts(acme.company.pk)) in {"", "notifications"}
    _set(key, value)
    parameters.forget()
    choice.forget()
    assert read(choice.sending_facts(acme.company.pk)) == value


def test_a_company_without_a_domain(acme: Acme, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config(), "email_from", "post@host.example")
    acme.domain.company_domains.all().delete()
    facts = choice.sending_facts(acme.company.pk)
    assert (facts.alias_domain, facts.notification, facts.bounce) == ("", "post@host.example", "")


def test_the_domain_with_the_lowest_priority_number_comes_first(acme: Acme) -> None:
    from postroom.domains.models import AliasDomain, CompanyDomain

    first = AliasDomain.objects.create(name="first.example", priority=1)
    CompanyDomain.objects.create(company=acme.company, domain=first)
    assert choice.sending_facts(acme.company.pk).alias_domain == "first.example"
    assert choice.sending_facts(acme.company.pk, acme.domain.pk).bounce == "bounce@acme.example"


def test_a_server_is_reached_with_its_password(acme: Acme) -> None:
    row = _server("Own", company=acme.company, username="me", secret=secrets.encrypt("right"), max_connections=2)
    found = choice.server_of(row.pk)
    assert (found.username, found.password, found.connections, found.transport) == ("me", "right", 2, "smtp")
    assert "right" not in repr(found)
    row.authentication = "none"
    assert choice.reach(row).password == ""


def test_it_is_read_once_in_a_while(acme: Acme, django_assert_num_queries: Callable[[int], Any]) -> None:
    parameters.values()
    places = [(acme.company.pk, None), (acme.company.pk, acme.domain.pk)]
    with django_assert_num_queries(3):
        choice.grounds(places)
    with django_assert_num_queries(0):
        choice.grounds(places)
        choice.sending_facts(acme.company.pk)
