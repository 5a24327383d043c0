"""What a session at the door does with odd, slow, silent and hostile peers."""

from __future__ import annotations

import contextlib
import signal
import socket
import sqlite3
import ssl
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from postroom.infra.clock import now
from tests.sources.conftest import Line, Post, make_post
from tests.sources.test_lmtp import call as call_lmtp
from tests.sources.test_smtp import until
from tests.support import ready
from tests.support.acme import letter
from tests.support.running import Installation, stop


@contextlib.contextmanager
def listening(var: Path, **settings: str) -> Iterator[Post]:
    """A listener with settings of its own."""
    installation = make_post(var, **settings)
    process = installation.listener()
    try:
        yield Post(installation, process)
    finally:
        stop([process])


def raw_say(line: Line, command: bytes) -> str:
    line.connection.sendall(command + b"\r\n")
    return line.answer()


def newest(post: Post, columns: str) -> tuple[object, ...]:
    return post.rows(f"SELECT {columns} FROM inbound_inboundmail ORDER BY id DESC LIMIT 1")[0]


# --- commands


def test_the_null_sender_is_no_address(post: Post) -> None:
    line = post.call().greet()
    line.mail("sales@acme.example", sender="")
    assert line.data(letter()).startswith("250")
    assert newest(post, "sender") == ("",)
    assert post.newest().startswith(b"Return-Path: <>\r\n")


def test_postmaster_needs_no_domain(post: Post) -> None:
    line = post.call().greet()
    assert line.mail("Postmaster")[1].startswith("250")
    assert line.data(letter()).startswith("250")
    assert newest(post, "recipients") == ('["Postmaster@acme.example"]',)


@pytest.mark.parametrize("path", [b"<b\xff@acme.example>", b"<b\x00d@acme.example>", b"<a b@acme.example>", b"<>x"])
def test_what_is_no_address_is_refused_and_harms_nobody(post: Post, path: bytes) -> None:
    line = post.call().greet()
    line.mail()
    assert raw_say(line, b"RCPT TO:" + path).startswith("553 5.1.3")
    marker = f"later{path.hex()}@acme.example"  # what is refused afterwards is still written down
    assert line.say(f"RCPT TO:<{marker}>").startswith("550 5.1.1")
    assert until(lambda: any(row[1] == marker for row in post.refusals()))


def test_a_name_that_is_no_text_is_kept_as_far_as_it_is(post: Post) -> None:
    line = post.call()
    line.answer()
    assert raw_say(line, b"EHLO m\xffx").startswith("250")
    line.mail("sales@acme.example")
    assert line.data(letter()).startswith("250")
    assert newest(post, "helo") == ("m?x",)


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("AUTH PLAIN AGEAYg==", "502 5.5.1"),
        ("EXPN staff", "502 5.5.1"),
        ("VRFY amara", "252 2.5.2"),
        ("HELP", "214 2.0.0"),
        ("NOOP", "250 2.0.0"),
        ("RSET", "250 2.0.0"),
        ("STARTTLS", "454 4.7.0"),
        ("RCPT TO:<sales@acme.example>", "503 5.5.1"),
        ("MAIL FROM:<a@b.example> BODY=BINARYMIME", "501 5.5.4"),
        ("MAIL FROM:<a@b.example> XYZ=1", "555 5.5.4"),
        ("MAIL a@b.example", "501 5.5.4"),
        ("NOOP " + "x" * 3000, "500 5.5.2"),
        ("NOOP " + "x" * 300_000, "500 5.5.2"),
    ],
)
def test_commands_are_answered_with_a_code_that_says_what(post: Post, command: str, answer: str) -> None:
    assert post.call().greet().say(command).startswith(answer)


def test_nobody_guesses_for_long(post: Post) -> None:
    line = post.call().greet()
    line.mail()
    guesses = "".join(f"RCPT TO:<many{number}@acme.example>\r\n" for number in range(20))
    line.connection.sendall(guesses.encode())
    answers = [line.answer() for _ in range(20)]
    assert all(answer.startswith("550 5.1.1") for answer in answers[:19])
    assert answers[19].startswith("421 4.7.0")
    assert line.answer() == ""


