"""Encryption, certificate and login, over real sockets: what the wire does, the connection test foretells.

Each cell is tried twice: a copy is given to the wire, and the connection is tested. Both must come out as the table
says, and a copy reaches the server only where it may.
"""

from __future__ import annotations

import queue
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from postroom.infra.config import config
from postroom.outbound.models import OutgoingServer
from postroom.outbound.sender.wire import Came, Connection, Wire
from postroom.outbound.servers import connection_steps, connection_test
from postroom.outbound.servers.client_certificates import read_pair
from postroom.outbound.servers.connection_test import State, worked
from postroom.outbound.servers.connection_trouble import Diagnosis
from postroom.outbound.transports.protocol import Outcome, Result, Server
from tests.support.authority import Authority
from tests.support.smtp_server import SmtpServer
from tests.transports.build import copy, server_at

ENCRYPTIONS = tuple(OutgoingServer.Encryption.values)
KINDS = ("plain", "starttls", "tls")
CERTIFICATES = ("good", "wrong name", "unknown authority", "self-signed", "expired")
LOGINS = ("none", "right", "wrong")
MECHANISMS = ("PLAIN", "LOGIN", "CRAM-MD5")
USERS = {"amara": "right"}


@dataclass(frozen=True)
class There:
    """Contexts of servers by the quality of their certificate, and who is believed."""

    authority: Authority
    contexts: dict[str, ssl.SSLContext]


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> There:
    one = Authority(tmp_path_factory.mktemp("authority"))
    contexts = {
        "good": one.context("localhost"),
        "wrong name": one.context("mx.other.example"),
        "unknown authority": Authority(one.folder, "Somebody").context("localhost"),
        "self-signed": one.self_signed("localhost"),
        "expired": one.context("localhost", days=-3),
    }
    return There(one, contexts)


@pytest.fixture(autouse=True)
def believing(there: There, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(there.authority.file))
    monkeypatch.setattr(config(), "send_timeout", 0.5)
    monkeypatch.setattr(connection_steps, "GREETING_SECONDS", 0.3)


@pytest.fixture(scope="module")
def wire() -> Iterator[tuple[Wire, queue.Queue[Came]]]:
    news: queue.Queue[Came] = queue.Queue()
    one = Wire(news.put)
    one.start()
    yield one, news
    one.close()


def _sent(wire: tuple[Wire, queue.Queue[Came]], server: Server) -> Outcome:
    """What became of one copy that was given to the wire."""
    connection = Connection(server)
    wire[0].give(connection, [copy(1)])
    came = wire[1].get(timeout=10)
    while not came.outcomes:  # the server was silent for a while: that is told, too
        came = wire[1].get(timeout=10)
    wire[0].retire(connection)
    ((_, outcome),) = came.outcomes
    return outcome


def _tested(server: Server) -> list[connection_test.Step]:
    found = connection_test.run(server, sender="bounce@acme.example", recipient="a@acme.example", seconds=30.0)
    return list(found)


def _both(wire: tuple[Wire, queue.Queue[Came]], there: SmtpServer, server: Server, works: bool) -> str:
    """Try both; the diagnosis of the step that failed."""
    outcome, steps = _sent(wire, server), _tested(server)
    assert (outcome.result is Result.ACCEPTED) == works, outcome
    assert bool(there.mails) == works
    assert worked(steps) == works, steps
    if works:
        return ""
    assert outcome.result is Result.DEFERRED, "nothing was sent, so it is tried again"
    assert outcome.words
    failed = next(step for step in steps if step.state is State.FAILED)
    assert failed.text
    assert failed.advice
    return failed.kind


def _expected(kind: str, encryption: str, certificate: str, login: str) -> tuple[bool, str]:
    """Whether mail leaves, and else the name of what is wrong."""
    base, _, unverified = encryption.partition("-")
    if kind == "tls" and base != "tls":
        return False, Diagnosis.TLS_EXPECTED
    if kind == "plain" and base == "starttls":
        return False, Diagnosis.STARTTLS_MISSING
    if kind != "tls" and base == "tls":
        return False, Diagnosis.TLS_MISSING
    bad = {
        "wrong name": Diagnosis.WRONG_NAME,
        "unknown authority": Diagnosis.UNTRUSTED,
        "self-signed": Diagnosis.SELF_SIGNED,
        "expired": Diagnosis.EXPIRED,
    }
    if base != "none" and not unverified and certificate in bad:
        return False, bad[certificate]
    return (False, Diagnosis.LOGIN_REFUSED) if login == "wrong" else (True, "")


