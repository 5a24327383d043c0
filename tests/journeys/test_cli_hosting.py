"""Usage, limits and plans on the command line."""

from __future__ import annotations

import pytest

from postroom.directory.models import Company
from postroom.infra.config import config
from postroom.outbound import allowances
from postroom.outbound.models import DailyUsage, Plan
from postroom.project.cli.shared import EX_DATAERR, EX_NOUSER, EX_USAGE
from tests.support import factory
from tests.support.shell import Shell

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme(monkeypatch: pytest.MonkeyPatch) -> Company:
    monkeypatch.setattr(config(), "hosted_domain", "host.example")
    factory.user("root", is_operator=True)
    return factory.company("Acme")


def test_what_companies_use_and_may(acme: Company, shell: Shell) -> None:
    DailyUsage.objects.create(company=acme, day=allowances.today(), sent=12)
    assert shell("hosting plan Large --daily 5000") == "Large: 5,000 mails a day.\n"
    said = shell(f"hosting limit {acme.slug} --plan Large")
    assert said == f"{acme.name} may send 5,000 mails a day by the default server.\n"
    (row,) = shell.json("hosting usage")
    assert row == {
        "company": acme.slug,
        "plan": "Large",
        "sent_today": 12,
        "limit": 5000,
        "above_it": 0,
        "waiting": 0,
        "held": 0,
        "unknown": 0,
        "failed": 0,
    }
    assert "any number of mails" in shell(f"hosting limit {acme.slug} --daily 0")
    assert "200 mails a day" in shell(f"hosting limit {acme.slug}")
    assert "removed" in shell("hosting plan Large --remove")
    assert not Plan.objects.exists()
    assert acme.slug in shell("hosting usage")


def test_what_cannot_be(acme: Company, shell: Shell) -> None:
    assert "Choose a plan" in shell.fails(f"hosting limit {acme.slug} --plan Nowhere", status=EX_DATAERR)
    assert "no such plan" in shell.fails("hosting plan Nowhere --remove", status=EX_DATAERR)
    assert "Say either" in shell.fails("hosting plan Large", status=EX_USAGE)
    assert "Say either" in shell.fails("hosting plan Large --daily 5 --remove", status=EX_USAGE)
    factory.user("ada", {acme: "administrator"})
    assert "Only operators" in shell.fails("hosting usage --by ada", status=EX_DATAERR)
    assert "no user" in shell.fails("hosting usage --by nobody", status=EX_NOUSER)


def test_every_company_is_listed(acme: Company, shell: Shell) -> None:
    for number in range(60):
        factory.company(f"Company {number}")
    assert len(shell.json("hosting usage")) == 61
