"""Usage, limits and plans of hosted companies, and taking over, by REST."""

from __future__ import annotations

from datetime import timedelta

import pytest

from postroom.directory.models import Company, User
from postroom.infra import instance
from postroom.infra.config import config
from postroom.infra.database import base
from postroom.outbound import allowances
from postroom.outbound.models import DailyUsage, Delivery
from tests.api.calls import Caller, caller, problem
from tests.support import factory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def hosted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config(), "hosted_domain", "host.example")
    monkeypatch.setattr(config(), "hosted_contact", "hosting@host.example")


@pytest.fixture
def acme() -> Company:
    return factory.company("Acme")


@pytest.fixture
def admin(acme: Company) -> Caller:
    return caller(factory.user("ada", {acme: "administrator"}))


@pytest.fixture
def root(acme: Company) -> User:
    return factory.user("root", is_operator=True)


@pytest.fixture
def operator(root: User) -> Caller:
    return caller(root)


def test_a_companys_day(acme: Company, admin: Caller) -> None:
    day = allowances.today()
    DailyUsage.objects.create(company=acme, day=day, sent=190)
    DailyUsage.objects.create(company=acme, day=day - timedelta(days=1), sent=20)
    said = admin.get("/usage").json()
    assert (said["counted"], said["contact"], said["next"]) == (True, "hosting@host.example", None)
    (one,) = said["items"]
    assert one["resets_at"] == allowances.resets_at().isoformat().replace("+00:00", "Z")
    assert {name: one[name] for name in ("company", "name", "plan", "limit", "own_limit", "sent", "left", "state")} == {
        "company": acme.pk,
        "name": acme.name,
        "plan": "",
        "limit": 200,
        "own_limit": False,
        "sent": 190,
        "left": 10,
        "state": "near",
    }
    assert one["days"] == [
        {"day": str(day), "sent": 190},
        {"day": str(day - timedelta(days=1)), "sent": 20},
    ]


def test_limits_and_plans(acme: Company, admin: Caller, operator: Caller) -> None:
    where = f"/companies/{acme.pk}/allowance"
    assert "plan" in problem(operator.send("PUT", where, {"plan": "Large"}), 422)["errors"][0]["where"]
    assert operator.send("PUT", "/plans/Large", {"daily_limit": 5000}).json() == {"name": "Large", "daily_limit": 5000}
    assert operator.get("/plans").json()["items"] == [{"name": "Large", "daily_limit": 5000}]
    said = operator.send("PUT", where, {"plan": "Large"}).json()
    assert said == {"company": acme.pk, "plan": "Large", "limit": 5000, "own_limit": False}
    assert admin.get("/usage").json()["items"][0]["plan"] == "Large"
    problem(operator.send("DELETE", "/plans/Large"), 422)
    said = operator.send("PUT", where, {"daily_limit": 0}).json()
    assert (said["plan"], said["limit"], said["own_limit"]) == ("", 0, True)
    assert admin.get("/usage").json()["items"][0]["left"] is None
    assert operator.send("DELETE", "/plans/Large").status_code == 204
    problem(operator.send("DELETE", "/plans/Large"), 404)
    problem(operator.send("PUT", "/companies/999999/allowance", {"daily_limit": 1}), 404)


@pytest.mark.parametrize("body", [{"daily_limit": -1}, {"daily_limit": 10**12}, {"daily_limit": "x"}, {"other": 1}])
def test_what_no_company_may(acme: Company, operator: Caller, body: dict[str, object]) -> None:
    problem(operator.send("PUT", f"/companies/{acme.pk}/allowance", body), 422)


def test_all_companies_at_a_glance(acme: Company, operator: Caller) -> None:
    record = factory.record(factory.desk(acme))
    factory.delivery(record, state="held")
    for name in ("Globex", "Initech"):
        factory.company(name)
    said = operator.get("/monitor?limit=2").json()
    assert [(one["usage"]["name"], one["held"]) for one in said["items"]] == [("Acme", 1), ("Globex", 0)]
    rest = operator.get(f"/monitor?limit=2&cursor={said['next']}").json()
    assert ([one["usage"]["name"] for one in rest["items"]], rest["next"]) == (["Initech"], None)


def test_taking_over(acme: Company, operator: Caller, tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config(), "var", tmp_path)
    own = instance.ensure()
    assert operator.get("/installation").json()["is_copy"] is False
    problem(operator.send("POST", "/installation/takeover", {"waiting": "hold"}), 422)
    factory.delivery(factory.record(factory.desk(acme)), state="queued", due=allowances.resets_at())
    monkeypatch.setattr(base, "place", lambda: "elsewhere")
    said = operator.get("/installation").json()
    assert (said["id"], said["is_copy"], said["waiting"]) == (own.id, True, 1)
    assert "not where it was" in said["copy_because"]
    problem(operator.send("POST", "/installation/takeover", {"waiting": "nonsense"}), 422)
    taken = operator.send("POST", "/installation/takeover", {"waiting": "hold"}).json()
    assert taken["settled"] == 1
    assert taken["id"] == operator.get("/installation").json()["id"] != own.id
    assert Delivery.objects.get().state == "held"
