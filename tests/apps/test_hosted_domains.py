"""The subdomain of a hosted company: there at once, its own, working, and nobody else's."""

from __future__ import annotations

import pytest

from postroom.core.addresses import Address
from postroom.core.routing.facts import Part
from postroom.core.sending.server_choice import choose_server
from postroom.directory.companies import CompanyFields
from postroom.directory.models import Company, User
from postroom.directory.services import create_company
from postroom.domains import facts, hosting, managing, services
from postroom.domains.companies import add_company
from postroom.domains.managing import CannotSave, DomainFields
from postroom.domains.models import Alias, AliasDomain, CompanyDomain
from postroom.domains.services import CannotDo
from postroom.inbound.listener.address_table import read_table
from postroom.inbound.models import Route
from postroom.infra.config import config
from postroom.outbound import choice
from postroom.records.founding import ensure_company, ensure_domain
from postroom.records.models import Record
from tests.support import factory
from tests.support.acme import arrival, letter, take_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def hosted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config(), "hosted_domain", "host.example")
    choice.forget()


@pytest.fixture
def operator() -> User:
    return factory.user("op", is_operator=True)


@pytest.fixture
def acme(operator: User) -> Company:
    return add_company(user=operator, fields=CompanyFields("Acme"))


@pytest.fixture
def ada(acme: Company) -> User:
    return factory.user("ada", {acme: "administrator"})


@pytest.fixture
def own(acme: Company) -> AliasDomain:
    return AliasDomain.objects.get(name="acme.host.example")


def names(company: Company) -> list[str]:
    return list(CompanyDomain.objects.filter(company=company).values_list("domain__name", flat=True))


def edited(domain: AliasDomain, **changed: object) -> DomainFields:
    known = {name: getattr(managing.fields_of(domain), name) for name in DomainFields.__slots__}
    return DomainFields(**{**known, **changed})


def test_a_new_company_has_its_own_and_no_other(acme: Company, operator: User) -> None:
    globex = add_company(user=operator, fields=CompanyFields("Globex & Sons"))
    assert names(acme) == ["acme.host.example"]
    assert names(globex) == ["globex-sons.host.example"]


def test_nobody_hosted_gets_none(monkeypatch: pytest.MonkeyPatch, operator: User) -> None:
    monkeypatch.setattr(config(), "hosted_domain", "")
    assert names(add_company(user=operator, fields=CompanyFields("Acme"))) == []
    assert hosting.ensure_all() == 0


def test_the_first_company_has_one_too() -> None:
    company, _ = ensure_company("Acme")
    assert names(company) == ["acme.host.example"]
    ensure_domain("acme.example", company)
    assert names(company) == ["acme.host.example", "acme.example"]


def test_those_who_were_there_before_get_theirs_at_the_next_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config(), "hosted_domain", "")
    one, two = create_company(name="One"), create_company(name="Two")
    monkeypatch.setattr(config(), "hosted_domain", "Host.Example.")
    assert hosting.ensure_all() == 2
    assert hosting.ensure_all() == 0
    assert [names(one), names(two)] == [["one.host.example"], ["two.host.example"]]


@pytest.mark.parametrize(
    ("local", "part"),
    [
        ("catchall", Part.CATCHALL),
        ("bounce", Part.BOUNCE),
        ("notifications", Part.NOTIFICATIONS),
        ("postmaster", Part.POSTMASTER),
        ("nobody", Part.UNKNOWN),
    ],
)
def test_its_service_addresses_work_at_once(acme: Company, local: str, part: Part) -> None:
    address = f"{local}@acme.host.example"
    known = facts.recipients([address])[address]
    assert (known.part, known.companies) == (part, (acme.pk,))
    assert read_table().knows(address) == (part is not Part.UNKNOWN)


def test_mail_leaves_under_it_until_the_company_brings_its_own_domain(acme: Company, ada: User) -> None:
    ground = choice.grounds([(acme.pk, None)])[acme.pk, None]
    assert (ground.alias_domain, ground.default_from) == ("acme.host.example", "notifications")
    assert ground.bounce == "bounce@acme.host.example"
    assert ground.tag == "+"  # mail comes to our own listener, so tags are used at once
    managing.add_domain(user=ada, fields=DomainFields(name="acme.example"), companies=[acme.pk])
    choice.forget()
    assert choice.grounds([(acme.pk, None)])[acme.pk, None].alias_domain == "acme.example"


def test_a_domain_that_a_company_brings_is_for_that_company(acme: Company, operator: User) -> None:
    """Elsewhere the first domain of all goes to every company."""
    globex = add_company(user=operator, fields=CompanyFields("Globex"))
    AliasDomain.objects.all().delete()
    services.create_domain(name="acme.example", companies=[acme])
    assert names(acme) == ["acme.example"]
    assert names(globex) == []
    assert not managing.goes_to_all()


