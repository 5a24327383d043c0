"""The asking user by the API."""

from __future__ import annotations

from typing import Any

import pytest

from postroom.directory.models import User
from tests.api.calls import Caller, problem
from tests.support.acme import Acme

pytestmark = [pytest.mark.django_db, pytest.mark.either_database]


def test_who_asks(amara: Caller, acme: Acme) -> None:
    found = amara.get("/me").json()
    assert (found["email"], found["notify_by"], found["operator"]) == ("amara@acme.example", "mail", False)
    assert found["companies"] == [{"company": acme.company.pk, "name": "Acme", "role": "member"}]


def test_what_is_named_is_changed(amara: Caller, acme: Acme) -> None:
    before = amara.get("/me").json()
    wanted = {"notify_by": "inbox", "signature": "Amara\nSales", "time_zone": "Africa/Lagos", "language": "de"}
    after = amara.send("PATCH", "/me", wanted).json()
    assert after == {**before, **wanted}
    assert amara.send("PATCH", "/me", {}).json() == after
    assert User.objects.get(pk=acme.amara.pk).notify_by == "inbox"


@pytest.mark.parametrize(
    "wrong",
    [
        {"notify_by": "pigeon"},
        {"notify_by": None},
        {"signature": "x" * 4001},
        {"signature": "\0"},
        {"language": "tlh"},
        {"time_zone": "Mars/Olympus"},
        {"time_zone": ""},
        {"name": " "},
        {"name": "x" * 121},
        {"email": "root@acme.example"},
        {"is_operator": True},
        {"username": "root"},
    ],
)
def test_what_cannot_be(amara: Caller, wrong: dict[str, Any]) -> None:
    before = amara.get("/me").json()
    found = problem(amara.send("PATCH", "/me", wrong), 422)
    assert any(next(iter(wrong)) in error["where"] for error in found["errors"])
    assert amara.get("/me").json() == before
