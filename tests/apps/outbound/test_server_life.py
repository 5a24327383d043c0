"""A server in use: what needs it, its limits, its last test, a mail by it; certificates, and where it may be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.db.models import QuerySet

from postroom.core.addresses import Address
from postroom.core.sending.pace_rows import from_plain
from postroom.core.sending.pacing import used
from postroom.infra import secrets
from postroom.infra.clock import now
from postroom.infra.config import config
from postroom.infra.networks import is_private
from postroom.outbound import choice
from postroom.outbound.models import Delivery, Letter, OutgoingServer, SendingPace
from postroom.outbound.pipeline import exchange, take
from postroom.outbound.servers import results as server_results
from postroom.outbound.servers import services as servers
from postroom.outbound.servers import uses as server_uses
from postroom.outbound.servers.client_certificates import NoCertificate, read_pair
from postroom.outbound.servers.connection_test import State, Step
from postroom.outbound.servers.services import CannotSave, ServerFields
from postroom.outbound.servers.trial import sender_of, trial_of
from postroom.outbound.servers.trial_mail import CannotSend, send_trial_mail, trial_mail
from postroom.outbound.servers.uses import CannotMove, InUse
from postroom.outbound.services import send_due
from tests.support import factory
from tests.support.acme import Acme
from tests.support.authority import Authority
from tests.support.sending import post
from tests.support.smtp_script import Script, scripted
from tests.support.smtp_server import DROP, SmtpServer


def _fields(acme: Acme, **changes: Any) -> ServerFields:
    base = ServerFields(
        name="Relay",
        company=acme.company.pk,
        host="smtp.acme.example",
        authentication="none",
        from_filter="acme.example",
    )
    return replace(base, **changes)


def _problems(acme: Acme, **changes: Any) -> dict[str, str]:
    with pytest.raises(CannotSave) as caught:
        servers.create_server(user=acme.admin, fields=_fields(acme, **changes))
    return caught.value.problems


# --- what needs a server -------------------------------------------------------------------------------------------


def test_the_last_server_is_not_archived_while_mail_waits(acme: Acme, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would be kept here instead, and nobody would hear of it."""
    row = factory.server(acme.company)
    post(acme, "a@firm.example", "b@firm.example")
    with pytest.raises(InUse, match="2 copies wait, and no other server would send them"):
        servers.archive_server(user=acme.admin, server_id=row.pk)
    elsewhere = factory.server(factory.company("Bolt"), "Elsewhere")
    assert [use.key for use in server_uses.uses(row.pk)] == ["stranded"]
    assert server_uses.uses(elsewhere.pk) == []
    with monkeypatch.context() as changed:
        changed.setattr(config(), "outgoing_server", "relay.example")
        assert server_uses.uses(row.pk) == []
    shared = factory.server(None, "Shared")
    assert servers.archive_server(user=acme.admin, server_id=row.pk).is_active is False
    assert [(use.key, use.count) for use in server_uses.uses(shared.pk)] == [("stranded", 2)]
    Delivery.objects.update(state="cancelled")
    assert server_uses.uses(shared.pk) == []


def test_a_server_that_a_letter_waits_for_is_not_archived(acme: Acme) -> None:
    row, other = factory.server(acme.company), factory.server(acme.company, "Other")
    waiting, gone = post(acme, "a@firm.example", "b@firm.example", forced_server=row.pk)
    (done,) = post(acme, "c@firm.example", forced_server=row.pk)
    Delivery.objects.filter(pk__in=[gone.pk, done.pk]).update(state="accepted", due=None)
    with pytest.raises(InUse, match="1 letter waits to leave by it"):
        servers.archive_server(user=acme.admin, server_id=row.pk)
    assert OutgoingServer.objects.get(pk=row.pk).is_active
    assert not servers.move_and_archive(user=acme.admin, server_id=row.pk, to=other.pk).is_active
    assert Letter.objects.get(pk=waiting.letter_id).forced_server_id == other.pk
    assert Letter.objects.get(pk=done.letter_id).forced_server_id == row.pk, "what is over stays as it was"


