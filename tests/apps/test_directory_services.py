"""Companies, users, contacts, tokens: made as asked, or refused in words."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth import authenticate

from postroom.directory import services
from postroom.directory.access import companies
from postroom.directory.models import ApiToken, Company, Contact, ContactAddress, Membership, User
from postroom.directory.roles import Permission, Role
from postroom.directory.selectors import living_token
from postroom.directory.services import CannotDo
from postroom.infra.clock import now

pytestmark = pytest.mark.django_db

PASSWORD = "a long enough phrase"


def make_user(company: Company, username: str = "Amara", **changes: object) -> User:
    values = {"name": "Amara Okafor", "email": "Amara@Acme.example", "password": PASSWORD, **changes}
    return services.create_user(username=username, company=company, **values)  # type: ignore[arg-type]


@pytest.fixture
def acme() -> Company:
    return services.create_company(name="Acme")


@pytest.mark.parametrize(
    ("name", "slug"),
    [("Acme", "acme"), ("Norrgård Logistik AB", "norrgard-logistik-ab"), ("  A & B  ", "a-b"), ("x" * 90, "x" * 60)],
)
def test_a_company_gets_a_short_name(name: str, slug: str) -> None:
    assert services.create_company(name=name).slug == slug


def test_two_companies_need_two_short_names(acme: Company) -> None:
    with pytest.raises(CannotDo, match="acme already"):
        services.create_company(name="ACME")
    with pytest.raises(CannotDo, match="short name"):
        services.create_company(name="湊配送")


def test_a_user_signs_in_and_has_a_contact_of_their_own(acme: Company) -> None:
    user = make_user(acme)
    assert authenticate(username="amara", password=PASSWORD) == user
    assert user.email == "amara@acme.example"
    contact = Contact.objects.get(company=acme, user=user)
    assert contact.addresses.get().email == "amara@acme.example"
    assert companies(user, Permission.RECORDS_READ) == {acme.pk}
    assert not companies(user, Permission.ARRIVALS_READ)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"username": "no spaces"}, "no user name"),
        ({"username": ""}, "no user name"),
        ({"email": "nobody"}, "not a mail address"),
        ({"password": "short"}, "too short"),
        ({"password": "password123"}, "too common"),
        ({"role": "emperor"}, "no role"),
    ],
)
def test_what_a_user_cannot_be(acme: Company, changes: dict[str, str], words: str) -> None:
    with pytest.raises(CannotDo, match=words):
        make_user(acme, **changes)
    assert not User.objects.exists()
    assert not Contact.objects.exists()


def test_a_user_name_is_taken_whatever_its_case(acme: Company) -> None:
    make_user(acme)
    with pytest.raises(CannotDo, match="amara already"):
        make_user(acme, "AMARA")


def test_joining_twice_changes_the_role_and_doubles_nothing(acme: Company) -> None:
    user = make_user(acme)
    services.join(user=user, company=acme, role=Role.ADMINISTRATOR)
    assert [m.role for m in Membership.objects.filter(user=user)] == [Role.ADMINISTRATOR]
    assert Contact.objects.count() == 1


def test_a_contact_that_wrote_before_becomes_the_user(acme: Company) -> None:
    known = services.create_contact(company=acme, name="Amara", emails=["amara@acme.example"])
    user = make_user(acme)
    known.refresh_from_db()
    assert known.user == user


def test_a_contact_has_several_addresses_the_first_one_primary(acme: Company) -> None:
    contact = services.create_contact(company=acme, name="Hanna", emails=["H@n.example", "h2@n.example", "h@N.example"])
    rows = ContactAddress.objects.filter(contact=contact).order_by("-primary")
    assert [(row.email, row.primary) for row in rows] == [("h@n.example", True), ("h2@n.example", False)]


def test_an_address_is_one_contact_of_a_company_and_another_elsewhere(acme: Company) -> None:
    services.create_contact(company=acme, name="Hanna", emails=["h@n.example"])
    with pytest.raises(CannotDo, match="of Acme has"):
        services.create_contact(company=acme, name="Other", emails=["H@n.example"])
    other = services.create_company(name="Other")
    assert services.create_contact(company=other, name="Hanna", emails=["h@n.example"]).company == other


def test_a_new_password_counts_at_once(acme: Company) -> None:
    user = make_user(acme)
    services.set_password(user=user, password="quite another phrase")
    assert authenticate(username="amara", password=PASSWORD) is None
    assert authenticate(username="amara", password="quite another phrase") == user
    with pytest.raises(CannotDo, match="too short"):
        services.set_password(user=user, password="short")


def test_a_deactivated_user_comes_in_by_no_way(acme: Company) -> None:
    user = make_user(acme)
    secret = services.create_token(user=user, name="t").secret
    services.deactivate_user(user=user)
    assert authenticate(username="amara", password=PASSWORD) is None
    assert living_token(secret, now()) is None
    user.refresh_from_db()
    with pytest.raises(CannotDo, match="deactivated"):
        services.create_token(user=user, name="t")


def test_only_the_digest_of_a_token_is_kept(acme: Company) -> None:
    made = services.create_token(user=make_user(acme), name="laptop", scopes=["read"], days=7)
    assert made.secret.startswith("pr_")
    assert len(made.secret) > 40
    row = ApiToken.objects.get()
    assert made.secret not in (row.digest, row.name)
    assert row.scopes == "read"
    assert living_token(made.secret, now()) == row
    assert living_token(made.secret, now() + timedelta(days=8)) is None
    assert living_token(made.secret + "x", now()) is None


def test_a_token_has_scopes_that_there_are(acme: Company) -> None:
    user = make_user(acme)
    for scopes in ([], ["fly"], ["read", "fly"]):
        with pytest.raises(CannotDo, match="scopes"):
            services.create_token(user=user, name="t", scopes=scopes)


def test_a_revoked_token_is_gone(acme: Company) -> None:
    made = services.create_token(user=make_user(acme), name="t")
    assert services.revoke_token(token_id=made.token.pk)
    assert not services.revoke_token(token_id=made.token.pk)
    assert living_token(made.secret, now()) is None


def test_use_is_noted_now_and_then(acme: Company) -> None:
    token = services.create_token(user=make_user(acme), name="t").token
    first = now()
    services.note_use(token=token, at=first)
    token.refresh_from_db()
    assert token.last_used_at == first
    services.note_use(token=token, at=first + timedelta(seconds=10))
    token.refresh_from_db()
    assert token.last_used_at == first
    services.note_use(token=token, at=first + timedelta(minutes=6))
    token.refresh_from_db()
    assert token.last_used_at == first + timedelta(minutes=6)
