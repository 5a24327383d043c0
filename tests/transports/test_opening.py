"""A server that goes wrong before the first mail: how far a session came, in words, and nothing secret in them."""

from __future__ import annotations

import time
from base64 import b64encode
from dataclasses import dataclass, replace

import pytest

from postroom.infra.config import config
from postroom.outbound.transports.protocol import NoSession, Outcome, Result, Server
from tests.support.certificates import Files, make_certificates
from tests.support.smtp_server import DROP, Action, Drip, Hang, SmtpServer
from tests.transports.build import copy, hand_over, server_at

SECONDS = 0.6
PASSWORD = "correct-battery-7"
ENDLESS = b"250-STARTTLS\r\n" * 5000
BABBLE: tuple[Action, ...] = (b"what?\r\n", b"\0\xff\r\n", b"x" * 9000, ENDLESS, b"220-a\r\n554 b\r\n", b"22\r\n")
SILENT: tuple[Action, ...] = (Hang(), Drip(b"2"), Drip(b"220-wait\r\n"))
CLOSES = "it closed the connection"
LATE = "no answer within 0.6 seconds"


@dataclass(frozen=True)
class Fault:
    """What goes wrong at which step; the phase, the code and a part of the words that tell so."""

    step: str
    action: Action
    phase: str
    code: int
    words: str


FAULTS = [
    Fault("connect", DROP, "greeting", 0, CLOSES),
    Fault("connect", "421 4.3.2 Too many", "greeting", 421, "421 4.3.2 Too many"),
    Fault("connect", "554 5.3.2 Closed", "greeting", 554, "554 5.3.2 Closed"),
    Fault("connect", "354 Go on", "greeting", 354, "354 Go on"),
    Fault("connect", b"220 a\r\n220 b\r\n", "greeting", 0, "that nobody had asked for (220 b)"),
    *(Fault("connect", silent, "greeting", 0, LATE) for silent in SILENT),
    *(Fault("connect", babble, "greeting", 0, "does not greet: its answer") for babble in BABBLE),
    Fault("EHLO", DROP, "greeting", 0, CLOSES),
    Fault("EHLO", "421 4.3.2 Too many", "greeting", 421, "421 4.3.2 Too many"),
    Fault("EHLO", "450 4.3.2 Later", "greeting", 450, "450 4.3.2 Later"),
    *(Fault("EHLO", silent, "greeting", 0, LATE) for silent in SILENT),
    *(Fault("EHLO", babble, "greeting", 0, "does not greet: its answer") for babble in BABBLE),
    Fault("STARTTLS", DROP, "tls", 0, CLOSES),
    Fault("STARTTLS", "421 4.3.2 Too many", "tls", 421, "421 4.3.2 Too many"),
    Fault("STARTTLS", "454 4.7.0 Not now", "tls", 454, "454 4.7.0 Not now"),
    Fault("STARTTLS", b"220 Go on\r\n250 2.0.0 Ok\r\n", "tls", 0, "that nobody had asked for (250 2.0.0 Ok)"),
    Fault("STARTTLS", b"220 Go on\r\n25", "tls", 0, "it said more than it was asked"),
    *(Fault("STARTTLS", silent, "tls", 0, LATE) for silent in SILENT),
    *(Fault("STARTTLS", babble, "tls", 0, "No encrypted connection to") for babble in BABBLE),
    Fault("AUTH", DROP, "login", 0, CLOSES),
    Fault("AUTH", "421 4.3.2 Too many", "login", 421, "421 4.3.2 Too many"),
    Fault("AUTH", "454 4.7.0 Later", "login", 454, "454 4.7.0 Later"),
    Fault("AUTH", "334 hm", "login", 334, "334 hm"),
    Fault("AUTH", f"535 5.7.8 Not {PASSWORD}", "login", 535, "535 5.7.8 Not …"),
    Fault("AUTH", f"{PASSWORD}\r\n".encode(), "login", 0, "its answer is not SMTP (…)"),
    Fault("AUTH", b64encode(PASSWORD.encode()) + b"\r\n", "login", 0, "its answer is not SMTP (…)"),
    *(Fault("AUTH", silent, "login", 0, LATE) for silent in SILENT),
    *(Fault("AUTH", babble, "login", 0, "did not come to an end: its answer") for babble in BABBLE),
]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config(), "send_timeout", SECONDS)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return make_certificates(tmp_path_factory.mktemp("tls"), "localhost")


@pytest.fixture(autouse=True)
def trusted(certificates: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates.authority))


def _with_login(server: SmtpServer, encryption: str) -> Server:
    login = {"authentication": "login", "username": "amara", "password": PASSWORD}
    return replace(server_at(server.port, encryption, "localhost"), **login)  # type: ignore[arg-type]


def _refused(server: Server) -> Outcome:
    with pytest.raises(NoSession) as none:
        hand_over(server, [copy(1)])
    return none.value.outcome


