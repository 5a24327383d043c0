"""Broken servers over real sockets: each has a diagnosis of its own name, says what is wrong and what to do."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from postroom.outbound.servers import connection_steps, connection_test
from postroom.outbound.servers.client_certificates import read_pair
from postroom.outbound.servers.connection_test import State, Step, worked
from postroom.outbound.servers.connection_trouble import Diagnosis, no_connection
from postroom.outbound.transports.protocol import Server
from tests.support.authority import Authority
from tests.support.running import free_port
from tests.support.smtp_script import HANG_UP, SILENCE, Script, scripted

MB = 1024 * 1024
GMAIL = (
    "535-5.7.8 Username and Password not accepted. For more information, go to\r\n"
    "535 5.7.8  https://support.google.com/mail/?p=BadCredentials 5b1f17b1804b1-43 - gsmtp"
)
GMAIL_SECOND = "534-5.7.9 Application-specific password required.\r\n534 5.7.9 https://support.google.com/x - gsmtp"
MICROSOFT = "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant."


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(autouse=True)
def trusted(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))


@contextmanager
def _full() -> Iterator[int]:
    """A port whose queue of connections is full: whoever comes hears nothing, as behind a firewall."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        port = listener.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", port))
        yield port
        for one in waiting:
            one.close()


Making = Callable[[Authority], Script]


def _tls(**changes: Any) -> Making:
    return lambda authority: Script(authority.context("localhost"), **changes)


def _clear(**changes: Any) -> Making:
    return lambda _: Script(**changes)


@dataclass(frozen=True)
class Broken:
    """A server, how ours is set to reach it, and what then has to be said: the step, and parts of text and advice."""

    kind: Diagnosis
    making: Making | None
    step: str
    text: str
    advice: str
    set_to: dict[str, Any] = field(default_factory=dict)
    at: Callable[[], AbstractContextManager[int]] | None = None


