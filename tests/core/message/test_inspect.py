from __future__ import annotations

import hashlib
import json

from postroom.core.message.inspect import inspected
from postroom.core.message.understood import understand
from tests.core.message.build import mail, multipart

FIELDS = {
    *("file", "kind", "automatic", "message_id", "date", "subject", "from", "from_name", "to", "cc", "references"),
    *("text", "html", "reply", "quoted", "attachments", "bounce", "auth", "defects", "seconds", "error"),
}


def test_one_object_says_everything() -> None:
    unnamed = b"Content-Type: image/png\nContent-ID: <i@x>\n\nPNG"
    content = multipart(b"mixed", b"\nHello", b"Content-Type: application/pdf; name=a.pdf\n\nPDF", unnamed)
    shown = json.loads(json.dumps(inspected(understand(mail(b"Subject: Hi\nTo: b@c.d\n" + content)), 0.5, "a.eml")))
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
