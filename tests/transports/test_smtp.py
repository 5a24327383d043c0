"""SMTP against a server that fails at every step and in every way."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from postroom.infra.config import config
from postroom.outbound.transports.protocol import NoSession, Outcome, Result
from tests.support.certificates import Files, make_certificates
from tests.support.running import free_port
from tests.support.smtp_server import DROP, Action, Drop, Hang, SmtpServer
from tests.transports.build import RAW, copy, hand_over, server_at

LARGE = RAW + b"0123456789abcde\r\n" * 400_000  # more than the buffers between the two hold


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config(), "send_timeout", 1.0)


@pytest.fixture
def server() -> Iterator[SmtpServer]:
    with SmtpServer() as one:
        yield one


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return make_certificates(tmp_path_factory.mktemp("tls"), "localhost")


@pytest.fixture
def trusted(certificates: Files, monkeypatch: pytest.MonkeyPatch) -> Files:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates.authority))
    return certificates


def _one(server: SmtpServer, raw: bytes = RAW) -> Outcome:
    return hand_over(server_at(server.port), [copy(1, raw=raw)])[0]


def _refused_session(server: SmtpServer, encryption: str = "none", host: str = "127.0.0.1", **more: str) -> Outcome:
    with pytest.raises(NoSession) as none:
        hand_over(server_at(server.port, encryption, host, **more), [copy(1)])
    assert not server.mails
    return none.value.outcome


@pytest.mark.parametrize(
    ("step", "reply", "result", "phase", "code", "enhanced"),
    [
        ("MAIL", "451 4.3.0 Later", Result.DEFERRED, "mail", 451, "4.3.0"),
        ("MAIL", "550 5.7.1 Not you", Result.REFUSED, "mail", 550, "5.7.1"),
        ("RCPT", "450 4.2.1 Greylisted", Result.DEFERRED, "rcpt", 450, "4.2.1"),
        ("RCPT", "550 5.1.1 No such user", Result.REFUSED, "rcpt", 550, "5.1.1"),
        ("DATA", "451 4.3.2 Busy", Result.DEFERRED, "data", 451, "4.3.2"),
        ("DATA", "554 5.5.1 No", Result.REFUSED, "data", 554, "5.5.1"),
        ("dot", "452 4.2.2 Full", Result.DEFERRED, "dot", 452, "4.2.2"),
        ("dot", "552 5.3.4 Too big", Result.REFUSED, "dot", 552, "5.3.4"),
        ("dot", "250 2.0.0 Ok: queued as X1", Result.ACCEPTED, "dot", 250, "2.0.0"),
    ],
)
def test_an_answer_is_kept_as_it_was_said(
    server: SmtpServer, step: str, reply: str, result: Result, phase: str, code: int, enhanced: str
) -> None:
    server.on(step, reply)
    outcomes = hand_over(server_at(server.port), [copy(1), copy(2)])
    assert outcomes[0] == Outcome(result, phase, code, enhanced, reply)
    assert outcomes[1].result is Result.ACCEPTED, "what was said of one mail does not touch the next"
    assert server.connections == 1


def test_only_after_a_failure_is_the_session_reset(server: SmtpServer) -> None:
    server.on("RCPT r2@firm.example", "550 5.1.1 No")
    hand_over(server_at(server.port), [copy(1), copy(2), copy(3)])
    assert server.commands.count("RSET") == 1
    assert server.counts() == {"r1@firm.example": 1, "r3@firm.example": 1}


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("action", [DROP, Hang(), b"what?\r\n", b"\0\xff\r\n", b"x" * 40_000, b"250-a\r\n" * 9000])
def test_before_the_content_nothing_was_sent(server: SmtpServer, step: str, action: Action) -> None:
    server.on(step, action)
    began = time.monotonic()
    outcomes = hand_over(server_at(server.port), [copy(1), copy(2)])
    assert outcomes[0].result is Result.DEFERRED
    assert outcomes[0].phase == step.lower()
    assert outcomes[0].words.startswith("127.0.0.1 did not take the mail: ")
    assert outcomes[1].is_untouched
    assert not server.mails
    assert time.monotonic() - began < 30  # it must not hang


@pytest.mark.parametrize("action", [DROP, Hang(), b"what?\r\n", b"x" * 40_000, b"354 Go on\r\n", b"199 hm\r\n"])
def test_after_the_dot_nobody_knows(server: SmtpServer, action: Action) -> None:
    server.on("dot", action)
    outcomes = hand_over(server_at(server.port), [copy(1), copy(2)])
    assert outcomes[0].result is Result.UNKNOWN
    assert outcomes[0].words
    assert outcomes[1].is_untouched
    assert server.counts() == {"r1@firm.example": 1}


def test_lost_in_the_middle_of_the_content_is_tried_again(server: SmtpServer) -> None:
    server.on("content", Drop(after=100_000))
    outcome = _one(server, LARGE)
    assert (outcome.result, outcome.phase) == (Result.DEFERRED, "data")
    assert "closed the connection" in outcome.words
    assert not server.mails


def test_a_server_that_says_no_in_the_middle_is_heard(server: SmtpServer) -> None:
    server.on("content", "552 5.3.4 Too much")
    outcome = _one(server, LARGE)
    assert outcome.result in {Result.REFUSED, Result.DEFERRED}  # its hanging up may overtake its words
    assert outcome.phase == "data"


def test_a_large_mail_arrives_whole(server: SmtpServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config(), "send_timeout", 30.0)
    assert _one(server, LARGE).result is Result.ACCEPTED
    assert server.mails[0].data == LARGE


def test_an_odd_answer_to_data_is_no_leave_to_go_on(server: SmtpServer) -> None:
    server.on("DATA", "250 2.0.0 Ok")
    outcomes = hand_over(server_at(server.port), [copy(1), copy(2)])
    assert (outcomes[0].result, outcomes[0].phase) == (Result.DEFERRED, "data")
    assert outcomes[1].is_untouched


@pytest.mark.parametrize("raw", [b"A: 1\n\nx\ny\n", b"A: 1\r\n\r\nx\ry", b"A: 1\r\n\r\n.\r\n.x\n.\n"])
def test_only_crlf_goes_out_and_no_line_ends_the_mail_early(server: SmtpServer, raw: bytes) -> None:
    assert _one(server, raw).result is Result.ACCEPTED
    wanted = raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n", b"\r\n")
    assert server.mails[0].data == (wanted if wanted.endswith(b"\r\n") else wanted + b"\r\n")
    assert len(server.mails) == 1


def test_size_is_told_where_it_is_asked_for(server: SmtpServer) -> None:
    _one(server)
    server.extensions = []
    _one(server)
    assert [mail.options for mail in server.mails] == [f"SIZE={len(RAW)}", ""]


@pytest.mark.parametrize(
    ("sender", "recipient", "raw"),
    [
        ("a@acme.example", "grün@firm.example", RAW),
        ("grün@acme.example", "b@firm.example", RAW),
        ("a@acme.example", "b@firm.example", "To: grün@firm.example\r\n\r\nHi\r\n".encode()),
    ],
)
def test_smtputf8(server: SmtpServer, sender: str, recipient: str, raw: bytes) -> None:
    """RFC 6531: without it such a mail is refused with its reason before anything is said."""
    mail = copy(1, recipient, raw, sender)
    outcomes = hand_over(server_at(server.port), [mail, copy(2)])
    assert [one.result for one in outcomes] == [Result.REFUSED, Result.ACCEPTED]
    assert "SMTPUTF8" in outcomes[0].words
    assert sum(line.startswith("MAIL") for line in server.commands) == 1
    server.extensions.append("SMTPUTF8")
    assert hand_over(server_at(server.port), [mail])[0].result is Result.ACCEPTED
    assert server.mails[-1].options.endswith("SMTPUTF8")
    assert (server.mails[-1].sender, server.mails[-1].recipients) == (sender, (recipient,))


@pytest.mark.parametrize("recipient", ["a@firm.example>\r\nRCPT TO:<b@firm.example", "a@firm.example> NOTIFY=NEVER <"])
def test_nothing_gets_into_a_command(server: SmtpServer, recipient: str) -> None:
    outcomes = hand_over(server_at(server.port), [copy(1, recipient), copy(2)])
    assert [one.result for one in outcomes] == [Result.REFUSED, Result.ACCEPTED]
    assert "no address" in outcomes[0].words
    assert server.counts() == {"r2@firm.example": 1}


# --- opening ----------------------------------------------------------------------------------------------------------


def test_nobody_listens() -> None:
    with pytest.raises(NoSession) as none:
        hand_over(server_at(port := free_port()), [copy(1)])
    assert none.value.outcome == Outcome(
        Result.DEFERRED, "connect", words=f"No server answers at 127.0.0.1:{port}: connection refused."
    )


def test_a_name_that_does_not_exist() -> None:
    with pytest.raises(NoSession) as none:
        hand_over(server_at(25, host="no.such.host.invalid"), [copy(1)])
    words = none.value.outcome.words
    assert words.startswith("No server answers at no.such.host.invalid:25: ")


@pytest.mark.parametrize(
    ("action", "code"), [("554 5.3.2 Closed", 554), ("421 4.3.2 Too many", 421), (DROP, 0), (Hang(), 0), (b"hi\r\n", 0)]
)
def test_a_greeting_that_is_none(server: SmtpServer, action: Action, code: int) -> None:
    outcome = _refused_session(server.on("connect", action))
    assert (outcome.result, outcome.phase, outcome.code) == (Result.DEFERRED, "greeting", code)
    assert outcome.words


def test_starttls_that_is_not_offered(server: SmtpServer) -> None:
    outcome = _refused_session(server, "starttls")
    assert (outcome.phase, outcome.code) == ("tls", 0)
    assert "offers no STARTTLS" in outcome.words


def test_starttls_that_is_refused(trusted: Files) -> None:
    with SmtpServer(certificates=trusted) as server:
        outcome = _refused_session(server.on("STARTTLS", "454 4.7.0 Not now"), "starttls", "localhost")
    assert (outcome.phase, outcome.code) == ("tls", 454)


@pytest.mark.parametrize(("encryption", "implicit"), [("starttls", False), ("tls", True)])
def test_encrypted_and_verified(trusted: Files, encryption: str, implicit: bool) -> None:
    with SmtpServer(certificates=trusted, implicit=implicit) as server:
        outcomes = hand_over(server_at(server.port, encryption, "localhost"), [copy(1)])
        assert outcomes[0].result is Result.ACCEPTED
        assert server.mails[0].tls


@pytest.mark.parametrize(("encryption", "implicit"), [("starttls", False), ("tls", True)])
@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_a_certificate_that_is_not_accepted(
    certificates: Files, encryption: str, implicit: bool, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of an authority that nobody trusts; or trusted, but of another name."""
    if host == "127.0.0.1":
        monkeypatch.setenv("SSL_CERT_FILE", str(certificates.authority))
    with SmtpServer(certificates=certificates, implicit=implicit) as server:
        outcome = _refused_session(server, encryption, host)
        assert outcome.phase == "tls"
        assert outcome.words.startswith(f"The certificate of {host}:{server.port} is not accepted: ")
        outcomes = hand_over(server_at(server.port, f"{encryption}-unverified", host), [copy(1)])
        assert outcomes[0].result is Result.ACCEPTED