D = Diagnosis
BROKEN = {
    "wrong host": Broken(
        D.WRONG_HOST, None, "resolve", "There is no host nowhere.invalid", "spelling", {"host": "nowhere.invalid"}
    ),
    "wrong port": Broken(D.WRONG_PORT, None, "connect", "Nothing listens at", "587 with STARTTLS"),
    "silent port": Broken(D.SILENT_PORT, None, "connect", "No answer from", "firewall", at=_full),
    "a port that takes the connection and is silent": Broken(
        D.NO_GREETING, _clear(greeting=SILENCE), "connect", "does not greet", "Check the host name"
    ),
    "plain where TLS": Broken(
        D.TLS_EXPECTED, _tls(at_once=True), "connect", "expects TLS from", "Choose TLS", {"encryption": "none"}
    ),
    "STARTTLS where TLS": Broken(
        D.TLS_EXPECTED, _tls(at_once=True), "connect", "asked in the clear", "Choose TLS", {"encryption": "starttls"}
    ),
    "TLS where plain": Broken(
        D.TLS_MISSING, _clear(), "tls", "answers in the clear", "Choose STARTTLS", {"encryption": "tls"}
    ),
    "STARTTLS missing": Broken(
        D.STARTTLS_MISSING, _clear(), "tls", "offers no STARTTLS", "TLS on port 465", {"encryption": "starttls"}
    ),
    "self-signed": Broken(
        D.SELF_SIGNED, lambda one: Script(one.self_signed("localhost")), "tls", "signed by itself", "SSL_CERT_FILE"
    ),
    "of an authority that nobody knows": Broken(
        D.UNTRUSTED,
        lambda one: Script(Authority(one.folder, "Somebody").context("localhost")),
        "tls",
        "trusts nobody who vouches",
        "SSL_CERT_FILE",
    ),
    "expired": Broken(
        D.EXPIRED, lambda one: Script(one.context("localhost", days=-3)), "tls", "has expired", "has to renew it"
    ),
    "wrong name": Broken(
        D.WRONG_NAME, lambda one: Script(one.context("mx.other.example")), "tls", "for mx.other.example", "host name"
    ),
    "login refused": Broken(
        D.LOGIN_REFUSED, _tls(login=("a", "b")), "login", "refused the login of post@acme.example", "two-step login"
    ),
    "login refused by Gmail": Broken(
        D.LOGIN_REFUSED_GMAIL, _tls(answers={"AUTH": GMAIL}), "login", "Google refused the login", "app password"
    ),
    "login refused by Gmail, which wants an app password": Broken(
        D.LOGIN_REFUSED_GMAIL, _tls(answers={"AUTH": GMAIL_SECOND}), "login", "Google refused", "app password"
    ),
    "login refused by Microsoft": Broken(
        D.LOGIN_REFUSED_MICROSOFT,
        _tls(answers={"AUTH": MICROSOFT}),
        "login",
        "Microsoft lets no program in",
        "Authenticated SMTP",
    ),
    "login not offered": Broken(D.LOGIN_NOT_OFFERED, _tls(offers=()), "login", "offers no login", "without login"),
    "login not offered by this mechanism": Broken(
        D.LOGIN_NOT_OFFERED,
        _tls(offers=("AUTH PLAIN",)),
        "login",
        "no login by CRAM-MD5",
        "automatically",
        {"mechanism": "CRAM-MD5"},
    ),
    "MAIL FROM refused": Broken(
        D.SENDER_REFUSED,
        _tls(answers={"MAIL": "550 5.7.60 not allowed"}),
        "mail",
        "does not take mail from bounce@acme.example",
        "Sends for",
    ),
    "RCPT refused": Broken(
        D.RECIPIENT_REFUSED,
        _tls(answers={"RCPT": "554 5.7.1 relay denied"}),
        "rcpt",
        "would not deliver to admin@acme.example",
        "refuses to relay",
    ),
    "size too small": Broken(
        D.SIZE_TOO_SMALL,
        _tls(offers=("AUTH PLAIN", f"SIZE {5 * MB}")),
        "size",
        "5 MB at most, and 25 MB is needed",
        "Enter 5 MB",
        {"max_size": 25 * MB},
    ),
    "size too small for hardly any mail": Broken(
        D.SIZE_TOO_SMALL, _tls(offers=("AUTH PLAIN", "SIZE 100000")), "size", "and 1 MB is needed", "takes more"
    ),
    "size refused with the mail": Broken(
        D.SIZE_TOO_SMALL,
        _tls(offers=("AUTH PLAIN", "SIZE"), answers={"MAIL": "552 5.3.4 too big"}),
        "mail",
        "does not take a mail of the size",
        "Enter a smaller one",
        {"max_size": 25 * MB},
    ),
    "hangs after greeting": Broken(
        D.HANGS, _clear(answers={"EHLO": SILENCE}), "connect", "no answer to EHLO", "another port"
    ),
    "closes early": Broken(
        D.CLOSES_EARLY, _clear(greeting=HANG_UP), "connect", "closes the connection before it greets", "ask whoever"
    ),
    "closes later": Broken(
        D.CLOSES_EARLY, _tls(answers={"MAIL": HANG_UP}), "mail", "closed the connection", "Try again"
    ),
    "not SMTP": Broken(
        D.NOT_SMTP, _clear(greeting="SSH-2.0-OpenSSH_9.2"), "connect", "does not speak SMTP", "Check the host name"
    ),
    "not SMTP but the web": Broken(
        D.NOT_SMTP, _clear(greeting="HTTP/1.1 400 Bad Request"), "connect", "does not speak SMTP", "and the port"
    ),
}  # fmt: skip


@contextmanager
def _there(broken: Broken, authority: Authority) -> Iterator[tuple[int, str]]:
    """The port of the broken server, and the encryption that it expects unless ours is set otherwise."""
    if broken.making is None:
        at = broken.at() if broken.at else nullcontext(free_port())
        with at as port:
            yield port, "none"
        return
    with scripted(broken.making(authority)) as script:
        yield script.port, "none" if script.tls is None else "tls" if script.at_once else "starttls"


