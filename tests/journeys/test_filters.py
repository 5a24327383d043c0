"""Mail through the listener and the worker, past a filter: held with its reason, or on the desk where that is away."""

from __future__ import annotations

import smtplib
from pathlib import Path

import pytest

from tests.sources.conftest import Post, make_post
from tests.sources.test_smtp import until
from tests.support.http_server import http_server
from tests.support.running import Installation, stop

pytestmark = pytest.mark.slow

STATES = "SELECT subject, state FROM inbound_inboundmail ORDER BY id"
REASONS = "SELECT because FROM inbound_route ORDER BY arrival_id"


def send(installation: Installation, subject: str, head: str = "") -> None:
    mail = (
        f"{head}From: Hanna <hanna@customer.example>\r\nTo: sales@acme.example\r\nSubject: {subject}\r\n"
        f"Message-ID: <{subject}@customer.example>\r\n\r\nForty vans.\r\n"
    )
    with smtplib.SMTP("127.0.0.1", installation.port, timeout=30) as server:
        server.sendmail("hanna@customer.example", ["sales@acme.example"], mail.encode())


def test_what_rspamd_says_and_what_it_does_not(tmp_path: Path) -> None:
    with http_server() as rspamd:
        rspamd.answer(b'{"action": "add header", "score": 7.5, "required_score": 15}')
        installation = make_post(tmp_path / "var", rspamd_url=rspamd.url, filter_seconds="1", worker_parsers="0")
        post = Post(installation)
        crew = [installation.listener(), installation.worker()]
        try:
            send(installation, "Spam")
            assert until(lambda: post.rows(STATES) == [("Spam", "held")], 30), post.rows(STATES)
            rspamd.seconds = 60.0  # it hangs: the mail waits for its second, not for more
            send(installation, "Slow")
            assert until(lambda: post.rows(STATES)[1:] == [("Slow", "routed")], 30), post.rows(STATES)
            rspamd.seconds = 0.0
            rspamd.answer(b'{"action": "no action"}')
            send(installation, "Fine")
            assert until(lambda: post.rows(STATES)[2:] == [("Fine", "routed")], 30), post.rows(STATES)
        finally:
            stop(crew)
        assert len(rspamd.asked) == 3
    assert post.rows(REASONS)[0][0] == ("rspamd takes it for spam: 7.5 points of 15.0. Such mail waits for a person.")
    assert post.rows("SELECT title FROM records_record ORDER BY id") == [("Slow",), ("Fine",)]


def test_what_the_server_before_us_wrote(tmp_path: Path) -> None:
    """This machine is one of ours: what its filter wrote above its own line counts, what came along does not."""
    installation = make_post(tmp_path / "var", trusted_authserv_id="mx.acme.example", worker_parsers="0")
    post = Post(installation)
    crew = [installation.listener(), installation.worker()]
    ours = "Received: from far.example by mx.acme.example with ESMTP id 2; now\r\n"
    theirs = "Received: from pc by far.example with ESMTP id 3; now\r\n"
    try:
        send(installation, "Marked", f"X-Spam-Flag: YES\r\n{ours}{theirs}")
        send(installation, "Boasting", f"{ours}{theirs}X-Spam-Flag: YES\r\n")
        wanted = {("Marked", "held"), ("Boasting", "routed")}
        assert until(lambda: set(post.rows(STATES)) == wanted, 30), post.rows(STATES)
    finally:
        stop(crew)