def test_only_a_server_that_can_take_over_is_offered(acme: Acme) -> None:
    row = factory.server(acme.company)
    good, shared = factory.server(acme.company, "Good"), factory.server(None, "Shared")
    bad = [
        row,
        factory.server(acme.company, "Archived", is_active=False),
        factory.server(acme.company, "Hers", owner=acme.amara),
        factory.server(factory.company("Globex"), "Theirs"),
    ]
    assert {one.pk for one in server_uses.targets(row)} == {good.pk, shared.pk}
    assert [one.pk for one in server_uses.targets(shared)] == [], "a server of one company can't serve all"
    for one in bad:
        with pytest.raises(CannotMove):
            servers.move_server_uses(user=acme.admin, server_id=row.pk, to=one.pk)


def test_a_kind_of_a_floor_above_counts_and_moves(acme: Acme, monkeypatch: pytest.MonkeyPatch) -> None:
    row, other = factory.server(acme.company), factory.server(acme.company, "Other")
    moved: list[tuple[int, int]] = []

    def move(server: int, to: int) -> int:
        moved.append((server, to))
        return 3

    kind = server_uses.Kind("templates", lambda pk: 3 * (pk == row.pk), lambda n: f"{n} templates", move)
    monkeypatch.setattr(server_uses, "KINDS", [*server_uses.KINDS, kind])
    assert [(use.key, use.words) for use in server_uses.uses(row.pk)] == [("templates", "3 templates")]
    assert servers.move_server_uses(user=acme.admin, server_id=row.pk, to=other.pk) == row
    assert moved == [(row.pk, other.pk)]


def test_where_something_stays_nothing_is_moved_and_nothing_archived(
    acme: Acme, monkeypatch: pytest.MonkeyPatch
) -> None:
    row, other = factory.server(acme.company), factory.server(acme.company, "Other")
    (copy,) = post(acme, "a@firm.example", forced_server=row.pk)
    stays = server_uses.Kind("templates", lambda _: 1, lambda n: f"{n} templates", lambda _, to: 0)
    monkeypatch.setattr(server_uses, "KINDS", [*server_uses.KINDS, stays])
    with pytest.raises(InUse):
        servers.move_and_archive(user=acme.admin, server_id=row.pk, to=other.pk)
    row.refresh_from_db()
    assert row.is_active
    assert Letter.objects.get(pk=copy.letter_id).forced_server_id == row.pk


@pytest.mark.parametrize(
    "verb",
    [
        lambda user, row, other: servers.update_server(
            user=user, server_id=row.pk, fields=replace(servers.fields_of(row), name="Other name")
        ),
        lambda user, row, other: servers.archive_server(user=user, server_id=row.pk),
        lambda user, row, other: servers.restore_server(user=user, server_id=row.pk),
        lambda user, row, other: servers.move_server_uses(user=user, server_id=row.pk, to=other.pk),
        lambda user, row, other: servers.move_and_archive(user=user, server_id=row.pk, to=other.pk),
    ],
    ids=["update", "archive", "restore", "move", "move and archive"],
)
def test_who_changes_a_server_keeps_others_from_it(
    acme: Acme, monkeypatch: pytest.MonkeyPatch, verb: Callable[..., object]
) -> None:
    """Asked of the queries, since SQLite has one lock for all."""
    locked: list[bool] = []
    real = QuerySet.select_for_update

    def noting(self: QuerySet[Any], *given: Any, **named: Any) -> QuerySet[Any]:
        locked.append(self.model is OutgoingServer and transaction.get_connection().in_atomic_block)
        return real(self, *given, **named)

    row, other = factory.server(acme.company), factory.server(acme.company, "Other")
    monkeypatch.setattr(QuerySet, "select_for_update", noting)
    verb(acme.admin, row, other)
    assert locked
    assert all(locked)


# --- limits --------------------------------------------------------------------------------------------------------


def test_no_more_than_the_limit_of_a_day_leaves(acme: Acme) -> None:
    with SmtpServer() as there:
        row = factory.server(acme.company, port=there.port, daily_limit=3)
        choice.forget()
        copies = post(acme, *(f"r{n}@firm.example" for n in range(5)), forced_server=row.pk)
        send_due()
        assert len(there.mails) == 3
        rows = list(Delivery.objects.filter(pk__in=[one.pk for one in copies]))
        assert sorted(one.state for one in rows) == ["accepted"] * 3 + ["queued"] * 2
        assert all("limit of 3 mails a day" in one.words for one in rows if one.state == "queued")
        (late,) = post(acme, "late@firm.example", forced_server=row.pk)
        send_due()
        late.refresh_from_db()
        assert (late.state, len(there.mails)) == ("queued", 3)
        OutgoingServer.objects.filter(pk=row.pk).update(daily_limit=100)
        choice.forget()
        Delivery.objects.filter(state="queued").update(due=late.created_at)
        send_due()
        assert len(there.mails) == 6


