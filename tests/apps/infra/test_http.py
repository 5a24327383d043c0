"""One question over HTTP: every form of an answer, every way in which there is none."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from postroom.infra.http import Answered, NoAnswer, Url, post
from tests.support.http_server import OK, HttpServer, http_server


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with http_server() as running:
        yield running


def ask(server: HttpServer, *fields: tuple[str, str], seconds: float = 5.0, most: int = 1000) -> Answered:
    return asyncio.run(post(Url.read(server.url), b"question", fields, seconds=seconds, most=most))


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("http://127.0.0.1:11333", Url("127.0.0.1", 11333)),
        ("http://filter.example/", Url("filter.example", 80)),
        (" https://filter.example/a/b ", Url("filter.example", 443, "/a/b", encrypted=True)),
        ("http://[::1]:8080/x", Url("::1", 8080, "/x")),
    ],
)
def test_addresses(text: str, url: Url) -> None:
    assert Url.read(text) == url


@pytest.mark.parametrize(
    "text",
    [
        "",
        "filter",
        "ftp://filter.example",
        "http://",
        "http://x:port",
        "http://x:99999",
        "http://x/\r\nA: b",
        "http://ä/",
    ],
)
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(NoAnswer) as none:
        Url.read(text)
    assert str(none.value) == "What is set is no address of HTTP."


def test_where_it_is_named() -> None:
    assert Url.read("http://[::1]:8080").name == "[::1]:8080"
    assert Url.read("http://x/a/").at("/b").path == "/a/b"


@pytest.mark.parametrize(
    ("says", "body"),
    [
        (OK + b"Content-Length: 5\r\n\r\nHello", b"Hello"),
        (OK + b"Content-Length: 5\r\n\r\nHello and more", b"Hello"),
        (OK + b"Content-Length: 0\r\n\r\n", b""),
        (OK + b"\r\nto the end", b"to the end"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nHello\r\n1;x=y\r\n!\r\n0\r\n\r\n", b"Hello!"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + OK + b"Content-Length: 2\r\n\r\nok", b"ok"),
        (b"HTTP/1.0 200\nContent-Length: 2\n\nok", b"ok"),
    ],
)
def test_answers(server: HttpServer, says: bytes, body: bytes) -> None:
    server.says = says
    assert ask(server, ("X-One", "1")) == Answered(200, body)
    [asked] = server.asked
    assert (asked.line, asked.body) == ("POST / HTTP/1.1", b"question")
    assert asked.values("X-One") == ["1"]
    assert asked.values("Host") == [f"127.0.0.1:{server.port}"]


@pytest.mark.parametrize(
    ("says", "why"),
    [
        (b"", "could not be reached"),
        (b"SSH-2.0-x\r\n\r\n", "no answer of HTTP"),
        (b"HTTP/1.1 OK\r\n\r\n", "no answer of HTTP"),
        (OK + b"X: y\r\n" * 500 + b"\r\n", "no answer of HTTP"),
        (OK + b"X: " + b"y" * 50_000 + b"\r\n\r\n", "could not be reached"),
        (OK + b"Content-Length: 1001\r\n\r\n" + b"x" * 1001, "longer than 1,000 bytes"),
        (OK + b"Content-Length: -5\r\n\r\nHello", "longer than 1,000 bytes"),
        (OK + b"Content-Length: 50\r\n\r\nHello", "could not be reached"),
        (OK + b"\r\n" + b"x" * 5000, "longer than 1,000 bytes"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFF\r\n", "longer than 1,000 bytes"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n-5\r\n", "longer than 1,000 bytes"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\nmore\r\n", "no answer of HTTP"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n" + b"3e8\r\n" + b"x" * 1000 + b"\r\n1\r\ny\r\n0\r\n\r\n", "longer"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nHel", "could not be reached"),
    ],
)
def test_what_is_no_answer(server: HttpServer, says: bytes, why: str) -> None:
    server.says = says
    with pytest.raises(NoAnswer, match=why) as none:
        ask(server)
    assert str(none.value).endswith(".")
    assert "127.0.0.1" not in str(none.value)


def test_the_whole_has_one_deadline(server: HttpServer) -> None:
    server.seconds = 60.0
    with pytest.raises(NoAnswer, match=r"did not answer within 0.1 seconds"):
        ask(server, seconds=0.1)


@pytest.mark.parametrize("value", ["a\r\nB: c", "ä", "\x00"])
def test_a_field_that_would_be_another(server: HttpServer, value: str) -> None:
    with pytest.raises(NoAnswer, match="can't be sent"):
        ask(server, ("X-One", value))
    assert server.asked == []
