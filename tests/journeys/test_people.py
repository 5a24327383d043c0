"""People, over real sockets: one with two addresses, others who have a copy, and who wrote first what was passed on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from smtplib import SMTP
from typing import Any

import httpx
import pytest

from postroom.core.addresses import Address
from postroom.core.message.draft import Draft
from postroom.core.message.mail import Mail
from postroom.core.message.parse import parse
from postroom.core.message.render import render
from tests.support import ready
from tests.support.acting import Actor
from tests.support.browser import Site, serving
from tests.support.running import Installation, free_port, stop
from tests.support.smtp_server import SmtpServer
from tests.support.supervised import wait_for

pytestmark = pytest.mark.slow

SALES = Address("sales@acme.example")
AMARA = Address("amara@acme.example", "Amara Okafor")
HANNA, HOME = Address("hanna@customer.example", "Hanna"), Address("hanna@home.example", "Hanna at home")
BOB, NINA = Address("bob@customer.example", "Bob"), Address("nina@holm.example", "Nina Holm")
GUARD = "mx.acme.example"  # the server before us
FORWARDED = (
    "Could one of you look at this?\r\n\r\n"
    "---------- Forwarded message ---------\r\n"
    "From: Nina Holm <nina@holm.example>\r\n"
    "Date: Fri, 20 Nov 2026 at 09:12\r\n"
    "Subject: Forty chairs\r\n"
    "To: Amara Okafor <amara@acme.example>\r\n\r\n"
    "Hello Amara, what would forty chairs cost?\r\n"
)


@dataclass(frozen=True)
class Place:
    """An office that sends to the sink, its pages, and Amara's token."""

    installation: Installation
    act: Actor
    sink: SmtpServer
    site: Site
    token: str

    def send(self, author: Address, subject: str, text: str, *, proved: bool = False, **more: Any) -> None:
        """A mail by SMTP; `proved`: the server before us found that its domain signed it."""
        who, domain = author.email, author.email.rpartition("@")[2]
        message_id = f"{abs(hash((subject, text, who)))}@{domain}"
        raw = render(Draft(author, **({"to": (SALES,), "message_id": message_id} | more), subject=subject, text=text))
        if proved:
            raw = f"Authentication-Results: {GUARD}; dkim=pass header.d={domain}\r\n".encode() + raw
        with SMTP("127.0.0.1", self.installation.port, timeout=30) as server:
            server.sendmail(who, [SALES.email], raw)

    def ask(self, method: str, path: str, body: object = None, status: int = 200) -> Any:
        headers = {"Authorization": f"Bearer {self.token}"}
        answer = httpx.request(method, f"{self.site.url}/api/v1{path}", headers=headers, json=body, timeout=30)
        assert answer.status_code == status, answer.text
        return answer.json()

    def lead(self, title: str, messages: int = 1) -> dict[str, Any]:
        """The lead of this title, once its conversation has so many messages."""
        wait_for(lambda: len(self.act("conversation", title=title)) >= messages, f"{messages} messages in {title}")
        (found,) = [one for one in self.ask("GET", "/records?type=lead")["items"] if one["title"] == title]
        return dict(found)

    def people(self, lead: dict[str, Any]) -> dict[str, tuple[str, str]]:
        items = self.ask("GET", f"/records/{lead['id']}/people")["items"]
        return {one["email"]: (one["way"], one["level"]) for one in items}

    def answer(self, lead: dict[str, Any], text: str, **more: Any) -> dict[str, Mail]:
        """Write an answer by the API; the copies that reached the provider, by recipient."""
        made = self.ask("POST", f"/records/{lead['id']}/messages", {"body": text, "undo_seconds": 0, **more}, 201)
        copies = self.ask("GET", f"/messages/{made['id']}/copies")["items"]
        expected = {one["person"]["email"] for one in copies if one["channel"] == "mail"}

        def got() -> dict[str, Mail]:
            mails = [(one.recipients, parse(one.data)) for one in list(self.sink.mails)]
            return {to: mail for recipients, mail in mails if text in mail.text for to in recipients}

        return dict(wait_for(lambda: (found := got()) and set(found) == expected and found, f"copies for {expected}"))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    port = free_port()
    with SmtpServer() as sink:
        extra = {
            "POSTROOM_OUTGOING_SERVER": "127.0.0.1",
            "POSTROOM_OUTGOING_PORT": str(sink.port),
            "POSTROOM_OUTGOING_ENCRYPTION": "none",
            "POSTROOM_FROM_FILTER": "acme.example",
            "POSTROOM_WORKER_PARSERS": "0",
            "POSTROOM_TRUSTED_AUTHSERV_ID": GUARD,
            "POSTROOM_PUBLIC_URL": f"http://127.0.0.1:{port}",
        }
        installation = Installation(tmp_path_factory.mktemp("people") / "var", extra=extra)
        ready.put("acme", installation.var)
        processes = [installation.listener(), installation.worker()]
        try:
            with Actor(installation) as act, serving(Site(installation, port)) as site:
                yield Place(installation, act, sink, site, act("token", user="amara"))
        finally:
            stop(processes)


