"""DNS: questions to the resolver, in parallel and with a deadline, and answers that tell "no record" from "no answer".

Two doors: `ask` and `evaluate` for an event loop, `ask_now` and `evaluate_now` for a thread without one.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

import dns.asyncquery
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.resolver

from postroom.core.authentication.questions import (
    NO_DOMAIN,
    Answer,
    Answers,
    Asking,
    Question,
    askable,
)
from postroom.infra.config import config
from postroom.infra.dns_cache import FAILURE_SECONDS, Cache

PAYLOAD = 1232  # octets of a UDP answer that passes without fragments
PORT = 53
AT_ONCE = 32  # questions of one batch that are on the wire together

T = TypeVar("T")
Server = tuple[str, int]


class _Trouble(Exception):
    """One try brought no answer; `again` says whether the same resolver may be tried once more."""

    def __init__(self, words: str, *, again: bool) -> None:
        super().__init__(words)
        self.words, self.again = words, again


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds of one try, tries at each resolver, seconds of one question with all its tries."""

    seconds: float = 2.0
    tries: int = 2
    deadline: float = 6.0


class Resolver:
    """Asks recursive resolvers, the first that answers, and keeps what they say."""

    def __init__(self, servers: Sequence[Server], limits: Limits | None = None, kept: Cache | None = None) -> None:
        self._servers = tuple(servers)
        self._limits = limits or Limits()
        self.cache = Cache(10000, 3600) if kept is None else kept  # an empty one is false, too

    async def ask(self, *questions: Question, seconds: float | None = None) -> Answers:
        """The answers, in the order of the questions, asked in parallel; total.

        What has no answer after `seconds` (or after the deadline of a question) is `unknown`.
        """
        ends = time.monotonic() + min(self._limits.deadline, seconds if seconds is not None else float("inf"))
        answers = {question: self.cache.get(question) for question in questions}
        missing = [question for question, answer in answers.items() if answer is None]
        if missing:
            gate = asyncio.Semaphore(AT_ONCE)
            answers.update(
                zip(missing, await asyncio.gather(*(self._one(q, ends, gate) for q in missing)), strict=True)
            )
        return tuple(answer for answer in map(answers.get, questions) if answer is not None)

    def ask_now(self, *questions: Question, seconds: float | None = None) -> Answers:
        """`ask` for a thread that runs no event loop."""
        answers = tuple(self.cache.get(question) for question in questions)
        known = tuple(answer for answer in answers if answer is not None)
        return known if len(known) == len(questions) else asyncio.run(self.ask(*questions, seconds=seconds))

    async def evaluate(self, asking: Asking[T], seconds: float | None = None) -> T:
        """The result of an evaluation; after `seconds` every further question is answered with `unknown`."""
        ends = time.monotonic() + seconds if seconds is not None else float("inf")
        try:
            questions = next(asking)
            while True:
                left = max(0.0, ends - time.monotonic())  # what is kept is still told when no time is left
                questions = asking.send(await self.ask(*questions, seconds=left))
        except StopIteration as done:
            result: T = done.value
            return result

    def evaluate_now(self, asking: Asking[T], seconds: float | None = None) -> T:
        """`evaluate` for a thread that runs no event loop."""
        return asyncio.run(self.evaluate(asking, seconds))

    async def _one(self, question: Question, ends: float, gate: asyncio.Semaphore) -> Answer:
        if not askable(question.name):
            return NO_DOMAIN
        began = time.monotonic()
        async with gate:
            answer, ttl = await self._tried(question, ends)
        hurried = answer.unknown and time.monotonic() >= ends and time.monotonic() - began < self._limits.deadline
        if not hurried:  # an asker in a hurry learned nothing that holds for the next one
            self.cache.put(question, answer, ttl)
        return answer

    async def _tried(self, question: Question, ends: float) -> tuple[Answer, float]:
        """Each resolver in turn, as often as it may be tried; the words are those of the last trouble."""
        words = "no resolver is set up" if not self._servers else "no time was left to ask"
        given_up: set[Server] = set()
        for server in self._servers * self._limits.tries:
            left = min(self._limits.seconds, ends - time.monotonic())
            if left <= 0 or server in given_up:
                continue
            try:
                return await _exchange(question, server, left)
            except _Trouble as trouble:
                words = trouble.words
                if not trouble.again:
                    given_up.add(server)
        return Answer("unknown", words=words), FAILURE_SECONDS


