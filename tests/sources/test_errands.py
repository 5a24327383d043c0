"""What the listener does beside listening: each errand by itself, and the thread outlives them all."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from django.db import OperationalError

from postroom.domains.models import Alias, AliasDomain, RetiredAddress
from postroom.inbound.listener import errands as module
from postroom.inbound.listener.address_table import is_ours, read_table
from postroom.inbound.listener.committer import Committer
from postroom.inbound.listener.errands import Errands
from postroom.inbound.listener.reception import Reception
from postroom.infra.changes import tell
from postroom.infra.config import config
from tests.support.acme import Acme, make_acme

pytestmark = pytest.mark.django_db


@pytest.fixture
def reception(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Reception:
    monkeypatch.setattr(config(), "spool", tmp_path / "spool")
    monkeypatch.setattr(module, "close_old_connections", lambda: None)  # the test's own is the one in use
    loop = asyncio.new_event_loop()
    try:
        return Reception(Committer(loop))
    finally:
        loop.close()


@pytest.fixture
def acme() -> Acme:
    return make_acme()


@pytest.mark.parametrize(
    "error", [OperationalError("away"), OSError("full"), UnicodeEncodeError("utf-8", "x", 0, 1, "")]
)
@pytest.mark.parametrize("failing", ["reread_if_changed", "_take_in"])
def test_one_that_fails_does_not_hold_up_the_others(
    reception: Reception, monkeypatch: pytest.MonkeyPatch, failing: str, error: Exception
) -> None:
    done: list[str] = []

    def fail(self: Errands) -> None:
        raise error

    for name in ("reread_if_changed", "_take_in"):
        monkeypatch.setattr(Errands, name, fail if name == failing else lambda self, name=name: done.append(name))
    monkeypatch.setattr(reception.refusals, "flush", lambda: done.append("flush"))
    assert not Errands(reception)._all_went_well()
    assert sorted(done) == sorted({"reread_if_changed", "flush", "_take_in"} - {failing})


def test_the_table_is_read_again_where_addresses_changed(reception: Reception, acme: Acme) -> None:
    errands = Errands(reception)
    errands.reread_if_changed()
    first = reception.table
    assert first.knows("sales@acme.example")
    tell([(0, "record", "1")])
    errands.reread_if_changed()
    assert reception.table is first, "other news does not matter"
    Alias.objects.create(domain=acme.domain, local_part="jobs", company=acme.company, record_type="lead")
    tell([(0, "addresses", "")])
    errands.reread_if_changed()
    assert reception.table.knows("jobs@acme.example")


def test_the_table_and_the_database_agree(acme: Acme) -> None:
    AliasDomain.objects.create(name="dash.example", separator="-", default_from="hello@acme.example")
    sales = Alias.objects.get(local_part="sales")
    at = acme.company.created_at
    RetiredAddress.objects.create(
        domain=acme.domain,
        domain_name="former.example",
        local_part="old",
        part="alias",
        alias=sales,
        retired_at=at,
        free_from=at,
    )
    table = read_table()
    locals_ = ["sales", "sales+tag", "sales-tag", "SALES", "old", "old+x", "bounce", "bounce-x", "catchall", "abuse"]
    locals_ += [
        "postmaster",
        "hello",
        "notifications",
        "nobody",
        "nobody+sales",
        "prvs=1234abcdef=sales",
        "",
        '"sales"',
    ]
    domains = ["acme.example", "ACME.example", "dash.example", "former.example", "elsewhere.example", ""]
    addresses = [f"{local}@{domain}" for local in locals_ for domain in domains]
    differing = {one: is_ours(one) for one in addresses if table.knows(one) != is_ours(one)}
    assert differing == {}


def test_postmaster_without_a_domain_is_the_first_domains(acme: Acme) -> None:
    AliasDomain.objects.create(name="aaa.example", priority=99)
    assert read_table().whole("PostMaster") == "PostMaster@acme.example"
    assert read_table().whole("sales") == "sales"
