from __future__ import annotations

import pytest

from postroom.core.delivery.reported import meaning
from postroom.core.triage.classify import classify
from postroom.core.triage.kinds import Automatic, Kind
from postroom.outbound.replies import rules
from tests.core.triage.build import mail, report

FAILED = (
    "Final-Recipient: rfc822; anna@example.net\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 gone"
)
DELAYED = "Final-Recipient: rfc822; carl@example.net\nAction: delayed\nStatus: 4.4.1"
DELIVERED = "Final-Recipient: rfc822; dora@example.net\nAction: delivered\nStatus: 2.0.0"
RELAYED = "Final-Recipient: rfc822; emil@example.net\nAction: relayed\nStatus: 2.0.0"


@pytest.mark.parametrize(
    ("blocks", "kind"),
    [
        ((FAILED,), Kind.BOUNCE),
        ((DELAYED,), Kind.BOUNCE),
        ((DELIVERED,), Kind.REPORT),
        ((RELAYED, DELIVERED), Kind.REPORT),
        ((DELIVERED, FAILED), Kind.BOUNCE),
        ((), Kind.BOUNCE),
    ],
)
def test_what_became_of_the_recipients_makes_the_kind(blocks: tuple[str, ...], kind: Kind) -> None:
    triage = classify(report(*blocks))
    assert triage.kind is kind
    assert triage.automatic is Automatic.AUTO
    assert triage.because


def test_what_is_said_of_a_recipient_is_read() -> None:
    triage = classify(report(FAILED, DELAYED))
    anna, carl = triage.recipients
    assert (anna.address, anna.status, anna.action, anna.smtp) == ("anna@example.net", "5.1.1", "failed", "550")
    assert meaning(anna, rules()).address_is_dead
    assert anna.reason == "550 5.1.1 gone"
    assert (carl.address, carl.status, carl.action) == ("carl@example.net", "4.4.1", "delayed")
    assert not meaning(carl, rules()).address_is_dead
    assert triage.original_message_id == "first.1@ours.example"


@pytest.mark.parametrize(
    ("field", "address"),
    [
        ("Final-Recipient: rfc822; Anna@Example.NET", "anna@example.net"),
        ("Final-Recipient: RFC822;<anna@example.net>", "anna@example.net"),
        ("Final-Recipient: anna@example.net", "anna@example.net"),
        ("Final-Recipient: rfc822;\n anna@example.net", "anna@example.net"),
        ("Original-Recipient: rfc822; anna@example.net", "anna@example.net"),
        ("Final-Recipient: rfc822; nobody\nOriginal-Recipient: rfc822; anna@example.net", "anna@example.net"),
    ],
)
def test_a_recipient_is_read_leniently(field: str, address: str) -> None:
    assert [one.address for one in classify(report(f"{field}\nAction: failed\nStatus: 5.0.0")).recipients] == [address]


def test_a_recipient_named_twice_counts_once() -> None:
    assert len(classify(report(FAILED, FAILED)).recipients) == 1


def test_a_status_that_says_nothing_gives_way_to_the_servers_words() -> None:
    block = (
        "Final-Recipient: rfc822; anna@example.net\nAction: failed\nStatus: 5.0.0\n"
        "Diagnostic-Code: smtp; 552 5.2.2 full"
    )
    (anna,) = classify(report(block)).recipients
    assert (anna.status, anna.smtp) == ("5.2.2", "552")
    assert not meaning(anna, rules()).address_is_dead


def test_a_report_whose_status_part_is_missing_is_read_from_its_words() -> None:
    triage = classify(
        mail(
            "From: postmaster@example.net\nContent-Type: multipart/report; report-type=delivery-status; boundary=x\n\n"
            "--x\nContent-Type: text/plain\n\n<anna@example.net>: 550 5.1.1 User unknown\n--x--\n"
        )
    )
    assert triage.kind is Kind.BOUNCE
    assert [one.address for one in triage.recipients] == ["anna@example.net"]


