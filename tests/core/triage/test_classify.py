from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.core.message.parse import parse
from postroom.core.triage.classify import classify, classify_text
from postroom.core.triage.kinds import Automatic, Kind
from postroom.core.triage.loops import is_own
from tests.core.triage.build import letter, mail

FIELDS = st.dictionaries(
    st.sampled_from(
        ["Auto-Submitted", "Precedence", "List-Id", "X-Autoreply", "Return-Path", "X-Failed-Recipients", "Content-Type"]
    ),
    st.one_of(
        st.sampled_from(["auto-replied", "no", "bulk", "<>", "multipart/report; report-type=delivery-status", "list"]),
        st.text('abc =?;<>"\u00e9', max_size=30),
    ),
)


@pytest.mark.parametrize(
    ("fields", "automatic"),
    [
        ({}, Automatic.HUMAN),
        ({"Auto_Submitted": "no"}, Automatic.HUMAN),
        ({"Auto_Submitted": "auto-generated"}, Automatic.AUTO),
        ({"Auto_Submitted": "auto-notified; owner-email=a@b.example"}, Automatic.AUTO),
        ({"Auto_Submitted": "auto-generated", "List_Id": "<l.example>"}, Automatic.AUTO),
        ({"List_Id": "<l.example>"}, Automatic.LIST),
        ({"List_Unsubscribe": "<mailto:x@y.example>"}, Automatic.LIST),
        ({"Precedence": "list"}, Automatic.LIST),
        ({"Precedence": "bulk"}, Automatic.AUTO),
        ({"Precedence": "junk"}, Automatic.AUTO),
        ({"Precedence": "first-class"}, Automatic.HUMAN),
        ({"From": "Shop <no-reply@shop.example>"}, Automatic.AUTO),
        ({"From": "Shop <donotreply@shop.example>"}, Automatic.AUTO),
        ({"From": "Norepla <norepla@shop.example>"}, Automatic.HUMAN),
    ],
)
def test_who_wrote_a_message(fields: dict[str, str], automatic: Automatic) -> None:
    triage = classify(letter(**fields))
    assert triage.kind is Kind.MESSAGE
    assert triage.automatic is automatic
    assert triage.because


@pytest.mark.parametrize(
    "fields",
    [
        {"Auto_Submitted": "auto-replied"},
        {"Auto_Submitted": "Auto-Replied; owner-email=jane@example.com"},
        {"Auto_Submitted": "auto-replied (vacation)"},
        {"X_Autoreply": "yes"},
        {"X_Autorespond": "Chairs"},
        {"Precedence": "auto_reply"},
        {"X_Apple_Action": "VACATION"},
        {"Subject": "Automatic reply: Chairs"},
        {"Subject": "Automatische Antwort: Stühle"},
        {"Subject": "Réponse automatique : Chaises"},
        {"Subject": "Odpowiedź automatyczna: krzesła"},
        {"Subject": "自動返信: 椅子"},
        {"Subject": "Out of Office: Chairs"},
        {"Subject": "I am on vacation", "Auto_Submitted": "auto-generated"},
        {"Subject": "Abwesend bis Montag", "X_Auto_Response_Suppress": "All", "In_Reply_To": "<a@b.example>"},
        {"Subject": "Away until Monday", "Return_Path": "<>", "In_Reply_To": "<a@b.example>"},
    ],
)
def test_automatic_answers_are_recognised(fields: dict[str, str]) -> None:
    triage = classify(letter(**fields))
    assert (triage.kind, triage.automatic) == (Kind.AUTO_REPLY, Automatic.AUTO)
    assert triage.because


@pytest.mark.parametrize(
    "fields",
    [
        {"X_Autoreply": "no"},
        {"Subject": "Re: our automatic reply feature is broken"},
        {"Subject": "Automatic reply does not work"},
        {"Subject": "I am on vacation"},
        {"Subject": "Away until Monday", "In_Reply_To": "<a@b.example>"},
        {"Subject": "Vacation offers", "List_Unsubscribe": "<mailto:x@y.example>", "Auto_Submitted": "auto-generated"},
        {"X_Auto_Response_Suppress": "All"},
        {"Subject": "Your vacation request", "X_Auto_Response_Suppress": "All"},
    ],
)
def test_what_only_looks_like_an_automatic_answer_is_a_message(fields: dict[str, str]) -> None:
    assert classify(letter(**fields)).kind is Kind.MESSAGE


def test_a_bounce_that_calls_itself_an_answer_is_a_bounce() -> None:
    fields = {"From": "Mailer-Daemon@example.net", "Subject": "Mail delivery failed", "Auto_Submitted": "auto-replied"}
    assert classify(letter("<anna@example.net>: 550 gone", **fields)).kind is Kind.BOUNCE


def test_a_complaint_is_recognised_and_names_who_complained() -> None:
    triage = classify(
        mail(
            "From: feedback@provider.example\n"
            "Content-Type: multipart/report; report-type=feedback-report; boundary=x\n\n"
            "--x\nContent-Type: text/plain\n\nA complaint.\n"
            "--x\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\nOriginal-Rcpt-To: <Anna@example.net>\n"
            "--x\nContent-Type: message/rfc822\n\nMessage-ID: <first.1@ours.example>\n\nHello\n--x--\n"
        )
    )
    assert (triage.kind, triage.automatic) == (Kind.COMPLAINT, Automatic.AUTO)
    assert [one.address for one in triage.recipients] == ["anna@example.net"]
    assert triage.original_message_id == "first.1@ours.example"


def test_a_body_that_is_no_notice_is_a_message() -> None:
    assert classify_text("We would like to order chairs.").kind is Kind.MESSAGE


@given(st.binary(max_size=600))
def test_any_bytes_have_a_kind(raw: bytes) -> None:
    assert classify(parse(raw)).because


@given(FIELDS, st.text(max_size=200))
def test_any_header_has_a_kind(fields: dict[str, str], body: str) -> None:
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    assert classify(parse(f"{head}\r\n{body}".encode("utf-8", "replace"))).because


@pytest.mark.parametrize(
    ("fields", "own"),
    [
        ({"X_Postroom_Instance": "abc123"}, True),
        ({"X_Postroom_Instance": " ABC123 "}, True),
        ({"X_Postroom_Instance": "other"}, False),
        ({"X_Postroom_Instance": "abc1234"}, False),
        ({}, False),
    ],
)
def test_a_mail_of_ours_that_comes_back_is_known_by_its_mark(fields: dict[str, str], own: bool) -> None:
    assert bool(is_own(letter(**fields), {"before", "abc123"})) is own


def test_without_an_instance_nothing_is_ours() -> None:
    assert is_own(letter(X_Postroom_Instance="x"), ()) == ""
