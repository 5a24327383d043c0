"""A mail that means harm, taken in as any other: what its words, names and files are on every page that shows them."""

from __future__ import annotations

import re
from urllib.parse import unquote

import pytest
from django.test import Client

from postroom.conversations.models import Attachment, Message
from postroom.inbound.models import InboundMail
from postroom.infra import parameters
from postroom.records.models import Record
from tests.support.acme import Acme, arrival, make_acme, take_in

pytestmark = pytest.mark.django_db

EVIL = "<img src=x onerror=alert(1)><script>alert(2)</script>"
ENCODED = "=?utf-8?q?" + "".join(f"={byte:02X}" for byte in EVIL.encode()) + "?="
ODD_NAMES = (
    "..", ".", "%2E%2E", "a%2Fb%2F..%2Fc.pdf", "a%0D%0AX-Evil%3A%201.pdf", "a%00b.pdf", "%22%3B%20x%3D%22.html",
    "%E2%80%AEfdp.exe", "%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E.png", "%3Fq%3D1%23f.pdf", "%20", "%5C..%5C..%5Cx",
    "%F0%9F%92%A9" * 200, "%0A", "%7F",
)  # fmt: skip
PART = (
    "--b\r\nContent-Type: text/html{type}\r\nContent-Disposition: attachment; filename*=utf-8''{name}\r\n\r\n"
    "<script>alert(1)</script>\r\n"
)
MAIL = (
    f'From: "{ENCODED}" <hanna@customer.example>\r\nTo: {ENCODED} <sales@acme.example>\r\n'
    f"Cc: {ENCODED} <other@customer.example>\r\nSubject: {ENCODED}\r\nMessage-ID: <{EVIL}@x>\r\nX-Evil: {EVIL}\r\n"
    f"Date: {EVIL}\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    f"--b\r\nContent-Type: text/html\r\n\r\n<p>{EVIL}<a href='javascript:alert(3)'>x</a>"
    "<form action='/sign-out' method=post><input name=x></form><meta http-equiv=refresh content='0;url=//x.example'>"
    "<base href='//x.example'><link rel=stylesheet href='//x.example/x.css'><svg onload=alert(4)></svg>"
    "<img src='//x.example/pixel'><iframe src='//x.example'></iframe>"
    "<style>*{background:url(//x.example)}</style></p>\r\n"
)


@pytest.fixture
def acme() -> Acme:
    parameters.forget()
    return make_acme("Harmless", "acme.example")


@pytest.fixture
def pages(client: Client, acme: Acme) -> dict[str, str]:
    """Every page that shows the mail, by its address."""
    parts = "".join(PART.format(type="", name=name) for name in ODD_NAMES)
    take_in(arrival((MAIL + parts + "--b--\r\n").encode(), sender=f"{EVIL}@customer.example"))
    client.force_login(acme.admin)
    record, message, mail = (model.objects.latest("pk") for model in (Record, Message, InboundMail))
    addresses = [
        "/leads", f"/leads/{record.pk}", f"/messages/{message.pk}/body?all=1", "/arrivals", f"/arrivals/{mail.pk}",
        f"/arrivals/{mail.pk}/source",
    ]  # fmt: skip
    found = {}
    for address in addresses:
        response = client.get(address)
        assert response.status_code == 200, address
        found[address] = response.content.decode()
    return found


def test_nothing_of_it_is_markup(pages: dict[str, str]) -> None:
    for address, page in pages.items():
        for evil in ("<img src=x", "<script>alert", "<svg onload", "<form action='/sign-out'", "<base href"):
            assert evil not in page, (address, evil)
    body = next(page for address, page in pages.items() if "/body" in address)
    for tag in (
        "<script",
        "<form",
        "<meta http-equiv",
        "<base",
        "<link",
        "<iframe",
        "<svg",
        "<img",
        "onerror=",
        "url(",
        "javascript:",
    ):
        assert tag not in body.split("</head>")[1], tag


def test_every_file_can_be_had_and_only_as_a_file(client: Client, pages: dict[str, str]) -> None:
    page = next(page for address, page in pages.items() if address.startswith("/leads/"))
    links = set(re.findall(r'href="(/attachments/[^"]*)"', page))
    assert len(links) == Attachment.objects.filter(message=Message.objects.latest("pk")).count() == len(ODD_NAMES)
    for link in links:
        assert ".." not in unquote(link).split("/"), "a browser would take it for the folder above"
        response = client.get(link)
        assert response.status_code == 200, link
        assert response["Content-Type"] == "application/octet-stream"
        assert response["Content-Disposition"].startswith("attachment")
        assert response["X-Content-Type-Options"] == "nosniff"
        assert response["Content-Security-Policy"].startswith("sandbox;")
        assert "X-Evil" not in response.headers


def test_the_mail_itself_can_only_be_saved(client: Client, pages: dict[str, str]) -> None:
    mail = InboundMail.objects.latest("pk")
    response = client.get(f"/arrivals/{mail.pk}/download")
    assert response.status_code == 200
    assert response["Content-Disposition"].startswith("attachment")
    assert response["Content-Type"] == "message/rfc822"
