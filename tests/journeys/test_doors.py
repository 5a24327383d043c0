"""From the pipe to the desk where the worst moment is chosen: the mail is kept, and nobody heard so."""

from __future__ import annotations

from pathlib import Path

from tests.sources.conftest import Post, make_post
from tests.sources.test_smtp import until
from tests.support.running import Installation, stop

# Bare line ends as a pipe has them, and a part whose bytes count as they stand.
MAIL = b"""From: Hanna <hanna@customer.example>
To: sales@acme.example
Subject: Once
Date: Sat, 21 Nov 2026 03:00:00 +0000
Message-ID: <once@customer.example>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="b"

--b
Content-Type: text/plain

Forty vans.
--b
Content-Type: application/octet-stream; name="list.bin"
Content-Disposition: attachment; filename="list.bin"

one
two
--b--
"""
DEADLY = """
import os
from asyncio.streams import StreamWriter
write = StreamWriter.write
def deadly(self, data):
    if b"Kept as arrival" in data:
        os.kill(os.getpid(), 9)
    return write(self, data)
StreamWriter.write = deadly
"""


def test_kept_but_not_heard_it_comes_twice_and_is_on_the_desk_once(tmp_path: Path) -> None:
    """The listener dies between commit and answer; mailgate spools; the next start takes that in too."""
    installation = make_post(tmp_path / "var")
    folder = tmp_path / "deadly"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(DEADLY)
    path = f"{folder}:{installation.environment()['PYTHONPATH']}"
    doomed = Installation(installation.var, extra={"PYTHONPATH": path}, port=installation.port).listener()
    done = installation.run("postroom", "mailgate", "-f", "hanna@customer.example", "sales@acme.example", stdin=MAIL)
    assert (done.returncode, doomed.wait(10)) == (0, -9)
    post = Post(installation)
    assert post.arrivals() == 1
    assert len(list((installation.var / "spool").glob("*.mail"))) == 1
    crew = [installation.listener(), installation.worker()]
    try:
        states = "SELECT state FROM inbound_inboundmail ORDER BY id"
        assert until(lambda: post.rows(states) == [("routed",), ("duplicate",)], 30)
        assert post.rows("SELECT title FROM records_record") == [("Once",)]
        assert post.rows("SELECT count(*) FROM conversations_message") == [(1,)]
        assert post.rows("SELECT count(*) FROM conversations_attachment") == [(1,)]
    finally:
        stop(crew)
