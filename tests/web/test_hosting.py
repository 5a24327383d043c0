"""The pages of hosting: a company's day, all companies at a glance, plans, and taking over."""

from __future__ import annotations

import html
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client

from postroom.directory.attention import attention_of
from postroom.directory.companies import CompanyFields
from postroom.domains.companies import add_company
from postroom.domains.models import AliasDomain
from postroom.infra import instance
from postroom.infra.clock import now
from postroom.infra.config import config
from postroom.infra.database import base
from postroom.outbound import allowances, takeover
from postroom.outbound.models import Allowance, DailyUsage, Delivery, Plan
from postroom.outbound.takeover import Taken, Waiting
from tests.support import factory
from tests.web.conftest import World

pytestmark = [pytest.mark.django_db, pytest.mark.either_database]


@pytest.fixture
def hosted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config(), "hosted_domain", "host.example")
    monkeypatch.setattr(config(), "hosted_contact", "hosting@host.example")
    monkeypatch.setattr(config(), "hosted_daily_limit", 10)


@pytest.fixture
def identity(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(config(), "var", tmp_path)
    instance.forget()
    instance.ensure()
    yield
    instance.forget()


def body(client: Client, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status
    return html.unescape(answer.content.decode())


def sent(world: World, number: int, days: int = 0) -> None:
    DailyUsage.objects.create(company=world.acme, day=allowances.today() - timedelta(days=days), sent=number)


def waiting(world: World, number: int) -> None:
    """Copies above the limit, as the step that allows leaves them."""
    for _ in range(number):
        factory.delivery(
            world.lead,
            state="queued",
            due=allowances.resets_at(),
            words=allowances.words(10, allowances.resets_at()),
        )


# --- a company's day -----------------------------------------------------------------------------------------------


def test_what_is_left_when_it_begins_anew_and_whom_to_ask(client: Client, world: World, hosted: None) -> None:
    sent(world, 7)
    sent(world, 9, days=1)
    client.force_login(world.admin)
    text = body(client, "/settings/usage")
    assert "<b>3</b> of 10 mails left today" in text
    assert '<rect width="70%"' in text
    assert "at midnight UTC" in text
    assert 'href="mailto:hosting@host.example"' in text
    assert "Globex" not in text
    assert "Limit reached" not in text


def test_above_the_limit(client: Client, world: World, hosted: None) -> None:
    sent(world, 10)
    waiting(world, 2)
    client.force_login(world.admin)
    text = body(client, "/settings/usage")
    assert "Limit reached" in text
    assert "2 copies leave then" in text
    assert "has used its mails of today" in body(client, "/")
    (told,) = [one for one in attention_of(world.admin) if one.page == "usage"]
    assert "2 copies wait until midnight UTC." in told.text
    assert "ask hosting@host.example" in told.text


@pytest.mark.parametrize(
    ("contact", "link"),
    [
        ("https://host.example/more", 'href="https://host.example/more"'),
        ("Nina at the front desk", ""),
        ("javascript:alert(1)", ""),
        ("", ""),
    ],
)
def test_a_contact_is_a_link_where_it_is_one(
    client: Client, world: World, hosted: None, monkeypatch: pytest.MonkeyPatch, contact: str, link: str
) -> None:
    monkeypatch.setattr(config(), "hosted_contact", contact)
    client.force_login(world.admin)
    text = body(client, "/settings/usage")
    assert ("Ask for more" in text) == bool(link)
    assert link in text
    assert contact in text
    assert 'href="javascript' not in text


def test_where_nothing_counts_it_is_not_offered(client: Client, world: World) -> None:
    client.force_login(world.admin)
    assert "/settings/usage" not in body(client, "/settings")
    assert "hosts no companies" in body(client, "/settings/usage")


def test_it_is_offered_and_found_by_the_words_of_others(client: Client, world: World, hosted: None) -> None:
    client.force_login(world.admin)
    assert "/settings/usage" in body(client, "/settings")
    assert "/settings/usage" in body(client, "/settings?q=daily+limit")
    assert "/settings/monitor" not in body(client, "/settings")


# --- all companies -------------------------------------------------------------------------------------------------


def test_all_companies_at_a_glance(client: Client, world: World, hosted: None) -> None:
    sent(world, 10)
    waiting(world, 1)
    factory.delivery(world.lead, state="held")
    factory.delivery(world.lead, state="failed", settled_at=now())
    client.force_login(world.operator)
    text = body(client, "/settings/monitor")
    for words in (
        "Acme",
        "Globex",
        "of 10 today",
        "1 above the limit",
        "1 waiting",
        "1 held",
        "1 failed in three days",
    ):
        assert words in text
    assert text.count("All is well") == 1


def test_a_limit_of_its_own_and_a_plan(client: Client, world: World, hosted: None) -> None:
    client.force_login(world.operator)
    at = f"/settings/monitor/{world.acme.pk}"
    assert client.post("/settings/plans", {"name": "Large", "daily_limit": "5000"}).status_code == 302
    assert "Large: 5000" in body(client, at)
    assert client.post(at, {"plan": "Large", "daily_limit": ""}).status_code == 302
    assert Allowance.objects.get().plan == Plan.objects.get()
    assert client.post(at, {"plan": "", "daily_limit": "70"}).status_code == 302
    assert allowances.allowed([world.acme.pk])[world.acme.pk].limit == 70
    assert 'value="70"' in body(client, at)


@pytest.mark.parametrize(("field", "value"), [("daily_limit", "many"), ("daily_limit", "-1"), ("plan", "Nowhere")])
def test_what_was_typed_stays_beside_what_is_wrong(
    client: Client, world: World, hosted: None, field: str, value: str
) -> None:
    client.force_login(world.operator)
    answer = client.post(f"/settings/monitor/{world.acme.pk}", {"plan": "", "daily_limit": "5", field: value})
    assert answer.status_code == 422
    assert "It is not saved yet" in answer.content.decode()
    assert not Allowance.objects.exists()


def test_a_plan_that_a_company_has_stays(client: Client, world: World, hosted: None) -> None:
    plan = Plan.objects.create(name="Large", daily_limit=5)
    Allowance.objects.create(company=world.acme, plan=plan)
    client.force_login(world.operator)
    answer = client.post("/settings/plans/remove", {"name": "Large"})
    assert answer.status_code == 422
    assert "give them another one first" in answer.content.decode()
    Allowance.objects.all().delete()
    assert client.post("/settings/plans/remove", {"name": "Large"}).status_code == 302
    assert not Plan.objects.exists()


def test_many_companies_come_in_pages(client: Client, world: World, hosted: None) -> None:
    for number in range(60):
        factory.company(f"Company {number:02}")
    client.force_login(world.operator)
    first = body(client, "/settings/monitor")
    assert first.count('class="card used') == 50
    after = first.split("?after=")[1].split('"')[0]
    second = body(client, f"/settings/monitor?after={after}")
    assert second.count('class="card used') == 12
    assert "First" in second


# --- the subdomain -------------------------------------------------------------------------------------------------


def test_a_new_company_can_be_written_to_at_once(client: Client, world: World, hosted: None) -> None:
    client.force_login(world.operator)
    answer = client.post("/settings/companies/new", {"name": "Initech", "language": "en", "time_zone": "UTC"})
    assert answer.status_code == 302
    assert AliasDomain.objects.filter(name="initech.host.example").exists()


def test_its_page_says_whose_it_is_and_that_dns_is_not_edited_here(client: Client, world: World, hosted: None) -> None:
    company = add_company(user=world.operator, fields=CompanyFields("Initech"))
    client.force_login(factory.user("ines", {company: "administrator"}))
    domain = AliasDomain.objects.get(name="initech.host.example")
    text = body(client, f"/settings/domains/{domain.pk}")
    assert "Its DNS records are theirs and cannot be edited here." in text
    assert "readonly" in text


# --- taking over ---------------------------------------------------------------------------------------------------


def become_a_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "place", lambda: "elsewhere")
    instance.forget()


def test_a_copy_says_so_everywhere(
    client: Client, world: World, identity: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.force_login(world.member)
    assert "This is a copy of another installation" not in body(client, "/leads")
    become_a_copy(monkeypatch)
    assert "This is a copy of another installation" in body(client, "/leads")
    client.logout()
    assert "This is a copy" not in body(client, "/sign-in")


def test_taking_over_by_a_browser(
    client: Client, world: World, identity: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = factory.delivery(world.lead, state="queued", due=now())
    client.force_login(world.operator)
    assert "is this installation's own" in body(client, "/settings/installation")
    become_a_copy(monkeypatch)
    text = body(client, "/settings/installation")
    assert "not where it was" in text
    assert "1 mail waited when it was copied" in text
    assert client.post("/settings/installation", {"waiting": "nonsense"}).status_code == 422
    answer = client.post("/settings/installation", {"waiting": "hold"}, follow=True)
    said = html.unescape(answer.content.decode())
    assert "Taken over: this installation sends again. 1 copy is held." in said
    assert "is this installation's own" in said
    assert Delivery.objects.get(pk=copy.pk).state == "held"


def test_two_take_over_at_once(client: Client, world: World, identity: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other one is done between what was looked at and what was asked for."""
    own = takeover.take_over

    def second(waiting: Waiting, *, by: str) -> Taken:
        own(waiting, by="the other")
        return own(waiting, by=by)

    client.force_login(world.operator)
    become_a_copy(monkeypatch)
    monkeypatch.setattr(takeover, "take_over", second)
    answer = client.post("/settings/installation", {"waiting": "hold"})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/settings/installation")


def test_keeping_a_new_address(client: Client, world: World, identity: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config(), "public_url", "https://new.acme.example")
    client.force_login(world.operator)
    assert "Keep the new address" in body(client, "/settings/installation")
    assert client.post("/settings/installation").status_code == 302
    assert "Keep the new address" not in body(client, "/settings/installation")