def _counted(row: OutgoingServer) -> int:
    pace = SendingPace.objects.get(scope="server", key=str(row.pk))
    return used(from_plain(pace.state), now().timestamp(), 60.0)[2]


def test_what_did_not_leave_takes_nothing_of_the_limit(acme: Acme) -> None:
    """The server hangs up in the middle: one copy is put off, those after it have not had their turn."""
    with SmtpServer() as there:
        row = factory.server(acme.company, port=there.port, daily_limit=5, max_connections=1)
        choice.forget()
        there.on("RCPT r1@firm.example", DROP)
        post(acme, *(f"r{n}@firm.example" for n in range(5)), forced_server=row.pk)
        send_due()
        assert _counted(row) == len(there.mails) < 5
        Delivery.objects.filter(state="queued").update(due=now())
        send_due()
        assert (_counted(row), len(there.mails)) == (5, 5)


def test_what_was_withdrawn_before_its_turn_takes_nothing_of_the_limit(acme: Acme) -> None:
    row = factory.server(acme.company, daily_limit=5)
    choice.forget()
    post(acme, *(f"r{n}@firm.example" for n in range(3)), forced_server=row.pk)
    items = take(3)
    Delivery.objects.filter(pk=items[1].row.pk).update(lease_token="")
    assert len(exchange([], [], items)) == 2
    assert _counted(row) == 2


# --- what a test found ---------------------------------------------------------------------------------------------

STEPS = [Step("resolve", "smtp.acme.example", said="192.0.2.1", seconds=0.1)]


def test_what_a_test_found_is_kept_for_the_server_as_it_is(acme: Acme) -> None:
    row = servers.create_server(user=acme.admin, fields=_fields(acme))
    trial = trial_of(acme.admin, servers.fields_of(row), row)
    assert trial.keep(STEPS)
    row.refresh_from_db()
    assert (row.test_worked, server_results.kept_steps(row)) == (True, STEPS)
    failed = [Step("resolve", "x", State.FAILED, text="No.", kind="wrong-host")]
    assert trial.keep(failed)
    row.refresh_from_db()
    assert (row.test_worked, server_results.kept_steps(row)) == (False, failed)
    edited = trial_of(acme.admin, replace(servers.fields_of(row), host="other.example"), row)
    assert not edited.keep(STEPS), "what was tried is not what is kept"
    assert not trial.keep([])
    servers.update_server(user=acme.admin, server_id=row.pk, fields=_fields(acme, host="other.example"))
    row.refresh_from_db()
    assert (row.tested_at, row.test_worked, row.test_steps) == (None, None, [])


# --- a mail by it --------------------------------------------------------------------------------------------------


def test_a_test_mail_goes_through_the_queue_by_its_server(acme: Acme) -> None:
    with SmtpServer() as there, SmtpServer() as elsewhere:
        factory.server(acme.company, "First", port=elsewhere.port, priority=1)
        row = factory.server(acme.company, "Second", port=there.port, priority=2)
        choice.forget()
        number = send_trial_mail(user=acme.admin, row=row)
        found = trial_mail(acme.admin, row, number)
        assert found is not None
        assert found.state == "queued"
        send_due()
    (mail,) = there.mails
    assert mail.recipients == (acme.admin.email,)
    assert b"Test of the outgoing server Second" in mail.data
    assert not elsewhere.mails
    found = trial_mail(acme.admin, row, number)
    assert found is not None
    assert found.state == "accepted"
    assert trial_mail(acme.amara, row, number) is None, "it is the asker's own"


def test_when_no_test_mail_can_go(acme: Acme) -> None:
    for row, words in (
        (factory.server(acme.company, is_active=False), "archived"),
        (factory.server(acme.company, owner=acme.amara), "personal server"),
    ):
        with pytest.raises(CannotSend, match=words):
            send_trial_mail(user=acme.admin, row=row)
    assert not Delivery.objects.exists()


