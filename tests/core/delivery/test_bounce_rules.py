"""What replies mean: a table of what servers say, the order of patterns, and that every reply has a class."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from postroom.core.delivery.bounce_rules import Kind, Rules, classify, rules_of, seen_as

TABLE: dict[str, Any] = tomllib.loads(
    files("postroom.core.delivery").joinpath("bounce_rules.toml").read_text(encoding="utf-8")
)
RULES = rules_of(TABLE)


def key(code: int, enhanced: str, words: str, phase: str = "rcpt", rules: Rules = RULES) -> str:
    return classify(code, enhanced, words, phase, rules).key


# Other words than those of the table: what servers say in these situations, as their manuals have it.
@pytest.mark.parametrize(
    ("code", "enhanced", "words", "expected"),
    [
        # nobody there
        (550, "5.1.1", "550 5.1.1 <ann@firm.example>: Recipient address rejected: User unknown", "mailbox-unknown"),
        (550, "", "550 No such person at this address", "mailbox-unknown"),
        (550, "5.1.10", "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by lookup", "mailbox-unknown"),
        (450, "", "450 user unknown", "mailbox-unknown"),
        (554, "5.2.1", "554 5.2.1 Account is disabled", "mailbox-disabled"),
        (451, "", "451 Account disabled for the moment", "mailbox-unavailable"),
        (553, "", "553 your envelope sender domain must exist", "sender-unknown"),
        (550, "5.7.1", "550-5.7.1 This IP is not authorized to send email directly to us", "server-blocklisted"),
        (550, "", "550 we keep a separate limit", "permanent-other"),
        (551, "", "551 User not local; please try <ann@other.example>", "mailbox-moved"),
        # full, or busy
        (452, "4.2.2", "452-4.2.2 The recipient's inbox is out of storage space", "mailbox-full"),
        (552, "5.2.2", "552 5.2.2 This mailbox is over quota", "mailbox-full"),
        (552, "5.2.2", "552 5.2.2 The recipient has exceeded their email quota", "mailbox-full"),
        (550, "", "550 The mailbox has reached its limit of messages, quota exceeded", "mailbox-full"),
        (450, "4.2.1", "450-4.2.1 The user is receiving mail too quickly right now", "mailbox-too-busy"),
        # too fast, too many
        (421, "4.7.28", "421-4.7.28 We have detected an unusual rate of mail from your IP address", "rate-limited"),
        (451, "4.7.500", "451 4.7.500 Server busy. Please try again later from [192.0.2.1]", "server-busy"),
        (421, "4.3.2", "421 4.3.2 The maximum number of concurrent server connections has exceeded",
         "too-many-connections"),
        (452, "4.5.3", "452 4.5.3 Too many recipients", "too-many-recipients"),
        (550, "5.4.5", "550 5.4.5 Daily user sending limit exceeded for this account", "sending-quota"),
        (454, "", "454 Throttling failure: Daily message quota exceeded.", "sending-quota"),
        (421, "4.7.0", "421 4.7.0 [TSS04] Messages temporarily deferred due to user complaints", "rate-limited"),
        # greylisting
        (450, "4.2.0", "450 4.2.0 <ann@firm.example>: Recipient address rejected: Greylisted", "greylisted"),
        (451, "4.7.1", "451 4.7.1 Please try again in 300 seconds", "greylisted"),
        # trust
        (554, "5.7.1", "554 5.7.1 Client host [192.0.2.1] blocked using bl.spamcop.net", "server-blocklisted"),
        (550, "5.7.1", "550 5.7.1 Very low reputation of the sending domain, likely suspicious", "poor-reputation"),
        (550, "5.7.26", "550-5.7.26 This mail has been blocked because the sender is unauthenticated", "dmarc-refused"),
        (550, "5.7.23", "550 5.7.23 The message was rejected because of Sender Policy Framework", "spf-refused"),
        (550, "5.7.25", "550-5.7.25 The sending IP address has no PTR record", "reverse-dns"),
        (554, "5.7.1", "554 5.7.1 Spam message rejected", "spam-suspected"),
        (552, "5.7.0", "552-5.7.0 This message was blocked: its content presents a potential security issue",
         "attachment-refused"),
        (554, "5.7.1", "554 5.7.1 <ann@firm.example>: Relay access denied", "relay-denied"),
        (550, "5.7.60", "550 5.7.60 SMTP; Client does not have permissions to send as this sender",
         "sender-not-allowed"),
        # our own server and account
        (535, "5.7.8", "535-5.7.8 Username and Password not accepted", "login-failed"),
        (530, "5.7.0", "530 5.7.0 Authentication required", "login-required"),
        (530, "5.7.0", "530 5.7.0 Must issue a STARTTLS command first", "tls-required"),
        (534, "5.7.14", "534-5.7.14 Please log in via your web browser and then try again", "account-suspended"),
        # the mail
        (552, "5.3.4", "552 5.3.4 Message size exceeds fixed maximum message size", "mail-too-large"),
        (554, "5.6.0", "554 5.6.0 Message contains invalid header", "mail-malformed"),
        # places
        (550, "5.1.2", "550 5.1.2 No such domain at this location", "domain-unknown"),
        (556, "5.1.10", "556 5.1.10 Domain does not accept mail (nullMX)", "no-mail-accepted"),
        (554, "5.4.6", "554 5.4.6 Too many hops", "routing-loop"),
        (451, "4.3.0", "451 4.3.0 Temporary local problem", "local-error"),
        # the code alone
        (421, "", "421", "service-closing"),
        (552, "", "552", "mailbox-full"),
        (550, "5.1.1", "550 5.1.1", "mailbox-unknown"),
        (550, "", "550", "permanent-other"),
        (499, "", "499", "temporary-other"),
    ],
)  # fmt: skip
def test_what_servers_say(code: int, enhanced: str, words: str, expected: str) -> None:
    assert key(code, enhanced, words) == expected


@pytest.mark.parametrize(
    ("phase", "words", "expected"),
    [
        ("connect", "No server answers at mx.example:25: connection refused.", "connection-failed"),
        ("connect", "", "connection-failed"),
        ("greeting", "mx.example:25 answers, but does not greet: it was silent for 60 seconds.", "connection-failed"),
        ("tls", "The certificate of mx.example:465 is not accepted: it has expired.", "tls-failed"),
        ("login", "The password can't be decrypted.", "login-failed"),
        ("write", "This mail can't be written: no such file.", "mail-unwritable"),
        ("data", "", "temporary-other"),
        ("", "", "temporary-other"),
    ],
)
def test_what_we_say_ourselves(phase: str, words: str, expected: str) -> None:
    assert key(0, "", words, phase) == expected


def test_552_is_about_the_mailbox_or_about_the_mail() -> None:
    assert key(552, "", "552 no", "rcpt") == "mailbox-full"
    assert {key(552, "", "552 no", phase) for phase in ("mail", "data", "dot")} == {"mail-too-large"}


def test_an_address_in_the_words_decides_nothing() -> None:
    for name in ("spam", "virus", "greylist", "no.such.user", "dmarc"):
        assert key(550, "", f"550 <{name}@firm.example> no") == "permanent-other"
        assert key(550, "", f"550 {name}@firm.example: no") == "permanent-other"
    assert seen_as(550, "", "550 <a@b.example>:User  UNKNOWN", "rcpt").words == "550 :user unknown"


def test_dead_addresses_and_throttles_are_named() -> None:
    dead = {one.key for one in RULES.classes.values() if one.address_is_dead}
    assert dead == {
        "mailbox-unknown", "mailbox-closed", "mailbox-moved", "address-malformed", "domain-unknown", "no-mail-accepted"
    }  # fmt: skip
    slower = {one.key for one in RULES.classes.values() if one.throttle}
    assert slower == {
        "sending-quota", "sender-too-fast", "too-many-connections", "too-many-recipients", "rate-limited",
        "poor-reputation", "server-busy", "service-closing",
    }  # fmt: skip
    again = {one.key for one in RULES.classes.values() if one.retry_refused}
    assert again == {"sending-quota", "too-many-recipients", "rate-limited"}


# --- the order of patterns

OTHER = {"kind": "temporary", "scope": "mail", "plan": "normal", "title": "t", "sentence": "s.", "advice": "a.",
         "who": "nobody"}  # fmt: skip
FALLBACKS = {"temporary-other": OTHER, "permanent-other": OTHER}


def rules(**classes: list[dict[str, Any]]) -> Rules:
    table: dict[str, Any] = {name: {**OTHER, "patterns": patterns} for name, patterns in classes.items()}
    return rules_of(table | FALLBACKS)


def test_words_beat_the_enhanced_code_and_that_the_code() -> None:
    own = rules(
        code=[{"code": ["550"]}, {"code": ["4xx"]}],
        enhanced=[{"enhanced": ["5.1.1", "x.2.*"]}],
        words=[{"text": ["gone"]}, {"text": ["full"], "code": ["550"], "phase": ["rcpt"]}],
    )
    assert key(550, "5.1.1", "it is gone", rules=own) == "words"
    assert key(550, "5.1.1", "no", rules=own) == "enhanced"
    assert key(550, "5.9.9", "no", rules=own) == "code"
    assert key(450, "4.2.7", "no", rules=own) == "enhanced"
    assert key(450, "4.3.7", "no", rules=own) == "code"
    assert key(550, "", "FULL", rules=own) == "words"
    assert key(552, "", "full", rules=own) == "permanent-other"
    assert key(550, "", "full", "data", rules=own) == "code"


def test_among_equals_the_first_wins() -> None:
    first, second = {"text": ["mailbox"]}, {"text": ["mailbox full"]}
    assert key(550, "", "mailbox full", rules=rules(a=[first], b=[second])) == "a"
    assert key(550, "", "mailbox full", rules=rules(b=[second], a=[first])) == "b"


codes = st.one_of(st.integers(200, 599), st.integers())
enhanced_codes = st.one_of(st.text(), st.from_regex(r"[245]\.[0-9]{1,3}\.[0-9]{1,3}", fullmatch=True))
SPOKEN = "user unknown mailbox full rate limit spam <a@b> sender not connection . : 5.1.1 no"
words = st.one_of(st.text(), st.lists(st.sampled_from(SPOKEN.split())).map(" ".join))
phases = st.one_of(st.sampled_from(["connect", "tls", "login", "mail", "rcpt", "data", "dot", "write", ""]), st.text())


@given(codes, enhanced_codes, words, phases)
@example(10**30, ".", "@", "")
@example(-550, "5.", ">@<", "rcpt")
def test_every_reply_has_a_class_and_always_the_same(code: int, enhanced: str, spoken: str, phase: str) -> None:
    found = classify(code, enhanced, spoken, phase, RULES)
    assert RULES.classes[found.key] is found
    assert classify(code, enhanced, spoken, phase, rules_of(TABLE)) == found


@given(words, st.text())
def test_only_the_beginning_of_words_is_looked_at(spoken: str, more: str) -> None:
    begun = spoken.ljust(500)
    assert key(550, "", begun) == key(550, "", begun + more)


@given(st.integers(400, 499), enhanced_codes)
def test_a_reply_that_says_nothing_else_is_as_temporary_as_its_code(code: int, enhanced: str) -> None:
    assert classify(code, "", "", "rcpt", rules_of(FALLBACKS)).key == "temporary-other"
    assert classify(code + 100, enhanced, "", "rcpt", rules_of(FALLBACKS)).key == "permanent-other"
    assert classify(code, "", "hm", "rcpt", RULES).kind in Kind