def test_commands_without_a_mail_come_to_an_end(post: Post) -> None:
    line, other = post.call().greet(), post.call().greet()
    line.connection.sendall(b"NOOP\r\n" * 1500)
    assert other.say("NOOP").startswith("250")
    with contextlib.suppress(ConnectionResetError):  # it did not read all that was sent
        said = [line.answer()[:9] for _ in range(1002)]
        assert said.count("250 2.0.0") in range(998, 1001)
        assert "421 4.7.0" in said
    assert until(lambda: any(row[0] == "421 4.7.0" and "Too many commands" in row[2] for row in post.refusals()))


def test_many_mails_may_come_by_one_session(post: Post) -> None:
    line = post.call().greet()
    for _ in range(300):
        ahead = b"MAIL FROM:<a@b.example>\r\nRCPT TO:<sales@acme.example>\r\nDATA\r\n"
        line.connection.sendall(ahead + b"Subject: x\r\n\r\nx\r\n.\r\nRSET\r\n")
        assert [line.answer()[:3] for _ in range(5)] == ["250", "250", "354", "250", "250"]


def test_the_local_socket_is_not_slowed_down(post: Post) -> None:
    """A pipe may hand over a mail to many that are not ours: it takes the recipients from the headers."""
    line = call_lmtp(post).greet("LHLO")
    began = time.monotonic()
    answers = line.mail(*[f"list{number}@elsewhere.example" for number in range(90)], "sales@acme.example")
    assert [answer[:3] for answer in answers] == ["250", *["550"] * 90, "250"]
    assert time.monotonic() - began < 30  # three quarters of a minute, were it slowed down


def test_a_refusal_names_who_sent_and_to_whom(post: Post) -> None:
    line = post.call().greet()
    assert line.say("MAIL FROM:<big@b.example> SIZE=99999999").startswith("552")
    line.mail("sales@acme.example", "wrong@acme.example", sender="long@b.example")
    assert line.data(b"Subject: x\r\n\r\n" + b"x" * 70_000).startswith("550 5.5.2")
    rows = "SELECT recipient FROM inbound_refusal WHERE sender = ? AND code = ?"
    assert until(lambda: post.rows(rows, "big@b.example", "552 5.3.4"))
    assert until(lambda: post.rows(rows, "long@b.example", "550 5.5.2") == [("sales@acme.example",)])


# --- reading


def test_many_lone_dots_cost_little(post: Post) -> None:
    line = post.call().greet()
    line.mail("sales@acme.example")
    before, began = post.memory(), _cpu(post)
    assert line.say("DATA").startswith("354")
    for _ in range(500):
        line.connection.sendall(b"x.\r\n" * 16384)
    assert post.memory() - before < 64 * 1024 * 1024
    line.connection.sendall(b".\r\n")
    assert line.answer()[:3] in {"250", "552"}
    assert _cpu(post) - began < 3


def _cpu(post: Post) -> float:
    """Seconds of processor time that the listener took so far."""
    assert post.process is not None
    fields = Path(f"/proc/{post.process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def test_all_together_hold_a_bounded_amount(tmp_path: Path) -> None:
    with listening(tmp_path / "var", max_message_size="1000000") as post:
        lines = [post.call().greet() for _ in range(5)]
        for line in lines:
            line.mail("sales@acme.example")
            assert line.say("DATA").startswith("354")
            line.connection.sendall(b"x" * 60_000 + (b"\r\n" + b"x" * 60_000) * 14)
        time.sleep(0.5)
        for line in lines:
            line.connection.sendall(b"\r\n.\r\n")
        answers = sorted(line.answer()[:9] for line in lines)
        assert answers == ["250 2.0.0", "250 2.0.0", "250 2.0.0", "250 2.0.0", "451 4.3.1"]
        lines[0].mail("sales@acme.example")
        assert lines[0].data(letter()).startswith("250"), "what was held is given back"


def test_a_mail_that_breaks_off_is_not_kept(post: Post) -> None:
    before = post.arrivals()
    line = post.call().greet()
    line.mail("sales@acme.example")
    assert line.say("DATA").startswith("354")
    line.connection.sendall(b"Subject: half\r\n\r\nhal")
    line.hang_up()
    assert post.call().greet().say("NOOP").startswith("250")
    time.sleep(0.3)
    assert post.arrivals() == before


# --- time


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Post]:
    with listening(tmp_path_factory.mktemp("hasty") / "var", smtp_timeout="2") as post:
        yield post


