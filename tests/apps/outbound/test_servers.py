"""Outgoing servers: what may be entered, by whom, and that passwords never come out."""

from __future__ import annotations

from dataclasses import replace

import pytest

from postroom.directory.models import Company, User
from postroom.infra import secrets
from postroom.outbound import choice
from postroom.outbound.models import OutgoingServer
from postroom.outbound.servers import services as servers
from postroom.outbound.servers.services import CannotSave, NoServer, ServerFields
from tests.support import factory

SECRET = "correct-battery-7"
pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Company:
    return factory.company("Acme")


@pytest.fixture
def admin(acme: Company) -> User:
    return factory.user("admin", {acme: "administrator"})


@pytest.fixture
def operator() -> User:
    return factory.user("operator", is_operator=True)


@pytest.fixture
def fields(acme: Company) -> ServerFields:
    return ServerFields(
        name="Company mail", company=acme.pk, host="smtp.acme.example", username="post@acme.example", password=SECRET
    )


def _problems(user: User, fields: ServerFields) -> dict[str, str]:
    with pytest.raises(CannotSave) as caught:
        servers.create_server(user=user, fields=fields)
    return caught.value.problems


def test_a_server_is_kept_with_its_password_encrypted(admin: User, fields: ServerFields) -> None:
    row = servers.create_server(user=admin, fields=fields)
    row.refresh_from_db()
    assert (row.port, row.encryption, row.is_active) == (587, "starttls", True)
    assert SECRET.encode() not in bytes(row.secret)
    assert secrets.decrypt(bytes(row.secret)) == SECRET
    assert choice.server_of(row.pk).password == SECRET


@pytest.mark.parametrize(
    ("encryption", "port"),
    [("none", 25), ("starttls", 587), ("starttls-unverified", 587), ("tls", 465), ("tls-unverified", 465)],
)
def test_encryption_sets_the_port(admin: User, fields: ServerFields, encryption: str, port: int) -> None:
    assert servers.create_server(user=admin, fields=replace(fields, encryption=encryption)).port == port
    assert servers.create_server(user=admin, fields=replace(fields, encryption=encryption, port=2525)).port == 2525


