"""Two programs change one thing at the same moment: each writes what it named, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import pytest
from django.db.models import Model

from postroom.core.edits import only
from postroom.directory.models import User
from postroom.directory.profile import update_profile
from postroom.domains.models import Alias
from postroom.outbound.servers import services as servers
from postroom.outbound.servers.services import ServerFields
from tests.api.calls import caller
from tests.support import factory
from tests.support.acme import Acme, make_acme

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class Case:
    """What a program changes (`mine`) while another one changes `theirs`, just before the verb takes the row
    (`taken_by`: where it does so).
    """

    row: Callable[[Acme], Model]
    path: str
    mine: tuple[str, Any]
    theirs: tuple[str, Any]
    taken_by: str


def _server(acme: Acme) -> Model:
    fields = ServerFields(
        name="Company mail",
        company=acme.company.pk,
        host="smtp.acme.example",
        username="post",
        password="very-secret-7",
    )
    return servers.create_server(user=acme.admin, fields=fields)


def _alias(acme: Acme) -> Alias:
    return Alias.objects.filter(company=acme.company)[0]


CASES = {
    "contact": Case(
        lambda acme: factory.contact(acme.company), "/contacts/{}", ("name", "Hanna"),
        ("phone", "+46 8 1"), "postroom.directory.contacts_editing:own_contact",
    ),
    "company": Case(
        lambda acme: acme.company, "/companies/{}", ("name", "Acme AB"), ("time_zone", "Europe/Stockholm"),
        "postroom.directory.companies:managed",
    ),
    "user": Case(
        lambda acme: factory.user("mary", {acme.company: "member"}), "/users/{}", ("email", "m.poe@acme.example"),
        ("signature", "Best"), "postroom.directory.users:_own",
    ),
    "domain": Case(
        lambda acme: _alias(acme).domain, "/domains/{}", ("priority", 3), ("way_in", "mailbox"),
        "postroom.domains.managing:_own",
    ),
    "alias": Case(
        _alias, "/aliases/{}", ("who_may_write", "contacts"), ("takes_automatic", False),
        "postroom.records.alias_editing:_locked",
    ),
    "server": Case(
        _server, "/servers/{}", ("name", "Other mail"), ("from_filter", "acme.example"),
        "postroom.outbound.servers.services:_own",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_two_changes_at_once_are_both_kept(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    case, acme = CASES[name], make_acme()
    row = case.row(acme)
    module, _, verb = case.taken_by.partition(":")
    take = getattr(import_module(module), verb)

    def late(*args: Any, **named: Any) -> Any:
        type(row)._default_manager.filter(pk=row.pk).update(**dict([case.theirs]))
        return take(*args, **named)

    monkeypatch.setattr(f"{module}.{verb}", late)
    response = caller(acme.admin).send("PATCH", case.path.format(row.pk), dict([case.mine]))
    assert response.status_code == 200, response.content
    row.refresh_from_db()
    assert [getattr(row, field) for field, _ in (case.mine, case.theirs)] == [case.mine[1], case.theirs[1]]


def test_a_profile_that_was_read_long_ago_takes_nothing_back() -> None:
    acme = make_acme()
    signed_in = User.objects.get(pk=acme.admin.pk)
    User.objects.filter(pk=acme.admin.pk).update(signature="Best")
    ada = caller(acme.admin)
    update_profile(user=signed_in, profile=only({"name": "Ada Poe"}))
    row = User.objects.get(pk=acme.admin.pk)
    assert (row.name, row.signature) == ("Ada Poe", "Best")
    assert ada.send("PATCH", "/me", {"time_zone": "Europe/Stockholm"}).json()["signature"] == "Best"
