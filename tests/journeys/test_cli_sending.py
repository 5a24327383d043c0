"""The command line of the way out: flags of the default server, explaining, trying a server, sending what is due."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from postroom.infra import secrets
from postroom.infra.clock import now
from postroom.infra.config import Config, config
from postroom.infra.dns import Resolver
from postroom.outbound.models import Delivery
from postroom.outbound.servers import sender_check
from postroom.outbound.transports.memory import Memory
from postroom.project.cli import demo, main, processes, send_queue, sending_checks, serve, try_server
from postroom.project.cli.shared import EX_CONFIG, EX_NOINPUT, EX_NOUSER, EX_USAGE
from tests.support import factory
from tests.support.acme import Acme, make_acme
from tests.support.dns_server import Fault, Records, serving
from tests.support.sending import post, sent_into_memory, sent_to
from tests.support.shell import Shell
from tests.support.smtp_server import SmtpServer

pytestmark = pytest.mark.django_db

FLAGS = {
    "--outgoing-server": ("POSTROOM_OUTGOING_SERVER", "smtp.acme.example"),
    "--outgoing-port": ("POSTROOM_OUTGOING_PORT", "465"),
    "--outgoing-encryption": ("POSTROOM_OUTGOING_ENCRYPTION", "tls"),
    "--outgoing-user": ("POSTROOM_OUTGOING_USER", "postroom"),
    "--email-from": ("POSTROOM_EMAIL_FROM", "notifications@acme.example"),
    "--from-filter": ("POSTROOM_FROM_FILTER", "acme.example,hello@acme.test"),
}


@pytest.fixture
def acme() -> Acme:
    return make_acme()


@pytest.fixture
def memory(acme: Acme, monkeypatch: pytest.MonkeyPatch) -> Iterator[Memory]:
    with sent_into_memory(monkeypatch) as sent:
        yield sent


@pytest.fixture
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment that is put back."""
    passwords = ("POSTROOM_OUTGOING_PASSWORD", "POSTROOM_OUTGOING_PASSWORD_FILE")
    for name in (*(name for name, _ in FLAGS.values()), *passwords):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)


class Started(Exception):
    """The verb came to its work."""


