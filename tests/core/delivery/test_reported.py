"""What a report means for one recipient: the status that says most, the class, whether the address is dead."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.core.delivery.reported import Meaning, meaning
from postroom.core.triage.classify import classify_text
from postroom.core.triage.kinds import ReportedRecipient
from postroom.outbound.replies import rules
from tests.core.triage.build import report


def meant(one: ReportedRecipient) -> Meaning:
    return meaning(one, rules())


def notice(words: str, opening: str = "") -> Meaning:
    """What a notice in words means that says this behind the address, and this before it."""
    text = f"This is the mail system at host mx.example.net.\n\n{opening}\n\n<anna@example.net>: {words}\n"
    (anna,) = classify_text(text).recipients
    return meant(anna)


def reported(*fields: str, words: str = "Your mail did not arrive.") -> Meaning:
    """What a delivery report means with these fields about its recipient."""
    from postroom.core.triage.classify import classify

    block = "\n".join(("Final-Recipient: rfc822; anna@example.net", *fields))
    (anna,) = classify(report(block, words=words)).recipients
    return meant(anna)


@pytest.mark.parametrize(
    ("words", "status", "key", "dead"),
    [
        ("Mailbox full", "5.0.922", "mailbox-full", False),
        ("552 5.2.2 quota exceeded", "5.2.2", "mailbox-full", False),
        ("Host or domain name not found", "5.0.912", "domain-unknown", True),
        ("User unknown", "5.0.911", "mailbox-unknown", True),
        ("421 4.7.0 Try again later", "4.7.0", "policy-delayed", False),
        ("451 please come back later", "4.0.971", "greylisted", False),
        ("550 5.7.1 Message refused as spam", "5.7.1", "spam-suspected", False),
        ("connect to mx[192.0.2.25]:25: Connection timed out", "5.0.947", "destination-unreachable", False),
        ("550 hm", "5.0.901", "permanent-other", False),
        ("450 4.1.1 User unknown", "4.1.1", "mailbox-unknown", False),
        ("550 5.2.1 The account is disabled", "5.2.1", "mailbox-disabled", False),
        ("550 5.2.1 The account has been deleted (in reply to RCPT TO)", "5.2.1", "mailbox-closed", True),
        ("554 5.1.10 null MX", "5.1.10", "no-mail-accepted", True),
        ("521 5.3.2 this host does not accept mail", "5.3.2", "no-mail-accepted", True),
    ],
)
def test_the_words_of_a_server_say_what_it_means(words: str, status: str, key: str, dead: bool) -> None:
    found = notice(words)
    assert found.reply is not None
    assert (found.status, found.reply.key, found.address_is_dead) == (status, key, dead)


def test_words_above_the_address_count_where_none_stand_behind_it() -> None:
    found = notice("", opening="The mailboxes of these recipients are full:")
    assert found.reply is not None
    assert found.reply.key == "mailbox-full"


@pytest.mark.parametrize(
    "phase",
    [
        "host mx[192.0.2.1] said: 550 User unknown (in reply to end of DATA command)",
        "SMTP error from remote mail server after end of data:\n    host mx [192.0.2.1]: 550 User unknown",
        "550 User unknown\n\n>>> DATA\n<<< 550 User unknown",
    ],
)
def test_what_is_said_after_the_mail_says_nothing_of_the_address(phase: str) -> None:
    assert not notice(phase).address_is_dead
    assert notice("host mx[192.0.2.1] said: 550 User unknown (in reply to RCPT TO command)").address_is_dead


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        (("Status: 5.0.0", "Diagnostic-Code: smtp; 552 5.2.2 full"), "5.2.2"),
        (("Status: 5.1.0", "Diagnostic-Code: smtp; 550 5.1.1 gone"), "5.1.1"),
        (("Status: 5.1.1", "Diagnostic-Code: smtp; 550 5.7.1 no"), "5.7.1"),
        (("Status: 5.1.1", "Diagnostic-Code: smtp; 450 4.2.2 full"), "5.1.1"),
        (("Status: 4.4.7", "Diagnostic-Code: smtp; 421 4.2.2 full"), "4.2.2"),
        (("Status: 5.0.0", "Diagnostic-Code: smtp; 550 no"), "5.0.0"),
        (("Status: 5.1.1 (bad destination mailbox address)",), "5.1.1"),
        (("Diagnostic-Code: smtp; 550 5.1.1 gone",), "5.1.1"),
        (("Diagnostic-Code: smtp; 550 User unknown (in reply to RCPT TO command)",), "5.0.911"),
        (("Diagnostic-Code: smtp; 550 User unknown",), "5.0.910"),
        (("Action: delayed",), "4.0.901"),
        (("Action: failed",), "5.0.901"),
        (("Action: delivered", "Status: 2.1.5"), "2.1.5"),
    ],
)
def test_the_status_that_says_most_counts(fields: tuple[str, ...], status: str) -> None:
    assert reported(*fields).status == status


def test_the_report_in_words_tells_what_its_fields_do_not() -> None:
    found = reported("Status: 5.0.0", words="<anna@example.net>: the mailbox is full\n")
    assert found.reply is not None
    assert found.reply.key == "mailbox-full"


def test_a_report_that_says_nothing_has_the_status_of_nothing() -> None:
    assert reported("Action: failed", words="").status == "5.0.900"


def test_good_news_has_no_class() -> None:
    found = reported("Action: relayed", "Status: 2.0.0")
    assert (found.reply, found.address_is_dead, found.status) == (None, False, "2.0.0")


@given(
    st.builds(
        ReportedRecipient,
        st.text(),
        st.sampled_from(("", "5.1.1", "4.4.7", "2.0.0", "5.0.0")),
        st.sampled_from(("", "failed", "delayed", "delivered")),
        st.sampled_from(("", "550", "421", "250")),
        st.text(),
        st.booleans(),
        st.text(),
    )
)
def test_every_recipient_has_a_meaning_with_a_status(one: ReportedRecipient) -> None:
    found = meant(one)
    assert found.status[:1] in ("2", "4", "5") or one.action == "delivered"
    assert not (found.address_is_dead and found.status.startswith("4"))
