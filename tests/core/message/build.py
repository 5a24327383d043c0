"""Small mails for tests, written by hand."""

from __future__ import annotations

HEAD = b"From: Jane <jane@example.com>\r\nDate: Mon, 2 Jan 2023 10:00:00 +0100\r\nMessage-ID: <1@example.com>\r\n"


def mail(content: bytes, *, head: bytes = HEAD) -> bytes:
    """A mail of `head` and the rest: further fields, an empty line and the body."""
    return head + content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def multipart(kind: bytes, *parts: bytes, boundary: bytes = b"xx") -> bytes:
    """Content-Type and body of a multipart; each part has its own fields, an empty line and its body."""
    lines = [b"Content-Type: multipart/" + kind + b"; boundary=" + boundary + b"\n\n"]
    lines += [b"--" + boundary + b"\n" + part + b"\n" for part in parts]
    return b"".join([*lines, b"--" + boundary + b"--\n"])
