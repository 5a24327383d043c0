"""Message-IDs that providers tell in their answer to the final dot, and all the answers that tell none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.core.message_ids import LONGEST_ID
from postroom.core.sending.learned_ids import learned_message_id
from tests.growing import MOST_GROWTH, grows

HOST = "smtp.relay.example"
OFFICE = "mail-eopbgr.outbound.protection.outlook.com"
OURS = "lead-12.abc@acme.example"
NEW = "AM0PR01MB1@AM0PR01MB1.eurprd01.prod.exchangelabs.com"
SES = "email-smtp.{}.amazonaws.com"
SES_ID = "010201812345abcd-1a2b3c4d-5e6f-7a8b-9c0d-1e2f3a4b5c6d-000000"


TEACH = [
    # --- Exchange and Office 365
    ("Exchange", HOST, f"250 2.6.0 <{NEW}> [InternalId=12345, Hostname=AM0.example] Queued mail for delivery", NEW),
    ("Exchange with its size", OFFICE,
     f"250 2.6.0 <{NEW}> [InternalId=1, Hostname=X] 9472 bytes in 0.168, 55.053 KB/sec Queued mail for delivery", NEW),
    ("Office 365", OFFICE, f"250 2.0.0 OK <{NEW}> [Hostname=AM0.eurprd01.prod.outlook.com]", NEW),
    ("without its code", HOST, f"2.6.0 <{NEW}> Queued mail for delivery", NEW),
    ("without an enhanced code", HOST, f"250 OK <{NEW}>", NEW),
    ("in small letters", HOST, f"250 ok <{NEW}>", NEW),
    ("an Exchange of its own", HOST, "250 2.6.0 <c0ffee@mx.corp.local> Queued", "c0ffee@mx.corp.local"),
    # --- others that say it in brackets
    ("queued as an id in brackets", HOST, "250 Message queued as <20240101.1@mta.example>", "20240101.1@mta.example"),
    ("an id by name", HOST, "250 Ok, message-id: <x1@mta.example>", "x1@mta.example"),
    ("an id by name and an equals sign", HOST, "250 accepted id=<x1@mta.example>", "x1@mta.example"),
    ("an id keeps its capital letters", HOST, "250 2.6.0 <AbC@X.Example> ok", "AbC@X.Example"),
    # --- Amazon: the region is in the name of the server
    ("Amazon, the first region", SES.format("us-east-1"), f"250 Ok {SES_ID}", f"{SES_ID}@email.amazonses.com"),
    ("Amazon, Ireland", SES.format("eu-west-1"), f"250 Ok {SES_ID}", f"{SES_ID}@eu-west-1.amazonses.com"),
    ("Amazon, Frankfurt", SES.format("eu-central-1"), f"250 Ok {SES_ID}", f"{SES_ID}@eu-central-1.amazonses.com"),
    ("Amazon, a government's", "email-smtp-fips.us-gov-west-1.amazonaws.com", f"250 Ok {SES_ID}",
     f"{SES_ID}@us-gov-west-1.amazonses.com"),
    ("Amazon by a private endpoint", "vpce-0a1b-2c3d.email-smtp.eu-west-1.vpce.amazonaws.com", f"250 Ok {SES_ID}",
     f"{SES_ID}@eu-west-1.amazonses.com"),
    ("Amazon, the host in capital letters with a dot", "Email-SMTP.EU-West-1.amazonaws.com.", f"250 Ok {SES_ID}",
     f"{SES_ID}@eu-west-1.amazonses.com"),
    ("Amazon without the code", SES.format("eu-west-1"), f"Ok {SES_ID}", f"{SES_ID}@eu-west-1.amazonses.com"),
    ("Amazon in capital letters", SES.format("eu-west-1"), f"250 OK {SES_ID.upper()}",
     f"{SES_ID}@eu-west-1.amazonses.com"),
]  # fmt: skip

NOTHING = [
    # --- queue ids
    ("Postfix", HOST, "250 2.0.0 Ok: queued as 4F2A91C0B7"),
    ("Postfix, long queue ids", HOST, "250 2.0.0 Ok: queued as 4bXy7G0R5Zz2gqK"),
    ("Gmail", "smtp.gmail.com", "250 2.0.0 OK  1700000000 a1-20020a5d4e41000000b0033-5.12 - gsmtp"),
    ("Exim", HOST, "250 OK id=1rKz1c-0002Ab-9Q"),
    ("Sendmail", HOST, "250 2.0.0 3A1B2C3D4E Message accepted for delivery"),
    ("qmail", HOST, "250 ok 1700000000 qp 12345"),
    ("a plain answer", HOST, "250 OK"),
    ("no answer", HOST, ""),
    ("an id of Amazon's from another host", HOST, f"250 Ok {SES_ID}"),
    ("a host that only looks like Amazon's", "email-smtp.eu-west-1.amazonaws.com.evil.example", f"250 Ok {SES_ID}"),
    ("Amazon without a region", "email-smtp.amazonaws.com", f"250 Ok {SES_ID}"),
    ("Amazon, an id cut short", SES.format("eu-west-1"), f"250 Ok {SES_ID[:-1]}"),
    ("Amazon, an id with more behind it", SES.format("eu-west-1"), f"250 Ok {SES_ID}@evil.example"),
    # --- addresses that answers repeat
    ("a recipient in brackets", HOST, "250 2.1.5 <mary@customer.example> recipient ok"),
    ("a sender in brackets", HOST, "250 2.1.0 <anna@acme.example> sender ok"),
    ("a recipient after its code", HOST, "250 2.1.5 OK: <mary@customer.example>, fine"),
    ("local delivery", HOST, "250 2.0.0 <mary@customer.example> 4bXy7G0R5Zz2gqK Saved"),
    ("for somebody", HOST, "250 2.0.0 queued for <mary@customer.example>"),
    ("an address alone", HOST, "250 <mary@customer.example>"),
    # --- what can be no id
    ("our own id", HOST, f"250 2.6.0 <{OURS}> Queued mail for delivery"),
    ("brackets without an @", HOST, "250 2.6.0 <4F2A91C0B7> Queued"),
    ("brackets that never close", HOST, "250 2.6.0 <abc@mta.example Queued"),
    ("empty brackets", HOST, "250 2.6.0 <> Queued"),
    ("half an id", HOST, "250 2.6.0 <@mta.example> <abc@> Queued"),
    ("a code that is none", HOST, "250 12.6.0 <abc@mta.example> Queued"),
    ("a refusal", HOST, f"550 5.7.1 <{NEW}> refused"),
    ("the code of a deferral", HOST, f"451 4.7.1 <{NEW}> come again"),
    # --- nothing may be injected into a header
    ("a line break in it", HOST, "250 2.6.0 <abc\r\nBcc: x@y.example> Queued"),
    ("a line break behind the @", HOST, "250 2.6.0 <abc@mta.example\r\nBcc: x> Queued"),
    ("a tab", HOST, "250 2.6.0 <a\tb@mta.example> Queued"),
    ("a space", HOST, "250 2.6.0 <a b@mta.example> Queued"),
    ("a NUL", HOST, "250 2.6.0 <a\0b@mta.example> Queued"),
    ("brackets in brackets", HOST, "250 2.6.0 <a<b@mta.example> Queued"),
    ("letters beyond ASCII", HOST, "250 2.6.0 <ä@mta.example> Queued"),
    ("an id too long for a line", HOST, f"250 2.6.0 <{'a' * 950}@mta.example> Queued"),
    ("far behind", HOST, f"250 {'x ' * 500}2.6.0 <abc@mta.example>"),
]  # fmt: skip


@pytest.mark.parametrize(("host", "words", "told"), [one[1:] for one in TEACH], ids=[one[0] for one in TEACH])
def test_an_answer_that_teaches(host: str, words: str, told: str) -> None:
    assert learned_message_id(words, host, OURS) == told
    assert learned_message_id(words, host, told) == ""  # of ours there is nothing to learn


@pytest.mark.parametrize(("host", "words"), [one[1:] for one in NOTHING], ids=[one[0] for one in NOTHING])
def test_an_answer_that_teaches_nothing(host: str, words: str) -> None:
    assert learned_message_id(words, host, OURS) == ""


def test_the_tables_are_whole() -> None:
    names = [one[0] for one in (*TEACH, *NOTHING)]
    assert len(set(names)) == len(names)


pieces = st.sampled_from(
    ["250 ", "2.6.0 ", "ok ", "as ", "id=", "<", ">", "@", "a@b.example", "\r\n", " ", SES_ID, "é"]
)
answers = st.lists(pieces | st.text(st.characters(), max_size=4), max_size=12).map("".join)
hosts = st.sampled_from([HOST, "", SES.format("eu-west-1"), SES.format("us-east-1")]) | st.text(max_size=20)


@given(answers, hosts)
def test_what_is_learnt_stands_in_a_header_line(words: str, host: str) -> None:
    told = learned_message_id(words, host, OURS)
    if told:
        assert told.isascii()
        assert told.isprintable()
        assert not set(" <>") & set(told)
        assert 0 < told.index("@") < len(told) - 1
        assert told != OURS
        assert len(told) <= LONGEST_ID
        assert told in words or told.endswith(".amazonses.com")


@pytest.mark.parametrize(
    "words",
    ["ok <" + "@" * 10**6, "ok <a@" * 10**5, "2.6.0 " * 10**5, "<" * 10**6, "saved " * 10**5, "ok " + "0" * 10**6,
     "ok <" + "a@" * 10**6 + ">", "saved" + "!" * 10**6 + "a"],
    ids=range(8),
)  # fmt: skip
@pytest.mark.parametrize("host", [HOST, SES.format("eu-west-1"), "email-smtp" * 10**5])
def test_a_hostile_answer_takes_time_in_proportion(words: str, host: str) -> None:
    assert learned_message_id(words, host, OURS) == ""
    assert grows(lambda some: learned_message_id(some, host, OURS), words) < MOST_GROWTH
    assert grows(lambda some: learned_message_id("ok <a@b>", some, OURS), host) < MOST_GROWTH
