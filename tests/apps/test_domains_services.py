"""Alias domains, aliases and token keys: what may be had, what is given up and still works, who is told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from postroom.core.routing.facts import Part
from postroom.directory.models import Company
from postroom.directory.services import create_company
from postroom.domains import services
from postroom.domains.facts import recipients
from postroom.domains.models import Alias, AliasDomain, CompanyDomain, RetiredAddress, TokenKey
from postroom.domains.services import CannotDo
from postroom.infra.models import Change

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Company:
    return create_company(name="Acme")


@pytest.fixture
def domain(acme: Company) -> AliasDomain:
    return services.create_domain(name="Acme.Example", companies=[acme])


def alias(company: Company, domain: AliasDomain, local: str = "sales") -> Alias:
    return services.create_alias(domain=domain, local_part=local, company=company, record_type="lead")


def users_of(domain: AliasDomain) -> set[str]:
    return set(CompanyDomain.objects.filter(domain=domain).values_list("company__slug", flat=True))


def test_the_first_domain_goes_to_every_company_the_second_to_those_named(acme: Company) -> None:
    other = create_company(name="Other")
    first = services.create_domain(name="first.example", companies=[acme])
    second = services.create_domain(name="second.example", companies=[other])
    assert users_of(first) == {"acme", "other"}
    assert users_of(second) == {"other"}


def test_a_new_company_takes_the_domain_of_the_lowest_priority(domain: AliasDomain) -> None:
    first = services.create_domain(name="first.example", priority=1)
    late = create_company(name="Late")
    assert services.give_first_domain(company=late) == first
    assert users_of(first) == {"late"}


def test_without_a_domain_a_company_takes_none(acme: Company) -> None:
    assert services.give_first_domain(company=acme) is None


@pytest.mark.parametrize("name", ["", "localhost", "not a domain", "a@b.example", "-"])
def test_what_is_no_domain(name: str) -> None:
    with pytest.raises(CannotDo, match="not a domain name"):
        services.create_domain(name=name)


def test_a_domain_is_kept_in_one_form(domain: AliasDomain) -> None:
    assert domain.name == "acme.example"
    assert services.create_domain(name="bücher.example.").name == "xn--bcher-kva.example"
    with pytest.raises(CannotDo, match="there already"):
        services.create_domain(name="ACME.example")


def test_two_companies_may_share_a_name_with_service_addresses_of_their_own(domain: AliasDomain) -> None:
    second = services.create_domain(name="acme.example", bounce="b2", catchall="c2")
    assert second.pk != domain.pk


@pytest.mark.parametrize(
    ("local", "words"),
    [
        ("bounce", "service address"),
        ("catchall", "service address"),
        ("notifications", "service address"),
        ("postmaster", "service address"),
        ("Abuse", "service address"),
        ("a" * 40, "too long"),
        ("two words", "cannot stand"),
        ("a+b", "cannot stand"),
        ("", "cannot stand"),
        ("Sales", "alias already"),
    ],
)
def test_what_an_alias_cannot_be(acme: Company, domain: AliasDomain, local: str, words: str) -> None:
    alias(acme, domain)
    with pytest.raises(CannotDo, match=words):
        alias(acme, domain, local)
    assert Alias.objects.count() == 1


def test_an_alias_stands_at_a_domain_that_its_company_uses(domain: AliasDomain) -> None:
    with pytest.raises(CannotDo, match="does not use"):
        alias(create_company(name="Other"), domain)


def test_a_renamed_alias_is_reached_by_both_names(acme: Company, domain: AliasDomain) -> None:
    sales = alias(acme, domain)
    services.rename_alias(alias=sales, local_part="hello")
    found = recipients(["sales@acme.example", "hello@acme.example"])
    assert [one.alias for one in found.values()] == [sales, sales]
    assert found["sales@acme.example"].retired


def test_a_retired_name_is_not_given_away_for_180_days(acme: Company, domain: AliasDomain) -> None:
    services.rename_alias(alias=alias(acme, domain), local_part="hello")
    with pytest.raises(CannotDo, match="still routes"):
        alias(acme, domain, "sales")
    retired = RetiredAddress.objects.get()
    assert retired.free_from - retired.retired_at == timedelta(days=180)
    RetiredAddress.objects.update(free_from=retired.retired_at)
    assert recipients(["sales@acme.example"])["sales@acme.example"].alias != alias(acme, domain, "sales")
    assert not RetiredAddress.objects.exists()


def test_an_alias_may_take_its_own_old_name_back(acme: Company, domain: AliasDomain) -> None:
    sales = alias(acme, domain)
    services.rename_alias(alias=sales, local_part="hello")
    services.rename_alias(alias=sales, local_part="sales")
    assert sales.address == "sales@acme.example"
    assert [row.local_part for row in RetiredAddress.objects.all()] == ["hello"]


def test_renaming_to_the_same_name_changes_nothing(acme: Company, domain: AliasDomain) -> None:
    services.rename_alias(alias=alias(acme, domain), local_part="SALES")
    assert not RetiredAddress.objects.exists()


@pytest.mark.parametrize("part", [Part.BOUNCE, Part.CATCHALL, Part.NOTIFICATIONS])
def test_a_renamed_service_address_is_reached_by_both_names(domain: AliasDomain, part: Part) -> None:
    old = {Part.BOUNCE: "bounce", Part.CATCHALL: "catchall", Part.NOTIFICATIONS: "notifications"}[part]
    services.rename_service(domain=domain, part=part, name="new-name")
    found = recipients([f"{old}@acme.example", "new-name@acme.example"])
    assert [one.part for one in found.values()] == [part, part]


def test_only_service_addresses_are_renamed_as_such(domain: AliasDomain) -> None:
    with pytest.raises(CannotDo, match="no service address"):
        services.rename_service(domain=domain, part=Part.ALIAS, name="x")


def test_every_address_of_a_renamed_domain_goes_on_working(acme: Company, domain: AliasDomain) -> None:
    sales = alias(acme, domain)
    services.rename_domain(domain=domain, name="acme.test")
    old = [f"{local}@acme.example" for local in ("sales", "bounce", "catchall", "notifications")]
    found = recipients([*old, "sales@acme.test"])
    parts = [Part.ALIAS, Part.BOUNCE, Part.CATCHALL, Part.NOTIFICATIONS, Part.ALIAS]
    assert [one.part for one in found.values()] == parts
    assert found["sales@acme.example"].alias == sales
    with pytest.raises(CannotDo, match="there already"):
        services.rename_domain(domain=services.create_domain(name="other.example"), name="acme.test")


def test_every_change_of_an_address_is_told(acme: Company, domain: AliasDomain) -> None:
    other = create_company(name="Other")
    sales = alias(acme, domain)
    verbs: list[Callable[[], object]] = [
        lambda: alias(acme, domain, "help"),
        lambda: services.rename_alias(alias=sales, local_part="hello"),
        lambda: services.rename_service(domain=domain, part=Part.BOUNCE, name="returns"),
        lambda: services.share_domain(domain=domain, company=other),
        lambda: services.rename_domain(domain=domain, name="acme.test"),
        lambda: services.create_domain(name="second.example"),
    ]
    for verb in verbs:
        before = Change.objects.filter(topic="addresses").count()
        verb()
        assert Change.objects.filter(topic="addresses").count() == before + 1


def test_the_first_token_key_is_made_once() -> None:
    first = services.ensure_token_key()
    assert services.ensure_token_key() == first
    assert first.number == 0
    assert len(bytes(first.secret)) >= 32


def test_a_new_token_key_leaves_the_old_ones_to_verify() -> None:
    first = services.ensure_token_key()
    second = services.rotate_token_key()
    assert services.ensure_token_key() == second
    assert (second.number, bytes(second.secret) == bytes(first.secret)) == (1, False)
    assert TokenKey.objects.get(number=0).retired_at is not None


def test_sixteen_token_keys_are_all() -> None:
    for _ in range(16):
        services.rotate_token_key()
    with pytest.raises(CannotDo, match="used up"):
        services.rotate_token_key()
    assert services.ensure_token_key().number == 15
