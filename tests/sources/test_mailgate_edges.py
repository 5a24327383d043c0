"""Mailgate where things are odd: hostile headers, answers of all kinds, HTTP, folders of another group."""

from __future__ import annotations

import io
import json
import os
import socket
import stat
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from postroom import mailgate
from tests.growing import MOST_GROWTH, grows
from tests.support.acme import letter


class Stdin:
    """What a pipe gives."""

    def __init__(self, raw: bytes) -> None:
        self.buffer = io.BytesIO(raw)


def pipe(monkeypatch: pytest.MonkeyPatch, raw: bytes, *words: str) -> int:
    monkeypatch.setattr(sys, "stdin", Stdin(raw))
    return mailgate.main(list(words))


@pytest.mark.parametrize(
    ("field", "found"),
    [
        ("a@b.example", ["a@b.example"]),
        ('"spoof@x.example" <real@acme.example>', ["real@acme.example"]),
        ('"Doe, J. <x@y.example>" <real@acme.example>, b@c.example', ["real@acme.example", "b@c.example"]),
        ("(not@this.example) this@acme.example", ["this@acme.example"]),
        ("Team: a@b.example, <c@d.example>; e@f.example", ["a@b.example", "c@d.example", "e@f.example"]),
        ("<@hop.example:a@b.example>", ["a@b.example"]),
        ("undisclosed-recipients:;", []),
        ("=?utf-8?q?x=40y?= <a@b.example>", ["a@b.example"]),
        ('"never closed <a@b.example>, c@d.example', ["a@b.example", "c@d.example"]),
    ],
)
def test_addresses_of_a_field(field: str, found: list[str]) -> None:
    assert mailgate.addresses(field) == found


