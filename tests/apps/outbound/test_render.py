"""What a copy says in its headers and on its envelope."""

from __future__ import annotations

from email import message_from_bytes
from email.message import Message
from email.policy import compat32

import pytest
from django.db import transaction

from postroom.core.addresses import Address
from postroom.core.message.draft import Draft
from postroom.core.message.render import render_content
from postroom.core.tokens import Purpose, verify
from postroom.domains.models import AliasDomain, TokenKey
from postroom.domains.services import rotate_token_key
from postroom.infra import blobs
from postroom.infra.clock import now
from postroom.infra.instance import instance_id
from postroom.infra.models import File
from postroom.outbound import choice
from postroom.outbound.models import Delivery
from postroom.outbound.selectors import rendered
from postroom.outbound.services import send_due
from postroom.outbound.steps import render
from postroom.outbound.transports.memory import Kept, Memory
from tests.support.acme import Acme
from tests.support.sending import post


def _sent(kept: Memory, number: int = -1) -> tuple[Message, Kept]:
    send_due()
    return message_from_bytes(kept.copies[number].mime, policy=compat32), kept.copies[number]


def _token(address: str, purpose: Purpose) -> int:
    """The row that the token of an address names."""
    secrets = {key.number: bytes(key.secret) for key in TokenKey.objects.all()}
    token = verify(address.partition("@")[0].rpartition("+")[2], secrets)
    assert token
    assert token.purpose is purpose
    return token.row


def test_a_copy_names_its_recipient_its_letter_and_itself(acme: Acme, kept: Memory) -> None:
    (row,) = post(acme, "hanna@customer.example")
    mail, copy = _sent(kept)
    assert mail["From"] == "Amara Okafor <amara@acme.example>"
    assert mail["To"] == "Hanna <hanna@customer.example>"
    assert mail["Cc"] is None
    assert mail["Message-ID"] == f"<{row.letter.message_id}>"
    assert mail["In-Reply-To"] == mail["References"] == "<vans@customer.example>"
    assert mail["X-Postroom-Instance"] == instance_id()
    assert mail["Auto-Submitted"] is None
    assert mail["Reply-To"].startswith("Amara Okafor <sales+")
    assert _token(mail["Reply-To"].partition("<")[2], Purpose.REPLY) == row.pk
    assert copy.sender.startswith("bounce+")
    assert _token(copy.sender, Purpose.RETURN_PATH) == row.pk


def test_a_letter_with_recipients_of_its_own_names_them_in_every_copy(acme: Acme, kept: Memory) -> None:
    to, cc = (Address("hanna@customer.example", "Hanna"),), (Address("kim@partner.example"),)
    post(acme, "hanna@customer.example", "kim@partner.example", to=to, cc=cc)
    for number in (0, 1):
        mail, _ = _sent(kept, number)
        assert (mail["To"], mail["Cc"]) == ("Hanna <hanna@customer.example>", "kim@partner.example")
    first, second = (message_from_bytes(one.mime) for one in kept.copies)
    assert first["Message-ID"] == second["Message-ID"]
    assert first["Reply-To"] != second["Reply-To"], "each copy is known by its own token"


def test_what_no_person_wrote_says_so(acme: Acme, kept: Memory) -> None:
    post(acme, "a@firm.example", is_automatic=True)
    assert _sent(kept)[0]["Auto-Submitted"] == "auto-generated"


@pytest.mark.parametrize("proved", [True, False])
def test_tags_only_where_they_are_proved(acme: Acme, kept: Memory, proved: bool) -> None:
    at = now() if proved else None
    AliasDomain.objects.update(way_in=AliasDomain.WayIn.MAILBOX, tags_proved_at=at)
    choice.forget()
    post(acme, "a@firm.example")
    mail, copy = _sent(kept)
    assert ("sales+" in mail["Reply-To"]) == proved
    assert copy.sender.startswith("bounce+" if proved else "bounce@")


def test_an_address_of_elsewhere_gets_no_token(acme: Acme, kept: Memory) -> None:
    post(acme, "a@firm.example", reply_to="amara@elsewhere.example")
    assert "<amara@elsewhere.example>" in _sent(kept)[0]["Reply-To"]


def test_without_a_reply_address_there_is_none(acme: Acme, kept: Memory) -> None:
    post(acme, "a@firm.example", reply_to="")
    assert _sent(kept)[0]["Reply-To"] is None


def test_a_new_key_changes_no_copy_that_was_queued(acme: Acme, kept: Memory) -> None:
    (row,) = post(acme, "a@firm.example")
    _sent(kept)
    rotate_token_key()
    choice.forget()
    again = Delivery.objects.select_related("letter", "dispatch").get(pk=row.pk)
    assert rendered(again) == kept.copies[0].mime
    (newer,) = post(acme, "a@firm.example")
    assert _token(_sent(kept)[1].sender, Purpose.RETURN_PATH) == newer.pk


def _file(acme: Acme, name: str, content_type: str, data: bytes) -> int:
    with transaction.atomic():
        (digest,) = blobs.put([data])
        fields = {"name": name, "content_type": content_type, "size": len(data), "created_at": now()}
        return File.objects.create(company_id=acme.company.pk, blob_id=digest, **fields).pk


def test_files_go_with_it(acme: Acme, kept: Memory) -> None:
    logo, price = (
        _file(acme, "logo.png", "image/png", b"\x89PNG"),
        _file(acme, "prices.pdf", "application/pdf", b"%PDF"),
    )
    post(acme, "a@firm.example", html='<img src="cid:logo">', files=((logo, "logo"), (price, "")))
    mail, _ = _sent(kept)
    parts = {part.get_content_type(): part for part in mail.walk()}
    assert parts["image/png"]["Content-ID"] == "<logo>"
    assert parts["application/pdf"].get_filename() == "prices.pdf"
    assert parts["application/pdf"].get_payload(decode=True) == b"%PDF"


def test_a_file_that_is_gone_fails_that_letter_with_the_reason(acme: Acme, kept: Memory) -> None:
    large = _file(acme, "large.bin", "application/octet-stream", b"x" * 100_000)
    (bad,) = post(acme, "a@firm.example", files=((large, ""),))
    (good,) = post(acme, "b@firm.example")
    blobs.path_of(File.objects.get(pk=large).blob_id).unlink()
    send_due()
    bad.refresh_from_db()
    good.refresh_from_db()
    assert (bad.state, good.state) == ("failed", "accepted")
    assert "is missing from" in bad.words


def test_many_copies_share_one_content(acme: Acme, kept: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[Draft] = []

    def counted(draft: Draft) -> bytes:
        calls.append(draft)
        return render_content(draft)

    monkeypatch.setattr(render, "render_content", counted)
    post(acme, *(f"a{number}@firm.example" for number in range(30)))
    send_due()
    assert len(kept.copies) == 30
    assert len(calls) == 1
    assert len({one.mime.partition(b"MIME-Version")[2] for one in kept.copies}) == 1
