"""Files that run when they are opened."""

from __future__ import annotations

import pytest

from postroom.core.message.risky import Risk, is_risky, risk_of
from tests.growing import MOST_GROWTH, grows

RISKY = [
    "setup.exe",
    "SETUP.EXE",
    "page.html",
    "a.js",
    "offer.pdf.exe",
    "run.sh",
    "logo.svg",
    "x.exe.",
    "x.exe ",
    "m.docm",
]
FINE = ["offer.pdf", "exe", "prices.xlsx", "", "photo.jpg", "a.b.csv", "notes.exe.txt"]


@pytest.mark.parametrize("name", RISKY)
def test_by_its_name(name: str) -> None:
    assert is_risky(name)


@pytest.mark.parametrize("name", FINE)
def test_what_is_only_read(name: str) -> None:
    assert not is_risky(name)


def test_by_the_type_that_is_claimed() -> None:
    assert is_risky("page", "text/html; charset=utf-8")
    assert not is_risky("page", "application/pdf")


INVOICE = b"<?xml version='1.0' encoding='UTF-8'?><!-- it's ours --><Invoice a='1&amp;2'>5 &#8364; &lt; 6</Invoice>"
SCRIPT = b'<x:html xmlns:x="http://www.w3.org/1999/xhtml"><x:script>alert(1)</x:script></x:html>'


@pytest.mark.parametrize(
    "data", [INVOICE, b"\xef\xbb\xbf" + INVOICE, INVOICE * 2000, "<Rechnung>Größe</Rechnung>".encode("latin-1")]
)
def test_xml_that_is_data_is_harmless(data: bytes) -> None:
    assert risk_of("invoice.xml", "application/xml", data) is Risk.NONE


@pytest.mark.parametrize(
    "data",
    [
        SCRIPT,
        SCRIPT.decode().encode("utf-16"),
        SCRIPT.decode().encode("utf-16-le"),
        SCRIPT.decode().encode("utf-16-be"),
        SCRIPT.decode().encode("utf-32-be"),
        b"\xff\xfe" + INVOICE,
        b"<!--" + b" " * 100_000 + b"-->" + SCRIPT,
        SCRIPT.replace(b"/xhtml", b"&#47;xhtml"),
        SCRIPT.replace(b"/xhtml", b"&#x2f;xhtml").replace(b'"', b"'"),
        SCRIPT.replace(b'="http', b' =\r\n "http').replace(b"/xhtml", b"&#47;xhtml"),
        b"<!-- it's --><a b='>'/>" + SCRIPT.replace(b"/xhtml", b"&#47;xhtml"),
        b'<!DOCTYPE x [<!ENTITY n "http://www.w3.org/1999/xht">]><html xmlns="&n;ml"/>',
        SCRIPT.replace(b"1999/xhtml", b"1999/\x1b(Bxhtml"),
        b"<?xml-stylesheet href='a.xsl'?><a/>",
    ],
)
def test_xml_that_may_run_is_a_page(data: bytes) -> None:
    assert risk_of("invoice.xml", "application/xml", data) is Risk.PAGE


@pytest.mark.parametrize("piece", [b'="', b"='", b"= ", b"=", b"&#", b'="x" ', b"=\"'"])
def test_floods_take_time_in_proportion(piece: bytes) -> None:
    flood = piece * (2_000_000 // len(piece))
    assert grows(lambda data: risk_of("a.xml", "text/xml", data), flood) < MOST_GROWTH
