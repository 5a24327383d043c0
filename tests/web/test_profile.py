"""The page of one's own profile: what may be changed there, what is wrong, and that nothing else goes with it."""

from __future__ import annotations

import pytest
from django.test import Client

from postroom.directory.models import User
from tests.support import factory
from tests.web.conftest import World, make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(db: None) -> World:
    """Made for each test, since some commit."""
    return make_world()


def test_a_profile_is_changed_and_mistakes_are_said(client: Client, world: World) -> None:
    client.force_login(world.member)
    sent = {
        "name": "Mary M.",
        "signature": "Mary\n<b>Sales</b>",
        "notify_by": "inbox",
        "language": "sv",
        "time_zone": "Europe/Stockholm",
    }
    assert client.post("/profile", sent).status_code == 302
    member = User.objects.get(pk=world.member.pk)
    assert (member.name, member.notify_by, member.single_keys) == ("Mary M.", "inbox", False)
    page = client.get("/profile").content.decode()
    assert "&lt;b&gt;Sales&lt;/b&gt;" in page
    assert "data-keys" not in page
    response = client.post("/profile", sent | {"name": "", "time_zone": "Mars"})
    assert response.status_code == 422
    page = response.content.decode()
    assert 'id="name-error"' in page
    assert 'id="zone-error"' in page
    assert factory.PASSWORD not in page


def test_nobody_changes_anothers_profile_or_rights(client: Client, world: World) -> None:
    client.force_login(world.member)
    sent = {
        "name": "Mary", "notify_by": "mail", "language": "en", "time_zone": "UTC",
        "is_operator": "on", "email": "ceo@acme.example", "username": "admin", "pk": str(world.admin.pk),
    }  # fmt: skip
    client.post("/profile", sent)
    member, admin = User.objects.get(pk=world.member.pk), User.objects.get(pk=world.admin.pk)
    assert (member.is_operator, member.email, member.username) == (False, world.member.email, "member")
    assert admin.name == world.admin.name
