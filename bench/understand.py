"""What understanding one ordinary mail costs: `python -m bench.understand --rounds 9` prints CPU µs a mail as JSON.

An answer of about 8 kB in text and HTML, with a quote below and a valid signature, from several domains whose DNS is
known. Each round does every step once over all mails, so that a slow minute of the machine slows all steps alike; the
times are of this process, and collections of garbage count, as they do in the worker. `together` is all of it as the
worker does it, batch by batch; `one by one` the same for mails that come alone.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from html import escape
from typing import Any

from bench.figures import Wrong, spread
from bench.letters import WORDS
from bench.machine import facts
from postroom.core.addresses import Address
from postroom.core.authentication.questions import NO_DOMAIN, Answer, Question, drive
from postroom.core.authentication.signed import read_signed
from postroom.core.authentication.verdict import Client, Evidence, Level, Verdict, authenticate, evidence
from postroom.core.message.draft import Draft
from postroom.core.message.mail import Mail
from postroom.core.message.parse import parse
from postroom.core.message.quotes import Split, may_quote, split_html, split_text
from postroom.core.message.render import render
from postroom.core.message.sanitize import sanitize
from postroom.core.message.understood import understand, understand_all
from postroom.core.triage.classify import classify
from tests.core.authentication.signing import Signer, rsa_key

MAILS = 96
BATCH = 32  # mails that are understood at once: a worker takes up to 64, and shares them between its processes
DOMAINS = 8  # that sign, each with a selector of its own
MOST_MICROSECONDS = 400  # of one mail, all steps together
WRITTEN = datetime(2025, 6, 1, 8, 0, tzinfo=UTC)
NOW = int(WRITTEN.timestamp()) + 86_400
SIGNED = "from:to:subject:date:message-id:in-reply-to:references:mime-version:content-type"
HEADER = "On Sun, 1 Jun 2025 at 10:00, Sales <sales@bench.example> wrote:"


@dataclass(frozen=True, slots=True)
class Ready:
    """A mail with what its steps begin with: each step is measured without those before it."""

    raw: bytes
    domain: str
    mail: Mail
    clean: str


def run(rounds: int) -> dict[str, Any]:
    """The median of the rounds, with the least and the most; raises Wrong where a mail is not understood right."""
    zone, mails = _zone(), [_ready(number) for number in range(MAILS)]
    for one in mails:
        _check(one, zone)
    steps = _steps(zone)
    taken: dict[str, list[float]] = {name: [] for name in (*steps, "together", "one by one")}
    for _ in range(rounds):
        for name, step in steps.items():
            taken[name].append(_microseconds(partial(list, map(step, mails))))
        taken["together"].append(_microseconds(lambda: _in_batches(mails, BATCH, zone)))
        taken["one by one"].append(_microseconds(lambda: _in_batches(mails, 1, zone)))
    together = spread(taken["together"])
    return {
        "mails": MAILS,
        "rounds": rounds,
        "bytes_a_mail": sum(len(one.raw) for one in mails) // MAILS,
        "cpu_microseconds_a_mail": {name: spread(values) for name, values in taken.items()},
        "most": MOST_MICROSECONDS,
        "reached": together["median"] <= MOST_MICROSECONDS,
    }


def _microseconds(work: Callable[[], object]) -> float:
    """Of one of the MAILS that the work is done for."""
    began = time.process_time_ns()
    work()
    return (time.process_time_ns() - began) / 1000 / MAILS


def _in_batches(mails: Sequence[Ready], size: int, zone: dict[Question, Answer]) -> None:
    """All steps, as the worker does them: a batch is understood, then each of its mails is judged."""
    for start in range(0, len(mails), size):
        batch = mails[start : start + size]
        for one, understood in zip(batch, understand_all([one.raw for one in batch]), strict=True):
            _judge(one.domain, understood.proofs, zone)


def _steps(zone: dict[Question, Answer]) -> dict[str, Callable[[Ready], object]]:
    """`authenticate` reads the signatures and judges them."""
    return {
        "parse": lambda one: parse(one.raw),
        "authenticate": lambda one: _judge(
            one.domain, evidence(read_signed(one.raw), one.mail.headers.raw("from")), zone
        ),
        "triage": lambda one: classify(one.mail),
        "split": _split,
        "sanitise": lambda one: sanitize(one.mail.html),
    }


def _split(one: Ready) -> Split:
    return split_html(one.clean)[1] if may_quote(one.clean) else split_text(one.mail.text)


def _judge(domain: str, proofs: Evidence, zone: dict[Question, Answer]) -> Verdict:
    client = Client("192.0.2.7", f"mail.{domain}", f"anna@{domain}")
    return drive(authenticate(proofs, [domain], client, NOW), lambda question: zone.get(question, NO_DOMAIN))


def _check(one: Ready, zone: dict[Question, Answer]) -> None:
    understood = understand(one.raw)
    verdict = _judge(one.domain, understood.proofs, zone)
    if (verdict.level, verdict.dkim, verdict.spf, verdict.dmarc) != (Level.VERIFIED, "pass", "pass", "pass"):
        raise Wrong(f"the mail of {one.domain} was not verified: {verdict}")
    if HEADER not in understood.split.quoted or HEADER in understood.split.own or "pr-quote" not in understood.html:
        raise Wrong("the quote was not recognised")


def _signer(number: int) -> Signer:
    """One key serves all domains: what costs is its use."""
    return Signer(domain=f"customer{number}.example", selector=f"s{number}", names=SIGNED, key=rsa_key())


def _zone() -> dict[Question, Answer]:
    """What DNS says of every domain: its key, whom it lets send, what it asks of receivers."""
    zone: dict[Question, Answer] = {}
    for signer in map(_signer, range(DOMAINS)):
        texts = {
            signer.domain: "v=spf1 ip4:198.51.100.0/24 include:spf.provider.example -all",
            f"_dmarc.{signer.domain}": "v=DMARC1; p=reject; rua=mailto:reports@provider.example",
            **{name.removesuffix(" TXT"): text for name, text in signer.zone.items()},
        }
        for name, text in texts.items():
            zone[Question(name, "TXT")] = Answer("found", texts=(text.encode(),))
    provider = b"v=spf1 ip4:203.0.113.0/24 ip4:192.0.2.0/24 ip6:2001:db8::/32 ~all"
    zone[Question("spf.provider.example", "TXT")] = Answer("found", texts=(provider,))
    return zone


def _ready(number: int) -> Ready:
    signer, draft = _signer(number % DOMAINS), _draft(number)
    hops = "".join(
        f"Received: from relay{hop}.example (relay{hop}.example [192.0.2.{hop + 7}])\r\n"
        f" by mx{hop}.bench.example with ESMTPS id {number:08x}{hop};\r\n Sun, 1 Jun 2025 10:00:0{hop} +0200\r\n"
        for hop in range(3)
    )
    raw = hops.encode() + signer.sign(render(draft), t=str(NOW - 60))
    mail = parse(raw)
    return Ready(raw, signer.domain, mail, sanitize(mail.html))


def _draft(number: int) -> Draft:
    """An answer as a large provider's page writes it: the text and its HTML, the mail that it answers below both."""
    chance, domain = random.Random(number), f"customer{number % DOMAINS}.example"
    own, quoted = ([" ".join(chance.choices(WORDS, k=52)) + "." for _ in range(count)] for count in (3, 3))
    wrapped = [line for paragraph in quoted for line in [*_wrapped(paragraph), ""]]
    text = "\n\n".join("\n".join(_wrapped(one)) for one in own)
    styled = "".join(f'<div style="font-family:Arial,sans-serif">{escape(one)}</div><div><br></div>' for one in own)
    page = (
        f'<html><head><meta charset="utf-8"></head><body dir="ltr">{styled}<div class="gmail_quote">'
        f'<div dir="ltr" class="gmail_attr">{escape(HEADER)}<br></div><blockquote class="gmail_quote"'
        ' style="margin:0px 0px 0px 0.8ex;border-left:1px solid rgb(204,204,204);padding-left:1ex">'
        f"{''.join(f'<p>{escape(one)}</p>' for one in quoted)}</blockquote></div></body></html>"
    )
    return Draft(
        author=Address(f"anna@{domain}", "Anna Öberg"),
        to=(Address("sales@bench.example", "Sales"),),
        subject=f"Re: Vans for depot {number}",
        text=f"{text}\n\n{HEADER}\n\n" + "\n".join(f"> {line}".rstrip() for line in wrapped) + "\n",
        html=page,
        message_id=f"answer.{number}@{domain}",
        date=WRITTEN + timedelta(seconds=number),
        in_reply_to=(f"origin.{number}@bench.example",),
        references=(f"earlier.{number}@bench.example", f"origin.{number}@bench.example"),
    )


def _wrapped(paragraph: str) -> list[str]:
    words = paragraph.split()
    return [" ".join(words[start : start + 11]) for start in range(0, len(words), 11)]


def main() -> None:
    """Print the figures, with the machine that they were measured on."""
    parser = argparse.ArgumentParser(prog="python -m bench.understand", description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    print(json.dumps({"machine": facts(), **run(max(1, parser.parse_args().rounds))}, indent=2))


if __name__ == "__main__":
    main()
