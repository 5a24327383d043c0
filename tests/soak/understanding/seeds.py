"""Mails to begin with: of our own making, one of each shape, and those of the corpora where they are here."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from bench.letters import creation, reply
from tests.core.authentication.signing import Signer, ed25519_key
from tests.core.message.build import HEAD, mail, multipart
from tests.support.require import find

LARGEST = 48_000  # bytes of a mail of the corpora that is taken: larger ones only take longer
EACH = 400  # mails of one corpus that are taken, evenly spread

REPORT = """\
--x
Content-Type: text/plain; charset=utf-8

I could not deliver your mail.
<anna@example.net>: host mx.example.net said: 550 5.1.1 User unknown
--x
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.org

Final-Recipient: rfc822; anna@example.net
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 gone
--x
Content-Type: message/rfc822

From: shop@ours.example
Message-ID: <first.1@ours.example>

Hello
--x--
"""
COMPLAINT = """\
--x
Content-Type: text/plain

A complaint.
--x
Content-Type: message/feedback-report

Feedback-Type: abuse
Original-Rcpt-To: <anna@example.net>
--x
Content-Type: text/rfc822-headers

Message-ID: <first.1@ours.example>
--x--
"""
GMAIL = """\
<div dir="ltr">Yes.</div><br><div class="gmail_quote"><div class="gmail_attr">On Mon, 3 Mar 2025 at 10:11, Jane
&lt;<a href="mailto:jane@example.com">jane@example.com</a>&gt; wrote:<br></div>
<blockquote class="gmail_quote" style="border-left:1px solid #ccc">What do they cost?</blockquote></div>
"""
OUTLOOK = """\
<p class="MsoNormal">Yes.</p><div style="border:none;border-top:solid #E1E1E1 1.0pt">
<p><b>From:</b> Jane<br><b>Sent:</b> Monday<br><b>To:</b> Bob<br><b>Subject:</b> Chairs</p></div>
<p>What do they cost?</p>
"""
OTHER = """\
<html><head><style>p{}</style><script>x</script></head><body>Yes.<hr id="stopSpelling"><blockquote type="cite">
<pre>&gt; a
&gt; b</pre><table><tr><td><img src="cid:logo@a" onerror="x"></td></tr></table></blockquote></body>
"""
PAGES = tuple(page.encode() for page in (GMAIL, OUTLOOK, OTHER))
ATTRIBUTED = """\
Yes, please.

On Mon, 3 Mar 2025 at 10:11, Jane <jane@example.com> wrote:
> What do they cost?
>> Chairs.
"""
GERMAN = """\
Gern.

--\x20
Bob

-----Ursprüngliche Nachricht-----
Von: Jane
Gesendet: Montag
An: Bob
Betreff: Stühle

Was?
"""
BETWEEN = "> What do they cost?\nNinety each.\n> And when?\nMonday.\n\nSent from my phone\n"
JAPANESE = "はい。\n\n2025年3月3日(月) 10:11 Jane <jane@example.com>:\n> いくらですか\n"
FORWARD = "For you\n\n---------- Forwarded message ---------\nFrom: Jane <jane@example.com>\nDate: Monday\n\nWhat?\n"
TEXTS = (ATTRIBUTED, GERMAN, BETWEEN, JAPANESE, FORWARD)
ATTACHED = b"""\
Content-Type: application/pdf; name*0*=utf-8''R%C3%A4; name*1="tsel.pdf"
Content-Transfer-Encoding: base64
Content-Disposition: attachment; filename="=?utf-8?q?R=C3=A4tsel?=.pdf"

QUJDREVGR0g=
"""
PLAIN = b"""\
Content-Type: text/plain; charset=iso-2022-jp
Content-Transfer-Encoding: quoted-printable

