"""Postfix's own client hands its mail to the listener: many sessions, a recipient after the other, nothing lost."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.sources.conftest import Post, make_post
from tests.sources.test_smtp import until
from tests.support.require import require
from tests.support.running import stop

pytestmark = pytest.mark.slow

MAILS = 300


def test_every_mail_that_postfix_hands_over_is_kept_and_settled(tmp_path: Path) -> None:
    """Each of the ten sessions writes under the same address, so all but the allowed number wait for a person."""
    source = require("postfix").with_name("smtp-source")
    installation = make_post(tmp_path / "var")
    listener, worker = installation.listener(), installation.worker()
    try:
        command = [source, "-s", "10", "-m", str(MAILS), "-l", "6000", "-f", "hanna@customer.example"]
        done = subprocess.run(
            [*map(str, command), "-t", "sales@acme.example", f"127.0.0.1:{installation.port}"],
            capture_output=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()
        post = Post(installation)
        assert post.arrivals() == MAILS
        assert until(lambda: post.rows("SELECT count(*) FROM inbound_inboundmail WHERE due IS NOT NULL") == [(0,)], 60)
        states = dict(post.rows("SELECT state, count(*) FROM inbound_inboundmail GROUP BY state"))
        assert sum(states.values()) == MAILS
        assert states["routed"] == 5
        assert set(states) <= {"routed", "held", "duplicate"}
    finally:
        stop([listener, worker])
