"""The first run on the command line: with flags, with questions left out, and towards a browser."""

from __future__ import annotations

import re
import stat
from pathlib import Path

import pytest

from postroom.directory.models import Company, User
from postroom.domains.models import Alias
from postroom.infra import setup_code
from postroom.infra.config import config
from postroom.project.cli.prepare import offer_setup
from postroom.project.cli.serve import _say_ready, places
from postroom.project.cli.shared import EX_DATAERR
from tests.support import factory
from tests.support.shell import Shell

pytestmark = pytest.mark.django_db
FLAGS = ("--company", "Acme", "--domain", "acme.example", "--admin", "ada", "--password-file")


@pytest.fixture(autouse=True)
def var(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(config(), "var", tmp_path)
    return tmp_path


@pytest.fixture
def password(tmp_path: Path) -> str:
    path = tmp_path / "password"
    path.write_text(f"{factory.PASSWORD}\n", encoding="utf-8")
    return str(path)


def test_with_flags_alone(shell: Shell, password: str, var: Path) -> None:
    setup_code.make()
    said = shell("init", *FLAGS, password, "--language", "sv", "--time-zone", "Europe/Stockholm")
    assert said == "Made: Acme, acme.example, ada, sales@acme.example, support@acme.example.\n"
    company = Company.objects.get()
    assert (company.language, company.time_zone) == ("sv", "Europe/Stockholm")
    assert User.objects.get().is_operator
    assert not setup_code.known()  # nobody needs it any more
    assert shell("init", *FLAGS, password) == "Everything is there already.\n"
    assert Alias.objects.count() == 2


@pytest.mark.parametrize(
    ("more", "words"),
    [(("--language", "xx"), "Choose a language"), (("--time-zone", "Mars/Base"), "Choose a time zone")],
)
def test_what_no_company_can_have(shell: Shell, password: str, more: tuple[str, ...], words: str) -> None:
    assert words in shell.fails("init", *FLAGS, password, *more, status=EX_DATAERR)
    assert not Company.objects.exists()


def test_towards_a_browser(shell: Shell, var: Path) -> None:
    said = shell("init --browser")
    code = said.strip().rpartition("code=")[2]
    assert re.fullmatch(r"(?:[2-9A-HJ-NP-Z]{4}-){2}[2-9A-HJ-NP-Z]{4}", code)
    assert setup_code.matches(code)
    assert stat.S_IMODE((var / "setup_code").stat().st_mode) == 0o600
    assert shell("init --browser") == said  # the same until it is used
    factory.user("ada")
    assert "There are users already" in shell.fails("init --browser", status=EX_DATAERR)


def test_serve_offers_it_as_long_as_nobody_can_sign_in(capsys: pytest.CaptureFixture[str]) -> None:
    offer_setup()
    at = places(config())
    _say_ready(at)
    assert f"Set it up at {at.address}/welcome?code={setup_code.known()}" in capsys.readouterr().out
    factory.user("ada")
    offer_setup()
    _say_ready(at)
    assert "welcome" not in capsys.readouterr().out


def test_a_code_is_forgotten_by_one_of_several() -> None:
    setup_code.make()
    assert [setup_code.forget(), setup_code.forget()] == [True, False]
    assert setup_code.known() == ""
    assert not setup_code.matches("")
