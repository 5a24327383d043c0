"""The mails of a run: each from a sender of its own, told apart by subject and Message-ID, the same for a seed."""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass
from datetime import UTC, datetime

from bench.letters import SALES, WORDS
from postroom.core.addresses import Address
from postroom.core.message.draft import Draft, DraftFile
from postroom.core.message.render import render

PIPED = 0.15  # share of mails that come by pipe
LARGE = 0.04  # share of mails whose bytes and attachment are kept in files


@dataclass(frozen=True, slots=True)
class Planned:
    """A mail to be sent, by pipe or by SMTP. `attached` is the digest of its file, if it has one."""

    sender: str
    subject: str
    message_id: str
    raw: bytes
    piped: bool
    attached: str = ""


def plan(seed: int, mails: int) -> list[Planned]:
    """So many mails of as many senders."""
    chance = random.Random(seed)
    return [_mail(chance, number) for number in range(mails)]


def _mail(chance: random.Random, number: int) -> Planned:
    sender = Address(f"writer{number}@firm{number % 50}.example", f"Wim Ärlig {number}")
    subject, message_id = f"Soak {number}", f"soak.{number}@firm{number % 50}.example"
    data = chance.randbytes(90_000) if chance.random() < LARGE else b""
    raw = render(
        Draft(
            author=sender,
            to=(Address(SALES),),
            subject=subject,
            text="\r\n".join(" ".join(chance.choices(WORDS, k=12)) for _ in range(30)) + "\r\n.\r\n..\r\nend",
            attachments=(DraftFile("scan.bin", "application/octet-stream", data),) if data else (),
            message_id=message_id,
            date=datetime(2025, 6, 1, 8, 0, tzinfo=UTC),
        )
    )
    piped = chance.random() < PIPED
    attached = hashlib.sha256(data).hexdigest() if data else ""
    return Planned(sender.email, subject, message_id, raw, piped, attached)