@pytest.mark.parametrize(
    ("filtered", "trusted", "wanted"),
    [
        ("", False, "notifications@acme.example"),
        ("", True, "admin@acme.example"),
        ("acme.example", False, "admin@acme.example"),
        ("ADMIN@acme.example, other.example", False, "admin@acme.example"),
        ("notifications@acme.example", False, "notifications@acme.example"),
        ("other.example, news@other.example", False, "news@other.example"),
        ("other.example", False, "postroom@other.example"),
    ],
)
def test_whose_mail_a_test_is(acme: Acme, filtered: str, trusted: bool, wanted: str) -> None:
    admin = replace_email(acme, "admin@acme.example")
    choice.forget()
    assert sender_of(admin, acme.company.pk, filtered, trusted=trusted) == Address(wanted, admin.name)


@pytest.mark.parametrize("who", ["amara", "admin"])
@pytest.mark.parametrize("filtered", ["amara@acme.example", "acme.example", "AMARA@acme.example, acme.example"])
def test_a_personal_server_is_tried_with_its_owners_envelope(acme: Acme, filtered: str, who: str) -> None:
    amara = acme.amara
    row = factory.server(acme.company, "Amara's own", owner=amara, from_filter=filtered)
    choice.forget()
    real = choice.preview(acme.company.pk, Address(amara.email, amara.name), amara, forced_server=row.pk)
    assert real.server == row.pk
    trial = trial_of(getattr(acme, who), servers.fields_of(row), row)
    assert (trial.sender, trial.recipient) == (real.return_path, getattr(acme, who).email)


def replace_email(acme: Acme, email: str) -> Any:
    acme.admin.email = email
    return acme.admin


# --- client certificates -------------------------------------------------------------------------------------------


def test_a_certificate_is_kept_encrypted_and_told_by_subject_and_end(acme: Acme, tmp_path: Path) -> None:
    certificate, key = Authority(tmp_path).client("postroom", days=30)
    given = _fields(acme, authentication="certificate", certificate=certificate, certificate_key=key)
    row = servers.create_server(user=acme.admin, fields=given)
    row.refresh_from_db()
    assert row.certificate_subject == "CN=postroom"
    assert row.certificate_until is not None
    kept = bytes(row.client_certificate)
    assert b"PRIVATE KEY" not in kept
    pem = secrets.decrypt(kept)
    assert pem.count("BEGIN CERTIFICATE") == pem.count("BEGIN PRIVATE KEY") == 1
    assert choice.server_of(row.pk).certificate == pem
    same = servers.update_server(
        user=acme.admin, server_id=row.pk, fields=replace(given, certificate="", certificate_key="")
    )
    assert bytes(same.client_certificate) == kept
    assert servers.renew_secrets() == 1
    assert "PRIVATE" not in repr(given) + repr(servers.as_entered(given, row))
    gone = servers.update_server(user=acme.admin, server_id=row.pk, fields=_fields(acme))
    assert (bytes(gone.client_certificate), gone.certificate_subject, gone.certificate_until) == (b"", "", None)


def test_what_is_no_pair_is_said(acme: Acme, tmp_path: Path) -> None:
    one, other = Authority(tmp_path).client("one"), Authority(tmp_path).client("other")
    for certificate, key, field, words in (
        ("", one[1], "certificate", "no certificate"),
        ("nonsense", one[1], "certificate", "no certificate"),
        (one[0], "nonsense", "certificate_key", "no private key"),
        (one[0], other[1], "certificate_key", "does not belong"),
        (one[0], "x" * 70_000, "certificate_key", "At most"),
        ("x" * 70_000, one[1], "certificate", "At most"),
    ):
        with pytest.raises(NoCertificate, match=words) as caught:
            read_pair(certificate, key)
        assert caught.value.field == field
    assert "Paste the certificate" in _problems(acme, authentication="certificate")["certificate"]
    pair = {"certificate": one[0], "certificate_key": one[1]}
    without = _problems(acme, authentication="certificate", encryption="none", **pair)
    assert "choose STARTTLS or TLS" in without["authentication"]


# --- the default server by reference -------------------------------------------------------------------------------


