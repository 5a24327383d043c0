from __future__ import annotations

import hashlib
import json

from postroom.core.message.inspect import inspected
from postroom.core.message.understood import understand
from postroom.outbound.replies import rules
from tests.core.message.build import mail, multipart

FIELDS = {
    *("file", "kind", "automatic", "message_id", "date", "subject", "from", "from_name", "to", "cc", "references"),
    *("text", "html", "reply", "quoted", "attachments", "bounce", "auth", "defects", "seconds", "error"),
    *("signature", "disclaimer", "forwarded"),
}


def test_one_object_says_everything() -> None:
    unnamed = b"Content-Type: image/png\nContent-ID: <i@x>\n\nPNG"
    content = multipart(b"mixed", b"\nHello", b"Content-Type: application/pdf; name=a.pdf\n\nPDF", unnamed)
    understood = understand(mail(b"Subject: Hi\nTo: b@c.d\n" + content))
    shown = json.loads(json.dumps(inspected(understood, 0.5, "a.eml", rules=rules())))
    assert set(shown) == FIELDS
    assert (shown["file"], shown["seconds"], shown["error"]) == ("a.eml", 0.5, None)
    assert (shown["subject"], shown["from"], shown["from_name"]) == ("Hi", ["jane@example.com"], ["Jane"])
    assert (shown["date"], shown["text"], shown["to"]) == ("2023-01-02T09:00:00Z", "Hello", ["b@c.d"])
    digest = hashlib.sha256(b"PDF").hexdigest()
    assert shown["attachments"][0] == {
        "name": "a.pdf", "type": "application/pdf", "size": 3, "sha256": digest, "cid": "", "inline": False
    }  # fmt: skip
    assert (shown["attachments"][1]["name"], shown["attachments"][1]["cid"]) == ("", "i@x")


def test_a_mail_without_a_date_has_none() -> None:
    assert inspected(understand(b"From: a@b.c\n\nx"), 0.0)["date"] is None


def test_who_wrote_what_is_passed_on_is_named() -> None:
    raw = b"From: a@b.c\nSubject: Fwd: Chairs\n\n---- Forwarded message ----\nFrom: Jane <jane@example.com>\n\nCost?"
    shown = inspected(understand(raw), 0.0)
    assert (shown["forwarded"]["name"], shown["forwarded"]["email"]) == ("Jane", "jane@example.com")
    assert inspected(understand(b"From: a@b.c\n\nx"), 0.0)["forwarded"] is None


def test_what_ends_a_mail_is_named() -> None:
    shown = inspected(understand(b"From: a@b.c\n\nCost?\n\n-- \nJane"), 0.0)
    assert (shown["reply"], shown["signature"], shown["disclaimer"]) == ("Cost?", "-- \nJane", "")


def test_what_a_report_means_needs_the_classes_of_replies() -> None:
    understood = understand(
        b"From: mailer-daemon@b.c\nSubject: Undeliverable\n\n<anna@example.net>: 550 5.1.1 User unknown\n"
    )
    (weighed,) = inspected(understood, 0.0, rules=rules())["bounce"]["recipients"]
    assert (weighed["status"], weighed["class"], weighed["reply_class"]) == ("5.1.1", "hard", "mailbox-unknown")
    (bare,) = inspected(understood, 0.0)["bounce"]["recipients"]
    assert (bare["status"], bare["class"], bare["reply_class"]) == ("5.1.1", "soft", "")
