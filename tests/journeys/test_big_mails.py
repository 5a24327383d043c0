"""A mail that is too large for its server, over real sockets: two people fetch its file, and one is shut out."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from typing import Any

import httpx
import pytest

from tests.support import ready
from tests.support.acting import Actor
from tests.support.big_mails import files_in, links_in
from tests.support.browser import Site, serving
from tests.support.running import Installation, free_port, stop
from tests.support.smtp_server import SmtpServer
from tests.support.supervised import wait_for

pytestmark = pytest.mark.slow

TITLE, PEOPLE = "Forty vans", ("hanna@customer.example", "kim@partner.example")
LIMIT = 200_000
SIZE = 3_000_000  # bytes: many pieces of an answer
DATA = b"".join(hashlib.sha256(number.to_bytes(4, "big")).digest() for number in range(SIZE // 32 + 1))[:SIZE]


@dataclass(frozen=True)
class Place:
    """An office that sends to the sink, its pages, and a program's token."""

    act: Actor
    sink: SmtpServer
    site: Site
    token: str

    def ask(self, method: str, path: str) -> Any:
        headers = {"Authorization": f"Bearer {self.token}"}
        answer = httpx.request(method, f"{self.site.url}/api/v1{path}", headers=headers, timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    port = free_port()
    with SmtpServer() as sink:
        extra = {
            "POSTROOM_OUTGOING_SERVER": "127.0.0.1",
            "POSTROOM_OUTGOING_PORT": str(sink.port),
            "POSTROOM_OUTGOING_ENCRYPTION": "none",
            "POSTROOM_OUTGOING_MAX_SIZE": str(LIMIT),
            "POSTROOM_FROM_FILTER": "acme.example",
            "POSTROOM_WORKER_ONLY": "outbound",
            "POSTROOM_PUBLIC_URL": f"http://127.0.0.1:{port}",
        }
        installation = Installation(tmp_path_factory.mktemp("office") / "var", extra=extra)
        ready.put("acme", installation.var)
        worker = installation.worker()
        try:
            with Actor(installation) as act, serving(Site(installation, port)) as site:
                act("record", title=TITLE)
                yield Place(act, sink, site, act("token", user="admin"))
        finally:
            stop([worker])


def test_two_people_fetch_what_no_mail_could_carry_and_one_is_shut_out(place: Place) -> None:
    files = [["plans.zip", "application/zip", SIZE], ["terms.txt", "text/plain", 1000]]
    sent = place.act("write_with_files", user="amara", title=TITLE, to=PEOPLE, files=files)
    mails = {one.recipients[0]: one.data for one in wait_for(lambda: _all(place), "two mails")}
    assert sorted(mails) == sorted(PEOPLE)
    urls = {}
    for address, raw in mails.items():
        assert len(raw) < LIMIT
        assert files_in(raw) == ["terms.txt"]
        (urls[address],) = links_in(raw)
        html = next(part for part in message_from_bytes(raw).walk() if part.get_content_type() == "text/html")
        assert urls[address].encode() in html.get_payload(decode=True)
    hanna, kim = (urls[address] for address in PEOPLE)
    assert hanna != kim

    with httpx.Client(timeout=30) as visitor:
        for url in (hanna, kim):
            shown = visitor.get(url)
            assert shown.status_code == 200
            assert "plans.zip" in shown.text
            pressed = visitor.post(url)
            assert pressed.status_code == 303
            got = visitor.get(f"{place.site.url}{pressed.headers['Location']}")
            assert got.headers["Content-Length"] == str(SIZE)
            assert got.content == DATA
        broken = f"{place.site.url}{visitor.post(kim).headers['Location']}"
        rest = visitor.get(broken, headers={"Range": "bytes=1000000-"})
        assert (rest.status_code, rest.content) == (206, DATA[1_000_000:])
        with visitor.stream("GET", broken) as stream:  # somebody goes away in the middle
            next(stream.iter_raw(1000))

        links = place.ask("GET", f"/messages/{sent['id']}/links")
        assert {one["address"]: one["opened"] for one in links} == dict(zip(PEOPLE, (1, 2), strict=True))
        (mine,) = [one["id"] for one in links if one["address"] == PEOPLE[0]]
        assert place.ask("POST", f"/download-links/{mine}/revoke")["state"] == "revoked"
        gone, still = visitor.get(hanna), visitor.get(kim)
        assert (gone.status_code, still.status_code) == (404, 200)
        assert "Ask whoever sent you the mail" in gone.text
        assert gone.text == visitor.get(re.sub(r"/d/.*", "/d/nothing", hanna)).text

    said = place.site.installation.said("web")
    assert "Traceback" not in said
    for url in (hanna, kim):
        assert url.rpartition("/")[2] not in place.site.installation.said("worker"), "no log of ours has the address"


def _all(place: Place) -> list[Any]:
    return place.sink.mails if len(place.sink.mails) == len(PEOPLE) else []
