"""What the steps hand to each other: an arrival on its way through a worker."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

from postroom.conversations.people import MOST_NAMED
from postroom.core.addresses import parse_addresses
from postroom.core.authentication.spoofs import Mark, marks
from postroom.core.authentication.verdict import Verdict
from postroom.core.message.mail import Mail
from postroom.core.message.understood import Understood
from postroom.core.proving import tokens_in
from postroom.core.routing.decision import Decision, Routing
from postroom.core.routing.facts import Facts
from postroom.core.tokens import LENGTH as TOKEN_LENGTH
from postroom.core.tokens import looks_like_token
from postroom.core.triage.filtered import Said
from postroom.inbound.models import InboundMail, Route

LONGEST_ID = 255
NOT_JUDGED = Verdict(because="Nobody asked who sent it.")
LONGEST_ADDRESS = 320
LONGEST_VERDICT = 1000


def clean(text: str, longest: int) -> str:
    """A text as every database takes it: no NUL, no half of a character, so long at most."""
    if not text.isascii():
        text = text.encode("utf-8", "replace").decode()
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")[:longest]


@dataclass(frozen=True)
class Read:
    """An arrival that was read, how far its From is believed, and what filters said of it. It is
    `core.routing.batching.Keyed`.
    """

    arrival: InboundMail
    understood: Understood
    verdict: Verdict = NOT_JUDGED
    filters: tuple[Said, ...] = ()

    @property
    def level(self) -> str:
        """How far its From is believed; empty where nobody asked."""
        return "" if self.verdict is NOT_JUDGED else self.verdict.level.value

    @property
    def because(self) -> str:
        """Why, in a sentence: domains in it are those that a mail names."""
        return "" if self.verdict is NOT_JUDGED else clean(self.verdict.because, LONGEST_VERDICT)

    @property
    def message_id(self) -> str:
        return clean(self.understood.mail.message_id, LONGEST_ID)

    @cached_property
    def referenced(self) -> tuple[str, ...]:
        """The ids of In-Reply-To, then of References from the newest to the oldest; the last 32 count."""
        mail = self.understood.mail
        newest_first = (*mail.in_reply_to, *reversed(mail.references))
        return tuple(dict.fromkeys(clean(value, LONGEST_ID) for value in newest_first))[:32]

    @cached_property
    def named(self) -> tuple[str, ...]:
        """The addresses of To and Cc that count, those of ours among them."""
        mail = self.understood.mail
        return tuple(dict.fromkeys(clean(one.email, LONGEST_ADDRESS) for one in (*mail.to, *mail.cc)[:MOST_NAMED]))

    @cached_property
    def trip_tokens(self) -> tuple[str, ...]:
        """What may be tokens of round trips that prove a domain: of the mail itself, or of the one that it reports."""
        mail = self.understood.mail
        ids = (mail.message_id, *self.referenced, self.understood.triage.original_message_id)
        return tokens_in(ids, mail.subject)

    @cached_property
    def content_key(self) -> str:
        """What makes two arrivals the same mail; with the source's own key where it has neither Date nor Message-ID."""
        mail = self.understood.mail
        if mail.message_id or mail.date:
            return mail.content_key
        # A digest of all of it: keys of one process differ in their last characters only.
        own = f"{mail.content_key}:{self.arrival.source}:{self.arrival.key}"
        return hashlib.sha256(own.encode()).hexdigest()

    @property
    def sender(self) -> str:
        author = self.understood.mail.author
        return clean(author.email, LONGEST_ADDRESS) if author else self.arrival.sender

    @property
    def creates_only(self) -> bool:
        return not self.referenced and not any(may_hold_token(address) for address in self.arrival.recipients)


def may_hold_token(address: str) -> bool:
    """Whether the address ends its local part in what could be one of our tokens."""
    local = address.partition("@")[0]
    return len(local) > TOKEN_LENGTH and looks_like_token(local[-TOKEN_LENGTH:])


@dataclass(frozen=True)
class Decided:
    """An arrival with what was decided about it and why; `done` are its routes that are settled already, `open` those
    that a retry or a replay may use again. `only` narrows it to one decision, where each is carried out by itself.
    """

    read: Read
    facts: Facts
    routing: Routing
    only: Decision | None = None
    done: tuple[Route, ...] = ()
    open: tuple[Route, ...] = ()

    @property
    def decisions(self) -> tuple[Decision, ...]:
        return (self.only,) if self.only else self.routing.decisions

    def marks(self, company: int) -> tuple[Mark, ...]:
        """What of the mail's From misleads, as far as this company can tell."""
        if company not in self._marks:
            self._marks[company] = marks(self.read.understood.mail, self.facts.known_to(company))
        return self._marks[company]

    @cached_property
    def _marks(self) -> dict[int, tuple[Mark, ...]]:
        return {}


def read_from(arrival: InboundMail, understood: Understood) -> Read:
    """An arrival with what was read; where the door had no recipients, those that the headers name."""
    if not arrival.recipients:
        mail = understood.mail
        delivered = [a for name in ("Delivered-To", "X-Original-To") for a in _named(mail, name)]
        named = delivered or [address.email for address in (*mail.to, *mail.cc)]
        arrival.recipients = list(dict.fromkeys(named))
        arrival.recipients_from_headers = True
    return Read(arrival, understood)


def _named(mail: Mail, header: str) -> list[str]:
    return [address.email for value in mail.headers.unfolded(header) for address in parse_addresses(value)]
