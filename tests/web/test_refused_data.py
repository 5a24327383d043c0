"""A NUL, which PostgreSQL takes in no text: then the page says that the request is bad, and nothing breaks."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.web.conftest import World

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "address", ["/outbox?q=%00", "/leads?q=%00&stage=%00", "/contacts?q=%00", "/developer/messages?q=%00"]
)
def test_a_nul_in_an_address(client: Client, world: World, address: str) -> None:
    client.force_login(world.operator if "developer" in address else world.admin)
    assert client.get(address).status_code in {200, 400}


def test_a_nul_in_a_form(client: Client, world: World) -> None:
    client.force_login(world.member)
    form = {"title": "Va\0ns", "desk": str(world.lead.desk_id)}
    assert client.post(f"/leads/{world.lead.pk}/edit", form).status_code in {302, 400, 422}