CELLS = [
    (kind, certificate, encryption, login)
    for kind in KINDS
    for certificate in (CERTIFICATES if kind != "plain" else ("good",))
    for encryption in ENCRYPTIONS
    for login in LOGINS
]


@pytest.mark.parametrize(("kind", "certificate", "encryption", "login"), CELLS)
def test_every_encryption_certificate_and_login(
    there: There, wire: Any, kind: str, certificate: str, encryption: str, login: str
) -> None:
    works, kind_of_trouble = _expected(kind, encryption, certificate, login)
    context = there.contexts[certificate] if kind != "plain" else None
    with SmtpServer(context=context, implicit=kind == "tls", users=USERS) as one:
        server = server_at(one.port, encryption, "localhost")
        if login != "none":
            server = replace(server, authentication="login", username="amara", password=login)
        found = _both(wire, one, server, works)
        assert found == kind_of_trouble
        if works:
            (mail,) = one.mails
            assert mail.tls == (encryption != "none")
            assert mail.login == ("amara" if login == "right" else "")
        elif kind_of_trouble != Diagnosis.LOGIN_REFUSED:
            assert not any(said.startswith("AUTH") for said in one.commands), "no password where something is wrong"


@pytest.mark.parametrize("password", ["right", "wrong"])
@pytest.mark.parametrize("offered", [*MECHANISMS, "PLAIN LOGIN CRAM-MD5", "NTLM"])
@pytest.mark.parametrize("chosen", ["", *MECHANISMS])
@pytest.mark.parametrize("encryption", ["none", "starttls"])
def test_every_mechanism(there: There, wire: Any, encryption: str, chosen: str, offered: str, password: str) -> None:
    known = set(offered.split()) & set(MECHANISMS)
    possible = bool(known) if not chosen else chosen in known
    context = there.contexts["good"] if encryption != "none" else None
    with SmtpServer(context=context, users=USERS) as one:
        one.mechanisms = offered
        server = replace(
            server_at(one.port, encryption, "localhost"),
            authentication="login",
            username="amara",
            password=password,
            mechanism=chosen,
        )
        found = _both(wire, one, server, possible and password == "right")
        tried = {line.split()[1] for line in one.commands if line.startswith("AUTH")}
    if not possible:
        assert found == Diagnosis.LOGIN_NOT_OFFERED
        assert not tried
        return
    best = "CRAM-MD5" if encryption == "none" and "CRAM-MD5" in known else next(m for m in MECHANISMS if m in known)
    assert tried == {chosen or best}
    assert found == ("" if password == "right" else Diagnosis.LOGIN_REFUSED)


@pytest.mark.parametrize("encryption", ["starttls", "starttls-unverified", "tls", "tls-unverified"])
@pytest.mark.parametrize("shown", ["missing", "of another authority", "valid"])
def test_every_client_certificate(there: There, wire: Any, encryption: str, shown: str) -> None:
    """The server lets in only clients for whom its authority vouches (RFC 8446 §4.4.2)."""
    authority = there.authority
    context = authority.wanting(authority.context("localhost"))
    pairs = {
        "missing": ("", ""),
        "of another authority": Authority(authority.folder, "Somebody").client("postroom"),
        "valid": authority.client("postroom"),
    }
    pem = read_pair(*pairs[shown]).pem if shown != "missing" else ""
    with SmtpServer(context=context, implicit=encryption.startswith("tls")) as one:
        server = replace(
            server_at(one.port, encryption, "localhost"),
            authentication="certificate" if pem else "none",
            certificate=pem,
        )
        found = _both(wire, one, server, shown == "valid")
    # This server hangs up without a word: who shows nothing can't know that a certificate is wanted.
    wanted = {"valid": "", "missing": Diagnosis.CLOSES_EARLY, "of another authority": Diagnosis.CLIENT_CERTIFICATE}
    assert found == wanted[shown]


def test_the_matrix_has_all_kinds() -> None:
    assert len(CELLS) == (1 + 2 * len(CERTIFICATES)) * len(ENCRYPTIONS) * len(LOGINS)
    assert {_expected(*(cell[0], cell[2], cell[1], cell[3]))[0] for cell in CELLS} == {True, False}
