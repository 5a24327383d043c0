"""Cards of invitations, marked files and files set aside, on the pages and in the API."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone, translation
from django.utils.formats import date_format

from postroom.conversations.models import Attachment, Message
from postroom.web.pages.records.invitations import MOST_NAMED, InvitationShown, invitation_shown
from tests.api.calls import caller
from tests.core.message import tnef_writer as writer
from tests.core.message.build import multipart
from tests.core.message.test_calendar import BERLIN, calendar
from tests.core.message.test_files import part
from tests.support.acme import Acme, arrival, make_acme, take_in

pytestmark = pytest.mark.django_db

TEXT = b"Content-Type: text/plain\n\nHello"
EVENT = (
    "SUMMARY:Handover <script>\nDTSTART;TZID=W. Europe Standard Time:21990702T100000\n"
    "DTEND;TZID=W. Europe Standard Time:21990702T113000\nLOCATION:Depot & yard\n"
    "ORGANIZER;CN=Hanna:mailto:hanna@customer.example\nATTENDEE;CN=Jonas:mailto:jonas@acme.example\n"
    "RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE;COUNT=5\nDESCRIPTION:Bring the keys"
)


@pytest.fixture
def acme() -> Acme:
    return make_acme()


def comes(*parts: bytes) -> Message:
    head = b"From: Hanna <hanna@customer.example>\nTo: sales@acme.example\nSubject: Vans\nMessage-ID: <1@x>\n"
    take_in(arrival(head + multipart(b"mixed", *parts)))
    return Message.objects.latest("pk")


def page(client: Client, acme: Acme, message: Message) -> str:
    client.force_login(acme.amara)
    response = client.get(f"/leads/{message.thread.record_id}")
    assert response.status_code == 200
    return response.content.decode()


def told(acme: Acme, message: Message) -> dict[str, Any]:
    """The message as the API has it."""
    answer: dict[str, Any] = caller(acme.amara).get(f"/records/{message.thread.record_id}/messages").json()["items"][0]
    return answer


def card(page: str) -> str:
    return next(iter(re.findall(r'<section class="event.*?</section>', page, re.DOTALL)), "")


def words(piece: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", piece)).split())


def test_an_invitation_is_a_card_and_its_file_can_be_had(client: Client, acme: Acme) -> None:
    message = comes(TEXT, part(calendar(EVENT, zones=BERLIN), "invite.ics", "text/calendar"))
    shown = page(client, acme, message)
    said = words(card(shown))
    for expected in (
        "Invitation Handover <script>", "Tuesday, 2 July 2199, 08:00\N{EN DASH}09:30 UTC",
        "10:00 in W. Europe Standard Time", "every 2 weeks on Monday, Wednesday, 5 times", "Depot & yard",
        "Hanna <hanna@customer.example>", "Jonas", "Calendar file",
    ):  # fmt: skip
        assert expected in said, expected
    assert "Bring the keys" not in said, "the mail has words of its own"
    assert "<script>" not in card(shown)
    (link,) = re.findall(r'href="(/attachments/[^"]*)"', card(shown))
    response = client.get(link)
    assert response["Content-Type"] == "text/calendar"
    assert response["Content-Disposition"].startswith("attachment")
    assert shown.count("invite.ics") == 1, "the card is where it is to be had"
    assert 'aria-label="Attachments"' not in shown


def test_a_mail_that_is_nothing_but_an_invitation_shows_its_notes(client: Client, acme: Acme) -> None:
    head = b"From: hanna@customer.example\nTo: sales@acme.example\nMessage-ID: <2@x>\nContent-Type: text/calendar\n\n"
    take_in(arrival(head + calendar(EVENT)))
    shown = page(client, acme, Message.objects.latest("pk"))
    assert "Bring the keys" in words(card(shown))
    assert "This mail has no text" not in shown


def test_the_inbox_and_the_api_have_it_too(client: Client, acme: Acme) -> None:
    message = comes(TEXT, part(calendar(EVENT, zones=BERLIN), "invite.ics", "text/calendar"))
    client.force_login(acme.amara)
    inbox = client.get(f"/inbox/{message.thread.record_id}")
    assert inbox.status_code == 200
    assert "Handover" in card(inbox.content.decode())
    api = told(acme, message)
    assert api["invitation"]["title"] == "Handover <script>"
    assert api["invitation"]["starts"]["utc"] == "2199-07-02T08:00:00Z"
    assert api["invitation"]["guests"][0]["email"] == "jonas@acme.example"
    assert [(one["name"], one["aside"], one["risk"]) for one in api["attachments"]] == [("invite.ics", "calendar", "")]


def test_a_mail_without_one_has_none(client: Client, acme: Acme) -> None:
    message = comes(TEXT)
    assert card(page(client, acme, message)) == ""
    assert told(acme, message)["invitation"] is None


INVOICE = (
    b'<?xml version="1.0"?><Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"><ID>4</ID></Invoice>'
)


def test_an_invoice_as_data_is_no_page(client: Client, acme: Acme) -> None:
    """By name alone it may be one; its bytes were looked at."""
    message = comes(TEXT, part(INVOICE, "invoice.xml", "application/xml"))
    assert 'class="risk"' not in page(client, acme, message)
    assert [one["risk"] for one in told(acme, message)["attachments"]] == [""]
    message.attachments.update(risk=Attachment.UNJUDGED)  # as of those that came before bytes were looked at
    assert 'class="risk"' in page(client, acme, message)
    assert [one["risk"] for one in told(acme, message)["attachments"]] == ["page"]


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("offer.pdf.exe", b"x", "its name hides what it is"),
        ("setup.exe", b"x", "can run a program"),
        ("invoice.html", b"<p>", "a page that a browser would run"),
        ("prices.xlsm", b"x", "may hold macros, which run"),
        ("disk.iso", b"x", "an image of a disk, which may hold programs"),
        ("open.lnk", b"x", "a shortcut, which starts something else"),
    ],
)
def test_what_is_dangerous_is_marked_and_only_saved(
    client: Client, acme: Acme, name: str, data: bytes, expected: str
) -> None:
    message = comes(TEXT, part(data, name, "application/octet-stream"), part(b"%PDF-", "a.pdf", "application/pdf"))
    shown = page(client, acme, message)
    assert [words(one) for one in re.findall(r'<small class="risk">.*?</small>', shown, re.DOTALL)] == [expected]
    link = next(link for link in re.findall(r'href="(/attachments/[^"]*)"', shown) if name in link)
    for asked in ("", "?inline=1"):
        response = client.get(link + asked)
        assert response["Content-Disposition"].startswith("attachment"), asked
        assert response["Content-Type"] == "application/octet-stream"
        assert response["Content-Security-Policy"].startswith("sandbox;")


def test_an_envelope_shows_what_was_in_it(client: Client, acme: Acme) -> None:
    shown = page(client, acme, comes(TEXT, part(writer.envelope(writer.file(b"offer.pdf", b"%PDF-1")))))
    listed, aside = shown.split('<details class="quote asides">')
    assert "offer.pdf" in listed
    assert "winmail.dat" not in listed.split('aria-label="Attachments"')[1]
    assert "winmail.dat" in aside
    assert "Outlook's envelope, opened" in html.unescape(aside)


def stored(**changes: Any) -> dict[str, Any]:
    at = {"local": "2026-03-02T10:00:00", "zone": "Europe/Berlin", "utc": "2026-03-02T09:00:00Z", "whole_day": False}
    base: dict[str, Any] = {
        "method": "request", "title": "Handover", "starts": at, "ends": None, "place": "", "notes": "",
        "organiser": None, "guests": [], "more_guests": 0, "recurrence": None, "occurrence": None, "status": "",
        "sequence": 0, "uid": "", "more": 0,
    }  # fmt: skip
    return base | changes


def made(**changes: Any) -> InvitationShown:
    return invitation_shown(stored(**changes), "")


def guest(answer: str) -> dict[str, Any]:
    return {"name": "Jonas", "email": "jonas@acme.example", "answer": answer, "optional": False}


@pytest.mark.parametrize(
    ("changes", "label"),
    [
        ({}, "Invitation"),
        ({"sequence": 1}, "Changed invitation"),
        ({"method": "cancel"}, "Cancelled"),
        ({"status": "cancelled"}, "Cancelled"),
        ({"method": "publish"}, "Event"),
        ({"method": ""}, "Event"),
        ({"method": "counter"}, "Another time is proposed"),
        ({"method": "reply", "guests": [guest("accepted")]}, "Jonas accepts"),
        ({"method": "reply", "guests": [guest("declined")]}, "Jonas declines"),
        ({"method": "reply", "guests": [guest("tentative")]}, "Jonas may come"),
        ({"method": "reply", "guests": [guest("")]}, "Answer to an invitation"),
        ({"method": "reply"}, "Answer to an invitation"),
    ],
)
def test_what_is_asked(changes: dict[str, Any], label: str) -> None:
    assert made(**changes).label == label


def day(local: str) -> dict[str, Any]:
    return {"local": local, "zone": "", "utc": None, "whole_day": True}


def floating(local: str, zone: str = "") -> dict[str, Any]:
    return {"local": local, "zone": zone, "utc": None, "whole_day": False}


@pytest.mark.parametrize(
    ("changes", "when", "there"),
    [
        ({}, "Monday, 2 March 2026, 09:00 UTC", "10:00 in Europe/Berlin"),
        ({"starts": day("2026-03-02T00:00:00")}, "Monday, 2 March 2026", "All day"),
        ({"starts": day("2026-03-02T00:00:00"), "ends": day("2026-03-03T00:00:00")}, "Monday, 2 March 2026", "All day"),
        ({"starts": day("2026-03-02T00:00:00"), "ends": day("2026-03-04T00:00:00")},
         "Monday, 2 March 2026 \N{EN DASH} Tuesday, 3 March 2026", "All day"),
        ({"starts": floating("2026-03-02T10:00:00")}, "Monday, 2 March 2026, 10:00", "local time"),
        ({"starts": floating("2026-03-02T10:00:00", "Ours")}, "Monday, 2 March 2026, 10:00",
         "in the time zone “Ours”, which is not known here"),
        ({"starts": None}, "", ""),
    ],
)  # fmt: skip
def test_when_it_is(changes: dict[str, Any], when: str, there: str) -> None:
    got = made(**changes)
    assert (got.when, got.there) == (when, there)


def test_when_it_is_on_the_readers_clock() -> None:
    with timezone.override("Asia/Tokyo"):
        got = made()
        assert (got.when, got.there) == ("Monday, 2 March 2026, 18:00 JST", "10:00 in Europe/Berlin")
    with timezone.override("Europe/Berlin"):
        assert (made().when, made().there) == ("Monday, 2 March 2026, 10:00 CET", "")


@pytest.mark.parametrize(
    ("zone", "local"), [("Asia/Tokyo", "9999-12-31T23:59:00"), ("America/New_York", "0001-01-01T00:00:00")]
)
def test_a_time_beyond_the_readers_calendar_is_shown_as_it_was_written(zone: str, local: str) -> None:
    edge = {"local": local, "zone": "UTC", "utc": f"{local}Z", "whole_day": False}
    with timezone.override(zone):
        got = made(starts=edge, ends=edge, occurrence=edge)
        assert got.when == f"{date_format(datetime.fromisoformat(local), 'l, j F Y')}, {local[11:16]}"
        assert made(starts=edge | {"whole_day": True}, ends=edge).there == "All day"


@pytest.mark.parametrize("when", ["99991231T235900Z", "00010101T000000Z"])
@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/New_York"])
def test_a_time_that_no_clock_shows_leaves_the_page_whole(client: Client, acme: Acme, when: str, zone: str) -> None:
    message = comes(TEXT, part(calendar(f"SUMMARY:Edge\nDTSTART:{when}"), "invite.ics", "text/calendar"))
    with timezone.override(zone):
        assert "Edge" in words(card(page(client, acme, message)))


def rule(**changes: Any) -> dict[str, Any]:
    base: dict[str, Any] = {"every": "weekly", "interval": 1, "count": 0, "until": None, "days": [], "month_days": [],
                            "months": [], "other": False}  # fmt: skip
    return base | changes


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "every week"),
        ({"days": [[0, day] for day in ("MO", "TU", "WE", "TH", "FR")]}, "every weekday"),
        ({"interval": 2, "days": [[0, "SU"]]}, "every 2 weeks on Sunday"),
        ({"every": "daily", "interval": 3, "count": 1}, "every 3 days, 1 time"),
        ({"every": "monthly", "days": [[-1, "FR"]]}, "every month on the last Friday"),
        ({"every": "monthly", "days": [[2, "TU"]], "until": "2026-05-03T00:00:00"},
         "every month on the second Tuesday, until 3 May 2026"),
        ({"every": "monthly", "month_days": [1, 15]}, "every month on day 1, day 15"),
        ({"every": "monthly", "month_days": [-1]}, "every month on the last day"),
        ({"every": "yearly", "months": [3]}, "every year"),
        ({"every": "yearly", "months": [3, 9], "month_days": [8]}, "every year on day 8 in March, September"),
        ({"every": "monthly", "days": [[-7, "FR"]]}, "every month, on days that only the file tells"),
        ({"every": "yearly", "days": [[20, "MO"], [1, "TU"]]},
         "every year on the first Tuesday, on days that only the file tells"),
        ({"every": "monthly", "month_days": [3, -2], "count": 2},
         "every month on day 3, on days that only the file tells, 2 times"),
        ({"every": "yearly", "other": True}, "every year, on days that only the file tells"),
    ],
)  # fmt: skip
def test_how_it_repeats(changes: dict[str, Any], expected: str) -> None:
    assert made(recurrence=rule(**changes)).repeats == expected


def test_guests_are_named_and_counted() -> None:
    got = made(guests=[guest("")] * (MOST_NAMED + 2), more_guests=3)
    assert got.guests.endswith("Jonas, and 5 more")
    assert made().guests == ""


def test_what_is_past_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: datetime(2026, 3, 3, tzinfo=UTC))
    assert made().over
    assert not made(recurrence=rule()).over
    assert not made(starts={**stored()["starts"], "utc": "2026-03-04T09:00:00Z"}).over
    assert made(starts=floating("2026-03-02T10:00:00")).over
    assert not made(starts=None).over


def test_dates_are_in_the_readers_language() -> None:
    with translation.override("de"):
        assert made().when.startswith("Montag, 2. März 2026") or "März" in made().when