async def _exchange(question: Question, server: Server, seconds: float) -> tuple[Answer, float]:
    """One question to one resolver, by TCP where the answer is cut short."""
    host, port = server
    query = dns.message.make_query(_wire_name(question.name), question.type, use_edns=0, payload=PAYLOAD)
    try:
        async with asyncio.timeout(seconds):
            response, _ = await dns.asyncquery.udp_with_fallback(query, host, port=port, ignore_unexpected=True)
        return _read(question, response, host)
    except (TimeoutError, dns.exception.Timeout):
        raise _Trouble(f"the resolver {host} did not answer within {seconds:.1f} s", again=True) from None
    except (dns.exception.DNSException, ValueError, EOFError):
        raise _Trouble(f"the resolver {host} answered with something that cannot be read", again=True) from None
    except OSError as error:
        words = error.strerror or type(error).__name__
        raise _Trouble(f"the resolver {host} cannot be reached: {words}", again=True) from None


def _wire_name(name: str) -> dns.name.Name:
    """The name with its characters as they are: what SPF expands may hold any, and none is an escape."""
    return dns.name.Name([*(label.encode("utf-8", "replace") for label in name.split(".")), b""])


def _read(question: Question, response: dns.message.Message, host: str) -> tuple[Answer, float]:
    """The answer in a response, and for how many seconds it holds (RFC 2308 §5 where there is none)."""
    code = response.rcode()
    if code not in {dns.rcode.NOERROR, dns.rcode.NXDOMAIN}:
        raise _Trouble(f"the resolver {host} answered {dns.rcode.to_text(code)}{_meaning(code)}", again=False)
    assert isinstance(response, dns.message.QueryMessage)
    chain = response.resolve_chaining()
    if chain.answer is not None:
        return _found(question, chain.answer), float(chain.minimum_ttl)
    return Answer("no domain" if code == dns.rcode.NXDOMAIN else "no data"), float(chain.minimum_ttl)


def _meaning(code: dns.rcode.Rcode) -> str:
    meanings = {dns.rcode.SERVFAIL: "it could not find out", dns.rcode.REFUSED: "it answers others, not us"}
    return f": {meanings[code]}" if code in meanings else ""


def _found(question: Question, records: Iterable[dns.rdata.Rdata]) -> Answer:
    match question.type:
        case "TXT":
            return Answer("found", texts=tuple(b"".join(record.strings) for record in records))  # type: ignore[attr-defined]
        case "MX":
            pairs = ((record.preference, _text(record.exchange)) for record in records)  # type: ignore[attr-defined]
            return Answer("found", tuple(host for _, host in sorted(pairs)))
        case "PTR" | "CNAME":
            return Answer("found", tuple(_text(record.target) for record in records))  # type: ignore[attr-defined]
    return Answer("found", tuple(record.address for record in records))  # type: ignore[attr-defined]


def _text(name: dns.name.Name) -> str:
    return ".".join(label.decode("utf-8", "replace") for label in name.labels if label)


def parse_servers(text: str) -> list[Server]:
    """Resolvers as a setting has them: `192.0.2.1`, `192.0.2.1:5353`, `2001:db8::1`, `[2001:db8::1]:5353`."""
    return [_server(piece.strip()) for piece in text.split(",") if piece.strip()]


def _server(piece: str) -> Server:
    host, colon, port = piece.rpartition(":")
    with_port = colon and port.isdecimal() and (host.endswith("]") or ":" not in host)
    return (host.strip("[]"), int(port)) if with_port else (piece.strip("[]"), PORT)


def system_servers() -> list[Server]:
    """The resolvers that this machine uses."""
    try:
        found = dns.resolver.Resolver()
    except dns.exception.DNSException:
        return []
    return [(server, found.port) for server in found.nameservers if isinstance(server, str)]


@cache
def resolver() -> Resolver:
    """The resolver of this process, as the settings say."""
    settings = config()
    limits = Limits(settings.dns_seconds, settings.dns_tries, settings.dns_deadline)
    servers = parse_servers(settings.dns_servers) or system_servers()
    return Resolver(servers, limits, Cache(settings.dns_cache_entries, settings.dns_cache_seconds))