=1B$B$O$$=1B(B =3D
"""
INVITATION = (
    b"Content-Type: text/calendar; method=REQUEST\n\nBEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VEVENT\nEND:VCALENDAR\n"
)
PROOFS = (
    b"Authentication-Results: mx.example.org; spf=pass (a comment) smtp.mailfrom=jane@example.com;\n dkim=pass"
    b' header.d=example.com header.s="s1"; dmarc=pass header.from=example.com\n'
    b"Received: from mx.example.com by mx.example.org with ESMTPS; Mon, 2 Jan 2023 10:00:00 +0100\n"
    b"ARC-Seal: i=1; a=rsa-sha256; cv=none; d=example.org; s=s1; t=1672650000; b=QUJD\n"
    b"ARC-Message-Signature: i=1; a=rsa-sha256; c=relaxed/relaxed; d=example.org; s=s1; h=from:to; bh=QUJD; b=QUJD\n"
    b"ARC-Authentication-Results: i=1; mx.example.org; spf=pass smtp.mailfrom=jane@example.com; dmarc=pass\n"
)


def own_seeds() -> list[bytes]:
    """A mail of each shape, the same every time."""
    plain = [mail(b"Content-Type: text/plain; charset=utf-8\n\n" + text.encode()) for text in TEXTS]
    pages = [
        mail(multipart(b"alternative", b"Content-Type: text/plain\n\nYes.\n", b"Content-Type: text/html\n\n" + page))
        for page in PAGES
    ]
    reports = [
        mail(b"Content-Type: multipart/report; boundary=x; report-type=" + kind + b"\n\n" + parts.encode())
        for kind, parts in ((b"delivery-status", REPORT), (b"feedback-report", COMPLAINT))
    ]
    inner = multipart(b"related; type=text/html", b"Content-Type: text/html\n\n" + PAGES[2], ATTACHED, boundary=b"yy")
    nested = mail(multipart(b"mixed", PLAIN, inner, INVITATION, b"Content-Type: message/rfc822\n\n" + plain[0]))
    away = mail(
        b"Auto-Submitted: auto-replied\nSubject: =?iso-8859-1?q?Au=DFer_Haus?=\nIn-Reply-To: <a@b>\n\nBack soon.\n"
    )
    letters = [creation(1).raw, reply(2).raw, away, nested, *plain, *pages, *reports]
    return (
        letters + [signed(one) for one in (letters[1], nested, plain[0])] + [PROOFS.replace(b"\n", b"\r\n") + plain[1]]
    )


def signed(raw: bytes) -> bytes:
    """With a signature that holds, of the domain in its From."""
    return Signer(domain="example.com", key=ed25519_key(), names="from:to:subject:date").sign(raw)


def corpora_seeds() -> Iterator[bytes]:
    """Whole mails of every corpus, up to EACH of one; bodies alone get a header."""
    corpora = find("corpora")
    if corpora is None:
        return
    for folder in sorted(path.parent for path in corpora.glob("*/manifest.jsonl")):
        rows = [json.loads(line) for line in (folder / "manifest.jsonl").read_text(encoding="utf-8").splitlines()]
        files = [(row["kind"], folder / row["file"]) for row in rows if "file" in row]
        for kind, path in files[:: max(1, len(files) // EACH)]:
            raw = path.read_bytes()
            if len(raw) <= LARGEST:
                yield with_header(kind, raw)


def with_header(kind: str, raw: bytes) -> bytes:
    """A mail of what the corpora have as a mail or as a body."""
    if kind == "reply-html":
        return HEAD + b"Content-Type: text/html; charset=utf-8\r\n\r\n" + raw
    return HEAD + b"\r\n" + raw if kind in ("reply-text", "bounce-text") else raw


def seeds(*, with_corpora: bool) -> list[bytes]:
    """All of them; without the corpora where these are not here."""
    return own_seeds() + (list(corpora_seeds()) if with_corpora else [])


def saved(folder: Path, name: str, raw: bytes) -> Path:
    """A mail that showed a fault, kept for the person who looks into it."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.eml"
    path.write_bytes(raw)
    return path
