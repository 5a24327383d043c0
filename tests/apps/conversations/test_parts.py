"""What a conversation keeps of a mail's parts: files out of envelopes, invitations, risks, logos set aside."""

from __future__ import annotations

import base64
from datetime import timedelta

import pytest

from postroom.conversations import inbox
from postroom.conversations.carrying import usually_carried
from postroom.conversations.logos import LARGEST, LARGEST_UNPLACED, REMEMBERED, forget_pictures
from postroom.conversations.models import Attachment, Message, SeenPicture
from postroom.conversations.services import Upload, post_message
from postroom.core.addresses import Address
from postroom.infra import blobs
from postroom.infra.clock import now
from postroom.outbound.models import LetterFile
from tests.core.message import tnef_writer as writer
from tests.core.message.build import multipart
from tests.core.message.test_calendar import BERLIN, calendar
from tests.core.message.test_files import part
from tests.support.acme import Acme, arrival, make_acme, take_in
from tests.support.queries import statements

pytestmark = pytest.mark.django_db

TEXT = b"Content-Type: text/plain\n\nHello"
PNG = b"\x89PNG\r\n\x1a\nlogo"
LOGO = part(PNG, "logo.png", "image/png", "Content-Disposition: inline\nContent-ID: <logo@x>\n")


@pytest.fixture
def acme() -> Acme:
    return make_acme()


def comes(*parts: bytes, author: str = "hanna@customer.example", number: int = 0) -> Message:
    head = f"From: {author}\nTo: sales@acme.example\nSubject: Vans {number}\nMessage-ID: <{number}.{author}>\n"
    take_in(arrival(head.encode() + multipart(b"mixed", TEXT, *parts), sender=author))
    return Message.objects.latest("pk")


def files(message: Message) -> list[tuple[str, str, str]]:
    rows = message.attachments.select_related("file").order_by("position")
    return [(one.file.name, one.aside, one.risk) for one in rows]


def test_an_envelope_is_unpacked_and_kept(acme: Acme) -> None:
    inside = writer.envelope(writer.file(b"offer.pdf", b"%PDF-1"), writer.file(b"setup.exe", b"MZ"))
    message = comes(part(inside))
    assert files(message) == [("winmail.dat", "envelope", ""), ("offer.pdf", "", ""), ("setup.exe", "", "program")]
    one = message.attachments.select_related("file__blob").get(file__name="offer.pdf")
    assert (blobs.read(one.file.blob), one.file.content_type) == (b"%PDF-1", "application/pdf")


def test_an_invitation_is_kept_with_its_instants(acme: Acme) -> None:
    event = "SUMMARY:Handover\nDTSTART;TZID={zone}:20260702T100000\nRRULE:FREQ=WEEKLY;BYDAY=MO;UNTIL=20261231"
    expected = {
        "Europe/Berlin": "2026-07-02T08:00:00Z",
        "W. Europe Standard Time": "2026-07-02T08:00:00Z",
        "Nowhere/At_All": None,
        "../../etc/passwd": None,
        "Europe": None,
    }
    for number, (zone, utc) in enumerate(expected.items()):
        written = calendar(event.format(zone=zone), zones=BERLIN)
        stored = comes(part(written, "invite.ics", "text/calendar"), number=number).invitation
        assert stored["title"] == "Handover"
        assert stored["starts"] == {"local": "2026-07-02T10:00:00", "zone": zone, "utc": utc, "whole_day": False}
        assert stored["recurrence"]["days"] == [[0, "MO"]]


def test_a_zone_by_its_name_counts_before_old_rules_in_the_file(acme: Acme) -> None:
    old = BERLIN.replace("W. Europe Standard Time", "Europe/Berlin").replace("+0100", "+0030").replace("+0200", "+0130")
    written = calendar("DTSTART;TZID=Europe/Berlin:20260702T100000", zones=old)
    assert comes(part(written, "a.ics", "text/calendar")).invitation["starts"]["utc"] == "2026-07-02T08:00:00Z"


def test_a_mail_without_an_invitation_keeps_none(acme: Acme) -> None:
    message = comes(part(b"%PDF-", "a.pdf", "application/pdf"))
    assert (message.invitation, files(message)) == ({}, [("a.pdf", "", "")])
    assert not SeenPicture.objects.exists()


def test_a_logo_is_set_aside_when_it_comes_again(acme: Acme) -> None:
    assert files(comes(LOGO, number=1)) == [("logo.png", "", "")]
    assert files(comes(LOGO, number=2)) == [("logo.png", "logo", "")]
    assert files(comes(LOGO, number=3, author="other@customer.example")) == [("logo.png", "", "")], "somebody else's"
    again = Attachment.objects.filter(aside="logo").select_related("file__blob").get()
    assert blobs.read(again.file.blob) == PNG, "it is kept all the same"


def test_what_is_attached_or_large_is_no_logo(acme: Acme) -> None:
    attached = part(PNG, "photo.png", "image/png", "Content-Disposition: attachment\n")
    large = part(PNG + b"x" * LARGEST, "large.png", "image/png", "Content-ID: <large@x>\n")
    other = part(b"%PDF-", "a.pdf", "application/pdf", "Content-ID: <pdf@x>\n")
    photo = part(PNG, "photo.png", "image/png", "Content-Disposition: attachment\nContent-ID: <f_1>\n")
    unplaced = unnamed(PNG + b"x" * LARGEST_UNPLACED)
    for number in (1, 2):
        sent = comes(attached, large, other, photo, unplaced, number=number)
        assert {aside for _, aside, _ in files(sent)} == {""}


