"""The SMTP door: what it takes, what it refuses and in which words."""

from __future__ import annotations

import time

import pytest

from tests.sources.conftest import Post, make_post
from tests.support.acme import letter
from tests.support.running import stop


def until(what: object, seconds: float = 10.0) -> bool:
    """Whether it comes true in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if what():  # type: ignore[operator]
            return True
        time.sleep(0.05)
    return False


def test_a_mail_is_kept_as_it_came_before_250(post: Post) -> None:
    line = post.call().greet()
    raw = letter(text="Hello\r\n.. two dots\r\n. one dot\r\n")
    assert line.mail("sales@acme.example") == ["250 2.0.0 OK", "250 2.1.5 OK"]
    assert line.data(raw.replace(b"\r\n.", b"\r\n.."), b".\r\n").startswith("250 2.0.0 Kept as arrival")
    kept = post.newest()
    assert kept.endswith(raw)
    trace = kept[: -len(raw)].decode()
    assert trace.startswith("Return-Path: <hanna@customer.example>\r\nReceived: from client.example ([127.0.0.1])")
    assert "with ESMTP id" in trace


def test_it_offers_what_it_does_and_nothing_more(post: Post) -> None:
    line = post.call()
    assert line.answer().startswith("220")
    offers = line.say("EHLO client.example")
    for offer in ("SIZE 36700160", "8BITMIME", "SMTPUTF8", "PIPELINING", "ENHANCEDSTATUSCODES"):
        assert offer in offers
    assert "AUTH" not in offers
    assert line.say("VRFY amara").startswith("252")


@pytest.mark.parametrize(
    ("recipient", "answer"),
    [
        ("sales@acme.example", "250"),
        ("SALES@ACME.example", "250"),
        ("sales+tag@acme.example", "250"),
        ("prvs=1234abcdef=sales@acme.example", "250"),
        ("bounce@acme.example", "250"),
        ("catchall@acme.example", "250"),
        ("notifications@acme.example", "250"),
        ("postmaster@acme.example", "250"),
        ("nobody@acme.example", "550 5.1.1"),
        ("sales@elsewhere.example", "550 5.7.1"),
        ("victim%elsewhere.example@acme.example", "550 5.1.1"),
        ("@elsewhere.example:sales@acme.example", "250"),  # a source route is passed over (RFC 5321 appendix C)
        ("nobody", "5"),
    ],
)
def test_recipients(post: Post, recipient: str, answer: str) -> None:
    line = post.call().greet()
    said = line.mail(recipient)[1]
    assert said.startswith(answer)
    if answer == "550 5.1.1":
        assert recipient in said


def test_refused_recipients_are_written_down_once_an_hour(post: Post) -> None:
    for _ in range(3):
        post.call().greet().mail("missing@acme.example")
    sql = "SELECT count, words, peer, helo, sender FROM inbound_refusal WHERE recipient = 'missing@acme.example'"
    assert until(lambda: post.rows(sql) and post.rows(sql)[0][0] == 3)
    assert post.rows(sql)[0][2:] == ("127.0.0.1", "client.example", "hanna@customer.example")


def test_a_mail_to_good_and_bad_recipients_is_taken_for_the_good_one(post: Post) -> None:
    line = post.call().greet()
    assert [a[:3] for a in line.mail("sales@acme.example", "nobody@acme.example")] == ["250", "250", "550"]
    assert line.data(letter()).startswith("250")
    assert post.rows("SELECT recipients FROM inbound_inboundmail ORDER BY id DESC LIMIT 1") == [
        ('["sales@acme.example"]',)
    ]


def test_the_catchall_alone_is_told_which_address_to_use(post: Post) -> None:
    before = post.arrivals()
    line = post.call().greet()
    line.mail("catchall@acme.example")
    said = line.data(letter())
    assert said.startswith("550 5.7.1")
    assert "sales@acme.example" in said
    assert post.arrivals() == before
    assert until(lambda: any("catchall@acme.example" in row[1] for row in post.refusals()))


def test_the_catchall_takes_an_answer(post: Post, tmp_path_factory: pytest.TempPathFactory) -> None:
    line = post.call().greet()
    line.mail("sales@acme.example")
    line.data(letter(message_id="known@customer.example"))
    worker = post.installation.worker()
    assert until(lambda: post.rows("SELECT 1 FROM conversations_messageid WHERE value = 'known@customer.example'"))
    stop([worker])
    line.mail("catchall@acme.example")
    assert line.data(letter(in_reply_to=("known@customer.example",))).startswith("250")


def test_too_many_recipients(post: Post) -> None:
    line = post.call().greet()
    answers = line.mail(*(["sales@acme.example"] * 6))
    assert answers[-1].startswith("452 4.5.3")


def test_more_than_the_limit_is_refused_by_size(post: Post) -> None:
    line = post.call().greet()
    assert line.say("MAIL FROM:<a@b.example> SIZE=36700161").startswith("552 5.3.4")
    assert until(lambda: any(row[0] == "552 5.3.4" for row in post.refusals()))


@pytest.mark.parametrize("piece", [b"x" * 65536, b"x" * 998 + b"\r\n"], ids=["one endless line", "short lines"])
def test_more_than_the_limit_is_refused_while_reading_and_memory_stays_flat(post: Post, piece: bytes) -> None:
    line = post.call().greet()
    line.mail("sales@acme.example")
    before, most = post.memory(), 0
    assert line.say("DATA").startswith("354")
    for sent in range(0, 120 * 1024 * 1024, len(piece) * 64):
        line.connection.sendall(piece * 64)
        if sent % (16 * 1024 * 1024) == 0:
            most = max(most, post.memory())
    line.connection.sendall(b"\r\n.\r\n")
    assert line.answer().startswith("552 5.3.4")
    assert max(most, post.memory()) - before < 3 * 36 * 1024 * 1024
    assert line.say("NOOP").startswith("250")


def test_lines_of_50_kb_are_taken_and_longer_ones_refused(post: Post) -> None:
    line = post.call().greet()
    line.mail("sales@acme.example")
    assert line.data(b"Subject: long\r\n\r\n" + b"x" * 50_000).startswith("250")
    line.mail("sales@acme.example")
    assert line.data(b"Subject: longer\r\n\r\n" + b"x" * 70_000).startswith("550 5.5.2")


ENDS = [b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r\n.\r", b"\r.\r\n", b"\r.\n", b"\r.\r", b"\r\n\0.\r\n"]


@pytest.mark.parametrize("end", ENDS)
def test_nothing_but_crlf_dot_crlf_ends_a_mail(post: Post, end: bytes) -> None:
    line = post.call().greet()
    line.mail("sales@acme.example")
    before = post.arrivals()
    smuggled = b"MAIL FROM:<evil@x.example>\r\nRCPT TO:<sales@acme.example>\r\nDATA\r\nSubject: smuggled\r\n\r\nx"
    assert line.data(b"Subject: outer\r\n\r\nhello" + end + smuggled).startswith("250")  # mended: our own network
    assert post.arrivals() == before + 1
    assert line.say("NOOP").startswith("250")


def test_commands_may_be_sent_ahead(post: Post) -> None:
    line = post.call().greet()
    ahead = "MAIL FROM:<a@b.example>\r\nRCPT TO:<sales@acme.example>\r\nRCPT TO:<nobody@acme.example>\r\nDATA"
    assert line.say(ahead) == "250 2.0.0 OK"
    assert [line.answer()[:3] for _ in range(3)] == ["250", "550", "354"]
    line.connection.sendall(b"Subject: ahead\r\n\r\nx\r\n.\r\nQUIT\r\n")
    assert [line.answer()[:3] for _ in range(2)] == ["250", "221"]


def test_an_empty_mail_is_taken(post: Post) -> None:
    line = post.call().greet()
    line.mail("sales@acme.example")
    assert line.data(b"", b".\r\n").startswith("250")


def test_order_is_kept(post: Post) -> None:
    line = post.call()
    assert line.answer().startswith("220")
    assert line.say("MAIL FROM:<a@b.example>").startswith("503")
    assert line.say("EHLO x").startswith("250")
    assert line.say("DATA").startswith("503")
    assert line.say("NONSENSE").startswith("5")


def test_whoever_guesses_is_slowed_down_and_sent_away(post: Post) -> None:
    line = post.call().greet()
    line.say("MAIL FROM:<a@b.example>")
    began = time.monotonic()
    answers = [line.say(f"RCPT TO:<guess{n}@acme.example>") for n in range(7)]
    assert all(answer.startswith("550 5.1.1") for answer in answers)
    assert time.monotonic() - began >= 2.0


def test_a_new_alias_is_known_at_once(post: Post) -> None:
    line = post.call().greet()
    assert line.mail("fresh@acme.example")[1].startswith("550")
    done = post.installation.run("tests.sources.add_alias", "fresh")
    assert done.returncode == 0, done.stderr.decode()
    assert line.say("RCPT TO:<fresh@acme.example>").startswith("250")


def test_bare_breaks_from_elsewhere_are_refused(tmp_path_factory: pytest.TempPathFactory) -> None:
    installation = make_post(tmp_path_factory.mktemp("strict") / "var", own_networks="10.9.8.0/24")
    process = installation.listener()
    try:
        strict = Post(installation)
        line = strict.call().greet()
        line.mail("sales@acme.example")
        assert line.data(b"Subject: bare\n\nx").startswith("550 5.5.2")
        assert strict.arrivals() == 0
        line.mail("sales@acme.example")
        assert line.data(b"Subject: right\r\n\r\nx").startswith("250")
    finally:
        stop([process])


def test_too_many_connections_of_one_peer(tmp_path_factory: pytest.TempPathFactory) -> None:
    installation = make_post(tmp_path_factory.mktemp("few") / "var", smtp_connections_per_peer="2")
    process = installation.listener()
    try:
        few = Post(installation)
        kept = [few.call().greet(), few.call().greet()]
        assert few.call().answer().startswith("421 4.7.0")
        kept[0].say("QUIT")
        assert until(lambda: few.call().answer().startswith("220"))
    finally:
        stop([process])