def test_tls_where_there_is_none(server: SmtpServer) -> None:
    outcome = _refused_session(server, "tls")
    assert outcome.phase in {"tls", "connect"}
    assert outcome.words


def test_login(trusted: Files) -> None:
    with SmtpServer(certificates=trusted, users={"amara": "right"}) as server:
        login = {"authentication": "login", "username": "amara", "password": "right"}
        outcomes = hand_over(server_at(server.port, "starttls", "localhost", **login), [copy(1)])
        assert outcomes[0].result is Result.ACCEPTED
        assert server.mails[0].login == "amara"


def test_a_login_that_is_refused() -> None:
    with SmtpServer(users={"amara": "right"}) as server:
        login = {"authentication": "login", "username": "amara", "password": "wrong"}
        outcome = _refused_session(server, **login)
    assert (outcome.result, outcome.phase, outcome.code) == (Result.DEFERRED, "login", 535)
    assert outcome.enhanced == "5.7.8"
    assert "wrong" not in outcome.words.replace("Wrong", "")


def test_a_server_that_knows_no_login(server: SmtpServer) -> None:
    login = {"authentication": "login", "username": "amara", "password": "right"}
    outcome = _refused_session(server, **login)
    assert outcome.phase == "login"
    assert "takes no login" in outcome.words


