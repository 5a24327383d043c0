"""An alias is renamed while the world still knows the old name: answers land, and the doors know both at once."""

from __future__ import annotations

import json
import smtplib
from collections.abc import Iterator
from typing import Any
from urllib.request import Request, urlopen

import pytest

from tests.support.supervised import House, house, wait_for

pytestmark = pytest.mark.slow

BASE = b"From: Nadia <nadia@customer.example>\r\nDate: Sat, 21 Nov 2026 10:00:00 +0000\r\n"


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The demo, running."""
    with house(tmp_path_factory.mktemp("renaming"), "demo") as made:
        made.start("demo")
        yield made


def send(office: House, to: str, raw: bytes) -> None:
    with smtplib.SMTP("127.0.0.1", office.smtp_port, timeout=30) as server:
        server.sendmail("nadia@customer.example", [to], BASE + raw)


def records(office: House, token: str, title: str) -> list[dict[str, Any]]:
    return [row for row in office.get("/records?type=lead", token)["items"] if row["title"] == title]


def texts(office: House, token: str, record: dict[str, Any]) -> list[str]:
    rows = office.get(f"/records/{record['id']}/messages", token)["items"]
    return [row["own_text"].strip() for row in rows]


def ask(office: House, token: str, method: str, path: str, body: object = None) -> None:
    data = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    address = f"http://127.0.0.1:{office.web_port}/api/v1{path}"
    urlopen(Request(address, data, headers, method=method), timeout=30).close()


def test_an_answer_to_the_old_name_lands_and_a_deleted_alias_takes_answers_alone(office: House) -> None:
    token = office.run("token", "create", "--user", "admin").stdout.decode().strip()
    send(office, "sales@acme.example", b"Subject: Forty desks\r\nMessage-ID: <r1@customer.example>\r\n\r\nHello\r\n")
    (lead,) = wait_for(lambda: records(office, token, "Forty desks"), "the lead")
    (alias,) = office.get("/aliases?q=sales@", token)["items"]
    ask(office, token, "PATCH", f"/aliases/{alias['id']}", {"local_part": "hello"})

    answer = b"Subject: Re: Forty desks\r\nIn-Reply-To: <r1@customer.example>\r\n"
    send(office, "sales@acme.example", answer + b"Message-ID: <r2@customer.example>\r\n\r\nStill there?\r\n")
    wait_for(lambda: "Still there?" in texts(office, token, lead), "the answer to the old name")
    send(office, "hello@acme.example", b"Subject: By the new name\r\nMessage-ID: <r3@customer.example>\r\n\r\nHi\r\n")
    wait_for(lambda: records(office, token, "By the new name"), "a lead by the new name")
    send(office, "sales@acme.example", b"Subject: By the old name\r\nMessage-ID: <r4@customer.example>\r\n\r\nHi\r\n")
    wait_for(lambda: records(office, token, "By the old name"), "a lead by the old name")

    ask(office, token, "DELETE", f"/aliases/{alias['id']}")
    send(office, "sales@acme.example", answer + b"Message-ID: <r5@customer.example>\r\n\r\nOne more thing.\r\n")
    wait_for(lambda: "One more thing." in texts(office, token, lead), "the answer to the deleted alias")
    with pytest.raises(smtplib.SMTPDataError) as refused:
        send(office, "hello@acme.example", b"Subject: Nobody\r\nMessage-ID: <r6@customer.example>\r\n\r\nHi\r\n")
    assert refused.value.smtp_code == 550
    assert b"support@acme.example" in refused.value.smtp_error
