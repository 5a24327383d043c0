from __future__ import annotations

import pytest

from postroom.core.delivery.reported import meaning
from postroom.core.triage.classify import classify, classify_text
from postroom.core.triage.kinds import Kind
from postroom.outbound.replies import rules
from tests.core.triage.build import letter
from tests.growing import MOST_GROWTH, grows

QMAIL = """Hi. This is the qmail-send program at mx.example.net.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<anna@example.net>:
Sorry, no mailbox here by that name. (#5.1.1)

--- Below this line is a copy of the message.

Return-Path: <shop@ours.example>
Message-ID: <first.1@ours.example>
To: carl@example.org

Thank you."""
EXIM = """This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  anna@example.net
    SMTP error from remote mail server after RCPT TO:<anna@example.net>:
    host mx.example.net [192.0.2.1]: 550 5.1.1 User unknown

------ This is a copy of the message, including all the headers. ------

Message-Id: <first.1@ours.example>
"""
POSTFIX = """This is the mail system at host mx.example.net.

I'm sorry to have to inform you that your message could not
be delivered to one or more recipients. It's attached below.

<anna@example.net>: host mx.example.net[192.0.2.1] said: 550 5.1.1
    <anna@example.net>: Recipient address rejected: User unknown (in reply to
    RCPT TO command)
"""
EXCHANGE = """Your message did not reach some or all of the intended recipients.

The following recipient(s) cannot be reached:

      anna@example.net on 3.3.2025 10:11
            The e-mail account does not exist at the organization.
            < mx.example.net #5.1.1 SMTP; 550 5.1.1 unknown user>
"""
GMAIL = """Delivery to the following recipient failed permanently:

     anna@example.net

Technical details of permanent failure:
The error that the other server returned was: 550 550 5.1.1 No such user (state 14).

----- Original message -----

Message-ID: <first.1@ours.example>
To: anna@example.net
"""
SENDMAIL = """The original message was received at Mon, 3 Mar 2025 10:11:12 +0100

   ----- The following addresses had permanent fatal errors -----
<anna@example.net>
    (reason: 550 5.1.1 User unknown)

   ----- Transcript of session follows -----
... while talking to mx.example.net.:
>>> RCPT To:<anna@example.net>
<<< 550 5.1.1 User unknown
"""
NOTICES = {
    "qmail": ("MAILER-DAEMON@mx.example.net", "failure notice", QMAIL),
    "exim": ("Mail Delivery System <Mailer-Daemon@mx.example.net>", "Mail delivery failed", EXIM),
    "postfix": ("MAILER-DAEMON@mx.example.net (Mail Delivery System)", "Undelivered Mail Returned to Sender", POSTFIX),
    "exchange": ("System Administrator <postmaster@example.net>", "Undeliverable: Your order", EXCHANGE),
    "gmail": ("Mail Delivery Subsystem <mailer-daemon@example.net>", "Delivery Status Notification (Failure)", GMAIL),
    "sendmail": ("Mail Delivery Subsystem <MAILER-DAEMON@mx.example.net>", "Returned mail: see transcript", SENDMAIL),
}


@pytest.mark.parametrize(("sender", "subject", "body"), NOTICES.values(), ids=NOTICES)
def test_the_notices_of_mail_systems_are_recognised(sender: str, subject: str, body: str) -> None:
    triage = classify(letter(body, From=sender, Subject=subject))
    assert triage.kind is Kind.BOUNCE
    (anna,) = triage.recipients
    assert (anna.address, anna.status, anna.action) == ("anna@example.net", "5.1.1", "failed")
    assert meaning(anna, rules()).address_is_dead
    if "first.1" in body:
        assert triage.original_message_id == "first.1@ours.example"


@pytest.mark.parametrize("body", [body for _, _, body in NOTICES.values()], ids=NOTICES)
def test_a_notice_is_recognised_by_its_body_alone(body: str) -> None:
    triage = classify_text(body)
    assert triage.kind is Kind.BOUNCE
    assert [one.address for one in triage.recipients] == ["anna@example.net"]


@pytest.mark.parametrize("body", [body for _, _, body in NOTICES.values()], ids=NOTICES)
def test_a_person_who_passes_a_notice_on_is_no_mail_system(body: str) -> None:
    assert classify(letter(f"What does this mean?\n\n{body}")).kind is Kind.MESSAGE


@pytest.mark.parametrize(
    ("sender", "subject", "body"),
    [
        ("Jane <jane@example.com>", "Undeliverable mail", "My mail could not be delivered to you."),
        ("Parcels <noreply@parcels.example>", "Delivery failed", "Your parcel could not be delivered."),
        ("postmaster@example.com", "Welcome", "This is how you set up your mail program."),
        ("Mailer-Daemon fan club <club@example.com>", "Meeting", "We meet on Monday."),
        ("Jane <jane@example.com>", "Returned mail", "I returned the mail that you sent by post."),
    ],
)
def test_one_sign_alone_makes_no_bounce(sender: str, subject: str, body: str) -> None:
    assert classify(letter(body, From=sender, Subject=subject)).kind is Kind.MESSAGE


def test_recipients_named_by_a_header_of_their_own_count() -> None:
    failed = {"From": "mailer-daemon@example.net", "Subject": "Mail delivery failed"}
    triage = classify(letter(EXIM, X_Failed_Recipients="anna@example.net,\n carl@example.net", **failed))
    assert [one.address for one in triage.recipients] == ["anna@example.net", "carl@example.net"]


def test_a_warning_of_delay_is_temporary() -> None:
    body = "Your message has not yet been delivered; delivery attempts will continue.\n\n<anna@example.net>\n"
    triage = classify(letter(body, From="mailer-daemon@example.net", Subject="Delayed mail"))
    (anna,) = triage.recipients
    assert anna.action == "delayed"
    assert meaning(anna, rules()).status.startswith("4")


def test_addresses_in_the_quoted_mail_are_no_recipients() -> None:
    assert "carl@example.org" not in [one.address for one in classify_text(QMAIL).recipients]


PIECES = [
    "user", "user ", "recipient x ", "a@b.c ", "<a@b.c>:\n", "550 <", "to ", "@", "mailbox a b c ", "5.1.1 ", "\n",
    " \n", "data\n", "data ", "rcpt to\n", ">>> ", "diagnostic-code: x\n ", "following recipient: ", "550 <a@b.c>... ",
    "final-recipient: rfc822; a@b.c\n", "action: failed\n\n", "status: (", "zustellung ", "не может ",
]  # fmt: skip


@pytest.mark.parametrize("piece", PIECES)
def test_crafted_notices_are_read_in_bounded_time(piece: str) -> None:
    body = "This is the mail system at host mx.\n" + piece * (400_000 // len(piece))
    assert classify_text(body).kind is Kind.BOUNCE
    assert grows(classify_text, body) < MOST_GROWTH
