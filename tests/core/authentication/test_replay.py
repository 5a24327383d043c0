"""A mail that our domain signed, sent again by somebody who may write what they like around it, proves its own author
and no other.
"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postroom.core.authentication.questions import drive
from postroom.core.authentication.verdict import Client, Level, authenticate
from postroom.core.message.understood import understand
from tests.core.authentication.signing import Signer
from tests.core.authentication.tables import table

NOW = 1_700_000_000
OUTSIDE = Client("192.0.2.9", "mx.evil.example", "eve@evil.example")
AUTHOR = "bot@acme.example"
MAIL = b"From: Bot <bot@acme.example>\r\nTo: eve@evil.example\r\nSubject: Hi\r\nDate: now\r\n\r\nHello\r\n"
PIECES = (
    *(b"From", b"FROM", b"from", b"Sender", b"Resent-From", b"X", b":", b" ", b"\t", b"\r", b"\n", b"\r\n", b"\r\n "),
    *(b"\0", b"\x0b", b"\x0c", b"\x1c", b"\x85", b"\xc2\x85", b"\xe2\x80\xa8", b"\xff", b"amara@acme.example"),
    *(b"<", b">", b",", b"(", b")", b'"', b";", b"--", b">From ", b"From ", b"=?utf-8?q?", b"?=", b"MIME-Version: 1.0"),
    *(b"From: amara@acme.example", b"From\t: amara@acme.example", b"From:amara@acme.example"),
    *(b"\r\nFrom: amara@acme.example\r\n", b"Content-Type: message/rfc822"),
)
NASTY = st.lists(st.sampled_from(PIECES), min_size=1, max_size=8).map(b"".join)


@pytest.mark.parametrize("form", ["relaxed/relaxed", "simple/simple"])
@pytest.mark.parametrize("names", ["from:to:subject:date", "from"])
@settings(max_examples=600)
@given(nasty=NASTY, where=st.integers(0, 2000), ends=st.booleans())
def test_nothing_put_into_a_signed_mail_changes_who_is_proved(
    form: str, names: str, nasty: bytes, where: int, ends: bool
) -> None:
    raw = Signer(form=form, names=names).sign(MAIL)
    place = where % (len(raw) + 1)
    _proves_its_author_at_most(raw[:place] + nasty + b"\r\n" * ends + raw[place:])


@pytest.mark.parametrize("names", ["from:to:subject:date", "from"])
@settings(max_examples=600)
@given(nasty=NASTY, line=st.integers(0, 6))
def test_nor_does_a_line_put_between_its_lines(names: str, nasty: bytes, line: int) -> None:
    lines = Signer(names=names).sign(MAIL).split(b"\r\n")
    _proves_its_author_at_most(b"\r\n".join((*lines[:line], nasty, *lines[line:])))


@given(raw=st.binary(max_size=300), head=NASTY)
def test_without_keys_and_records_nothing_is_proved(raw: bytes, head: bytes) -> None:
    for one in (raw, head + raw, b"From: amara@acme.example\r\n" + head + b"\r\n\r\n" + raw):
        understood = understand(one)
        asking = authenticate(understood.proofs, understood.author_domains, OUTSIDE, NOW)
        assert drive(asking, table({})).level is Level.UNVERIFIED


def _proves_its_author_at_most(raw: bytes) -> None:
    understood = understand(raw)
    asking = authenticate(understood.proofs, understood.author_domains, OUTSIDE, NOW)
    verdict = drive(asking, table(Signer().zone))
    if verdict.level is Level.VERIFIED:
        assert [one.email for one in understood.mail.authors] == [AUTHOR], raw


def test_untouched_it_is_proved() -> None:
    understood = understand(Signer().sign(MAIL))
    asking = authenticate(understood.proofs, understood.author_domains, OUTSIDE, NOW)
    assert drive(asking, table(Signer().zone)).level is Level.VERIFIED