@pytest.mark.parametrize("verb", ["serve", "demo", "worker", "send-queue", "test-server"])
def test_the_flags_of_the_default_server_stand_above_the_environment(
    verb: str, clean: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def work(*args: object) -> None:
        raise Started

    first = ((serve, "run"), (demo, "run"), (processes, "follow_supervisor"))
    for module, name in (*first, (send_queue, "use_django"), (try_server, "use_django")):
        monkeypatch.setattr(module, name, work)
    (tmp_path / "password").write_text("from the file\n")
    for name, _ in FLAGS.values():
        monkeypatch.setenv(name, "17")
    monkeypatch.setenv("POSTROOM_OUTGOING_PASSWORD", "of the environment")
    given = [word for flag, (_, value) in FLAGS.items() for word in (flag, value)]
    with pytest.raises(Started):
        main.run([verb, *given, "--outgoing-password-file", str(tmp_path / "password")])
    assert {name: os.environ[name] for name, _ in FLAGS.values()} == dict(FLAGS.values())
    own = Config()
    assert (own.outgoing_server, own.outgoing_port, own.outgoing_encryption) == ("smtp.acme.example", 465, "tls")
    assert own.outgoing_password == "from the file"


def test_no_password_is_given_on_a_command_line(shell: Shell) -> None:
    assert "--outgoing-password-file" in shell("serve --help")
    assert "No such option: --outgoing-password" in shell.fails("serve --outgoing-password secret", status=EX_USAGE)


def test_the_listeners_flags_stay_the_listeners(shell: Shell) -> None:
    told = " ".join(shell("serve --help").split())
    assert "--smtp-port PORT Port of the listener." in told
    assert "--smtp-server" not in told


def test_an_encryption_that_is_none_is_named(shell: Shell, clean: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "config", Config)
    assert "POSTROOM_OUTGOING_ENCRYPTION" in shell.fails("serve --outgoing-encryption ssl", status=EX_CONFIG)


def test_a_password_file_that_is_not_there_is_named(shell: Shell, clean: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "config", Config)
    assert "/no/such" in shell.fails("serve --outgoing-password-file /no/such", status=69)


@pytest.mark.parametrize(
    ("line", "status", "words"),
    [
        ("explain outbound", EX_USAGE, "--from"),
        ("explain outbound --from amara", EX_USAGE, "'amara' is not a mail address"),
        ("explain outbound --from amara@acme.example --to b@", EX_USAGE, "'b@'"),
        ("explain outbound --from amara@acme.example --company globex", EX_USAGE, "acme"),
        ("test-server", EX_NOUSER, "--by"),
        ("test-server --by admin-acme", EX_USAGE, "There is no default server"),
        ("test-server Relay", EX_NOINPUT, "no server Relay"),
        ("test-server 99999999999999999999", EX_NOINPUT, "99999"),
        ("send-queue --most 0", EX_USAGE, "--most"),
    ],
)
def test_an_expected_failure_is_one_line(shell: Shell, acme: Acme, line: str, status: int, words: str) -> None:
    assert words in shell.fails(line, status=status)


def test_explain_tells_the_choice_beforehand(shell: Shell, acme: Acme) -> None:
    factory.server(acme.company, "Relay", from_filter="acme.example")
    factory.server(acme.company, "Other", from_filter="elsewhere.example", priority=1)
    told = shell("explain outbound --no-dns --from amara@acme.example --to hanna@customer.example")
    assert told.startswith("Nothing was sent. A mail would leave by Relay.")
    assert "Amara Okafor <amara@acme.example>" in told
    assert "RCPT TO    <hanna@customer.example>" in told
    chosen = shell.json("explain outbound --no-dns --from stranger@customer.example")
    assert (chosen["server_name"], chosen["from"]["email"]) == ("Relay", "notifications@acme.example")
    assert chosen["trace"]
    assert not Delivery.objects.exists()


def test_explain_takes_a_record_and_a_server(shell: Shell, acme: Acme) -> None:
    factory.server(acme.company, "Listed", from_filter="acme.example")
    other = factory.server(acme.company, "Other mail", from_filter="elsewhere.example")
    record = factory.record(acme.support)
    line = f"explain outbound --no-dns --from amara@acme.example --record {record.pk}"
    assert shell.json(line)["server_name"] == "Listed"
    told = shell(f"{line} --server {other.pk}")
    assert "Reply-To   support@acme.example (tagged)" in told
    assert "MAIL FROM  <amara@acme.example>" in told
    assert "Not admitted" in told
    assert shell.json(f"{line} --server 0")["server"] == 0
    assert "no server Nobody" in shell.fails(f"{line} --server Nobody", status=EX_USAGE)
    assert "no record 4711" in shell.fails("explain outbound --from a@acme.example --record 4711", status=EX_USAGE)


@pytest.mark.parametrize("fault", [None, "SERVFAIL"])
def test_explain_says_what_dns_tells(
    shell: Shell, acme: Acme, fault: Fault | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    factory.server(acme.company, "Listed", host="192.0.2.3", from_filter="acme.example")
    table: Records = {("_dmarc.acme.example", "TXT"): fault} if fault else {}
    with serving(table) as there:
        monkeypatch.setattr(sender_check, "resolver", lambda: Resolver([there.address]))
        told = shell("explain outbound --from amara@acme.example")
    assert "SPF    no record" in told
    assert f"DMARC  {'could not ask' if fault else 'no record'}" in told


def test_explain_asks_the_personal_server_of_its_owner_alone(shell: Shell, acme: Acme) -> None:
    factory.server(acme.company, "Hers", from_filter="amara@acme.example", owner=acme.amara)
    assert shell.json("explain outbound --no-dns --from AMARA@acme.example")["server_name"] == "Hers"
    assert shell.json("explain outbound --no-dns --from admin@acme.example")["server_name"] != "Hers"


def test_what_is_due_is_sent(shell: Shell, acme: Acme, memory: Memory) -> None:
    post(acme, "hanna@customer.example", "bo@customer.example")
    assert shell.json("send-queue --most 1") == {"tried": 1, "waiting": 1}
    assert shell("send-queue") == "1 copies were tried, 0 wait. What became of each stands in the Outbox.\n"
    assert sorted(kept.recipient for kept in memory.copies) == ["bo@customer.example", "hanna@customer.example"]


@pytest.mark.parametrize("named", ["Relay", "relay", "id"])
def test_a_server_is_tried_by_name_or_number(shell: Shell, acme: Acme, named: str) -> None:
    with SmtpServer() as there:
        row = factory.server(acme.company, "Relay", port=there.port)
        line = f"test-server {row.pk if named == 'id' else named} --by {acme.admin.username}"
        found = shell.json(line)
        assert found["worked"]
        assert {step["key"]: step["state"] for step in found["steps"]}["rcpt"] == "ok"
        assert "admin@acme.example" in shell(line)
        assert not there.mails


def test_a_server_that_does_not_work_is_an_exit_status(shell: Shell, acme: Acme) -> None:
    factory.server(acme.company, "Relay")
    told = shell(f"test-server Relay --by {acme.admin.username}", status=1)
    assert "failed   connect" in told


def test_two_servers_of_one_name_are_told_apart_by_number(shell: Shell, acme: Acme) -> None:
    numbers = [factory.server(acme.company, "Relay").pk for _ in range(2)]
    assert str(numbers[1]) in shell.fails(f"test-server Relay --by {acme.admin.username}", status=EX_USAGE)


def test_the_default_server_is_tried_where_none_is_named(
    shell: Shell, acme: Acme, monkeypatch: pytest.MonkeyPatch
) -> None:
    with SmtpServer() as there, sent_to(there, monkeypatch):
        steps = shell.json(f"test-server --by {acme.admin.username}")["steps"]
    assert {step["key"]: step["about"] for step in steps}["mail"] == "bounce@acme.example"


def checks() -> dict[str, tuple[bool, str]]:
    return {one.name: (one.ok, one.words) for one in sending_checks.sending_checks(config())}


def test_doctor_finds_nothing_wrong_where_mail_is_kept(acme: Acme) -> None:
    assert [ok for ok, _ in checks().values()] == [True, True, True]
    assert "outbox" in checks()["outgoing"][1]


def test_doctor_asks_the_default_server_and_names_nobody(acme: Acme, monkeypatch: pytest.MonkeyPatch) -> None:
    with SmtpServer() as there, sent_to(there, monkeypatch):
        assert checks()["outgoing"] == (True, f"127.0.0.1:{there.port} lets us in.")
    with SmtpServer().always("connect", "554 Go away") as there, sent_to(there, monkeypatch):
        ok, words = checks()["outgoing"]
    assert not ok
    assert f"127.0.0.1:{there.port}" in words


@pytest.mark.parametrize(("minutes", "ok"), [(-10, True), (1, True), (7, False)])
def test_doctor_sees_a_queue_that_nobody_works_on(acme: Acme, minutes: int, ok: bool) -> None:
    record = factory.record(acme.sales)
    factory.delivery(record, due=now() - timedelta(minutes=minutes))
    seen, words = checks()["queue"]
    assert seen is ok
    assert ("7 minutes" if not ok else "1 copies wait") in words


def test_doctor_sees_a_password_without_its_key(acme: Acme, monkeypatch: pytest.MonkeyPatch) -> None:
    factory.server(acme.company, "Relay", secret=secrets.encrypt("secret"))
    assert checks()["keys"] == (True, "1 passwords of servers can be read.")
    monkeypatch.setattr(config(), "encryption_keys", secrets.new_key())
    ok, words = checks()["keys"]
    assert not ok
    assert "Relay" in words
    assert config().encryption_keys not in words
    monkeypatch.setattr(config(), "encryption_keys", "no key")
    assert not checks()["keys"][0]


def test_explain_says_beforehand_what_the_server_does_not_carry(shell: Shell, acme: Acme) -> None:
    seen = [{"key": "size", "state": "ok", "size": 0, "smtputf8": False}]
    factory.server(acme.company, "Relay", from_filter="acme.example", test_steps=seen)
    line = "explain outbound --no-dns --from amara@acme.example --to"
    said = "The address jürgen@firm.example needs SMTPUTF8, which Relay does not offer (RFC 6531)."
    assert f"It would fail before anything is sent. {said}" in shell(f"{line} jürgen@firm.example")
    assert shell.json(f"{line} jürgen@firm.example")["recipient_problem"] == said
    assert "RCPT TO    <hanna@xn--bcher-kva.example>" in shell(f"{line} hanna@bücher.example")