def test_a_record_may_refer_to_the_default_server(acme: Acme, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "POSTROOM_OUTGOING_SERVER" in _problems(acme, authentication="default", host="")["authentication"]
    for name, value in {"outgoing_server": "mx.host.example", "outgoing_port": 2525, "outgoing_user": "op"}.items():
        monkeypatch.setattr(config(), name, value)
    row = servers.create_server(user=acme.admin, fields=_fields(acme, authentication="default", host="x", port=1))
    reached = choice.server_of(row.pk)
    assert (row.host, reached.id, reached.host, reached.port, reached.username) == (
        "", row.pk, "mx.host.example", 2525, "op",
    )  # fmt: skip
    monkeypatch.setattr(config(), "outgoing_server", "")
    choice.forget()
    assert "default server of the configuration" in choice.server_of(row.pk).trouble
    (failed,) = trial_of(acme.admin, servers.fields_of(row), row).steps()
    assert (failed.kind, "POSTROOM_OUTGOING_SERVER" in failed.advice) == ("not-set-up", True)


@pytest.mark.parametrize("login", [("operator-7", "correct-battery-7"), ("operator-7", "another")])
def test_who_refers_to_the_default_server_does_not_hear_its_login(
    acme: Acme, monkeypatch: pytest.MonkeyPatch, login: tuple[str, str]
) -> None:
    script = Script(login=login, answers={"MAIL": "550 5.7.1 operator-7 may not send as that"})
    with scripted(script):
        kept = {"outgoing_server": "127.0.0.1", "outgoing_port": script.port, "outgoing_encryption": "none"}
        for name, value in {**kept, "outgoing_user": "operator-7", "outgoing_password": "correct-battery-7"}.items():
            monkeypatch.setattr(config(), name, value)
        row = servers.create_server(user=acme.admin, fields=_fields(acme, authentication="default", host=""))
        steps = list(trial_of(acme.admin, servers.fields_of(row), row).steps())
    assert steps[-1].state is State.FAILED
    assert steps[-1].key == ("mail" if login[1] == "correct-battery-7" else "login")
    assert "operator-7" not in repr(steps)


# --- hosting -------------------------------------------------------------------------------------------------------


@pytest.fixture
def hosted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config(), "hosted_domain", "host.example")


def test_hosted_companies_use_neither_port_25_nor_private_addresses(acme: Acme, hosted: None) -> None:
    assert "465, 587 or 2525" in _problems(acme, port=25)["port"]
    assert "465, 587 or 2525" in _problems(acme, encryption="none")["port"]
    for host in ("10.1.2.3", "127.0.0.1", "192.168.0.9", "100.64.0.1", "[fd00::1]", "64:ff9b::a01:203"):
        assert "private network" in _problems(acme, host=host)["host"], host
    assert "operator" in _problems(acme, authentication="default", host="")["authentication"]
    row = servers.create_server(user=acme.admin, fields=_fields(acme))
    assert choice.server_of(row.pk).public_only
    OutgoingServer.objects.filter(pk=row.pk).update(port=25)
    choice.forget()
    assert "Port 25" in choice.server_of(row.pk).trouble, "one from before is not used either"


def test_servers_of_the_operator_are_free(acme: Acme, hosted: None) -> None:
    operator = factory.user("op", is_operator=True)
    row = servers.create_server(user=operator, fields=_fields(acme, company=None, host="10.1.2.3", port=25))
    assert not choice.server_of(row.pk).public_only
    assert not choice.server_of(row.pk).trouble


def test_without_hosting_all_is_allowed(acme: Acme) -> None:
    row = servers.create_server(user=acme.admin, fields=_fields(acme, host="10.1.2.3", port=25))
    assert not choice.server_of(row.pk).public_only


@pytest.mark.parametrize(
    ("address", "private"),
    [
        ("192.0.2.1", True), ("10.0.0.1", True), ("172.16.9.9", True), ("::1", True), ("fe80::1", True),
        ("::ffff:10.0.0.1", True), ("2002:a00:1::", True), ("64:ff9b::7f00:1", True), ("nonsense", True), ("", True),
        ("8.8.8.8", False), ("2606:4700::1111", False), ("64:ff9b::808:808", False), ("::ffff:8.8.8.8", False),
    ],
)  # fmt: skip
def test_which_addresses_are_private(address: str, private: bool) -> None:
    assert is_private(address) == private


# --- the form's checks ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"mechanism": "XOAUTH2"}, "mechanism", "Choose one"),
        ({"provider": "nobody"}, "provider", "Choose one"),
        ({"max_size": -1}, "max_size", "megabytes"),
        ({"max_size": 2**40}, "max_size", "megabytes"),
        ({"daily_limit": -1}, "daily_limit", "whole number"),
    ],
)
def test_what_is_wrong_is_said(acme: Acme, change: dict[str, Any], field: str, words: str) -> None:
    extra = {"authentication": "login", "username": "u", "password": "p"} if field == "mechanism" else {}
    assert words in _problems(acme, **extra, **change)[field]
