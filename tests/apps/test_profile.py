"""Profiles: what people may say of themselves."""

from __future__ import annotations

from dataclasses import replace

import pytest

from postroom.directory.models import Contact, User
from postroom.directory.profile import CannotSave, Profile, profile_of, time_zones, update_profile
from tests.support import factory

pytestmark = pytest.mark.django_db


@pytest.fixture
def amara() -> User:
    return factory.user("amara", {factory.company("Acme"): "member"}, name="Amara Okafor")


def test_a_profile_is_kept(amara: User) -> None:
    given = Profile(" Amara  O. ", "\r\nAmara \r\nSales\r\n\r\n", "inbox", "sv", "Europe/Stockholm", single_keys=False)
    update_profile(user=amara, profile=given)
    kept = Profile("Amara O.", "Amara\nSales", "inbox", "sv", "Europe/Stockholm", single_keys=False)
    assert profile_of(User.objects.get(pk=amara.pk)) == kept


def test_contacts_follow_the_name(amara: User) -> None:
    company = amara.memberships.get().company
    own, other = factory.contact(company, "Amara Okafor", user=amara), factory.contact(company, "Hanna")
    update_profile(user=amara, profile=Profile("Amara Ek"))
    names = dict(Contact.objects.filter(pk__in=[own.pk, other.pk]).values_list("pk", "name"))
    assert names == {own.pk: "Amara Ek", other.pk: "Hanna"}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", " \n "),
        ("name", "x" * 121),
        ("name", "a\x07b"),
        ("signature", "x" * 4001),
        ("signature", "a\0b"),
        ("notify_by", "pigeon"),
        ("language", "xx"),
        ("time_zone", "Mars/Olympus"),
        ("time_zone", "../../etc/passwd"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(amara: User, field: str, value: str) -> None:
    with pytest.raises(CannotSave) as caught:
        update_profile(user=amara, profile=replace(profile_of(amara), **{field: value}))  # type: ignore[arg-type]
    assert set(caught.value.problems) == {field}
    assert User.objects.get(pk=amara.pk).name == "Amara Okafor"


def test_what_was_chosen_before_the_lists_changed_may_stay(amara: User) -> None:
    User.objects.filter(pk=amara.pk).update(language="eo", time_zone="EST5EDT")
    amara.refresh_from_db()
    update_profile(user=amara, profile=replace(profile_of(amara), name="Other"))
    assert User.objects.get(pk=amara.pk).name == "Other"


def test_there_are_time_zones() -> None:
    assert {"UTC", "Europe/Stockholm", "America/Argentina/Buenos_Aires"} <= set(time_zones())
    assert time_zones()[0] == "UTC"