def test_a_name_is_given_with_the_greeting(server: SmtpServer, tmp_path: Path) -> None:
    _one(server)
    assert server.commands[0].startswith("EHLO ")
    assert server.commands[-1] == "QUIT"


def _leads_to(monkeypatch: pytest.MonkeyPatch, port: int, *addresses: str) -> None:
    """Whatever name is asked for has these addresses, in this order."""
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in addresses]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *asked, **more: found)


def test_an_address_that_is_silent_keeps_no_other_from_its_turn(
    server: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As of a name with an IPv6 address to which there is no way."""
    monkeypatch.setattr(config(), "send_timeout", 6.0)
    with socket.create_server(("127.0.0.2", server.port), backlog=0):
        waiting = [socket.socket() for _ in range(4)]  # its queue is full: whoever comes now hears nothing
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(("127.0.0.2", server.port))
        _leads_to(monkeypatch, server.port, "127.0.0.2", "127.0.0.1")
        outcomes = hand_over(server_at(server.port, host="mail.firm.example"), [copy(1)])
        for one in waiting:
            one.close()
    assert outcomes[0].result is Result.ACCEPTED


def test_why_no_address_will_do_is_said_of_those_that_were_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_port()
    _leads_to(monkeypatch, port, "127.0.0.1", "169.254.0.1")
    with pytest.raises(NoSession) as none:
        hand_over(server_at(port, host="mail.firm.example"), [copy(1)])
    assert none.value.outcome.words == f"No server answers at mail.firm.example:{port}: connection refused."


@pytest.mark.parametrize("encryption", ["none", "tls"])
def test_a_name_that_leads_to_a_private_network_is_told_nothing(server: SmtpServer, encryption: str) -> None:
    """The address is looked at when it is connected to, so a name that changes its mind in between gains nothing."""
    with pytest.raises(NoSession) as none:
        hand_over(replace(server_at(server.port, encryption, "localhost"), public_only=True), [copy(1)])
    outcome = none.value.outcome
    assert (outcome.result, outcome.phase) == (Result.DEFERRED, "connect")
    assert "in a private network" in outcome.words
    assert server.connections == 0, "not even connected"


def test_a_mail_that_is_too_large_is_not_offered(server: SmtpServer) -> None:
    server.extensions = ["SIZE 3000000"]
    large = RAW + b"0123456789abcde\r\n" * 240_000
    outcomes = hand_over(server_at(server.port), [copy(1, raw=large), copy(2)])
    assert [one.result for one in outcomes] == [Result.REFUSED, Result.ACCEPTED]
    assert outcomes[0].words == "This mail has 4.1 MB; 127.0.0.1 takes 3.0 MB at most."
    assert hand_over(replace(server_at(server.port), max_size=10), [copy(3)])[0].result is Result.REFUSED


def test_a_server_in_trouble_is_not_even_called(server: SmtpServer) -> None:
    with pytest.raises(NoSession) as none:
        hand_over(replace(server_at(server.port), trouble="No key reads its password."), [copy(1)])
    assert none.value.outcome.words == "No key reads its password."
    assert server.connections == 0
