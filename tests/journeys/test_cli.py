"""The command line: what each verb prints, and how it fails: in one line, with a status of sysexits."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from django.contrib.auth import authenticate
from django.db import OperationalError

from postroom.core.addresses import Address
from postroom.directory.models import ApiToken, User
from postroom.directory.selectors import living_token
from postroom.inbound.models import InboundMail
from postroom.infra.clock import now
from postroom.infra.config import Config
from postroom.project.cli import check, doctor, main, serve
from postroom.project.cli.shared import EX_CONFIG, EX_DATAERR, EX_NOINPUT, EX_NOUSER, EX_UNAVAILABLE, EX_USAGE
from postroom.records.models import Record
from tests.core.authentication.signing import Signer
from tests.support import factory
from tests.support.acme import Acme, arrival, letter, make_acme, take_in
from tests.support.dns_server import resolving, table_of
from tests.support.shell import Shell

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Acme:
    return make_acme()


@pytest.fixture
def mail(tmp_path: Path) -> Path:
    path = tmp_path / "vans.eml"
    path.write_bytes(letter(subject="Vans"))
    return path


@pytest.mark.parametrize(
    ("line", "status", "words"),
    [
        ("fly", EX_USAGE, "'fly'"),
        ("replay", EX_USAGE, "--state held"),
        ("replay 4711", EX_NOINPUT, "4711"),
        ("replay --state lost", EX_USAGE, "the states are"),
        ("token create --user nobody", EX_NOUSER, "no user nobody"),
        ("token create", EX_USAGE, "--user"),
        ("token revoke 4711", EX_NOINPUT, "4711"),
        ("user password nobody --password-file -", EX_NOUSER, "user list"),
        ("user create eve --email e@x.example", EX_UNAVAILABLE, "postroom init"),
        ("explain inbound /no/such.eml", EX_NOINPUT, "/no/such.eml"),
        ("web --web-port many", EX_USAGE, "--web-port"),
        ("init", EX_USAGE, "--company"),
    ],
)
def test_an_expected_failure_is_one_line(shell: Shell, line: str, status: int, words: str) -> None:
    assert words in shell.fails(line, status=status)


def test_a_database_that_is_away_is_one_line(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*args: object, **kwargs: object) -> None:
        raise OperationalError("connection refused\nis it running?")

    monkeypatch.setattr(User.objects, "prefetch_related", away)
    assert "connection refused." in shell.fails("user list", status=EX_UNAVAILABLE)


def test_a_database_without_tables_says_which_command_makes_them(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    def empty(*args: object, **kwargs: object) -> None:
        raise OperationalError("no such table: directory_user")

    monkeypatch.setattr(User.objects, "prefetch_related", empty)
    assert "postroom init" in shell.fails("user list", status=EX_UNAVAILABLE)


def test_a_setting_that_is_none_is_named(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "config", Config)  # read anew; the one of this process stays as it is
    monkeypatch.setenv("POSTROOM_WEB_PORT", "many")
    assert "POSTROOM_WEB_PORT" in shell.fails("serve", status=EX_CONFIG)


def test_a_mistake_of_ours_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object, **kwargs: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(User.objects, "prefetch_related", broken)
    with pytest.raises(ZeroDivisionError):
        main.run(["user", "list"])


@pytest.mark.parametrize("line", ["", "token", "user", "explain"])
def test_without_a_verb_the_help_is_shown(shell: Shell, line: str) -> None:
    assert "Usage:" in shell(line, status=EX_USAGE)


@pytest.mark.parametrize(
    "verb",
    "demo init serve web smtp worker inspect explain replay send-queue test-server token user doctor".split(),  # noqa: SIM905
)
def test_every_verb_has_its_help(shell: Shell, verb: str) -> None:
    assert f"postroom {verb}" in shell(f"{verb} --help")
    assert f"  {verb} " in shell("--help")


def test_a_token_is_printed_and_nothing_else(shell: Shell, acme: Acme) -> None:
    secret = shell("token create --days 3 --scopes read --user", acme.admin.username)
    assert secret == secret.strip() + "\n"
    token = living_token(secret.strip(), now())
    assert token is not None
    assert (token.user, token.scopes) == (acme.admin, "read")
    (listed,) = shell.json("token list")
    assert (listed["user"], listed["scopes"]) == (acme.admin.username, "read")
    assert listed["created"].endswith("Z")
    assert secret.strip() not in shell("token list")
    shell("token revoke", str(token.pk))
    assert not ApiToken.objects.exists()


def test_a_scope_that_is_none(shell: Shell, acme: Acme) -> None:
    assert "read and write" in shell.fails(f"token create --user {acme.admin.username} --scopes fly", status=EX_USAGE)


def test_a_user_is_made_listed_changed_and_let_go(shell: Shell, acme: Acme, tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("a long enough phrase\n")
    shell(f"user create lena --email lena@acme.example --name Lena --role administrator --password-file {password}")
    assert authenticate(username="lena", password="a long enough phrase") is not None
    listed = {row["user"]: row for row in shell.json("user list")}
    assert listed["lena"]["roles"] == {acme.company.slug: "administrator"}
    assert f"administrator of {acme.company.slug}" in shell("user list")
    password.write_text("quite another phrase\n")
    shell(f"user password LENA --password-file {password}")
    assert authenticate(username="lena", password="quite another phrase") is not None
    shell("user deactivate lena")
    assert authenticate(username="lena", password="quite another phrase") is None
    password.write_text("short\n")
    assert "too short" in shell.fails(f"user password lena --password-file {password}", status=EX_DATAERR)


def test_a_company_has_to_be_named_where_there_are_two(shell: Shell, acme: Acme, tmp_path: Path) -> None:
    factory.company("Globex")
    line = "user create eve --email e@x.example --password-file -"
    assert acme.company.slug in shell.fails(line, status=EX_USAGE)


def test_inspect_prints_a_line_for_each_mail(shell: Shell, mail: Path, tmp_path: Path) -> None:
    lines = shell(f"inspect {mail} {tmp_path}/none {mail}", status=EX_NOINPUT).splitlines()
    first, missing, last = map(json.loads, lines)
    assert first["subject"] == last["subject"] == "Vans"
    assert (first["file"], first["kind"], first["error"]) == (str(mail), "message", None)
    assert missing["error"]


def test_inspect_says_who_wrote_it_and_why(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "signed.eml"
    file.write_bytes(Signer().sign(letter(author=Address("amara@acme.example"))))
    with resolving(table_of({**Signer().zone, "acme.example TXT": "v=spf1 ip4:192.0.2.1 -all"})) as server:
        auth = json.loads(shell(f"inspect {file}"))["auth"]
        assert (auth["level"], auth["because"], auth["spf"]) == ("verified", "acme.example signed it.", "")
        assert auth["trace"][-1] == {"step": "verdict", "text": "verified: acme.example signed it."}
        auth = json.loads(shell(f"inspect {file} --ip 192.0.2.7 --from amara@acme.example"))["auth"]
        assert (auth["level"], auth["spf"], auth["dkim"]) == ("verified", "fail", "pass")
        server.asked.clear()
        assert json.loads(shell(f"inspect {file} --no-dns"))["auth"] == {}
        assert not server.asked
    assert "is not the address of a machine" in shell.fails(f"inspect {file} --ip here", status=EX_USAGE)


def test_explain_says_whether_a_from_holds(shell: Shell, acme: Acme, tmp_path: Path) -> None:
    file = tmp_path / "plain.eml"
    file.write_bytes(letter(author=Address("amara@acme.example")))
    with resolving(table_of({"acme.example TXT": "v=spf1 ip4:192.0.2.1 -all"})):
        told = shell(f"explain inbound {file} --rcpt sales@acme.example")
        assert "unverified: Nothing proves that acme.example sent it." in told
        told = shell(f"explain inbound {file} --rcpt sales@acme.example --from amara@acme.example --ip 192.0.2.1")
        assert "verified: It came from a server of acme.example." in told


def test_inspect_reads_standard_input(shell: Shell, monkeypatch: pytest.MonkeyPatch, mail: Path) -> None:
    with mail.open() as given:
        monkeypatch.setattr(sys, "stdin", given)
        assert json.loads(shell("inspect -"))["subject"] == "Vans"


def test_explain_tells_the_way_beforehand_and_changes_nothing(shell: Shell, acme: Acme, mail: Path) -> None:
    told = shell(f"explain inbound {mail} --rcpt sales@acme.example")
    assert "routed" in told
    assert "alias match" in told
    (route,) = shell.json(f"explain inbound {mail} --rcpt sales@acme.example")
    assert route["trace"]
    assert route["because"] in told
    assert not InboundMail.objects.exists()
    assert not Record.objects.exists()
    take_in(arrival(mail.read_bytes()))
    assert InboundMail.objects.get().routes.get().because == route["because"]


def test_explain_takes_the_recipients_of_the_headers(shell: Shell, acme: Acme, mail: Path) -> None:
    assert [route["state"] for route in shell.json(f"explain inbound {mail}")] == ["routed"]


def test_replay_by_number_and_by_state(shell: Shell, acme: Acme) -> None:
    held = [factory.arrival(acme.company, state="held").pk for _ in range(2)]
    assert "operator" in shell.fails(f"replay {held[0]}", status=EX_NOUSER)
    by = f"--by {acme.admin.username}"
    assert shell.json(f"replay {held[0]} {by}") == {"asked": 1, "replayed": 1}
    assert shell.json(f"replay --state held --release {by}") == {"asked": 1, "replayed": 1}
    rows = InboundMail.objects.order_by("pk")
    assert [(row.state, row.replayed_by, row.limits_lifted) for row in rows] == [
        ("arrived", acme.admin.name, False),
        ("arrived", acme.admin.name, True),
    ]


def test_doctor_is_content_with_a_sound_installation(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_database", lambda of: iter([doctor._migrations(), doctor._clock()]))
    checks = shell.json("doctor")
    assert {check["name"] for check in checks} >= {"python", "folder", "disk", "migrations", "clock", "pages", "lmtp"}
    assert all(check["ok"] and check["found"] for check in checks)


def test_doctor_says_what_to_do(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    ill = check.Check("disk", False, "0.1 GB free.", "Make room.")
    monkeypatch.setattr(doctor, "_examine", lambda of: iter([ill, check.Check("python", True, "3.11.")]))
    assert shell("doctor", status=1).splitlines() == [
        "problem  disk: 0.1 GB free. Make room.",
        "ok       python: 3.11.",
    ]