@pytest.mark.parametrize("fault", FAULTS, ids=lambda one: f"{one.step} {one.action!r:.40}")
def test_no_session(fault: Fault, certificates: Files) -> None:
    with SmtpServer(certificates=certificates, users={"amara": PASSWORD}) as server:
        server.on(fault.step, fault.action)
        outcome = _refused(_with_login(server, "starttls"))
        assert (outcome.result, outcome.phase, outcome.code) == (Result.DEFERRED, fault.phase, fault.code)
        assert fault.words in outcome.words
        assert PASSWORD not in outcome.words
        assert not server.mails
        assert server.connections == 1


@pytest.mark.parametrize("action", [*SILENT, *BABBLE, DROP, "421 4.3.2 Too many"], ids=repr)
def test_encrypted_from_the_start(action: Action, certificates: Files) -> None:
    with SmtpServer(certificates=certificates, implicit=True, users={"amara": PASSWORD}) as server:
        server.on("connect", action)
        outcome = _refused(_with_login(server, "tls"))
        assert outcome.phase == "greeting"
        assert outcome.result is Result.DEFERRED


def test_a_handshake_that_does_not_begin() -> None:
    """A server that says nothing where TLS is wanted from the start."""
    with SmtpServer() as server:
        server.on("connect", Hang())
        outcome = _refused(server_at(server.port, "tls", "localhost"))
    assert outcome.phase == "tls"
    assert outcome.words == f"No encrypted connection to localhost:{server.port}: TLS did not begin within 0.6 seconds."


def test_what_was_offered_in_the_clear_counts_no_longer(certificates: Files) -> None:
    """RFC 3207 §4.2: somebody in between could have put it there."""
    with SmtpServer(certificates=certificates) as server:
        server.extensions = ["PIPELINING"]
        server.on("EHLO", b"250-test.example\r\n250-CHUNKING\r\n250-SMTPUTF8\r\n250-SIZE 5\r\n250 STARTTLS\r\n")
        assert hand_over(server_at(server.port, "starttls", "localhost"), [copy(1)])[0].result is Result.ACCEPTED
        (mail,) = server.mails
        assert mail.tls
        assert mail.options == ""
        assert not any(line.startswith("BDAT") for line in server.commands)


def test_a_server_of_old_knows_helo_alone() -> None:
    with SmtpServer() as server:
        server.on("EHLO", "502 5.5.1 Unknown")
        outcomes = hand_over(server_at(server.port), [copy(1), copy(2)])
        assert [one.result for one in outcomes] == [Result.ACCEPTED] * 2
        assert [line.split()[0] for line in server.commands[:2]] == ["EHLO", "HELO"]
        assert server.mails[0].options == ""


def test_neither_ehlo_nor_helo() -> None:
    with SmtpServer() as server:
        server.on("EHLO", "502 5.5.1 Unknown").on("HELO", "550 5.7.1 Not you")
        outcome = _refused(server_at(server.port))
    assert (outcome.phase, outcome.code) == ("greeting", 550)


def test_a_server_of_old_is_not_spoken_to_in_the_clear(certificates: Files) -> None:
    with SmtpServer(certificates=certificates) as server:
        server.on("EHLO", "502 5.5.1 Unknown")
        outcome = _refused(server_at(server.port, "starttls", "localhost"))
    assert (outcome.phase, outcome.code) == ("tls", 0)
    assert "offers no STARTTLS, which this server is set to need" in outcome.words


@pytest.mark.parametrize("offer", ["AUTH=PLAIN LOGIN", "AUTH PLAIN", "auth login", "AUTH CRAM-MD5"])
def test_every_way_to_offer_a_login(offer: str) -> None:
    with SmtpServer(users={"amara": PASSWORD}) as server:
        server.on("EHLO", f"250-test.example\r\n250 {offer}")
        outcomes = hand_over(_with_login(server, "none"), [copy(1)])
        assert outcomes[0].result is Result.ACCEPTED
        assert server.mails[0].login == "amara"


@pytest.mark.parametrize("challenge", [b"334 !!!\r\n", b"334\r\n", b"334 \xff\xfe\r\n"])
def test_a_challenge_that_is_none(challenge: bytes) -> None:
    with SmtpServer(users={"amara": PASSWORD}) as server:
        server.mechanisms = "CRAM-MD5"
        server.on("AUTH", challenge)
        outcome = _refused(_with_login(server, "none"))
    assert outcome.phase == "login"


@pytest.mark.parametrize("step", ["connect", "EHLO", "MAIL", "RCPT", "DATA", "dot"])
@pytest.mark.parametrize("extensions", [[], ["PIPELINING"]])
def test_a_storm_of_421(step: str, extensions: list[str]) -> None:
    """Each session ends; each copy that was offered is put off, and nothing was sent."""
    with SmtpServer() as server:
        server.extensions += extensions
        server.always(step, "421 4.7.0 Too much")
        for _ in range(3):
            began = time.monotonic()
            try:
                outcomes = hand_over(server_at(server.port), [copy(1), copy(2)])
            except NoSession as none:
                outcomes = [none.outcome]
            assert (outcomes[0].result, outcomes[0].code) == (Result.DEFERRED, 421)
            assert outcomes[0].words == "421 4.7.0 Too much"
            assert all(one.is_untouched for one in outcomes[1:])
            assert time.monotonic() - began < 30  # it must not hang
        assert not server.mails
        assert server.connections == 3
