"""The first run in a browser: the code, the steps, what is wrong beside each field, and that it is gone afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.test import Client

from postroom.directory.models import Company, Membership, User
from postroom.domains.models import Alias, AliasDomain
from postroom.infra import setup_code
from postroom.infra.config import config
from postroom.records.models import DeskFollower
from tests.support import factory

pytestmark = [pytest.mark.django_db, pytest.mark.either_database]
PASSWORD = "a long enough secret"
YOU = {"name": "Ada Lind", "email": "ada@acme.example", "username": "Ada", "password": PASSWORD}
COMPANY = {"company": "Acme", "language": "sv", "time_zone": "Europe/Stockholm"}


@pytest.fixture
def code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(config(), "var", tmp_path)
    return setup_code.make()


@pytest.fixture
def client() -> Client:
    return Client()


@pytest.fixture
def founder(client: Client, code: str) -> Client:
    """A browser that gave the code."""
    assert client.get("/welcome", {"code": code}).headers["Location"] == "/welcome/company"
    return client


def _send(client: Client, step: str, **fields: str) -> str:
    """Where a step that is well leads."""
    answer = client.post(f"/welcome/{step}", fields)
    assert answer.status_code == 302, answer.content.decode()
    return answer.headers["Location"]


def _wrong(client: Client, step: str, **fields: str) -> str:
    answer = client.post(f"/welcome/{step}", fields)
    assert answer.status_code == 422
    return answer.content.decode()


def test_from_the_first_step_to_home(founder: Client) -> None:
    assert _send(founder, "company", **COMPANY) == "/welcome/domain"
    assert _send(founder, "domain", domain=" ACME.example ") == "/welcome/addresses"
    assert _send(founder, "addresses", **{"address-lead": "sales", "address-ticket": ""}) == "/welcome/you"
    assert not Company.objects.exists()  # nothing is made before the last step
    assert _send(founder, "you", **YOU) == "/"
    user = User.objects.get()
    assert (user.username, user.is_operator, user.language, user.time_zone) == ("ada", True, "sv", "Europe/Stockholm")
    membership = Membership.objects.select_related("company").get()
    assert (membership.company.name, membership.company.language, membership.role) == ("Acme", "sv", "administrator")
    assert [str(alias) for alias in Alias.objects.select_related("domain")] == ["sales@acme.example"]
    assert DeskFollower.objects.get().contact.user == user
    page = founder.get("/").content.decode()
    assert "Acme is ready." in page
    assert "Left to set up" in page
    assert not setup_code.known()
    assert PASSWORD not in str(dict(founder.session))


def test_it_is_gone_once_there_is_a_user(founder: Client, code: str) -> None:
    factory.user("ada")
    for path in ("/welcome", "/welcome/company", f"/welcome?code={code}"):
        assert founder.get(path).status_code == 404
    assert founder.post("/welcome/you", YOU).status_code == 404


def test_signing_in_leads_there_while_there_is_nobody(client: Client, code: str) -> None:
    assert client.get("/sign-in").headers["Location"] == "/welcome"
    assert client.get("/welcome/company").headers["Location"] == "/welcome"
    assert "Setup code" in client.get("/welcome").content.decode()
    factory.user("ada")
    assert client.get("/sign-in").status_code == 200


@pytest.mark.parametrize("given", ["", "AAAA-BBBB-CCCC", "x" * 5000, "\0"])
def test_another_code_opens_nothing(client: Client, code: str, given: str) -> None:
    assert client.post("/welcome", {"code": given}).status_code == 422
    assert client.get("/welcome/company").headers["Location"] == "/welcome"


def test_without_a_code_in_force_none_is_right(client: Client, code: str) -> None:
    setup_code.forget()
    assert client.post("/welcome", {"code": code}).status_code == 422
    assert client.post("/welcome", {"code": ""}).status_code == 422


def test_the_code_as_somebody_types_it(client: Client, code: str) -> None:
    assert client.post("/welcome", {"code": f" {code.lower().replace('-', ' ')} "}).status_code == 302


def test_a_code_that_was_made_anew_closes_what_the_old_one_opened(founder: Client) -> None:
    setup_code.forget()
    setup_code.make()
    assert founder.get("/welcome/company").headers["Location"] == "/welcome"


def test_guessing_is_stopped(client: Client, code: str) -> None:
    for _try in range(10):
        assert client.post("/welcome", {"code": "wrong"}).status_code == 422
    answer = client.post("/welcome", {"code": code})
    assert answer.status_code == 429
    assert "Wait 15 minutes" in answer.content.decode()


@pytest.mark.parametrize(
    ("step", "fields", "words"),
    [
        ("company", COMPANY | {"company": " "}, "Enter the name of the company"),
        ("company", COMPANY | {"company": "☃"}, "with a letter from a to z"),
        ("company", COMPANY | {"language": "xx"}, "Choose a language"),
        ("company", COMPANY | {"time_zone": "Mars/Base"}, "Choose a time zone"),
        ("domain", {"domain": "no domain"}, "is not a domain name"),
        ("domain", {"domain": "acme"}, "such as acme.example"),
        ("addresses", {"address-lead": "bounce"}, "is a service address"),
        ("addresses", {"address-lead": "a+b"}, "cannot stand before the @"),
        ("addresses", {"address-lead": "post", "address-ticket": "POST"}, "makes something else already"),
        ("you", YOU | {"name": ""}, "Enter your name"),
        ("you", YOU | {"email": "ada"}, "Enter your mail address"),
        ("you", YOU | {"username": "a b"}, "is no user name"),
        ("you", YOU | {"password": "short"}, "too short"),
        ("you", YOU | {"password": ""}, "Enter a password"),
    ],
)
def test_what_is_wrong_stands_beside_its_field(founder: Client, step: str, fields: dict[str, str], words: str) -> None:
    _send(founder, "company", **COMPANY)
    _send(founder, "domain", domain="acme.example")
    page = _wrong(founder, step, **fields)
    assert words in page.replace("&#x27;", "'")
    assert page.count('aria-invalid="true"') == 1
    for value in fields.values():
        assert (
            not value.strip()
            or value in (PASSWORD, "short", "xx", "Mars/Base")
            or value.strip().lower() in page.lower()
        )
    assert not User.objects.exists()
    assert not Company.objects.exists()
    assert not AliasDomain.objects.exists()


def test_every_step_can_be_left_and_taken_up_again(founder: Client) -> None:
    _send(founder, "company", **COMPANY)
    _send(founder, "domain", domain="acme.example")
    assert founder.get("/welcome").headers["Location"] == "/welcome/addresses"
    assert 'value="Acme"' in founder.get("/welcome/company").content.decode()
    assert 'value="sales"' in founder.get("/welcome/addresses").content.decode()
    assert _send(founder, "domain", domain="no domain", act="later") == "/welcome/addresses"
    assert _send(founder, "addresses", act="later") == "/welcome/you"
    _send(founder, "you", **YOU)
    assert not AliasDomain.objects.exists()
    assert "No alias domain yet" in founder.get("/").content.decode()


def test_what_was_put_off_has_no_tick(founder: Client) -> None:
    _send(founder, "company", **COMPANY)
    _send(founder, "domain", act="later")
    _send(founder, "addresses", **{"address-lead": "sales", "address-ticket": ""})
    assert founder.get("/welcome/you").content.decode().count("done:") == 1, "addresses need a domain"
    _send(founder, "domain", domain="acme.example")
    assert founder.get("/welcome/you").content.decode().count("done:") == 3


def test_the_last_step_first_leads_to_what_is_missing(founder: Client) -> None:
    assert _send(founder, "you", **YOU) == "/welcome/company?check"
    assert "Enter the name of the company" in founder.get("/welcome/company?check").content.decode()
    assert not User.objects.exists()
    assert setup_code.known()


def test_no_such_step(founder: Client) -> None:
    assert founder.get("/welcome/nothing").status_code == 404


def test_what_the_command_line_made_is_taken_over(founder: Client) -> None:
    factory.domain("acme.example", Company.objects.create(name="Acme", slug="acme", created_at="2026-01-01T00:00Z"))
    _send(founder, "company", **COMPANY)
    _send(founder, "domain", domain="acme.example")
    _send(founder, "addresses", **{"address-lead": "sales"})
    _send(founder, "you", **YOU)
    assert (Company.objects.count(), AliasDomain.objects.count(), Alias.objects.count()) == (1, 1, 1)
