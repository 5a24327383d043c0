"""The pipe: handed over where Postroom runs, spooled where it does not, and always an honest exit status."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from postroom import mailgate
from tests.sources.conftest import Post, envelope_of, make_post
from tests.sources.test_smtp import until
from tests.support.acme import letter
from tests.support.running import Installation, kill, stop


def pipe(installation: Installation, raw: bytes, *words: str) -> subprocess.CompletedProcess[bytes]:
    return installation.run("postroom", "mailgate", *words, stdin=raw)


def test_a_mail_is_handed_over(post: Post) -> None:
    done = pipe(post.installation, letter(), "-f", "hanna@customer.example", "sales@acme.example")
    assert (done.returncode, done.stderr) == (0, b"")
    sql = "SELECT source, sender, recipients FROM inbound_inboundmail ORDER BY id DESC LIMIT 1"
    assert post.rows(sql) == [("lmtp", "hanna@customer.example", '["sales@acme.example"]')]


def test_nobody_has_the_address(post: Post) -> None:
    done = pipe(post.installation, letter(), "nobody@acme.example")
    assert done.returncode == 67
    assert b"5.1.1" in done.stderr


def test_refused_for_another_reason(post: Post) -> None:
    done = pipe(post.installation, letter(), "catchall@acme.example")
    assert done.returncode == 69
    assert b"sales@acme.example" in done.stderr


def test_one_good_recipient_is_enough(post: Post) -> None:
    assert pipe(post.installation, letter(), "nobody@acme.example", "sales@acme.example").returncode == 0


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        (b"To: Sales <sales@acme.example>\r\nCc: x@y.example\r\n", ["sales@acme.example", "x@y.example"]),
        (b"Delivered-To: a@acme.example\r\nTo: b@acme.example\r\n", ["a@acme.example"]),
        (b"X-Original-To: c@acme.example\nTo: b@acme.example\n", ["c@acme.example"]),
        (b"To: one@acme.example,\r\n\ttwo@acme.example\r\n", ["one@acme.example", "two@acme.example"]),
        (b"Subject: none\r\n", []),
    ],
)
def test_recipients_from_headers(headers: bytes, found: list[str]) -> None:
    assert mailgate.wanted(headers + b"\r\nTo: not@this.example\r\n", []) == (found, True)


def test_the_mbox_line_is_taken_off() -> None:
    assert mailgate.without_from_line(b"From a@b Sat Nov 21\nSubject: x\n\n") == b"Subject: x\n\n"


@pytest.mark.parametrize("words", [["--nonsense"], ["-f"], ["--url", "file:///etc/passwd", "a@b.example"]])
def test_a_wrong_command_line(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert mailgate.main(words) == 64
    assert "Usage" in capsys.readouterr().err


def test_stopped_it_is_spooled_and_taken_in_at_the_next_start(tmp_path: Path) -> None:
    installation = make_post(tmp_path / "var")
    raw = letter()
    done = pipe(installation, raw, "-f", "hanna@customer.example", "sales@acme.example")
    assert (done.returncode, done.stderr) == (0, b"")
    spool = installation.var / "spool"
    (spooled,) = spool.iterdir()
    assert envelope_of(spooled)["recipients"] == ["sales@acme.example"]
    assert spooled.read_bytes().endswith(raw)
    process = installation.listener()
    try:
        post = Post(installation)
        assert until(lambda: post.arrivals() == 1)
        assert until(lambda: not list(spool.iterdir()))
        assert post.newest() == raw
    finally:
        stop([process])


def test_a_file_that_was_kept_but_not_removed_is_kept_once(tmp_path: Path) -> None:
    """As after a kill between the commit and the removal."""
    installation = make_post(tmp_path / "var")
    pipe(installation, letter(), "sales@acme.example")
    (spooled,) = (installation.var / "spool").iterdir()
    again = spooled.read_bytes()
    process = installation.listener()
    post = Post(installation)
    assert until(lambda: post.arrivals() == 1 and not spooled.exists())
    kill(process)
    spooled.write_bytes(again)
    process = installation.listener()
    assert until(lambda: not spooled.exists())
    assert post.arrivals() == 1
    stop([process])


def test_a_broken_spool_file_is_moved_aside(tmp_path: Path) -> None:
    installation = make_post(tmp_path / "var")
    spool = installation.var / "spool"
    spool.mkdir()
    (spool / "1.mail").write_bytes(b"no envelope\nSubject: x\n\n")
    pipe(installation, letter(), "sales@acme.example")
    process = installation.listener()
    try:
        assert until((spool / "broken" / "1.mail").exists)
        assert until(lambda: Post(installation).arrivals() == 1)
    finally:
        stop([process])


def test_a_spool_that_cannot_be_written_says_try_again(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    installation = Installation(tmp_path / "var")
    done = pipe(installation, letter(), "--spool", str(tmp_path / "file" / "spool"), "sales@acme.example")
    assert done.returncode == 75
    assert b"can't be written" in done.stderr


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path) -> None:
    program = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000));"
        "from postroom import mailgate; sys.exit(mailgate.main(sys.argv[1:]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "--spool", str(tmp_path / "spool"), "sales@acme.example"],
        input=letter(text="x" * 5000),
        capture_output=True,
        env={**os.environ, "PYTHONPATH": "src"},
        check=False,
        timeout=30,
    )
    assert done.returncode == 75
    assert list((tmp_path / "spool").iterdir()) == []


def test_the_order_is_write_sync_rename_sync_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    happened: list[str] = []
    real_sync, real_replace = os.fsync, Path.replace

    def fsync(handle: int) -> None:
        happened.append("sync folder" if Path(f"/proc/self/fd/{handle}").is_dir() else "sync file")
        real_sync(handle)

    def replace(path: Path, target: Path) -> Path:
        happened.append("rename")
        return real_replace(path, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(Path, "replace", replace)
    options = {"-f": "", "--spool": str(tmp_path), "--socket": "", "--url": ""}
    assert mailgate.spool(options, ["a@b.example"], b"Subject: x\n\n", from_headers=False) == 0
    assert happened == ["sync file", "rename", "sync folder"]
    (file,) = tmp_path.iterdir()
    assert json.loads(file.read_bytes().splitlines()[0])["time"] <= time.time()


def test_it_loads_little() -> None:
    """A pipe waits while it starts: no framework, no command line library."""
    program = "import sys; from postroom import mailgate; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, env={**os.environ, "PYTHONPATH": "src"}, check=True
    )
    loaded = set(done.stdout.decode().split())
    assert loaded.isdisjoint({"django", "typer", "asyncio", "email", "urllib.request", "pydantic"})
