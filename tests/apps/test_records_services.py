"""A desk comes with its alias, its stages and its followers, or not at all."""

from __future__ import annotations

import pytest

from postroom.core.errors import PostroomError
from postroom.directory.models import Company, Contact
from postroom.directory.services import create_company, create_contact
from postroom.domains.models import Alias, AliasDomain
from postroom.domains.services import create_domain
from postroom.records.desks import defaults_of
from postroom.records.models import Desk, Stage
from postroom.records.record_types import record_type
from postroom.records.services import create_desk

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Company:
    return create_company(name="Acme")


@pytest.fixture
def domain(acme: Company) -> AliasDomain:
    return create_domain(name="acme.example")


@pytest.fixture
def amara(acme: Company) -> Contact:
    return create_contact(company=acme, name="Amara", emails=["amara@acme.example"])


def desk(company: Company, domain: AliasDomain, **changes: object) -> Desk:
    values = {"record_type": "lead", "name": "Nordics", "local_part": "sales", **changes}
    return create_desk(company=company, domain=domain, **values)  # type: ignore[arg-type]


def test_a_desk_has_its_alias_its_stages_and_its_followers(acme: Company, domain: AliasDomain, amara: Contact) -> None:
    made = desk(acme, domain, followers=[amara, amara])
    assert made.alias is not None
    assert made.alias.address == "sales@acme.example"
    stages = Stage.objects.filter(desk=made).order_by("position")
    assert [(stage.name, stage.closes) for stage in stages] == list(record_type("lead").stages)
    defaults = defaults_of([made.alias.pk])[made.alias.pk]
    assert (defaults.desk, defaults.stage, defaults.followers) == (made.pk, stages[0].pk, (amara.pk,))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"record_type": "unicorn"}, "no record type"),
        ({"local_part": "bounce"}, "service address"),
    ],
)
def test_what_a_desk_cannot_be(
    acme: Company, domain: AliasDomain, amara: Contact, changes: dict[str, object], words: str
) -> None:
    with pytest.raises(PostroomError, match=words):
        desk(acme, domain, **changes)
    assert not Desk.objects.exists()
    assert not Alias.objects.exists()


def test_a_stranger_does_not_follow_a_desk(acme: Company, domain: AliasDomain) -> None:
    stranger = create_contact(company=create_company(name="Other"), name="Eve")
    with pytest.raises(PostroomError, match="no contact of Acme"):
        desk(acme, domain, followers=[stranger])