def test_without_login_neither_name_nor_password_is_kept(admin: User, fields: ServerFields) -> None:
    row = servers.create_server(user=admin, fields=fields)
    row = servers.update_server(user=admin, server_id=row.pk, fields=replace(fields, authentication="none"))
    assert (row.username, bytes(row.secret)) == ("", b"")


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"name": "  "}, "name", "Give the server a name"),
        ({"name": "x" * 121}, "name", "120"),
        ({"priority": -1}, "priority", "from 0 to 9999"),
        ({"from_filter": "acme.example, not an address@"}, "from_filter", "neither an address nor a domain"),
        ({"from_filter": "acme.example oops"}, "from_filter", "“oops” is no domain"),
        ({"from_filter": "a.example," * 2000}, "from_filter", "10,000"),
        ({"host": ""}, "host", "Enter the server's host name"),
        ({"host": "smtp://smtp.acme.example"}, "host", "host name alone"),
        ({"host": "smtp.acme.example:587"}, "host", "host name alone"),
        ({"host": "two words"}, "host", "is no host name"),
        ({"host": "-bad-.example"}, "host", "is no host name"),
        ({"host": "10.0.0"}, "host", "is no host name"),
        ({"host": "x" * 254}, "host", "is no host name"),
        ({"host": "169.254.169.254"}, "host", "belongs to the machine itself"),
        ({"host": "[fe80::1%eth0]"}, "host", "belongs to the machine itself"),
        ({"host": "::ffff:169.254.169.254"}, "host", "belongs to the machine itself"),
        ({"host": "fd00:ec2::254"}, "host", "belongs to the machine itself"),
        ({"host": "0.0.0.0"}, "host", "belongs to the machine itself"),
        ({"port": 70_000}, "port", "from 1 to 65535"),
        ({"encryption": "rot13"}, "encryption", "Choose one"),
        ({"authentication": "magic"}, "authentication", "Choose one"),
        ({"username": ""}, "username", "Enter the user name"),
        ({"username": "a\r\nb"}, "username", "control characters"),
        ({"password": ""}, "password", "Enter the password"),
        ({"password": "x" * 5000}, "password", "4096"),
        ({"max_connections": 0}, "max_connections", "from 1 to 100"),
        ({"company": 0}, "company", "whose servers you manage"),
        ({"company": None}, "company", "Only operators"),
        ({"owner": 987_654}, "owner", "somebody of this company"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(
    admin: User, fields: ServerFields, change: dict[str, object], field: str, words: str
) -> None:
    problems = _problems(admin, replace(fields, **change))  # type: ignore[arg-type]
    assert words in problems[field]
    assert set(problems) == {field}
    assert not OutgoingServer.objects.exists()


@pytest.mark.parametrize(
    ("entered", "kept"),
    [
        (" SMTP.Acme.Example. ", "smtp.acme.example"),
        ("127.0.0.1", "127.0.0.1"),
        ("10.1.2.3", "10.1.2.3"),
        ("[::1]", "::1"),
        ("relay", "relay"),
        ("post.bücher.example", "post.xn--bcher-kva.example"),
    ],
)
def test_hosts_are_kept_as_the_name_service_knows_them(
    admin: User, fields: ServerFields, entered: str, kept: str
) -> None:
    assert servers.create_server(user=admin, fields=replace(fields, host=entered)).host == kept


def test_an_empty_password_keeps_the_known_one(admin: User, fields: ServerFields) -> None:
    row = servers.create_server(user=admin, fields=fields)
    row = servers.update_server(user=admin, server_id=row.pk, fields=replace(fields, password="", name="Other"))
    assert (row.name, secrets.decrypt(bytes(row.secret))) == ("Other", SECRET)
    row = servers.update_server(user=admin, server_id=row.pk, fields=replace(fields, password="another-8"))
    assert secrets.decrypt(bytes(row.secret)) == "another-8"


def test_a_known_password_is_never_told_to_another_host(admin: User, fields: ServerFields) -> None:
    row = servers.create_server(user=admin, fields=fields)
    elsewhere = replace(fields, password="", host="smtp.thief.example")
    with pytest.raises(CannotSave, match="was entered for"):
        servers.update_server(user=admin, server_id=row.pk, fields=elsewhere)
    with pytest.raises(CannotSave):
        servers.checked(admin, elsewhere, row)


def test_archiving_and_restoring(admin: User, fields: ServerFields) -> None:
    row = servers.create_server(user=admin, fields=fields)
    assert not servers.archive_server(user=admin, server_id=row.pk).is_active
    assert servers.restore_server(user=admin, server_id=row.pk).is_active


def test_only_who_manages_servers_of_a_company_reaches_them(
    acme: Company, admin: User, operator: User, fields: ServerFields
) -> None:
    member = factory.user("member", {acme: "member"})
    stranger = factory.user("stranger", {factory.company("Globex"): "administrator"})
    row = servers.create_server(user=admin, fields=fields)
    for somebody in (member, stranger, operator):
        assert not servers.manageable(somebody).exists()
        assert not servers.shown(somebody).exists()
        with pytest.raises(NoServer):
            servers.update_server(user=somebody, server_id=row.pk, fields=fields)
        with pytest.raises(NoServer):
            servers.archive_server(user=somebody, server_id=row.pk)
        assert "company" in _problems(somebody, fields)
    assert row.is_active


def test_a_server_for_all_companies_belongs_to_operators(
    admin: User, operator: User, fields: ServerFields, acme: Company
) -> None:
    shared = servers.create_server(user=operator, fields=replace(fields, company=None))
    assert list(servers.manageable(operator)) == [shared]
    assert list(servers.shown(admin)) == [shared]
    with pytest.raises(NoServer):
        servers.archive_server(user=admin, server_id=shared.pk)
    own = servers.create_server(user=admin, fields=replace(fields, priority=1))
    with pytest.raises(CannotSave):
        servers.update_server(user=admin, server_id=own.pk, fields=replace(fields, company=None))


def test_servers_are_shown_in_the_order_in_which_they_are_tried(admin: User, fields: ServerFields) -> None:
    for name, priority in (("B", 20), ("C", 5), ("A", 20)):
        servers.create_server(user=admin, fields=replace(fields, name=name, priority=priority))
    gone = servers.create_server(user=admin, fields=replace(fields, name="Gone", priority=0))
    servers.archive_server(user=admin, server_id=gone.pk)
    assert [row.name for row in servers.shown(admin)] == ["C", "A", "B", "Gone"]


def test_a_personal_server_belongs_to_somebody_of_the_company(acme: Company, admin: User, fields: ServerFields) -> None:
    mary = factory.user("mary", {acme: "member"})
    assert servers.create_server(user=admin, fields=replace(fields, owner=mary.pk)).owner == mary
    outsider = factory.user("outsider", {factory.company("Globex"): "member"})
    assert set(_problems(admin, replace(fields, owner=outsider.pk))) == {"owner"}


def test_the_choice_hears_of_a_change_at_once(acme: Company, admin: User, fields: ServerFields) -> None:
    row = servers.create_server(user=admin, fields=fields)
    assert choice.server_of(row.pk).host == "smtp.acme.example"
    servers.update_server(user=admin, server_id=row.pk, fields=replace(fields, host="mx.acme.example"))
    assert choice.server_of(row.pk).host == "mx.acme.example"


def test_passwords_are_encrypted_anew(admin: User, fields: ServerFields) -> None:
    row = servers.create_server(user=admin, fields=fields)
    before = bytes(row.secret)
    assert servers.renew_secrets() == 1
    row.refresh_from_db()
    assert bytes(row.secret) != before
    assert secrets.decrypt(bytes(row.secret)) == SECRET


def test_what_is_logged_and_printed_has_no_password(
    admin: User, fields: ServerFields, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    row = servers.create_server(user=admin, fields=fields)
    servers.update_server(user=admin, server_id=row.pk, fields=fields)
    known = servers.as_entered(servers.fields_of(row), row)
    assert known.password == SECRET
    said = capsys.readouterr()
    told = f"{fields!r} {servers.fields_of(row)!r} {known!r} {said.out} {said.err} {caplog.text}"
    assert "outgoing server changed" in told
    assert SECRET not in told
