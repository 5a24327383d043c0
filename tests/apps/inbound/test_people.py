"""Whom a mail is attributed to, who takes part, and who is offered as who wrote first: from bytes to rows."""

from __future__ import annotations

import pytest

from postroom.conversations.models import Forwarded, Message, Participant
from postroom.core.addresses import Address
from postroom.directory.models import Contact, ContactAddress
from postroom.infra import parameters
from postroom.infra.config import config
from postroom.records.models import Record
from tests.support.acme import HANNA, Acme, arrival, letter, make_acme, take_in

pytestmark = pytest.mark.django_db

HOME = Address("hanna@home.example", "Hanna at home")
BOB = Address("bob@customer.example", "Bob")
AMARA = Address("amara@acme.example", "Amara Okafor")
GUARD = "mx.acme.example"
PASSED_ON = (
    "See below.\r\n\r\n---------- Forwarded message ---------\r\nFrom: Nina Holm <nina@holm.example>\r\n"
    "Date: Fri, 20 Nov 2026 at 09:12\r\nSubject: Chairs\r\nTo: Amara Okafor <amara@acme.example>\r\n\r\n"
    "What would forty chairs cost?\r\n"
)


@pytest.fixture
def acme(monkeypatch: pytest.MonkeyPatch) -> Acme:
    parameters.forget()
    monkeypatch.setattr(config(), "trusted_authserv_id", GUARD)
    return make_acme()


def proved(raw: bytes, domain: str = "acme.example") -> bytes:
    """With what the server before us found."""
    return f"Authentication-Results: {GUARD}; dkim=pass header.d={domain}\r\n".encode() + raw


def second_address(acme: Acme) -> Contact:
    contact = Contact.objects.get(addresses__email=HANNA.email)
    ContactAddress.objects.create(company=acme.company, contact=contact, email=HOME.email, primary=False)
    return contact


def test_a_mail_from_any_of_their_addresses_is_theirs(acme: Acme) -> None:
    take_in(arrival(letter(message_id="a@customer.example")))
    contact = second_address(acme)
    take_in(
        arrival(letter(author=HOME, in_reply_to=("a@customer.example",)), sender=HOME.email),
        arrival(letter(author=HOME, subject="Trucks"), sender=HOME.email),
    )
    assert set(Message.objects.values_list("author", flat=True)) == {contact.pk}
    assert set(Record.objects.values_list("contact", flat=True)) == {contact.pk}
    answer = Message.objects.get(author_email=HOME.email, thread__record__title="Vans")
    assert answer.standing == "participant", "they take part under the other address"


def test_a_stranger_with_the_same_references_stays_an_outsider(acme: Acme) -> None:
    take_in(arrival(letter(message_id="a@customer.example")))
    second_address(acme)
    alike = Address("han.na+x@customer.example", "Hanna")
    take_in(arrival(letter(author=alike, in_reply_to=("a@customer.example",)), sender=alike.email))
    assert Message.objects.get(author_email=alike.email).standing == "outsider"
    assert not Contact.objects.filter(addresses__email=alike.email).exists()


def test_our_own_addresses_are_nobodys_wherever_they_stand(acme: Acme) -> None:
    ours = (Address("support@acme.example"), Address("catchall@acme.example"), AMARA)
    take_in(arrival(proved(letter(cc=(BOB, *ours)), "customer.example"), source="lmtp"))
    rows = {row.email: (row.way, row.level) for row in Participant.objects.all()}
    assert rows == {HANNA.email: ("wrote", "verified"), BOB.email: ("cc", ""), AMARA.email: ("cc", "")}


def test_a_proved_colleague_who_passes_a_mail_on_offers_its_writer(acme: Acme) -> None:
    raw = letter(author=AMARA, subject="Fwd: Chairs", text=PASSED_ON)
    take_in(arrival(proved(raw), source="lmtp", sender=AMARA.email))
    offer = Forwarded.objects.get()
    assert (offer.email, offer.name) == ("nina@holm.example", "Nina Holm")
    assert offer.message == Message.objects.get()
    assert Record.objects.get().contact == Contact.objects.get(user=acme.amara)
    assert not Contact.objects.filter(addresses__email="nina@holm.example").exists()


@pytest.mark.parametrize("author", [AMARA, HANNA])
def test_nobody_else_offers_anybody(acme: Acme, author: Address) -> None:
    """Neither who only says to be a colleague nor somebody outside, proved as they may be."""
    raw = letter(author=author, subject="Fwd: Chairs", text=PASSED_ON)
    take_in(arrival(proved(raw, "customer.example"), source="lmtp", sender=author.email))
    assert Record.objects.count() == 1
    assert not Forwarded.objects.exists()