def test_silence_ends_a_session(hasty: Post) -> None:
    line = hasty.call().greet()
    began = time.monotonic()
    assert line.answer().startswith("421 4.4.2")
    assert line.answer() == ""
    assert 1 < time.monotonic() - began < 30


def test_silence_in_the_middle_of_a_mail_ends_it_too(hasty: Post) -> None:
    line = hasty.call().greet()
    line.mail("sales@acme.example")
    assert line.say("DATA").startswith("354")
    line.connection.sendall(b"Subject: x\r\n")
    assert line.answer().startswith("421 4.4.2")
    assert hasty.arrivals() == 0


def test_a_slow_mail_is_not_silent(hasty: Post) -> None:
    line = hasty.call().greet()
    line.mail("sales@acme.example")
    assert line.say("DATA").startswith("354")
    for _ in range(6):
        line.connection.sendall(b"X-Slow: yes\r\n")
        time.sleep(0.7)
    line.connection.sendall(b"\r\nx\r\n.\r\n")
    assert line.answer().startswith("250")


# --- storage


def test_a_database_that_is_held_up_fills_the_queue_and_says_later(tmp_path: Path) -> None:
    with listening(tmp_path / "var", queue_mails="2") as post:
        lines = [post.call().greet() for _ in range(4)]
        for line in lines:
            line.mail("sales@acme.example")
            assert line.say("DATA").startswith("354")
        blocker = sqlite3.connect(post.installation.var / "postroom.sqlite3", isolation_level=None)
        blocker.execute("BEGIN IMMEDIATE")
        for line in lines:
            line.connection.sendall(letter() + b"\r\n.\r\n")
            time.sleep(0.2)  # the first is being committed, two wait, the fourth finds the queue full
        assert lines[3].answer().startswith("451 4.3.1")
        assert post.arrivals() == 0
        blocker.execute("ROLLBACK")
        blocker.close()
        assert [line.answer()[:3] for line in lines[:3]] == ["250"] * 3
        assert post.arrivals() == 3


# --- start and stop


def test_a_port_that_is_taken_is_told_in_one_line(post: Post, tmp_path: Path) -> None:
    other = Installation(tmp_path / "var", port=post.installation.port)
    ready.put("acme", other.var)
    done = other.run("postroom", "smtp", timeout=30)
    assert done.returncode in {69, 75}
    assert len(done.stderr.decode().strip().splitlines()) == 1
    assert str(post.installation.port) in done.stderr.decode()


def test_a_socket_that_cannot_be_made_is_told_in_one_line(tmp_path: Path) -> None:
    installation = make_post(tmp_path / "var", lmtp_socket=str(tmp_path / ("x" * 120)))
    done = installation.run("postroom", "smtp", timeout=30)
    assert done.returncode == 69
    assert len(done.stderr.decode().strip().splitlines()) == 1
    assert "--lmtp-socket" in done.stderr.decode()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_at_once_and_lets_a_running_mail_end(tmp_path: Path, number: signal.Signals) -> None:
    with listening(tmp_path / "var") as post:
        idle, busy = post.call().greet(), post.call().greet()
        busy.mail("sales@acme.example")
        assert busy.say("DATA").startswith("354")
        busy.connection.sendall(b"Subject: x\r\n\r\n")
        time.sleep(0.2)
        assert post.process is not None
        post.process.send_signal(number)
        time.sleep(0.5)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", post.installation.port))
        busy.connection.sendall(b"the end\r\n.\r\n")
        assert busy.answer().startswith("250")
        assert busy.answer().startswith("421 4.3.2")
        assert idle.answer().startswith("421 4.3.2")
        assert post.process.wait(10) == 0
        assert post.arrivals() == 1
        assert not (post.installation.var / "run" / "lmtp.sock").exists()


def test_a_mail_that_never_ends_does_not_keep_it_from_stopping(tmp_path: Path) -> None:
    with listening(tmp_path / "var") as post:
        line = post.call().greet()
        line.mail("sales@acme.example")
        assert line.say("DATA").startswith("354")
        assert post.process is not None
        post.process.terminate()
        assert post.process.wait(30) == 0


# --- TLS


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate that signs itself, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now() - timedelta(days=1))
        .not_valid_after(now() + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory, certificate: Path) -> Iterator[Post]:
    var = tmp_path_factory.mktemp("guarded") / "var"
    with listening(var, smtp_certificate=str(certificate), smtp_name="localhost") as post:
        yield post


