"""Whatever is sent, it arrives as aiosmtplib would have sent it: byte for byte, by every way to converse."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence

import aiosmtplib
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from postroom.outbound.transports.protocol import Copy, Result, Server
from postroom.outbound.transports.smtp.content import Mail, Ready
from postroom.outbound.transports.smtp.offers import Offers
from tests.support.postfix import relaying_to
from tests.support.smtp_server import SmtpServer
from tests.transports.build import copies_of, copy, run_on, server_at
from tests.transports.test_conversations import DATA_FAULTS, FAULTS

WAYS: tuple[list[str], ...] = ([], ["PIPELINING"], ["CHUNKING"], ["PIPELINING", "CHUNKING"])
HEAD = b"From: a@acme.example\r\nTo: b@firm.example\r\nSubject: Vans\r\n\r\n"
RAWS = {
    "plain": HEAD + b"Hello\r\n",
    "dots": HEAD + b".\r\n..\r\n.a\r\n...b\r\na.\r\n.",
    "a dot alone": b".",
    "begins with a dot": b".a: 1\r\n\r\nx\r\n",
    "the end in the middle": HEAD + b"a\r\n.\r\nMAIL FROM:<x@y.example>\r\n",
    "bare LF": b"A: 1\n\nx\n.\ny\n",
    "bare CR": HEAD + b"a\rb\r\rc\r",
    "smuggled ends": HEAD + b"a\n.\r\nb\r.\r\nc\r\n.\nd\r.\re\n\r.\r\n",
    "empty": b"",
    "no body": HEAD,
    "only a line end": b"\r\n",
    "no last line end": HEAD + b"Hello",
    "long lines": HEAD + b"x" * 3000 + b"\r\n" + b"." * 2000,
    "eight bits": HEAD + "Grüße\r\n".encode() + bytes(range(128, 256)),
    "NUL": HEAD + b"a\0b\r\n",
    "large": HEAD + b".0123456789\r\n" * 20_000,
    "blank lines": HEAD + b"\r\n" * 10,
}


def _copies(raws: Sequence[bytes]) -> list[Copy]:
    return [copy(number, raw=raw, sender="a@acme.example") for number, raw in enumerate(raws)]


def _by_aiosmtplib(port: int, raws: Sequence[bytes]) -> None:
    async def run() -> None:
        client = aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=False, timeout=30)
        await client.connect()
        for one in _copies(raws):
            await client.sendmail(one.sender, [one.recipient], one.mime())
        await client.quit()

    asyncio.run(run())


def _oracle(raws: Sequence[bytes]) -> list[bytes]:
    with SmtpServer() as server:
        _by_aiosmtplib(server.port, raws)
        return [mail.data for mail in server.mails]


@pytest.mark.parametrize("extensions", WAYS, ids=" ".join)
def test_every_mail_arrives_as_the_oracle_sends_it(extensions: list[str]) -> None:
    raws = list(RAWS.values())
    with SmtpServer() as server:
        server.extensions += extensions
        outcomes, alive = run_on(server_at(server.port), _copies(raws))
        assert {one.result for one in outcomes} == {Result.ACCEPTED}
        assert alive
        assert [mail.data for mail in server.mails] == _oracle(raws)
        assert [mail.recipients for mail in server.mails] == [(one.recipient,) for one in _copies(raws)]


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b".", b"a", b"\xff"]), max_size=12), max_size=5))
def test_any_mail_arrives_as_the_oracle_sends_it(pieces: list[list[bytes]]) -> None:
    raws = [HEAD + b"".join(one) for one in pieces]
    wanted = _oracle(raws)
    for extensions in WAYS:
        with SmtpServer() as server:
            server.extensions += extensions
            run_on(server_at(server.port), _copies(raws))
            assert [mail.data for mail in server.mails] == wanted


SAID = sorted(
    {
        (one.step, one.action)
        for one in (*FAULTS, *DATA_FAULTS)
        if isinstance(one.action, str) and one.action[:3] not in ("354", "199", "334", "250")
    }
)


@pytest.mark.parametrize(("step", "line"), SAID, ids=" ".join)
def test_the_oracle_understands_every_answer_as_we_do(step: str, line: str) -> None:
    """The second of two mails is answered so: the same code decides, and it arrives with both or with none."""
    copies = copies_of(1, 2)
    with SmtpServer() as server:
        server.on(step, line)
        outcomes, _ = run_on(server_at(server.port), copies)
        ours = [one.code if one.result is not Result.ACCEPTED else 250 for one in outcomes]
        arrived = server.counts()
    with SmtpServer() as server:
        server.on(step, line)
        assert asyncio.run(_codes(server.port, copies)) == ours
        assert server.counts() == arrived
    kinds = {4: Result.DEFERRED, 5: Result.REFUSED, 2: Result.ACCEPTED}
    assert [one.result for one in outcomes] == [kinds[code // 100] for code in ours]


async def _codes(port: int, copies: Sequence[Copy]) -> list[int]:
    """The code that decided about each, as aiosmtplib has it."""
    client = aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=False, timeout=30)
    await client.connect()
    codes = []
    for one in copies:
        try:
            await client.sendmail(one.sender, [one.recipient], one.mime())
            codes.append(250)
        except aiosmtplib.SMTPRecipientsRefused as refused:
            codes.append(refused.recipients[0].code)
        except aiosmtplib.SMTPResponseException as refused:
            codes.append(refused.code)
    client.close()
    return codes


@given(st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b".", b"a", b"bc", b"\0"]), max_size=40))
def test_only_crlf_crosses_the_wire(pieces: list[bytes]) -> None:
    """No line but the last begins with a single dot, and no CR or LF stands alone (RFC 5321 §2.3.8, §4.5.2)."""
    raw = b"".join(pieces)
    one = Ready(Server(1, "Test", "smtp"), Offers()).mail(copy(raw=raw))
    chunk = Ready(Server(1, "Test", "smtp"), Offers(chunking=True)).mail(copy(raw=raw))
    assert isinstance(one, Mail)
    assert isinstance(chunk, Mail)
    *lines, last, end = one.body.split(b"\r\n")
    assert (last, end) == (b".", b"")
    assert not any(b"\r" in line or b"\n" in line for line in lines)
    assert all(line.startswith(b"..") for line in lines if line.startswith(b"."))
    command, _, content = chunk.body.partition(b"\r\n")
    assert command == b"BDAT %d LAST" % len(content)
    assert content == b"".join(line.removeprefix(b".") + b"\r\n" for line in lines)
    assert content.replace(b"\r\n", b"\n") == re.sub(rb"\r\n|\r|\n", b"\n", raw).removesuffix(b"\n") + b"\n"


def test_content_of_eight_bits_is_announced_where_that_is_known() -> None:
    raws = [RAWS["plain"], RAWS["eight bits"]]
    with SmtpServer() as server:
        server.extensions = ["8BITMIME"]
        run_on(server_at(server.port), _copies(raws))
        server.extensions = []
        run_on(server_at(server.port), _copies(raws))
        assert [mail.options for mail in server.mails] == ["", "BODY=8BITMIME", "", ""]
        assert server.mails[1].data == server.mails[3].data


def _without_trace(raw: bytes) -> bytes:
    """A mail as it was before a relay put its own lines above it."""
    return re.sub(rb"\A(?:Received: .*\r\n(?:[ \t].*\r\n)*)+", b"", raw)


@pytest.mark.parametrize("without", ["", "CHUNKING", "PIPELINING, CHUNKING"])
def test_a_real_postfix_hands_on_the_same(without: str) -> None:
    """Postfix takes and relays: what it got from us is what it got from the oracle."""
    names = [name for name in RAWS if name not in {"empty", "only a line end", "a dot alone", "NUL"}]
    raws = [RAWS[name] for name in names]
    with SmtpServer() as last:
        settings = {"smtpd_discard_ehlo_keywords": without, "local_header_rewrite_clients": ""}
        with relaying_to(last.port, settings, {}) as port:
            outcomes, alive = run_on(server_at(port), _copies(raws))
            assert [(one.result, one.enhanced) for one in outcomes] == [(Result.ACCEPTED, "2.0.0")] * len(raws)
            assert alive
            ours = _arrived(last, len(raws))
            _by_aiosmtplib(port, raws)
            theirs = _arrived(last, len(raws))
    assert ours == theirs


def _arrived(server: SmtpServer, number: int) -> dict[str, bytes]:
    """What came by recipient, in the order in which a queue lets go of it."""
    server.wait_for(number)
    mails, server.mails = server.mails, []
    return {mail.recipients[0]: _without_trace(mail.data) for mail in mails}