def unnamed(data: bytes) -> bytes:
    head = b"Content-Type: image/png\nContent-ID: <u@x>\nContent-Transfer-Encoding: base64\n\n"
    return head + base64.encodebytes(data)


def test_a_small_picture_without_a_name_is_a_logo(acme: Acme) -> None:
    assert [files(comes(unnamed(PNG), number=number))[0][1] for number in (1, 2)] == ["", "logo"]


def test_pictures_are_forgotten_when_they_come_no_more(acme: Acme) -> None:
    comes(LOGO, number=1)
    SeenPicture.objects.update(seen_at=now() - REMEMBERED + timedelta(days=1))
    comes(LOGO, number=2)
    assert SeenPicture.objects.get().seen_at > now() - timedelta(hours=1), "it came again"
    assert forget_pictures(5) == 0
    long_ago = now() - REMEMBERED - timedelta(days=1)
    SeenPicture.objects.bulk_create(SeenPicture(key=str(n), company=acme.company, seen_at=long_ago) for n in range(7))
    assert [forget_pictures(5) for _ in range(3)] == [5, 2, 0]
    assert SeenPicture.objects.count() == 1


def test_mails_of_one_batch_know_of_each_other(acme: Acme) -> None:
    mails = [
        f"From: hanna@customer.example\nTo: sales@acme.example\nSubject: {n}\nMessage-ID: <{n}@x>\n".encode()
        + multipart(b"mixed", TEXT, LOGO)
        for n in range(3)
    ]
    take_in(*[arrival(one) for one in mails])
    assert sorted(Attachment.objects.values_list("aside", flat=True)) == ["", "logo", "logo"]
    assert SeenPicture.objects.count() == 1


def test_another_company_knows_nothing_of_it(acme: Acme) -> None:
    make_acme("Bravo", "bravo.example")
    comes(LOGO, number=1)
    head = b"From: hanna@customer.example\nTo: sales@bravo.example\nMessage-ID: <b@x>\n"
    take_in(arrival(head + multipart(b"mixed", TEXT, LOGO), "sales@bravo.example"))
    assert set(Attachment.objects.values_list("aside", flat=True)) == {""}


@pytest.mark.parametrize("amount", [1, 20])
def test_pictures_cost_two_queries_however_many_there_are(acme: Acme, amount: int) -> None:
    pictures = [LOGO.replace(b"logo@x", b"%d@x" % number) for number in range(amount)]
    with statements() as said:
        comes(*pictures)
    assert len([sql for sql in said if "seenpicture" in sql]) == 2


def test_what_is_set_aside_is_no_attachment_of_a_list(acme: Acme) -> None:
    message = comes(part(calendar("SUMMARY:x"), "invite.ics", "text/calendar"))
    assert inbox._with_files([message.pk]) == set()
    assert inbox._with_files([comes(part(b"%PDF-", "a.pdf", "application/pdf"), number=9).pk]) != set()


def test_a_forwarded_file_keeps_its_risk(acme: Acme) -> None:
    message = comes(part(b"x", "offer.pdf.exe", "application/octet-stream"))
    one = message.attachments.get()
    to = [Address("nina@supplier.example")]
    sent = post_message(user=acme.amara, record_id=message.thread.record_id, body="See", forwards=message.pk,
                        files=[one.pk], to=to)  # fmt: skip
    assert sent.attachments.get().risk == "disguised"
    assert sent.attachments.get().aside == ""


def test_what_a_member_uploads_is_judged_by_its_bytes_too(acme: Acme) -> None:
    record = comes(TEXT).thread.record_id
    own = b"PK\x03\x04 xl/vbaProject.bin"
    uploads = [Upload("prices.xlsx", "", own), Upload("invoice.xml", "text/xml", b"<Invoice><ID>4</ID></Invoice>")]
    sent = post_message(user=acme.amara, record_id=record, body="Here", uploads=uploads)
    assert [str(one.danger) for one in sent.attachments.order_by("position")] == ["macros", ""]


def test_a_forward_carries_what_a_list_shows_and_the_invitation(acme: Acme) -> None:
    inside = writer.envelope(writer.file(b"offer.pdf", b"%PDF-1"))
    named = b'Content-Type: text/plain; name="log.txt"\nContent-Disposition: inline\n\nline one'
    message = comes(part(inside), part(calendar("SUMMARY:x"), "invite.ics", "text/calendar"), named)
    carried = message.attachments.filter(pk__in=usually_carried(message)).order_by("position")
    assert list(carried.values_list("file__name", flat=True)) == ["offer.pdf", "invite.ics"]


def test_a_copy_has_what_was_in_an_envelope_instead_of_it(acme: Acme) -> None:
    inside = writer.envelope(writer.file(b"offer.pdf", b"%PDF-1"))
    message = comes(part(inside), part(calendar("SUMMARY:x"), "invite.ics", "text/calendar"))
    names = LetterFile.objects.filter(letter__deliveries__notification__message=message).order_by("pk")
    assert set(names.values_list("file__name", flat=True)) == {"offer.pdf", "invite.ics"}


@pytest.mark.parametrize(
    ("field", "shown"),
    [
        ("root", "root"),
        ("Cron Daemon <root>", "Cron Daemon <root>"),
        ('"ada@acme.example" <x>', "x"),
        ("Ada Admin", ""),
        ("", ""),
    ],
)
def test_an_author_without_an_address_is_shown_as_what_it_is(acme: Acme, field: str, shown: str) -> None:
    take_in(arrival(f"From: {field}\nTo: sales@acme.example\nMessage-ID: <1@x>\n\nHello".encode()))
    message = Message.objects.latest("pk")
    assert (message.author_name, message.author_email, message.standing) == (shown, "", "sender")
