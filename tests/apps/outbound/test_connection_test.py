"""A connection test over real sockets: every step in words, what is wrong, what to do, and never a secret."""

from __future__ import annotations

import asyncio
import base64
import socket
import time
from collections.abc import Generator, Iterator
from dataclasses import replace

import pytest

from postroom.outbound.servers import connection_test, probe
from postroom.outbound.servers import results as server_results
from postroom.outbound.servers.connection_test import State, Step, worked
from postroom.outbound.servers.connection_trouble import Diagnosis
from postroom.outbound.transports.protocol import NoSession, Server
from postroom.outbound.transports.smtp.opening import open_session
from tests.support.authority import Authority
from tests.support.running import free_port
from tests.support.smtp_script import HANG_UP, SILENCE, Script, scripted

PASSWORD = "correct-battery-7"
SENDER, RECIPIENT = "bounce@acme.example", "admin@acme.example"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def trusted(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> Authority:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    return authority


def _server(script: Script, **changes: object) -> Server:
    encryption = "none" if script.tls is None else "tls" if script.at_once else "starttls"
    made = Server(1, "Test", "smtp", "localhost", script.port, encryption, "login", "post@acme.example", PASSWORD)
    return replace(made, **changes)  # type: ignore[arg-type]


def _run(server: Server, seconds: float = 5.0) -> list[Step]:
    return list(connection_test.run(server, sender=SENDER, recipient=RECIPIENT, seconds=seconds))


def _failure(steps: list[Step]) -> Step:
    assert not worked(steps)
    return next(step for step in steps if step.state is State.FAILED)


@pytest.mark.parametrize("at_once", [True, False])
def test_a_server_that_takes_our_mail(trusted: Authority, at_once: bool) -> None:
    with scripted(Script(trusted.context("localhost"), at_once)) as script:
        steps = _run(_server(script))
    assert [step.key for step in steps] == ["resolve", "connect", "tls", "login", "mail", "rcpt", "reset", "size"]
    assert {step.state for step in steps} == {State.OK}
    assert worked(steps)
    said = {step.key: step.said for step in steps}
    assert "TLSv1.3, certificate of localhost, valid until 20" in said["tls"]
    assert said["login"] == "PLAIN: 235 2.7.0 welcome"
    assert all(step.seconds >= 0 for step in steps)
    assert f"MAIL FROM:<{SENDER}>" in script.heard
    assert f"RCPT TO:<{RECIPIENT}>" in script.heard
    assert script.heard[-2:] == ["RSET", "QUIT"]
    assert "DATA" not in script.heard, "nothing is sent"


def test_login_is_tried_as_the_server_offers_it(trusted: Authority) -> None:
    with scripted(Script(trusted.context("localhost"), offers=("AUTH=LOGIN", "AUTH LOGIN"))) as script:
        assert worked(_run(_server(script)))


def test_without_encryption_and_login_there_are_fewer_steps() -> None:
    with scripted(Script()) as script:
        steps = _run(_server(script, authentication="none"))
    assert [step.key for step in steps] == ["resolve", "connect", "mail", "rcpt", "reset", "size"]
    assert worked(steps)


def test_a_password_in_the_clear_is_a_warning() -> None:
    with scripted(Script()) as script:
        steps = {step.key: step for step in _run(_server(script))}
    assert steps["login"].state is State.WARNING
    assert "in the clear" in steps["login"].text


def test_a_certificate_that_is_not_verified_is_a_warning(authority: Authority) -> None:
    with scripted(Script(authority.context("elsewhere.example"))) as script:
        steps = _run(_server(script, encryption="starttls-unverified"))
    assert worked(steps)
    assert steps[2].state is State.WARNING
    assert "elsewhere.example" in steps[2].said


def test_a_certificate_that_expires_soon_is_a_warning(trusted: Authority) -> None:
    with scripted(Script(trusted.context("localhost", days=5))) as script:
        steps = _run(_server(script))
    assert worked(steps)
    assert "expires on" in steps[2].text


# What is wrong with the script: which step fails, what is said of it, what is advised.
REFUSALS = [
    ({"EHLO": "502 no", "HELO": "421 closing"}, "connect", "takes nothing from us", "may send by it"),
    ({"AUTH": "535 5.7.8 wrong"}, "login", "refused the login of post@acme.example", "two-step login"),
    ({"AUTH": "454 4.7.0 later"}, "login", "did not let post@acme.example in", "try again"),
    ({"AUTH": "534 5.7.9 by browser"}, "login", "did not let", "What it says tells why"),
    ({"AUTH": HANG_UP}, "login", "closed the connection", "Try again"),
    ({"MAIL": "550 5.7.60 not allowed"}, "mail", f"does not take mail from {SENDER}", "Sends for"),
    ({"MAIL": "530 5.7.0 authenticate"}, "mail", "does not take mail", "wants a login first"),
    ({"MAIL": "451 4.3.0 later"}, "mail", "does not take mail", "may pass"),
    ({"RCPT": "554 5.7.1 relay denied"}, "rcpt", f"would not deliver to {RECIPIENT}", "refuses to relay"),
    ({"RCPT": "450 4.2.0 greylisted"}, "rcpt", "would not deliver", "put off"),
]


@pytest.mark.parametrize(("answers", "key", "text", "advice"), REFUSALS)
def test_a_refusal_is_put_into_words(
    trusted: Authority, answers: dict[str, str], key: str, text: str, advice: str
) -> None:
    with scripted(Script(trusted.context("localhost"), answers=answers)) as script:
        steps = _run(_server(script))
    failed = _failure(steps)
    assert failed.key == key
    assert text in failed.text
    assert advice in failed.advice
    assert (steps[-1].key == "size") == (key == "rcpt")


def test_a_greeting_that_says_no() -> None:
    with scripted(Script(greeting="554 5.3.2 go away")) as script:
        failed = _failure(_run(_server(script)))
    assert (failed.key, failed.said) == ("connect", "554 5.3.2 go away")


def test_something_that_is_no_mail_server() -> None:
    with scripted(Script(greeting="SSH-2.0-OpenSSH_9.2")) as script:
        failed = _failure(_run(_server(script)))
    assert "does not speak SMTP" in failed.text
    assert "SSH-2.0" in failed.said


def test_a_closed_port() -> None:
    port = free_port()
    failed = _failure(_run(Server(1, "Test", "smtp", "127.0.0.1", port, "none")))
    assert (failed.key, failed.about) == ("connect", str(port))
    assert "refused" in failed.text
    assert "587 with STARTTLS" in failed.advice


def test_a_host_that_is_not_there() -> None:
    failed = _failure(_run(Server(1, "Test", "smtp", "nowhere.invalid", 25, "none"), seconds=15))
    assert failed.key == "resolve"
    assert "nowhere.invalid" in failed.text


def test_a_name_service_that_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(*_: object, **__: object) -> None:
        time.sleep(1)
        raise OSError("at last")

    monkeypatch.setattr(socket, "getaddrinfo", silent)
    failed = _failure(_run(Server(1, "Test", "smtp", "slow.example", 25, "none"), seconds=0.2))
    assert "no answer about slow.example" in failed.text


def test_a_name_that_leads_to_the_cloud_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("169.254.169.254", 25))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    failed = _failure(_run(Server(1, "Test", "smtp", "smtp.thief.example", 25, "none")))
    assert (failed.key, failed.said) == ("resolve", "169.254.169.254")


