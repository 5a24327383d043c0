"""What Amazon SES tells as JSON in a mail."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.core.message.mail import Mail
from postroom.core.triage.classify import classify
from postroom.core.triage.kinds import Kind
from postroom.core.triage.notification import notified
from tests.core.triage.build import letter

MAIL = {"messageId": "0101-a", "headers": [{"name": "Message-ID", "value": "<first.1@ours.example>"}]}
BOUNCED = {
    "bouncedRecipients": [
        {"emailAddress": "Anna@example.net", "action": "failed", "status": "5.1.1",
         "diagnosticCode": "smtp; 550 5.1.1 user unknown"},
        {"emailAddress": "carl@example.net"},
    ]
}  # fmt: skip
NEWS: dict[str, dict[str, Any]] = {
    "Bounce": {"bounce": BOUNCED},
    "Complaint": {"complaint": {"complainedRecipients": [{"emailAddress": "anna@example.net"}]}},
    "Delivery": {"delivery": {"recipients": ["anna@example.net"]}},
}


def news(what: str, field: str = "notificationType") -> str:
    return json.dumps({field: what, "mail": MAIL, **NEWS[what]})


def told(body: str) -> Mail:
    return letter(body, From="SES <no-reply@sns.amazonaws.com>")


def test_what_somebody_quotes_is_no_news() -> None:
    """Not of another sender, nor with words behind it; SNS itself says below how to hear no more."""
    assert notified(letter(news("Bounce"))) is None
    assert notified(letter(news("Bounce"), From="x@notamazonaws.com")) is None
    assert notified(told(f"{news('Bounce')}\n\nWhat does this mean?")) is None
    assert notified(told(f"{news('Bounce')}\n\n--\nTo stop receiving these, click below.")) is not None


@pytest.mark.parametrize("field", ["notificationType", "eventType"])
@pytest.mark.parametrize("wrapped", [True, False])
@pytest.mark.parametrize(
    ("what", "kind", "actions"),
    [
        ("Bounce", Kind.BOUNCE, ["failed", "failed"]),
        ("Complaint", Kind.COMPLAINT, [""]),
        ("Delivery", Kind.REPORT, ["delivered"]),
    ],
)
def test_each_kind_of_news(what: str, kind: Kind, actions: list[str], wrapped: bool, field: str) -> None:
    body = news(what, field)
    if wrapped:
        body = json.dumps({"Type": "Notification", "Message": body}, indent=1)
    triage = classify(told(body))
    assert (triage.kind, triage.original_message_id) == (kind, "first.1@ours.example")
    assert [one.action for one in triage.recipients] == actions
    assert triage.recipients[0].address == "anna@example.net"


def test_codes_are_read() -> None:
    triage = notified(told(news("Bounce")))
    assert triage is not None
    assert (triage.recipients[0].status, triage.recipients[0].smtp) == ("5.1.1", "550")
    assert triage.recipients[1].status == ""


@pytest.mark.parametrize(
    "body",
    [
        *("", "{", "{}", "[1]", '{"notificationType": "Bounce"}', '{"notificationType": 3}', "{" * 200_000, "Hello"),
        '{"notificationType": "Bounce", "bounce": {"bouncedRecipients": "x"}, "mail": "y"}',
    ],
)
def test_other_text_is_no_news(body: str) -> None:
    triage = notified(told(body))
    assert triage is None or triage.recipients == ()


@given(st.recursive(st.none() | st.text() | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(
    st.sampled_from(["notificationType", "bounce", "bouncedRecipients", "emailAddress", "mail", "headers", "Message"]),
    inner)))  # fmt: skip
def test_any_json_is_read(value: Any) -> None:
    notified(told(json.dumps({"notificationType": "bounce", "bounce": value, "mail": value, "Message": value})))
