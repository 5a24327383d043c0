"""People and companies as administrators look after them, and tokens as everybody looks after their own."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth import authenticate

from postroom.core.edits import only
from postroom.directory import people, tokens, users
from postroom.directory.companies import CompanyFields, NoCompany, edit_company
from postroom.directory.models import ApiToken, Company, Contact, ContactAddress, Invitation, User
from postroom.directory.people import Standing, standing_of
from postroom.directory.profile import CannotSave
from postroom.directory.services import CannotDo
from postroom.directory.users import Guest, NoPerson, OldLink
from postroom.domains.companies import add_company
from postroom.domains.models import CompanyDomain
from postroom.infra.clock import now
from postroom.outbound import inviting
from postroom.outbound.models import Delivery, Letter
from tests.support import factory

pytestmark = pytest.mark.django_db
PASSWORD = "quite a long phrase"


@pytest.fixture
def acme() -> Company:
    return factory.company("Acme")


@pytest.fixture
def globex() -> Company:
    return factory.company("Globex")


@pytest.fixture
def ada(acme: Company) -> User:
    return factory.user("ada", {acme: "administrator"})


@pytest.fixture
def olga() -> User:
    return factory.user("olga", is_operator=True)


def guest(company: Company, **changes: str) -> Guest:
    return Guest(**{"name": "Mary Poe", "email": "Mary.Poe@Acme.example", **changes}, company=company.pk)


def test_somebody_is_invited_chooses_a_password_once_and_signs_in(ada: User, acme: Company) -> None:
    link = users.invite(user=ada, guest=guest(acme))
    assert (link.person.username, link.person.email) == ("mary.poe", "mary.poe@acme.example")
    assert standing_of(link.person) is Standing.INVITED
    assert Contact.objects.get(user=link.person).addresses.get().email == "mary.poe@acme.example"
    assert link.secret not in Invitation.objects.get().digest
    with pytest.raises(CannotSave) as weak:
        users.accept(secret=link.secret, password="short")
    assert "password" in weak.value.problems
    users.accept(secret=link.secret, password=PASSWORD)
    assert authenticate(username="mary.poe", password=PASSWORD) == link.person
    with pytest.raises(OldLink):
        users.accept(secret=link.secret, password=PASSWORD + "!")


@pytest.mark.parametrize("how", ["late", "replaced", "deactivated", "never made"])
def test_a_link_ends(ada: User, acme: Company, how: str) -> None:
    link = users.invite(user=ada, guest=guest(acme))
    match how:
        case "late":
            Invitation.objects.update(expires_at=now() - timedelta(seconds=1))
        case "replaced":
            users.make_link(user=ada, person_id=link.person.pk)
        case "deactivated":
            users.deactivate(user=ada, person_id=link.person.pk)
        case _:
            Invitation.objects.all().delete()
    assert users.invited(link.secret) is None
    with pytest.raises(OldLink):
        users.accept(secret=link.secret, password=PASSWORD)


def test_a_taken_user_name_gets_a_number(ada: User, acme: Company, globex: Company) -> None:
    factory.user("mary.poe", {globex: "member"}, email="mary@globex.example")
    assert users.invite(user=ada, guest=guest(acme)).person.username == "mary.poe2"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"email": "nobody"}, "email"),
        ({"email": "ADA@acme.example"}, "email"),
        ({"role": "king"}, "role"),
    ],
)
def test_an_invitation_says_what_is_wrong(ada: User, acme: Company, changes: dict[str, str], field: str) -> None:
    with pytest.raises(CannotSave) as wrong:
        users.invite(user=ada, guest=guest(acme, **changes))
    assert set(wrong.value.problems) == {field}


def test_nobody_invites_into_another_company(ada: User, globex: Company) -> None:
    with pytest.raises(CannotSave) as wrong:
        users.invite(user=ada, guest=guest(globex))
    assert set(wrong.value.problems) == {"company"}


def test_a_link_goes_by_mail_where_a_domain_is_and_where_its_readers_could_have_made_it(
    ada: User, olga: User, acme: Company
) -> None:
    assert not inviting.invite(user=ada, guest=guest(acme)).mailed
    factory.domain("acme.example", acme)
    sent = inviting.invite(user=ada, guest=guest(acme, email="mo@acme.example"))
    assert sent.mailed
    letter = Letter.objects.get()
    assert (letter.author_email, letter.is_automatic) == ("postroom@acme.example", True)
    assert sent.url not in letter.text + letter.html
    assert Delivery.objects.get().address == "mo@acme.example"
    boss = factory.user("boss", {acme: "administrator"}, is_operator=True)
    assert not inviting.send_link(user=olga, person_id=boss.pk).mailed
    assert Letter.objects.count() == 1


def test_who_sees_and_changes_whom(ada: User, olga: User, acme: Company, globex: Company) -> None:
    own = factory.user("own", {acme: "member"})
    both = factory.user("both", {acme: "member", globex: "member"})
    other = factory.user("other", {globex: "member"})
    runs = factory.user("runs", {acme: "member"}, is_operator=True)
    assert set(people.people(ada)) == {ada, own, both, runs}
    assert set(people.changeable(ada)) == {ada, own}
    assert other in people.changeable(olga)
    assert not people.people(own).exists()
    for stranger in (both, other, runs):
        with pytest.raises(NoPerson):
            users.make_link(user=ada, person_id=stranger.pk)
        with pytest.raises(NoPerson):
            users.deactivate(user=ada, person_id=stranger.pk)
        with pytest.raises(NoPerson):
            users.edit_person(user=ada, person_id=stranger.pk, fields=only({"email": "x@acme.example"}))


def test_roles_change_but_never_the_last_administrators_nor_ones_own(
    ada: User, olga: User, acme: Company, globex: Company
) -> None:
    ben = factory.user("ben", {acme: "member"})
    users.set_roles(user=ada, person_id=ben.pk, roles={acme.pk: "administrator"})
    assert ben.memberships.get().role == "administrator"
    with pytest.raises(CannotSave, match="Somebody else"):
        users.set_roles(user=ada, person_id=ada.pk, roles={acme.pk: "member"})
    with pytest.raises(CannotSave, match="Choose a company"):
        users.set_roles(user=ada, person_id=ben.pk, roles={globex.pk: "administrator"})
    with pytest.raises(CannotSave, match="Choose member"):
        users.set_roles(user=ada, person_id=ben.pk, roles={acme.pk: "king"})
    users.set_roles(user=ben, person_id=ada.pk, roles={acme.pk: "member"})
    with pytest.raises(CannotSave, match="last administrator"):
        users.set_roles(user=olga, person_id=ben.pk, roles={acme.pk: ""})
    users.set_roles(user=ben, person_id=ada.pk, roles={acme.pk: ""})
    assert not ada.memberships.exists()


def test_an_invited_administrator_does_not_count_yet(ada: User, olga: User, acme: Company) -> None:
    users.invite(user=ada, guest=Guest("Mary", "mary@acme.example", acme.pk, "administrator"))
    with pytest.raises(CannotDo, match="last administrator"):
        users.deactivate(user=olga, person_id=ada.pk)


def test_deactivating_ends_everything_and_letting_in_again_needs_a_new_password(ada: User, acme: Company) -> None:
    ben = factory.user("ben", {acme: "member"})
    before = ben.get_session_auth_hash()
    tokens.make_token(user=ben, name="script", scopes=["read"], days=None)
    users.deactivate(user=ada, person_id=ben.pk)
    assert not ApiToken.objects.exists()
    with pytest.raises(CannotDo, match="let them in again"):
        users.make_link(user=ada, person_id=ben.pk)
    link = users.reactivate(user=ada, person_id=ben.pk)
    ben.refresh_from_db()
    assert ben.is_active
    assert ben.get_session_auth_hash() != before
    assert authenticate(username="ben", password=factory.PASSWORD) is None
    with pytest.raises(CannotDo, match="not deactivated"):
        users.reactivate(user=ada, person_id=ben.pk)
    users.accept(secret=link.secret, password=PASSWORD)
    assert authenticate(username="ben", password=PASSWORD) == ben
    with pytest.raises(CannotDo, match="Somebody else"):
        users.deactivate(user=ada, person_id=ada.pk)


def test_a_new_address_is_the_contacts_first_and_the_old_one_stays(ada: User, acme: Company) -> None:
    mary = users.invite(user=ada, guest=guest(acme)).person
    users.edit_person(user=ada, person_id=mary.pk, fields=only({"email": "M.Poe@Acme.example"}))
    rows = ContactAddress.objects.filter(contact__user=mary).order_by("-primary").values_list("email", "primary")
    assert list(rows) == [("m.poe@acme.example", True), ("mary.poe@acme.example", False)]
    with pytest.raises(CannotSave, match="has this address"):
        users.edit_person(user=ada, person_id=mary.pk, fields=only({"email": "ada@acme.example"}))
    with pytest.raises(CannotSave, match="Enter a mail address"):
        users.edit_person(user=ada, person_id=mary.pk, fields=only({"email": "poe"}))


def test_the_list_goes_on_by_key_and_is_filtered(ada: User, acme: Company, globex: Company) -> None:
    factory.user("zoe", {globex: "member"})
    made = [factory.user(f"user{number}", {acme: "member"}) for number in range(5)]
    users.deactivate(user=ada, person_id=made[0].pk)
    first = people.people_page(ada, limit=4)
    rest = people.people_page(ada, limit=4, before=first.next)
    assert [one.username for one in (*first.rows, *rest.rows)] == ["user4", "user3", "user2", "user1", "user0", "ada"]
    assert rest.next is None
    assert [one.username for one in people.people_page(ada, text="R3").rows] == ["user3"]
    assert [one.username for one in people.people_page(ada, standing="deactivated").rows] == ["user0"]
    assert "user0" not in [one.username for one in people.people_page(ada, standing="active").rows]


def test_companies_are_changed_by_their_own_and_added_by_operators(
    ada: User, olga: User, acme: Company, globex: Company
) -> None:
    edit_company(user=ada, company_id=acme.pk, fields=CompanyFields("Acme  AB", "sv", "Europe/Stockholm"))
    acme.refresh_from_db()
    assert (acme.name, acme.language, acme.time_zone) == ("Acme AB", "sv", "Europe/Stockholm")
    with pytest.raises(NoCompany):
        edit_company(user=ada, company_id=globex.pk, fields=CompanyFields("Mine"))
    with pytest.raises(NoCompany):
        add_company(user=ada, fields=CompanyFields("Mine"))
    with pytest.raises(CannotSave) as wrong:
        edit_company(user=ada, company_id=acme.pk, fields=CompanyFields("", "xx", "Mars/Base"))
    assert set(wrong.value.problems) == {"name", "language", "time_zone"}
    domain = factory.domain("all.example")
    made = add_company(user=olga, fields=CompanyFields("Initech"))
    assert CompanyDomain.objects.get(company=made).domain == domain
    for name in ("initech", "湊配送"):
        with pytest.raises(CannotSave):
            add_company(user=olga, fields=CompanyFields(name))


def test_a_token_is_ones_own_and_makes_none_that_may_more(ada: User, olga: User) -> None:
    made = tokens.make_token(user=ada, name=" nightly  export ", scopes=["read", "write"], days=10).token
    assert made.name == "nightly export"
    with pytest.raises(CannotSave) as wrong:
        tokens.make_token(user=ada, name="", scopes=[], days=0)
    assert set(wrong.value.problems) == {"name", "scopes", "days"}
    with pytest.raises(CannotSave, match="longer than itself"):
        tokens.make_token(user=ada, name="more", scopes=["read"], days=None, within=made)
    narrow = tokens.make_token(user=ada, name="narrow", scopes=["write"], days=5, within=made).token
    with pytest.raises(CannotSave, match="more than itself"):
        tokens.make_token(user=ada, name="more", scopes=["read"], days=1, within=narrow)
    with pytest.raises(tokens.NoToken):
        tokens.revoke(user=olga, token_id=made.pk)
    assert tokens.revoke(user=ada, token_id=made.pk) == "nightly export"