def test_every_alias_answers_there(acme: Company, ada: User, operator: User) -> None:
    domain = managing.add_domain(user=ada, fields=DomainFields(name="acme.example"), companies=[acme.pk])
    sales = factory.desk(acme, local_part="sales").alias
    assert sales is not None
    Alias.objects.filter(pk=sales.pk).update(domain=domain)
    for address in ("sales@acme.host.example", "Sales+tag@ACME.host.example"):
        known = facts.recipients([address])[address]
        assert known.alias == sales
        assert known.base == "sales@acme.host.example"
        assert read_table().knows(address)
    add_company(user=operator, fields=CompanyFields("Globex"))
    assert facts.recipients(["sales@globex.host.example"])["sales@globex.host.example"].part is Part.UNKNOWN
    assert not read_table().knows("sales@globex.host.example")
    sales.refresh_from_db()
    services.rename_alias(alias=sales, local_part="hello")
    for local in ("sales", "hello"):  # an address that was given up is redirected as long as it routes
        assert facts.recipients([f"{local}@acme.host.example"])[f"{local}@acme.host.example"].alias == sales
        assert read_table().knows(f"{local}@acme.host.example")


def test_an_alias_of_its_own_goes_before_one_that_is_redirected(acme: Company, ada: User, own: AliasDomain) -> None:
    domain = managing.add_domain(user=ada, fields=DomainFields(name="acme.example"), companies=[acme.pk])
    there = services.create_alias(domain=domain, local_part="sales", company=acme, record_type="lead")
    here = services.create_alias(domain=own, local_part="sales", company=acme, record_type="ticket")
    found = facts.recipients(["sales@acme.host.example", "sales@acme.example"])
    assert found["sales@acme.host.example"].alias == here
    assert found["sales@acme.example"].alias == there


def test_a_redirected_mail_makes_a_record(acme: Company, ada: User) -> None:
    desk = factory.desk(acme, local_part="sales")
    assert desk.alias is not None
    assert desk.alias.address == "sales@acme.example"
    take_in(arrival(letter(), "sales@acme.host.example"))
    assert Record.objects.get().company == acme
    assert Route.objects.get().target == f"alias:{desk.alias.pk}"


@pytest.mark.parametrize("name", ["globex.host.example", "a.b.host.example", "host.example"])
def test_names_below_the_operators_are_nobodys_to_take(acme: Company, ada: User, name: str) -> None:
    with pytest.raises(CannotSave) as caught:
        managing.add_domain(user=ada, fields=DomainFields(name=name), companies=[acme.pk])
    assert set(caught.value.problems) == {"name"}
    domain = managing.add_domain(user=ada, fields=DomainFields(name="acme.example"), companies=[acme.pk])
    with pytest.raises(CannotSave):
        managing.edit_domain(user=ada, domain_id=domain.pk, fields=edited(domain, name=name))


def test_the_operator_may_use_the_domain_itself(acme: Company, operator: User) -> None:
    managing.add_domain(user=operator, fields=DomainFields(name="host.example"), companies=[acme.pk])
    with pytest.raises(CannotSave, match="to nobody else"):
        managing.add_domain(user=operator, fields=DomainFields(name="new.host.example"), companies=[acme.pk])


def test_it_keeps_its_name_and_its_company(acme: Company, ada: User, operator: User, own: AliasDomain) -> None:
    globex = add_company(user=operator, fields=CompanyFields("Globex"))
    with pytest.raises(CannotSave, match="keeps its name"):
        managing.edit_domain(user=ada, domain_id=own.pk, fields=edited(own, name="acme.example"))
    with pytest.raises(CannotDo, match="stays with it"):
        managing.remove_domain(user=ada, domain_id=own.pk)
    with pytest.raises(CannotDo, match="stays with it"):
        managing.unshare(user=operator, domain_id=own.pk, company_id=acme.pk)
    with pytest.raises(CannotDo, match="whose short name it carries"):
        managing.share(user=operator, domain_id=own.pk, company_id=globex.pk)
    managing.edit_domain(user=ada, domain_id=own.pk, fields=edited(own, catchall="all", priority=5))
    own.refresh_from_db()
    assert (own.catchall, own.priority) == ("all", 5)
    assert names(globex) == ["globex.host.example"]


@pytest.mark.parametrize(
    ("author", "admitted", "sent_as"),
    [
        ("ada@acme.host.example", True, "ada@acme.host.example"),
        ("ada@customer.example", True, "notifications@acme.host.example"),
        ("bob@globex.host.example", True, "notifications@acme.host.example"),
    ],
)
def test_the_operators_server_sends_for_the_subdomain_of_each_and_of_no_other(
    monkeypatch: pytest.MonkeyPatch, operator: User, acme: Company, author: str, admitted: bool, sent_as: str
) -> None:
    monkeypatch.setattr(config(), "outgoing_server", "relay.host.example")
    monkeypatch.setattr(config(), "from_filter", "host.example")
    add_company(user=operator, fields=CompanyFields("Globex"))
    choice.forget()
    ground = choice.grounds([(acme.pk, None)])[acme.pk, None]
    made = choose_server(Address(author, "Ada"), ground)
    assert (made.admitted, made.author.email) == (admitted, sent_as)
    assert made.return_path == "bounce@acme.host.example"