# What is waited for in vain, and so briefly; all else has the time that a slow machine needs.
IN_VAIN = {
    "a port that takes the connection and is silent": ("GREETING_SECONDS", "TLS_LOOK_SECONDS"),
    "plain where TLS": ("GREETING_SECONDS",),
    "STARTTLS where TLS": ("GREETING_SECONDS",),
    "hangs after greeting": ("ANSWER_SECONDS",),
}


def _steps(port: int, encryption: str, seconds: float = 30.0, **set_to: Any) -> list[Step]:
    server = Server(1, "Test", "smtp", "localhost", port, encryption, "login", "post@acme.example", "correct-battery-7")
    found = connection_test.run(
        replace(server, **set_to), sender="bounce@acme.example", recipient="admin@acme.example", seconds=seconds
    )
    return list(found)


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_server_has_a_diagnosis_of_its_own(
    authority: Authority, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, seconds = BROKEN[name], 2.0 if name == "silent port" else 30.0
    for limit in IN_VAIN.get(name, ()):
        monkeypatch.setattr(connection_steps, limit, 0.4)
    with _there(broken, authority) as (port, encryption):
        steps = _steps(port, seconds=seconds, **({"encryption": encryption} | broken.set_to))
    assert not worked(steps)
    failed = next(step for step in steps if step.state is State.FAILED)
    assert (failed.kind, failed.key) == (broken.kind, broken.step), failed
    assert broken.text in failed.text
    assert broken.advice in failed.advice
    assert failed.seconds < 30  # it does not hang


def test_the_seventeen_are_told_apart() -> None:
    names = {
        "wrong host", "wrong port", "silent port", "plain where TLS", "TLS where plain", "STARTTLS missing",
        "self-signed", "expired", "wrong name", "login refused", "login not offered", "MAIL FROM refused",
        "RCPT refused", "size too small", "hangs after greeting", "closes early", "not SMTP",
    }  # fmt: skip
    assert len(names) == 17
    assert len({BROKEN[name].kind for name in names}) == 17
    told_apart = {BROKEN[name].kind for name in BROKEN if name.startswith("login refused")}
    assert len(told_apart) == 3


@pytest.mark.parametrize(
    ("mechanism", "heard"),
    [("PLAIN", "AUTH PLAIN"), ("LOGIN", "AUTH LOGIN"), ("CRAM-MD5", "AUTH CRAM-MD5"), ("", "AUTH PLAIN")],
)
def test_each_mechanism_lets_us_in(authority: Authority, mechanism: str, heard: str) -> None:
    with scripted(Script(authority.context("localhost"), offers=("AUTH CRAM-MD5 LOGIN PLAIN",))) as script:
        steps = _steps(script.port, "starttls", mechanism=mechanism)
    assert worked(steps)
    assert any(line.startswith(heard) for line in script.heard)


def test_in_the_clear_a_mechanism_that_keeps_the_password_comes_first() -> None:
    with scripted(Script(offers=("AUTH PLAIN LOGIN CRAM-MD5",))) as script:
        steps = {step.key: step for step in _steps(script.port, "none")}
    assert steps["login"].state is State.OK
    assert "CRAM-MD5" in steps["login"].said


def test_a_private_network_is_refused_by_the_address_and_not_by_the_name() -> None:
    with scripted(Script()) as script:
        (failed,) = _steps(script.port, "none", public_only=True)
        assert not script.heard
    assert failed.kind == Diagnosis.REFUSED_ADDRESS
    assert "private network" in failed.text


def test_a_port_that_may_not_be_used_is_not_tried() -> None:
    (failed,) = _steps(25, "none", trouble="Port 25 can't be used here.")
    assert (failed.kind, failed.key) == (Diagnosis.REFUSED_PORT, "resolve")


def _gone(number: int) -> OSError:
    return OSError(number, os.strerror(number))


@pytest.mark.parametrize("port", [25, 587])
@pytest.mark.parametrize(
    ("error", "kind", "text"),
    [
        (_gone(errno.ECONNREFUSED), D.WRONG_PORT, "the connection was refused"),
        (_gone(errno.ETIMEDOUT), D.SILENT_PORT, "No answer from relay.example, port {port}"),
        (_gone(errno.EACCES), D.NO_WAY, "lets nothing out to relay.example, port {port}"),
        (_gone(errno.EPERM), D.NO_WAY, "lets nothing out to relay.example, port {port}"),
        (_gone(errno.EHOSTUNREACH), D.NO_WAY, "no way from here to relay.example"),
        (_gone(errno.ENETUNREACH), D.NO_WAY, "no way from here to relay.example"),
        (_gone(errno.ECONNRESET), D.NO_WAY, "No connection to relay.example, port {port}"),
    ],
)
def test_a_port_that_takes_no_connection_has_its_hint(error: OSError, kind: Diagnosis, text: str, port: int) -> None:
    failed = no_connection(Server(1, "Test", "smtp", "relay.example", port, "starttls"), error)
    assert failed.kind is kind
    assert text.format(port=port) in failed.text
    assert ("block port 25 outwards: try 587" in failed.advice) == (port == 25)
    assert failed.advice


@pytest.mark.parametrize(
    ("offers", "size", "said"),
    [
        (("SIZE 36700160",), 36_700_160, "35 MB at most"),
        (("SIZE 35882577",), 35_882_577, "34.2 MB at most"),
        (("SIZE 0",), 0, "sets no limit"),
        (("SIZE",), 0, "sets no limit"),
        (("SIZE much",), 0, "sets no limit"),
        ((), 0, "does not say"),
    ],
)
def test_a_server_is_asked_how_large_a_mail_may_be(
    authority: Authority, offers: tuple[str, ...], size: int, said: str
) -> None:
    with scripted(Script(authority.context("localhost"), offers=offers)) as script:
        step = connection_test.ask_size(Server(1, "Test", "smtp", "localhost", script.port, "starttls"))
    assert (step.key, step.size) == ("size", size)
    assert said in step.said
    assert not any(line.startswith(("AUTH", "MAIL")) for line in script.heard)


def test_who_cannot_be_asked_says_why() -> None:
    step = connection_test.ask_size(Server(1, "Test", "smtp", "127.0.0.1", free_port(), "none"))
    assert (step.key, step.kind) == ("connect", Diagnosis.WRONG_PORT)


@pytest.mark.parametrize("at_once", [False, True])
@pytest.mark.parametrize("shown", [False, True])
def test_a_server_that_says_which_certificate_it_wants(authority: Authority, at_once: bool, shown: bool) -> None:
    pair = read_pair(*Authority(authority.folder, "Somebody").client("postroom")) if shown else None
    set_to: dict[str, Any] = {"authentication": "certificate", "certificate": pair.pem} if pair else {}
    with scripted(Script(authority.wanting(authority.context("localhost")), at_once)) as script:
        steps = _steps(script.port, "tls" if at_once else "starttls", **set_to)
    failed = next(step for step in steps if step.state is State.FAILED)
    assert (failed.kind, failed.key) == (Diagnosis.CLIENT_CERTIFICATE, "tls")
    assert ("does not accept our" in failed.text) == shown


@pytest.mark.parametrize("offers", [("AUTH EXTERNAL",), ("PIPELINING",)])
def test_a_certificate_lets_us_in_and_is_named_as_login_where_that_is_offered(
    authority: Authority, offers: tuple[str, ...]
) -> None:
    pair = read_pair(*authority.client("postroom"))
    with scripted(Script(authority.wanting(authority.context("localhost")), offers=offers)) as script:
        steps = _steps(script.port, "starttls", authentication="certificate", certificate=pair.pem)
    assert worked(steps)
    assert ("AUTH EXTERNAL =" in script.heard) == ("AUTH EXTERNAL" in offers)