@pytest.mark.parametrize("unit", [b"a", b"a@", b'"', b'\\"', b"(", b"<", b",", b" ", b"\n\t"])
def test_hostile_fields_cost_little(unit: bytes) -> None:
    field = unit * (1_000_000 // len(unit))
    assert grows(lambda some: mailgate.wanted(b'To: "' + some + b"\n\nx", []), field) < MOST_GROWTH


@pytest.mark.parametrize(
    ("words", "sender"),
    [
        (["-f", "a@b.example"], "a@b.example"),
        (["-fa@b.example"], "a@b.example"),
        (["-f", "<>"], ""),
        (["-f", ""], ""),
        (["-f", "MAILER-DAEMON"], ""),
        ([], ""),
    ],
)
def test_senders_as_mtas_write_them(words: list[str], sender: str) -> None:
    options, recipients = mailgate.parse([*words, "prvs=1234=x@acme.example"])
    assert (options["-f"], recipients) == (sender, ["prvs=1234=x@acme.example"])


def test_words_that_are_no_text_are_made_text() -> None:
    assert mailgate.parse([os.fsdecode(b"b\xff@acme.example")])[1] == ["b\ufffd@acme.example"]


def test_whatever_goes_wrong_the_mta_keeps_the_mail(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("POSTROOM_MAX_MESSAGE_SIZE", "a lot")
    assert pipe(monkeypatch, letter(), "sales@acme.example") == 75
    assert capsys.readouterr().err.startswith("postroom mailgate: 451 4.3.0")


def test_too_large_is_refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("POSTROOM_MAX_MESSAGE_SIZE", "1000")
    assert pipe(monkeypatch, b"x" * 1001, "sales@acme.example") == 69
    assert "552 5.3.4" in capsys.readouterr().err


def test_a_spooled_file_can_be_read_by_its_group_whatever_the_umask(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = os.umask(0o077)
    try:
        words = ["--spool", str(tmp_path), "--socket", str(tmp_path / "none")]
        assert pipe(monkeypatch, b"To: a@acme.example\n\nx", *words) == 0
    finally:
        os.umask(before)
    (file,) = tmp_path.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    envelope = json.loads(file.read_bytes().partition(b"\n")[0])
    assert (envelope["recipients"], envelope["from_headers"]) == (["a@acme.example"], True)
    assert file.name == f"{envelope['id']}.mail"


def test_started_in_a_wrong_place_it_keeps_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without `--spool` the place depends on the folder that it is started in: there nobody would find the mail."""
    monkeypatch.chdir(tmp_path)
    for name in ("POSTROOM_VAR", "POSTROOM_SPOOL", "POSTROOM_LMTP_SOCKET"):
        monkeypatch.delenv(name, raising=False)
    assert pipe(monkeypatch, b"To: a@acme.example\n\nx") == 75
    assert "var/spool" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "var").mkdir()
    assert pipe(monkeypatch, b"To: a@acme.example\n\nx") == 0
    assert len(list((tmp_path / "var" / "spool").iterdir())) == 1


# --- LMTP: a server that answers as told


@contextmanager
def lmtp(path: Path, *answers: str) -> Iterator[Path]:
    """Says these one after the other, an answer for each thing that it is told; then hangs up."""
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(path))
    server.listen()

    def serve() -> None:
        connection, _ = server.accept()
        with connection, connection.makefile("rwb") as wire:
            for answer in answers:
                wire.write(answer.encode() + b"\r\n")
                wire.flush()
                line = wire.readline()
                while answer.startswith("354") and line not in {b".\r\n", b""}:
                    line = wire.readline()

    thread = threading.Thread(target=serve)
    thread.start()
    yield path
    thread.join(10)
    server.close()


GREETED = ("220 hello", "250 hello")


@pytest.mark.parametrize(
    ("answers", "status", "spooled"),
    [
        ((*GREETED, "250 ok", "250 ok", "354 go", "250 kept"), 0, 0),
        ((*GREETED, "250 ok", "250 ok", "354 go", "451 4.3.1 full"), 0, 1),
        ((*GREETED, "250 ok", "250 ok", "354 go", "550 5.7.1 no"), 69, 0),
        ((*GREETED, "250 ok", "250 ok", "354 go"), 0, 1),
        ((*GREETED, "250 ok", "550 5.1.1 nobody"), 67, 0),
        ((*GREETED, "250 ok", "550 5.7.1 foreign"), 69, 0),
        ((*GREETED, "250 ok", "452 4.5.3 too many"), 0, 1),
        ((*GREETED, "552 5.3.4 too large"), 69, 0),
        (("421 4.3.2 stopping",), 0, 1),
        (("nonsense",), 0, 1),
        ((), 0, 1),
    ],
)
def test_what_each_answer_comes_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answers: tuple[str, ...], status: int, spooled: int
) -> None:
    with lmtp(tmp_path / "sock", *answers) as path:
        words = ["--socket", str(path), "--spool", str(tmp_path / "spool"), "sales@acme.example"]
        assert pipe(monkeypatch, letter(), *words) == status
    assert len(list(tmp_path.glob("spool/*.mail"))) == spooled


def test_one_yes_after_the_data_is_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The mail is one arrival for all its recipients: spooled as well it would come twice."""
    with lmtp(tmp_path / "sock", *GREETED, "250 ok", "250 ok", "250 ok", "354 go", "250 kept") as path:
        words = ["--socket", str(path), "--spool", str(tmp_path / "spool"), "a@acme.example", "b@acme.example"]
        assert pipe(monkeypatch, letter(), *words) == 0
    assert not (tmp_path / "spool").exists()


def test_what_may_be_kept_already_is_spooled_as_it_was_handed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the same mail with other line ends could count as another one."""
    with lmtp(tmp_path / "sock", *GREETED, "250 ok", "250 ok", "354 go") as path:
        words = ["--socket", str(path), "--spool", str(tmp_path / "spool"), "sales@acme.example"]
        assert pipe(monkeypatch, b"Subject: x\n\n.dot\rbare\nend", *words) == 0
    (file,) = tmp_path.glob("spool/*.mail")
    assert file.read_bytes().partition(b"\n")[2] == b"Subject: x\r\n\r\n.dot\r\nbare\r\nend\r\n"


def test_a_socket_that_says_nothing_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailgate, "SECONDS", 0.3)
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(tmp_path / "sock"))
    server.listen()
    words = ["--socket", str(tmp_path / "sock"), "--spool", str(tmp_path / "spool"), "sales@acme.example"]
    assert pipe(monkeypatch, letter(), *words) == 0
    assert len(list(tmp_path.glob("spool/*.mail"))) == 1
    server.close()


# --- HTTP


class Endpoint(BaseHTTPRequestHandler):
    """Answers with the status that its path names, and keeps what it was given."""

    given: list[tuple[str, str, bytes]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.given.append((self.path, str(self.headers["Authorization"]), body))
        self.send_response(int(self.path[1:4]))
        self.end_headers()
        self.wfile.write(b"550 5.1.1 Nobody." if self.path.startswith("/422") else b"")

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 the library's name
        pass


@pytest.fixture
def endpoint() -> Iterator[tuple[str, list[tuple[str, str, bytes]]]]:
    Endpoint.given = []
    server = HTTPServer(("127.0.0.1", 0), Endpoint)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", Endpoint.given
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(
    ("code", "status", "spooled"), [(201, 0, 0), (422, 67, 0), (413, 69, 0), (401, 0, 1), (429, 0, 1), (503, 0, 1)]
)
def test_over_http(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    endpoint: tuple[str, list[tuple[str, str, bytes]]],
    code: int,
    status: int,
    spooled: int,
) -> None:
    url, given = endpoint
    monkeypatch.setenv("POSTROOM_TOKEN", "secret")
    raw = letter()
    words = [
        "-f",
        "h@c.example",
        "--url",
        f"{url}/{code}",
        "--spool",
        str(tmp_path),
        "a@acme.example",
        "b@acme.example",
    ]
    assert pipe(monkeypatch, raw, *words) == status
    query = "sender=h%40c.example&recipient=a%40acme.example&recipient=b%40acme.example"
    assert given == [(f"/{code}?{query}", "Bearer secret", raw)]
    assert len(list(tmp_path.glob("*.mail"))) == spooled


def test_over_http_the_headers_are_left_to_the_other_side(
    monkeypatch: pytest.MonkeyPatch, endpoint: tuple[str, list[tuple[str, str, bytes]]]
) -> None:
    url, given = endpoint
    assert pipe(monkeypatch, b"To: a@acme.example, b@elsewhere.example\n\nx", "--url", f"{url}/201") == 0
    assert given[0][0] == "/201?sender="
