"""Mails for triage, written by hand and read by the parser."""

from __future__ import annotations

from postroom.core.message.mail import Mail
from postroom.core.message.parse import parse

ORIGINAL = "From: shop@ours.example\nMessage-ID: <first.1@ours.example>\nSubject: Your order\n\nThank you.\n"


def mail(text: str) -> Mail:
    """The Mail of header and body written with plain line ends."""
    return parse(text.replace("\n", "\r\n").encode())


def letter(body: str = "Hello", **fields: str) -> Mail:
    """A mail of Jane to Bob with further fields, `_` in their names for `-`; an empty value leaves the field out."""
    names = {"From": "Jane <jane@example.com>", "To": "bob@ours.example", "Subject": "Chairs"}
    names |= {name.replace("_", "-"): value for name, value in fields.items()}
    head = "".join(f"{name}: {value}\n" for name, value in names.items() if value)
    return mail(f"{head}\n{body}\n")


def report(*recipients: str, words: str = "Your mail did not arrive.", original: str = ORIGINAL) -> Mail:
    """A delivery report (RFC 3464); each of `recipients` is a block of fields."""
    blocks = "\n\n".join(("Reporting-MTA: dns; mx.example.net", *recipients))
    return mail(
        "From: Mail Delivery System <mailer-daemon@mx.example.net>\nTo: bounce@ours.example\nSubject: Undelivered\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=x\n\n"
        f"--x\nContent-Type: text/plain\n\n{words}\n"
        f"--x\nContent-Type: message/delivery-status\n\n{blocks}\n"
        f"--x\nContent-Type: message/rfc822\n\n{original}\n--x--\n"
    )
