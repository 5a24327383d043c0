"""What a mail is decides what becomes of it: from the bytes at the door to the desk, a line for each kind."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from postroom.conversations.models import Message
from postroom.domains.models import Alias
from postroom.inbound.models import InboundMail, Route
from postroom.infra import parameters
from postroom.infra.instance import instance_id
from postroom.outbound.models import Letter
from postroom.records.models import Record
from tests.support.acme import Acme, arrival, letter, make_acme, take_in

pytestmark = pytest.mark.django_db

HELLO = "Hello,\r\nwe need 42 vans.\r\n"


@pytest.fixture
def acme() -> Acme:
    parameters.forget()
    return make_acme()


@dataclass(frozen=True)
class Case:
    """A mail by its header and body, and what becomes of it where the alias takes mail of machines and where not."""

    name: str
    head: str
    body: str = HELLO
    kind: str = "message"
    state: str = "routed"
    unwanted: str = "routed"
    sender: str = "hanna@customer.example"


def parts(content: str, *parts: str) -> str:
    """Header lines and body of a mail of several parts; each part has its own header."""
    joined = "".join(f"--x\r\n{part}\r\n" for part in parts)
    return f"Content-Type: {content}; boundary=x\r\n\r\n{joined}--x--\r\n"


STATUS = (
    "Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.customer.example\r\n\r\n"
    "Final-Recipient: rfc822; anna@customer.example\r\nAction: {}\r\nStatus: {}\r\n"
)
ORIGINAL = "Content-Type: message/rfc822\r\n\r\nMessage-ID: <sent@acme.example>\r\nSubject: Offer\r\n\r\nHello\r\n"
WORDS = "Content-Type: text/plain\r\n\r\nWhat became of your mail.\r\n"
REPORT = "multipart/report; report-type=delivery-status"
DAEMON = "From: Mail Delivery System <mailer-daemon@customer.example>\r\n"
INVITATION = (
    "Content-Type: text/calendar; method={0}; charset=utf-8\r\n\r\nBEGIN:VCALENDAR\r\nMETHOD:{0}\r\n"
    "BEGIN:VEVENT\r\nUID:1@customer.example\r\nSUMMARY:Vans\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)
CASES = [
    Case("ordinary", ""),
    Case("said to be of no machine", "Auto-Submitted: no\r\n"),
    Case("a form", "Auto-Submitted: auto-generated\r\n", unwanted="ignored"),
    Case("a shop that takes no answers", "From: no-reply@shop.example\r\n", unwanted="ignored"),
    Case("a list", "List-Id: <vans.customer.example>\r\n", unwanted="ignored"),
    Case("an answer of a machine", "Auto-Submitted: auto-replied\r\n", HELLO, "auto-reply", "ignored", "ignored"),
    Case("a vacation without the header", "Subject: Abwesenheitsnotiz: Vans\r\n", HELLO, "auto-reply", "ignored",
         "ignored"),
    Case("a vacation of a list member", "List-Id: <v.customer.example>\r\nAuto-Submitted: auto-replied\r\n", HELLO,
         "auto-reply", "ignored", "ignored"),
    Case("a failure", DAEMON, parts(REPORT, WORDS, STATUS.format("failed", "5.1.1"), ORIGINAL), "bounce", "reported",
         "reported", ""),
    Case("a delay", DAEMON, parts(REPORT, WORDS, STATUS.format("delayed", "4.4.1"), ORIGINAL), "bounce", "reported",
         "reported", ""),
    Case("an arrival", DAEMON, parts(REPORT, WORDS, STATUS.format("delivered", "2.0.0"), ORIGINAL), "report",
         "reported", "reported", ""),
    Case("a failure in words", f"{DAEMON}Subject: Undeliverable\r\n",
         "This is the mail system.\r\n\r\n<anna@customer.example>: 550 5.1.1 unknown user\r\n", "bounce", "reported",
         "reported", ""),
    Case("a receipt", "", parts("multipart/report; report-type=disposition-notification", WORDS,
         "Content-Type: message/disposition-notification\r\n\r\nDisposition: manual-action; displayed\r\n"), "report",
         "reported", "reported"),
    Case("a complaint", "", parts("multipart/report; report-type=feedback-report", WORDS,
         "Content-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse\r\n", ORIGINAL), "complaint", "reported",
         "reported"),
    Case("an invitation", "", parts("multipart/mixed", WORDS, INVITATION.format("REQUEST"))),
    Case("an answer to an invitation", "", parts("multipart/mixed", WORDS, INVITATION.format("REPLY")),
         unwanted="ignored"),
]  # fmt: skip
NAMES = [case.name for case in CASES]


def raw_of(case: Case) -> bytes:
    """The mail: Hanna's header lines where the case has none of its own, those of its parts, the body."""
    usual = {"From": "Hanna <hanna@customer.example>", "To": "sales@acme.example", "Subject": "Vans"}
    own = {line.partition(":")[0] for line in case.head.splitlines()}
    head = case.head + "".join(f"{name}: {value}\r\n" for name, value in usual.items() if name not in own)
    head += f"Message-ID: <{case.name.replace(' ', '-')}@customer.example>\r\n"
    return (head + (case.body if case.body.startswith("Content-Type") else f"\r\n{case.body}")).encode()


@pytest.mark.parametrize("takes", [True, False], ids=["machines welcome", "machines unwanted"])
@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_what_becomes_of_each_kind(acme: Acme, case: Case, takes: bool) -> None:
    Alias.objects.filter(local_part="sales").update(takes_automatic=takes)
    take_in(arrival(raw_of(case), sender=case.sender))
    came = InboundMail.objects.get()
    state = case.state if takes else case.unwanted
    assert (came.kind, came.state) == (case.kind, state)
    assert Record.objects.count() == Message.objects.count() == (state == "routed")
    assert Route.objects.get().because
    assert any(step["step"] == "kind" and step["text"] for step in Route.objects.get().trace)


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_nothing_that_came_is_answered_by_a_machine(acme: Acme, case: Case) -> None:
    take_in(arrival(raw_of(case), sender=case.sender))
    told = {one.address for letter in Letter.objects.all() for one in letter.deliveries.all()}
    assert told <= {acme.amara.email}, "only our own desk hears of it"


def test_a_mail_of_ours_that_comes_back_makes_nothing(acme: Acme) -> None:
    take_in(arrival(f"X-Postroom-Instance: {instance_id()}\r\n".encode() + letter()))
    came = InboundMail.objects.get()
    assert (came.state, Record.objects.count(), Message.objects.count()) == ("ignored", 0, 0)
    assert "sent the mail itself" in Route.objects.get().because


def test_a_report_about_ours_is_not_taken_for_ours(acme: Acme) -> None:
    original = ORIGINAL.replace("Message-ID", f"X-Postroom-Instance: {instance_id()}\r\nMessage-ID")
    body = parts(REPORT, WORDS, STATUS.format("failed", "5.1.1"), original)
    take_in(arrival(raw_of(Case("ours", DAEMON, body)), sender=""))
    assert InboundMail.objects.get().state == "reported"
