"""The default server from the file, the environment and the command line, each above the one before, and its filter."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from postroom.core.addresses import Address
from postroom.core.sending.facts import DEFAULT_SERVER
from postroom.infra import parameters
from postroom.infra.config import Config, config
from postroom.infra.models import Parameter
from postroom.outbound import choice
from postroom.outbound.models import Dispatch, Letter
from postroom.outbound.services import send_due
from postroom.project.cli.main import app
from tests.support import factory
from tests.support.acme import Acme
from tests.support.sending import post, sent_to
from tests.support.smtp_server import SmtpServer

AMARA, MARY = Address("amara@acme.example", "Amara"), Address("mary@customer.example", "Mary")
FILE = 'outgoing_server = "file.example"\nfrom_filter = "customer.example"\n'
NAMES = ("POSTROOM_OUTGOING_SERVER", "POSTROOM_FROM_FILTER")


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """A folder without `postroom.toml`, an environment that names no default server; both are put back."""
    monkeypatch.chdir(tmp_path)
    for name in NAMES:
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    parameters.forget()
    choice.forget()
    yield
    parameters.forget()
    choice.forget()


def _read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this process have the configuration that a new one would read."""
    fresh = Config()
    for name in ("outgoing_server", "from_filter"):
        monkeypatch.setattr(config(), name, getattr(fresh, name))
    choice.forget()


def _flags(*words: str) -> None:
    """As if a verb had been called with these flags, which hand themselves on in the environment."""
    from typer.testing import CliRunner

    result = CliRunner().invoke(app, ["explain", "outbound", "--from", "none", *words])
    assert "not a mail address" in str(result.exception) + result.output


def _sent(acme: Acme, author: Address) -> tuple[str, str]:
    found = choice.preview(acme.company.pk, author)
    return found.server_name, found.author.email


def test_the_file(acme: Acme, bare: None, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("postroom.toml").write_text(FILE)
    _read(monkeypatch)
    assert _sent(acme, MARY) == ("Default server file.example", "mary@customer.example")
    assert _sent(acme, AMARA) == ("Default server file.example", "notifications@acme.example")


def test_the_environment_stands_above_the_file(acme: Acme, bare: None, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("postroom.toml").write_text(FILE)
    monkeypatch.setenv("POSTROOM_FROM_FILTER", "acme.example")
    _read(monkeypatch)
    assert _sent(acme, AMARA) == ("Default server file.example", "amara@acme.example")
    assert _sent(acme, MARY) == ("Default server file.example", "notifications@acme.example")


def test_the_command_line_stands_above_both(acme: Acme, bare: None, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("postroom.toml").write_text(FILE)
    monkeypatch.setenv("POSTROOM_FROM_FILTER", "acme.example")
    _flags("--outgoing-server", "flag.example", "--from-filter", "customer.example")
    assert os.environ["POSTROOM_OUTGOING_SERVER"] == "flag.example"
    _read(monkeypatch)
    assert _sent(acme, MARY) == ("Default server flag.example", "mary@customer.example")


def test_the_parameter_stands_above_all(acme: Acme, bare: None, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("postroom.toml").write_text(FILE)
    _read(monkeypatch)
    Parameter.objects.create(key="mail.default.from_filter", value="acme.example, mary@customer.example")
    parameters.forget()
    choice.forget()
    assert _sent(acme, AMARA)[1] == "amara@acme.example"
    assert _sent(acme, MARY)[1] == "mary@customer.example"
    assert _sent(acme, Address("bo@customer.example"))[1] == "notifications@acme.example"


def test_it_is_used_only_where_there_is_no_record(acme: Acme, bare: None, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("postroom.toml").write_text(FILE)
    _read(monkeypatch)
    row = factory.server(acme.company, "Archived", is_active=False)
    assert _sent(acme, MARY)[0] == "Default server file.example"
    row.is_active = True
    row.save()
    choice.forget()
    assert _sent(acme, MARY) == ("Archived", "notifications@acme.example")


def test_a_record_refers_to_it_with_a_filter_of_its_own(
    acme: Acme, bare: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("postroom.toml").write_text(FILE)
    _read(monkeypatch)
    row = factory.server(acme.company, "By reference", authentication="default", from_filter="acme.example")
    choice.forget()
    assert _sent(acme, AMARA) == ("By reference", "amara@acme.example")
    assert choice.server_of(row.pk).host == "file.example"
    assert _sent(acme, MARY) == ("By reference", "notifications@acme.example"), "the record's filter, not the file's"


def test_a_letter_may_have_to_leave_by_it_though_another_would_be_chosen(
    acme: Acme, monkeypatch: pytest.MonkeyPatch
) -> None:
    with SmtpServer() as usual, SmtpServer() as default, sent_to(default, monkeypatch, from_filter="acme.example"):
        reach = {"host": "127.0.0.1", "port": usual.port, "encryption": "none", "authentication": "none"}
        factory.server(acme.company, "Usual", from_filter="acme.example", **reach)
        (free,) = post(acme, "free@customer.example")
        (forced,) = post(acme, "forced@customer.example", forced_server=DEFAULT_SERVER)
        send_due()
        assert [mail.recipients for mail in usual.mails] == [("free@customer.example",)]
        assert [mail.recipients for mail in default.mails] == [("forced@customer.example",)]
    assert [Letter.objects.get(pk=one.letter_id).forced for one in (free, forced)] == [None, DEFAULT_SERVER]
    row = Dispatch.objects.get(letter=forced.letter_id)
    assert (row.case, row.server_id, row.server_name) == ("forced", None, "Default server 127.0.0.1")
    told = [step["text"] for step in row.trace]
    assert "The letter names Default server 127.0.0.1." in told
    assert not any("Usual" in text for text in told)