def test_starttls_is_missing() -> None:
    with scripted(Script()) as script:
        failed = _failure(_run(_server(script, encryption="starttls")))
    assert failed.key == "tls"
    assert "offers no STARTTLS" in failed.text
    assert not any(line.startswith("AUTH") for line in script.heard), "no password in the clear"


def test_starttls_is_offered_and_refused(trusted: Authority) -> None:
    with scripted(Script(trusted.context("localhost"), answers={"STARTTLS": "454 4.7.0 not now"})) as script:
        failed = _failure(_run(_server(script)))
    assert (failed.key, failed.said) == ("tls", "454 4.7.0 not now")


def test_tls_at_a_port_that_begins_in_the_clear(trusted: Authority) -> None:
    with scripted(Script()) as script:
        failed = _failure(_run(_server(script, encryption="tls")))
    assert "in the clear" in failed.text
    assert "STARTTLS" in failed.advice


def test_a_port_that_expects_tls_at_once(trusted: Authority) -> None:
    with scripted(Script(trusted.context("localhost"), at_once=True)) as script:
        failed = _failure(_run(_server(script, encryption="none"), seconds=1.0))
    assert failed.key == "connect"


def test_nobody_vouches_for_the_certificate(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    with scripted(Script(authority.context("localhost"))) as script:
        failed = _failure(_run(_server(script)))
    assert "trusts nobody who vouches" in failed.text
    assert "SSL_CERT_FILE" in failed.advice


@pytest.mark.parametrize("at_once", [True, False])
def test_a_certificate_that_has_expired(trusted: Authority, at_once: bool) -> None:
    with scripted(Script(trusted.context("localhost", days=-3), at_once)) as script:
        failed = _failure(_run(_server(script)))
    assert "has expired: it was valid until 20" in failed.text


@pytest.mark.parametrize("at_once", [True, False])
def test_a_certificate_for_another_name(trusted: Authority, at_once: bool) -> None:
    with scripted(Script(trusted.context("mail.other.example", "mx.other.example"), at_once)) as script:
        failed = _failure(_run(_server(script)))
    assert failed.text == (
        "The server's certificate is not for localhost but for mail.other.example, mx.other.example."
    )
    assert not any(line.startswith("AUTH") for line in script.heard)


def test_words_before_tls_count_for_nothing(trusted: Authority) -> None:
    answers = {"STARTTLS": "220 go on\r\n250 injected"}
    with scripted(Script(trusted.context("localhost"), answers=answers)) as script:
        failed = _failure(_run(_server(script)))
    assert failed.key == "tls"


@pytest.mark.parametrize(("offers", "advice"), [(("AUTH NTLM XOAUTH2",), "NTLM, XOAUTH2 only"), ((), "without login")])
def test_no_login_that_we_know(trusted: Authority, offers: tuple[str, ...], advice: str) -> None:
    with scripted(Script(trusted.context("localhost"), offers=offers)) as script:
        failed = _failure(_run(_server(script)))
    assert failed.key == "login"
    assert advice in failed.advice


@pytest.mark.parametrize("verb", ["EHLO", "MAIL", "RSET"])
def test_the_whole_test_has_an_end(verb: str) -> None:
    began = time.monotonic()
    with scripted(Script(answers={verb: SILENCE})) as script:
        steps = _run(_server(script), seconds=0.5)
        assert time.monotonic() - began < 30  # it must not hang
    assert not worked(steps)


@pytest.mark.parametrize(
    "greeting", ["²²² no digits", "220-" + "x" * 100_000, "\r\n".join(["220-more"] * 1000), "220", "\0\x1b[2J"]
)
def test_hostile_words_are_bounded_and_harmless(greeting: str) -> None:
    with scripted(Script(greeting=greeting)) as script:
        steps = _run(_server(script))
    for step in steps:
        assert len(step.said) <= 500
        assert step.said.isprintable()


def _secrets() -> Iterator[str]:
    yield PASSWORD
    yield base64.b64encode(PASSWORD.encode()).decode()
    yield probe.plain_login("post@acme.example", PASSWORD)


@pytest.mark.parametrize("offers", [("AUTH PLAIN",), ("AUTH LOGIN",)])
def test_a_server_that_echoes_the_password_does_not_betray_it(trusted: Authority, offers: tuple[str, ...]) -> None:
    script = Script(trusted.context("localhost"), offers=offers, login=("somebody", "else"))
    with scripted(script):
        steps = _run(_server(script))
    assert "535" in _failure(steps).said
    assert not [secret for secret in _secrets() if secret in repr(steps)]


def test_nor_does_a_try_to_send(trusted: Authority) -> None:
    given = probe.plain_login("post@acme.example", PASSWORD)
    script = Script(trusted.context("localhost"), answers={"AUTH": f"535 5.7.8 no {PASSWORD} in {given}"})
    with scripted(script), pytest.raises(NoSession) as refused:
        asyncio.run(open_session(_server(script)))
    said = refused.value.outcome
    assert (said.phase, said.code) == ("login", 535)
    assert said.words == "535 5.7.8 no … in …"


def test_lines_cannot_be_smuggled() -> None:
    with scripted(Script()) as script:
        server = _server(script, authentication="none")
        list(connection_test.run(server, sender="a@x.example>\r\nDATA", recipient=RECIPIENT, seconds=5))
    assert "DATA" not in script.heard


def test_only_so_many_are_tried_at_once_and_who_leaves_makes_room() -> None:
    """A test that waits for a slow server holds a thread; whoever tries many must not hold them all."""
    server = Server(1, "Test", "smtp", "127.0.0.1", free_port(), "none", "none")

    def test() -> Generator[Step, None, None]:
        return connection_test.run(server, sender=SENDER, recipient=RECIPIENT)

    under_way = [test() for _ in range(connection_test.AT_ONCE)]
    assert [next(one).key for one in under_way] == ["resolve"] * connection_test.AT_ONCE
    (busy,) = test()
    assert (busy.state, busy.kind, busy.about) == (State.FAILED, Diagnosis.BUSY, "127.0.0.1")
    assert connection_test.ask_size(server).kind == Diagnosis.BUSY
    assert not server_results.keep(server, [busy])
    under_way.pop().close()
    assert [step.key for step in test()] == ["resolve", "connect"]
    assert connection_test.ask_size(server).kind == Diagnosis.WRONG_PORT
    for one in under_way:
        assert [step.kind for step in one] == [Diagnosis.WRONG_PORT]
    assert len(list(test())) == 2, "every place was given back"
