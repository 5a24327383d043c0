"""The mails of a bench run: seeded, so that every run and every round does the same work."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import escape

from postroom.core.addresses import Address
from postroom.core.message.draft import Draft
from postroom.core.message.render import render

SEED = 20250601
DOMAIN = "bench.example"
SALES = f"sales@{DOMAIN}"
FOLLOWERS = 3  # of every record
CROWD_PASSWORD = "bench-crowd-password"
WRITTEN = datetime(2025, 6, 1, 8, 0, tzinfo=UTC)
ONLY_SENDER = Address("forms@partner.example", "Forms of a partner")
TALK = """
    the van offer price delivery week month contract please thanks we need before after Grüße invoice number order
    driver route garage answer question meeting call tomorrow quantity colour white battery range charging lease
    telematics report customer support ticket again still open closed naïve café 42 1.250,00 € \u2019tis \u2026
"""
WORDS = tuple(TALK.split())


@dataclass(frozen=True, slots=True)
class Posted:
    """A mail with its envelope, as the load generator sends it."""

    sender: str
    recipient: str
    raw: bytes


def origin_id(number: int) -> str:
    """The Message-ID of the mail that began record `number` of the prepared company."""
    return f"origin.{number}@customer{number % 97}.example"


def customer(number: int) -> Address:
    """Who began record `number`."""
    return Address(f"anna.{number}@customer{number % 97}.example", f"Anna Öberg {number}")


def origin(number: int) -> bytes:
    """The mail that began record `number`: what the company holds before the load begins."""
    return _letter(random.Random(SEED - number - 1), customer(number), origin_id(number), f"Vans for depot {number}")


def creation(number: int, sender: Address | None = None) -> Posted:
    """A new question; by default each has a sender of its own, unknown so far."""
    author = sender or Address(f"bela.{number}@firm{number % 89}.example", f"Béla Kovács {number}")
    message_id = f"new.{number}@firm{number % 89}.example"
    return Posted(author.email, SALES, _letter(random.Random(SEED + number), author, message_id, f"Question {number}"))


def reply(number: int, sender: Address | None = None) -> Posted:
    """An answer to the mail that began record `number`, with that mail quoted below."""
    author, chance = sender or customer(number), random.Random(SEED * 3 + number)
    quoted = _paragraphs(random.Random(SEED - number - 1), 2)
    own = _paragraphs(chance, 2)
    introduction = "On Sun, 1 Jun 2025 at 10:00, Sales <sales@bench.example> wrote:"
    text = "\n\n".join(own) + f"\n\n{introduction}\n" + "\n".join(f"> {line}" for p in quoted for line in _lines(p))
    html = (
        "".join(f"<p>{escape(p)}</p>" for p in own)
        + f'<div class="gmail_quote"><div class="gmail_attr">{escape(introduction)}<br></div>'
        + '<blockquote class="gmail_quote" style="margin:0 0 0 .8ex;border-left:1px solid #ccc;padding-left:1ex">'
        + "".join(f"<p>{escape(p)}</p>" for p in quoted)
        + "</blockquote></div>"
    )
    draft = Draft(
        author=author,
        to=(Address(SALES, "Sales"),),
        subject=f"Re: Vans for depot {number}",
        text=text,
        html=f'<html><head><meta charset="utf-8"></head><body dir="auto">{html}</body></html>',
        message_id=f"answer.{number}@customer{number % 97}.example",
        date=WRITTEN + timedelta(seconds=number),
        in_reply_to=(origin_id(number),),
        references=(f"earlier.{number}@{DOMAIN}", origin_id(number)),
    )
    return Posted(author.email, SALES, _trace(number) + render(draft))


def mixed(mails: int, sender: Address | None = None) -> list[Posted]:
    """Half creations, half replies, shuffled; all from `sender` where one is given."""
    posted = [creation(n, sender) for n in range(mails - mails // 2)] + [reply(n, sender) for n in range(mails // 2)]
    random.Random(SEED).shuffle(posted)
    return posted


def warm_up(mails: int) -> list[Posted]:
    """New questions whose numbers no measured mail has."""
    return [creation(1_000_000 + number) for number in range(mails)]


def _letter(chance: random.Random, author: Address, message_id: str, subject: str) -> bytes:
    paragraphs = _paragraphs(chance, 4)
    styled = "".join(f'<p style="margin:0 0 1em;font-family:Arial,sans-serif">{escape(p)}</p>' for p in paragraphs)
    head, link = "<head><style>p { color: #222 }</style></head>", '<a href="https://example.org">Our offer</a>'
    draft = Draft(
        author=author,
        to=(Address(SALES, "Sales"),),
        subject=subject,
        text="\n\n".join("\n".join(_lines(p)) for p in paragraphs),
        html=f"<html>{head}<body>{styled}{link}</body></html>",
        message_id=message_id,
        date=WRITTEN,
    )
    return _trace(len(subject)) + render(draft)


def _trace(number: int) -> bytes:
    """What servers put above a mail on its way, about as long as it is in life."""
    server = f"mail{number % 7}.example"
    hops = "".join(
        f"Received: from {server} ({server} [192.0.2.{number % 250}])\r\n"
        f" by mx{hop}.example with ESMTPS id {number:08x}{hop};\r\n Sun, 1 Jun 2025 10:00:0{hop} +0200\r\n"
        for hop in range(3)
    )
    signature = "\r\n ".join(["Ab3/" * 16] * 5)
    return (
        f"{hops}DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=customer.example; s=s1;\r\n"
        f" h=from:to:subject:date:message-id; bh={'x' * 43}=;\r\n b={signature}\r\n"
    ).encode()


def _paragraphs(chance: random.Random, count: int) -> list[str]:
    return [" ".join(chance.choices(WORDS, k=chance.randint(55, 90))) + "." for _ in range(count)]


def _lines(paragraph: str) -> Sequence[str]:
    words = paragraph.split()
    return [" ".join(words[start : start + 11]) for start in range(0, len(words), 11)]


def bodies(number: int) -> tuple[str, str]:
    """Text and HTML of an answer that somebody writes."""
    chance = random.Random(SEED + number)
    paragraphs = [" ".join(chance.choices(WORDS, k=24)) for _ in range(14)]
    return "\n\n".join(paragraphs), "".join(f"<p>{escape(one)}</p>" for one in paragraphs)
