"""A customer's mail on its whole trip, over real sockets: from the listener to the record that one can read."""

from __future__ import annotations

import smtplib
import time
from collections.abc import Iterator
from typing import Any

import pytest

from postroom.core.addresses import Address
from postroom.core.message.draft import Draft, DraftFile
from postroom.core.message.render import render
from tests.support.supervised import House, house, wait_for

pytestmark = pytest.mark.slow

NADIA = Address("nadia@customer.example", "Nadia Örn")
PNG = b"\x89PNG\r\n\x1a\n" + bytes(60)
QUOTED = (
    "Yes, please.\r\n\r\nOn Fri, 20 Nov 2026 at 10:00, Acme <sales@acme.example> wrote:\r\n> Shall we send forty?\r\n"
)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The demo, running."""
    with house(tmp_path_factory.mktemp("trip"), "demo") as made:
        made.start("demo")
        yield made


@pytest.fixture(scope="module")
def token(office: House) -> str:
    return office.run("token", "create", "--user", "admin").stdout.decode().strip()


def send(office: House, raw: bytes, *to: str) -> None:
    with smtplib.SMTP("127.0.0.1", office.smtp_port, timeout=30) as server:
        server.sendmail("nadia@customer.example", to or ["sales@acme.example"], raw)


def record(office: House, token: str, title: str, type: str = "lead") -> dict[str, Any]:
    """The record with this title, once it is there."""

    def found() -> dict[str, Any] | None:
        return next((r for r in office.get(f"/records?type={type}", token)["items"] if r["title"] == title), None)

    made: dict[str, Any] = wait_for(found, title)
    return made


def messages(office: House, token: str, of: dict[str, Any]) -> list[dict[str, Any]]:
    """Its messages, newest first."""
    rows: list[dict[str, Any]] = office.get(f"/records/{of['id']}/messages", token)["items"]
    return sorted(rows, key=lambda row: -row["id"])


def test_all_of_a_mail_is_on_the_record_and_its_answer_joins_it(office: House, token: str) -> None:
    first = Draft(
        author=NADIA,
        to=(Address("sales@acme.example"),),
        cc=(Address("boss@customer.example", "The Boss"),),
        subject="Forty chairs, été",
        text="Do you ship to Oslo?\r\n",
        html='<p>Do you ship to <b>Oslo</b>?</p><p><img src="cid:plan@x"></p><script>alert(1)</script>',
        attachments=(
            DraftFile("plan.png", "image/png", PNG, "plan@x"),
            DraftFile("prix été.csv", "text/csv", b"a;b\r\n1;2\r\n"),
        ),
        message_id="trip-1@customer.example",
    )
    began = time.monotonic()
    send(office, render(first))
    lead = record(office, token, "Forty chairs, été")
    assert time.monotonic() - began < 30  # a second, when nobody else uses the machine; here it only must not hang
    (message,) = messages(office, token, lead)
    assert lead["contact_name"] == "Nadia Örn"
    assert message["text"].strip() == "Do you ship to Oslo?"
    assert "<b>Oslo</b>" in message["html"]
    assert "script" not in message["html"]
    assert [person["email"] for person in message["cc"]] == ["boss@customer.example"]
    assert {(file["name"], file["inline"]) for file in message["attachments"]} == {
        ("plan.png", True),
        ("prix été.csv", False),
    }

    answer = Draft(
        author=Address("nadia@customer.example"),
        to=(Address("sales@acme.example"),),
        subject="Another subject",
        text=QUOTED,
        message_id="trip-2@customer.example",
        in_reply_to=("trip-1@customer.example",),
        references=("trip-1@customer.example",),
    )
    send(office, render(answer))
    wait_for(lambda: len(messages(office, token, lead)) == 2, "the answer")
    newest = messages(office, token, lead)[0]
    assert newest["own_text"].strip() == "Yes, please."
    assert "Shall we send forty?" in newest["quoted_text"]


def test_two_aliases_make_two_records(office: House, token: str) -> None:
    send(
        office,
        b"From: <two@customer.example>\r\nSubject: Both of you\r\n\r\nx\r\n",
        "sales@acme.example",
        "support@acme.example",
    )
    assert record(office, token, "Both of you", "lead")["id"] != record(office, token, "Both of you", "ticket")["id"]


def nested(levels: int) -> bytes:
    """A mail within a mail within a mail."""
    head = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (level, level) for level in range(levels)
    )
    return head + b"Content-Type: text/plain\r\n\r\ninnermost\r\n"


ODD = {
    "no From": (b"Subject: no From\r\nMessage-ID: <1@x>\r\n\r\nx\r\n", "From"),
    "no id": (b"From: a@x.example\r\nSubject: no id\r\n\r\nx\r\n", "Message-ID"),
    "broken base64": (
        (
            b"From: b@x.example\r\nSubject: broken base64\r\nContent-Type: multipart/mixed; boundary=q\r\n\r\n--q\r\n"
            b"Content-Transfer-Encoding: base64\r\n\r\n$$$ not base64 at all\r\n"
        ),
        "base64",
    ),
    "deep": (b"From: d@x.example\r\nSubject: deep\r\nMIME-Version: 1.0\r\n" + nested(1000), "taken apart"),
    "charset": (
        b"From: e@x.example\r\nSubject: charset\r\nContent-Type: text/plain; charset=x-martian\r\n\r\nna\xefve\r\n",
        "x-martian",
    ),
}


@pytest.mark.parametrize("subject", sorted(ODD))
def test_odd_mail_is_kept_shown_and_its_defects_named(office: House, token: str, subject: str) -> None:
    raw, named = ODD[subject]
    send(office, raw)
    (message,) = messages(office, token, record(office, token, subject))
    assert message["defects"]
    assert any(named in defect for defect in message["defects"])


def test_a_line_of_50_kb_is_kept_whole(office: House, token: str) -> None:
    send(office, b"From: c@x.example\r\nSubject: long line\r\n\r\n" + b"x" * 50_000 + b"\r\n")
    (message,) = messages(office, token, record(office, token, "long line"))
    assert message["text"].strip() == "x" * 50_000