def test_a_second_address_is_the_same_person_and_is_answered_where_it_wrote(place: Place) -> None:
    place.send(HANNA, "Vans", "We need 42 vans.\r\n", message_id="v1@customer.example")
    contact = place.lead("Vans")["contact"]
    place.ask("POST", f"/contacts/{contact}/addresses", {"email": HOME.email})
    taken = place.ask("POST", f"/contacts/{contact}/addresses", {"email": "not an address"}, 422)
    assert "no mail address" in str(taken)

    place.send(HOME, "Re: Vans", "From home: make it 43.\r\n", in_reply_to=("v1@customer.example",))
    lead = place.lead("Vans", 2)
    rows = place.ask("GET", f"/records/{lead['id']}/messages")["items"]
    assert {one["author"]["email"] for one in rows} == {HANNA.email, HOME.email}
    assert set(place.answer(lead, "43 it is.")) >= {HOME.email}
    assert HANNA.email not in place.answer(lead, "And an offer.")

    place.send(HOME, "Trucks", "And trucks.\r\n")
    assert place.lead("Trucks")["contact"] == contact
    place.ask("POST", f"/contacts/{contact}/addresses", {"email": HOME.email, "primary": True})
    place.send(HANNA, "Trains", "And trains.\r\n")
    lead = place.lead("Trains")
    assert lead["contact"] == contact
    assert set(place.answer(lead, "One train.")) >= {HANNA.email}


def test_who_has_a_copy_takes_part_and_is_offered_when_left_out(place: Place) -> None:
    place.send(HANNA, "Desks", "Desks, please.\r\n", cc=(BOB, AMARA), message_id="d1@customer.example", proved=True)
    lead = place.lead("Desks")
    assert place.people(lead) == {HANNA.email: ("wrote", "verified"), BOB.email: ("cc", ""), AMARA.email: ("cc", "")}
    (inside,) = [one for one in place.ask("GET", f"/records/{lead['id']}/people")["items"] if one["inside"]]
    assert inside["email"] == AMARA.email
    assert set(place.answer(lead, "To both.")) >= {HANNA.email, BOB.email}

    place.send(HANNA, "Re: Desks", "Without Bob.\r\n", in_reply_to=("d1@customer.example",))
    place.lead("Desks", 3)
    audience = place.ask("GET", f"/records/{lead['id']}/audience")
    assert [one["email"] for one in audience["outside"]] == [HANNA.email]
    assert [one["email"] for one in audience["others"]] == [BOB.email]
    assert BOB.email not in place.answer(lead, "As you wish.")
    assert BOB.email in place.answer(lead, "With him after all.", to=[HANNA.email], cc=[BOB.email])


def test_who_wrote_first_is_offered_taken_answered_and_given_back(place: Place) -> None:
    place.send(AMARA, "Fwd: Forty chairs", FORWARDED, proved=True)
    lead = place.lead("Fwd: Forty chairs")
    path = f"/records/{lead['id']}/forwarded"
    offer = place.ask("GET", path)
    assert (offer["email"], offer["name"], offer["by"], offer["taken"]) == (*_named(NINA), AMARA.name, False)
    assert lead["contact_name"] == AMARA.name
    assert NINA.email not in place.people(lead)

    assert place.ask("PUT", path)["contact_name"] == NINA.name
    assert place.people(lead)[NINA.email] == ("forwarded", "")
    copy = place.answer(lead, "Forty chairs cost 800.")[NINA.email]
    place.send(NINA, "Re: Forty chairs", "Thank you.\r\n", in_reply_to=(copy.message_id,))
    thanks = place.act("conversation", title=place.lead("Fwd: Forty chairs", 3)["title"])[-1]
    assert (thanks["from"], thanks["standing"]) == (NINA.email, "participant")

    assert place.ask("DELETE", path)["contact_name"] == AMARA.name
    assert place.ask("GET", path)["taken"] is False


def _named(who: Address) -> tuple[str, str]:
    return who.email, who.name


def test_nobody_is_offered_by_a_mail_that_only_says_it_is_from_one_of_us(place: Place) -> None:
    place.send(AMARA, "Fwd: Fifty chairs", FORWARDED)
    lead = place.lead("Fwd: Fifty chairs")
    place.ask("GET", f"/records/{lead['id']}/forwarded", status=404)
