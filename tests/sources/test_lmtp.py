"""The LMTP door: an answer for every recipient."""

from __future__ import annotations

import socket
import stat

from tests.sources.conftest import Line, Post
from tests.support.acme import letter


def call(post: Post) -> Line:
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(str(post.installation.var / "run" / "lmtp.sock"))
    return Line(connection)


def test_each_recipient_gets_an_answer(post: Post) -> None:
    line = call(post).greet("LHLO")
    answers = line.mail("sales@acme.example", "nobody@acme.example", "support@acme.example")
    assert [answer[:3] for answer in answers] == ["250", "250", "550", "250"]
    assert line.data(letter()).startswith("250 2.0.0")
    assert line.answer().startswith("250 2.0.0")
    assert line.say("NOOP").startswith("250")
    assert b"with LMTP id" in post.newest()


def test_a_refusal_is_told_for_each_recipient_too(post: Post) -> None:
    line = call(post).greet("LHLO")
    line.mail("catchall@acme.example", "notifications@acme.example")
    assert line.data(letter()).startswith("550 5.7.1")
    assert line.answer().startswith("550 5.7.1")


def test_it_wants_to_be_greeted_as_lmtp(post: Post) -> None:
    line = call(post)
    assert line.answer().startswith("220")
    assert line.say("EHLO x").startswith("500")
    assert line.say("MAIL FROM:<a@b.example>").startswith("503")


def test_the_socket_is_for_its_owner_and_group(post: Post) -> None:
    mode = (post.installation.var / "run" / "lmtp.sock").stat().st_mode
    assert stat.S_IMODE(mode) == 0o660
