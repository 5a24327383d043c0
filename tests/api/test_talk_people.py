"""People of conversations by the API: who takes part, who wrote first, who may be one person."""

from __future__ import annotations

import pytest

from postroom.conversations.forwards import Passed, note_forwards
from postroom.conversations.models import Participant
from postroom.core.addresses import Address
from postroom.directory.models import Company, User
from postroom.records.models import Record
from tests.api.calls import Caller, caller, problem, somebody
from tests.support import factory

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Company:
    return factory.company()


@pytest.fixture
def user(acme: Company) -> User:
    return factory.user("amara", {acme: "member"})


@pytest.fixture
def amara(user: User) -> Caller:
    return caller(user)


@pytest.fixture
def lead(acme: Company, user: User) -> Record:
    """A lead that Amara made by passing a mail of Nina's on."""
    ours = factory.contact(acme, user.name, user.email, user=user)
    made = factory.record(factory.desk(acme), contact=ours)
    message = factory.message(made, author=ours, author_email=user.email, standing="member")
    note_forwards([Passed(message, Address("nina@holm.example", "Nina Holm"))])
    return made


def test_the_people_of_a_conversation(amara: Caller, acme: Company, lead: Record) -> None:
    nina = factory.contact(acme, "Nina Holm", "nina@holm.example")
    Participant.objects.create(thread=lead.thread, email="nina@holm.example", way="wrote", level="verified")
    Participant.objects.create(thread=lead.thread, email="bob@holm.example", name="Bob", way="cc")
    known = amara.get(f"/records/{lead.pk}/people").json()
    assert known["next"] is None
    first = amara.get(f"/records/{lead.pk}/people", limit=1).json()
    rest = amara.get(f"/records/{lead.pk}/people", limit=2, cursor=first["next"]).json()
    assert [*first["items"], *rest["items"]] == known["items"]
    nobody = {"level": "", "contact": None, "inside": False}
    assert known["items"][1:] == [
        {"email": "nina@holm.example", "name": "Nina Holm", "way": "wrote", "level": "verified", "contact": nina.pk,
         "inside": False},
        {"email": "bob@holm.example", "name": "Bob", "way": "cc", **nobody},
    ]  # fmt: skip
    assert known["items"][0]["inside"]
    audience = amara.get(f"/records/{lead.pk}/audience").json()
    assert [one["email"] for one in audience["others"]] == ["nina@holm.example", "bob@holm.example"]


def test_who_wrote_first_is_taken_and_given_back(amara: Caller, lead: Record) -> None:
    path = f"/records/{lead.pk}/forwarded"
    offer = amara.get(path).json()
    assert (offer["email"], offer["by"], offer["taken"]) == ("nina@holm.example", "Amara", False)
    problem(amara.send("DELETE", path), 409)
    taken = amara.send("PUT", path)
    assert (taken.status_code, taken.json()["contact_name"]) == (200, "Nina Holm")
    assert amara.get(path).json()["taken_by"] == "Amara"
    problem(amara.send("PUT", path), 409)
    assert amara.send("DELETE", path).json()["contact_name"] == "Amara"
    plain = factory.record(factory.desk(lead.company))
    problem(amara.get(f"/records/{plain.pk}/forwarded"), 404)


def test_who_may_be_one_person(amara: Caller, acme: Company) -> None:
    nina = factory.contact(acme, "Nina Holm", "nina.holm@gmail.com")
    other = factory.contact(acme, "N", "ninaholm+x@gmail.com")
    expected = {"contact": other.pk, "name": "N", "email": "ninaholm+x@gmail.com", "like": "nina.holm@gmail.com"}
    assert amara.get(f"/contacts/{nina.pk}/alike").json() == {"items": [expected]}
    assert amara.send("POST", f"/contacts/{nina.pk}/merge", {"other": other.pk}).status_code == 200
    assert amara.get(f"/contacts/{nina.pk}/alike").json() == {"items": []}


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "people"), ("GET", "forwarded"), ("PUT", "forwarded"), ("DELETE", "forwarded")],
)
def test_another_company_has_none_of_it(lead: Record, method: str, path: str) -> None:
    stranger = somebody("administrator", factory.company("Globex"))
    problem(stranger.send(method, f"/records/{lead.pk}/{path}"), 404)
    problem(Caller().send(method, f"/records/{lead.pk}/{path}"), 401)