def test_the_original_may_come_as_its_header_alone() -> None:
    original = mail(
        "From: mailer-daemon@example.net\nContent-Type: multipart/report; report-type=delivery-status; boundary=x\n\n"
        f"--x\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; a\n\n{FAILED}\n"
        "--x\nContent-Type: text/rfc822-headers\n\nSubject: a\nMessage-Id:\n <first.1@ours.example>\n--x--\n"
    )
    assert classify(original).original_message_id == "first.1@ours.example"


def test_a_read_receipt_is_a_report() -> None:
    triage = classify(
        mail(
            "From: jane@example.com\nContent-Type: multipart/report; boundary=x;"
            " report-type=disposition-notification\n\n--x\nContent-Type: text/plain\n\nRead.\n"
            "--x\nContent-Type: message/disposition-notification\n\nDisposition: manual-action; displayed\n--x--\n"
        )
    )
    assert triage.kind is Kind.REPORT


def test_a_person_who_passes_on_a_status_part_is_no_mail_system() -> None:
    triage = classify(
        mail(
            "From: jane@example.com\nSubject: Look what I got\nContent-Type: multipart/mixed; boundary=x\n\n"
            "--x\nContent-Type: text/plain\n\nWhat does this mean?\n"
            f"--x\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; a\n\n{FAILED}\n--x--\n"
        )
    )
    assert triage.kind is Kind.MESSAGE


def test_a_report_of_a_hundred_thousand_recipients_is_bounded() -> None:
    blocks = [f"Final-Recipient: rfc822; u{number}@example.net\nAction: failed" for number in range(5000)]
    assert len(classify(report(*blocks)).recipients) == 1000


def test_fields_without_an_empty_line_between_recipients_are_told_apart() -> None:
    both = f"{FAILED}\n{DELAYED}"
    assert [(one.address, one.status) for one in classify(report(both)).recipients] == [
        ("anna@example.net", "5.1.1"),
        ("carl@example.net", "4.4.1"),
    ]


def test_a_recipient_is_called_as_we_called_them() -> None:
    forwarded = "Original-Recipient: rfc822; anna@example.net\nFinal-Recipient: rfc822; anna.b@elsewhere.example"
    (anna,) = classify(report(f"{forwarded}\nAction: failed\nStatus: 5.1.1")).recipients
    assert anna.address == "anna@example.net"


def test_a_report_flattened_into_one_text_is_read_by_its_fields() -> None:
    triage = classify(
        mail(
            "From: mailer-daemon@example.net\nSubject: Undelivered Mail Returned to Sender\n\n"
            f"This is the mail system at host mx.\n\nReporting-MTA: dns; mx.example.net\n\n{FAILED}\n\n{DELAYED}\n\n"
            "Received: from ours.example\nMessage-ID: <first.1@ours.example>\n"
        )
    )
    assert [(one.address, one.action) for one in triage.recipients] == [
        ("anna@example.net", "failed"),
        ("carl@example.net", "delayed"),
    ]
    assert triage.original_message_id == "first.1@ours.example"


@pytest.mark.parametrize(
    "field", ["In-Reply-To: <first.1@ours.example>", "References: <a@b.example> <first.1@ours.example>"]
)
def test_a_notice_that_answers_the_mail_names_it(field: str) -> None:
    notice = f"From: mailer-daemon@example.net\nSubject: Undeliverable\n{field}\n\n<anna@example.net>: User unknown\n"
    assert classify(mail(notice)).original_message_id == "first.1@ours.example"


def test_a_receipt_names_the_mail_that_was_read() -> None:
    triage = classify(
        mail(
            "From: jane@example.com\nContent-Type: multipart/report; boundary=x;"
            " report-type=disposition-notification\n\n--x\nContent-Type: text/plain\n\nRead.\n"
            "--x\nContent-Type: message/disposition-notification\n\nOriginal-Message-ID: <first.1@ours.example>\n"
            "Disposition: manual-action; displayed\n--x--\n"
        )
    )
    assert (triage.kind, triage.original_message_id) == (Kind.REPORT, "first.1@ours.example")