def _start_tls(line: Line, certificate: Path) -> Line:
    context = ssl.create_default_context(cafile=str(certificate))
    return Line(context.wrap_socket(line.connection, server_hostname="localhost"))


def test_a_mail_comes_by_tls(guarded: Post, certificate: Path) -> None:
    plain = guarded.call()
    plain.answer()
    assert "250-STARTTLS" in plain.say("EHLO client.example")
    assert plain.say("STARTTLS").startswith("220")
    line = _start_tls(plain, certificate)
    assert line.say("MAIL FROM:<a@b.example>").startswith("503"), "what was said before counts no more (RFC 3207 §4.2)"
    assert "STARTTLS" not in line.say("EHLO client.example")
    line.mail("sales@acme.example")
    assert line.data(letter()).startswith("250")
    assert str(newest(guarded, "tls")[0]).startswith("TLSv1.")
    assert b"with ESMTPS id" in guarded.newest()


def test_what_is_sent_ahead_of_tls_is_thrown_away(guarded: Post, certificate: Path) -> None:
    plain = guarded.call().greet()
    plain.connection.sendall(b"STARTTLS\r\nMAIL FROM:<evil@x.example>\r\nRCPT TO:<sales@acme.example>\r\n")
    assert plain.answer().startswith("220")
    with contextlib.suppress(ssl.SSLError, OSError):  # the injected words break the handshake, or go nowhere
        line = _start_tls(plain, certificate)
        assert line.say("EHLO client.example").startswith("250")
        assert line.say("RCPT TO:<sales@acme.example>").startswith("503")
        return
    assert guarded.call().greet().say("NOOP").startswith("250")


# --- the order of things


def test_nobody_hears_yes_before_the_commit(tmp_path: Path) -> None:
    """A large and a small mail: what the listener did, as it noted it itself."""
    folder = tmp_path / "spy"
    folder.mkdir()
    noted = folder / "noted"
    (folder / "sitecustomize.py").write_text(SPY.format(noted=str(noted)))
    installation = make_post(tmp_path / "var")
    path = f"{folder}:{installation.environment()['PYTHONPATH']}"
    spied = Installation(installation.var, extra={**installation.extra, "PYTHONPATH": path}, port=installation.port)
    process = spied.listener()
    try:
        line = Post(spied).call().greet()
        for raw, steps in ((letter(), SMALL), (letter(text=("x" * 70 + "\r\n") * 2000), LARGE)):
            line.mail("sales@acme.example")
            noted.unlink(missing_ok=True)
            assert line.data(raw).startswith("250")
            assert _in_order(noted.read_text().split(), steps)
    finally:
        stop([process])


SMALL = ["begin", "commit", "answer"]
LARGE = ["sync-file", "rename", "sync-folder", "commit", "answer"]
SPY = """
import os, sys
if "smtp" in sys.argv or True:
    from pathlib import Path
    def note(what):
        with open({noted!r}, "a") as file:
            file.write(what + "\\n")
    fsync, replace = os.fsync, Path.replace
    def spied_fsync(handle):
        fsync(handle)
        note("sync-folder" if os.path.isdir(f"/proc/self/fd/{{handle}}") else "sync-file")
    def spied_replace(path, target):
        found = replace(path, target)
        note("rename")
        return found
    os.fsync, Path.replace = spied_fsync, spied_replace
    from django.db.backends.sqlite3.base import DatabaseWrapper
    commit, begin = DatabaseWrapper._commit, DatabaseWrapper._start_transaction_under_autocommit
    def spied_commit(self):
        found = commit(self)
        note("commit")
        return found
    def spied_begin(self):
        note("begin")
        return begin(self)
    DatabaseWrapper._commit, DatabaseWrapper._start_transaction_under_autocommit = spied_commit, spied_begin
    from asyncio.streams import StreamWriter
    write = StreamWriter.write
    def spied_write(self, data):
        if b"Kept as arrival" in data:
            note("answer")
        return write(self, data)
    StreamWriter.write = spied_write
"""


def _in_order(happened: list[str], steps: list[str]) -> bool:
    """Whether these happened in this order, and the answer once and last."""
    rest = iter(happened)
    return all(step in rest for step in steps) and happened.count("answer") == 1 and happened[-1] == "answer"
