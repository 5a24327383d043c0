"""DNS: questions to the resolver, in parallel and with a deadline, and answers that tell "no record" from "no answer".

Two doors: `ask` and `evaluate` for an event loop, `ask_now` and `evaluate_now` for a thread without one.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

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
    Questions,
    askable,
)
from postroom.infra.config import config
from postroom.infra.dns_cache import FAILURE_SECONDS, Cache
from postroom.infra.dns_circuit import OURS, PROBE_SECONDS, SILENCE_SECONDS, Circuit, says_anything

PAYLOAD = 1232  # octets of a UDP answer that passes without fragments
PORT = 53
AT_ONCE = 256  # questions of one event loop that are on the wire together: each holds a socket
OF_ONE = 16  # of these that one asker may have

NO_TIME = "no time was left to ask"

T = TypeVar("T")
Server = tuple[str, int]


class _Trouble(Exception):
    """One try brought no answer; `again` says whether the same resolver may be tried once more, `silent` that it said
    nothing at all, `unasked` that this machine could not ask it.
    """

    def __init__(self, words: str, *, again: bool, silent: bool = False, unasked: bool = False) -> None:
        super().__init__(words)
        self.words, self.again, self.silent, self.unasked = words, again, silent, unasked


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds of one try, tries at each resolver, seconds of one question with all its tries, and seconds for which
    resolvers are left alone where none answers anything.
    """

    seconds: float = 2.0
    tries: int = 2
    deadline: float = 6.0
    rest: float = 30.0


@dataclass(frozen=True, slots=True)
class Settled(Generic[T]):
    """An evaluation that came to its end."""

    result: T


class Resolver:
    """Asks recursive resolvers, the first that answers, and keeps what they say."""

    def __init__(self, servers: Sequence[Server], limits: Limits | None = None, kept: Cache | None = None) -> None:
        self._servers = tuple(servers)
        self._limits = limits or Limits()
        self.cache = Cache(10000, 3600) if kept is None else kept  # an empty one is false, too
        self._circuit = Circuit(self._limits.rest)
        self._gates: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()

    async def ask(self, *questions: Question, seconds: float | None = None) -> Answers:
        """The answers, in the order of the questions, asked in parallel; total.

        What has no answer after `seconds` (or after the deadline of a question) is `unknown`.
        """
        ends = time.monotonic() + min(self._limits.deadline, seconds if seconds is not None else float("inf"))
        answers = {question: self._known(question) for question in questions}
        missing = [question for question, answer in answers.items() if answer is None]
        if missing:
            own = asyncio.Semaphore(OF_ONE)
            answers.update(zip(missing, await asyncio.gather(*(self._one(q, ends, own) for q in missing)), strict=True))
        return tuple(answer for answer in map(answers.get, questions) if answer is not None)

    def ask_now(self, *questions: Question, seconds: float | None = None) -> Answers:
        """`ask` for a thread that runs no event loop."""
        known = self._all_known(questions)
        return asyncio.run(self.ask(*questions, seconds=seconds)) if known is None else known

    def begin(self, asking: Asking[T]) -> Settled[T] | Questions:
        """As far as an evaluation comes without asking anybody: its end, or the questions that it waits for."""
        try:
            questions = next(asking)
            while (known := self._all_known(questions)) is not None:
                questions = asking.send(known)
        except StopIteration as done:
            return Settled(done.value)
        return questions

    async def evaluate(self, asking: Asking[T], seconds: float | None = None, waits_for: Questions | None = None) -> T:
        """The result of an evaluation; after `seconds` every further question is answered with `unknown`. `waits_for`
        are the questions of one that was begun.
        """
        ends = time.monotonic() + seconds if seconds is not None else float("inf")
        try:
            questions = next(asking) if waits_for is None else waits_for
            while True:
                left = max(0.0, ends - time.monotonic())  # what is kept is still told when no time is left
                questions = asking.send(await self.ask(*questions, seconds=left))
        except StopIteration as done:
            result: T = done.value
            return result

    def evaluate_now(self, asking: Asking[T], seconds: float | None = None) -> T:
        """`evaluate` for a thread that runs no event loop."""
        begun = self.begin(asking)
        return begun.result if isinstance(begun, Settled) else asyncio.run(self.evaluate(asking, seconds, begun))

    def _all_known(self, questions: Questions) -> Answers | None:
        answers = tuple(answer for question in questions if (answer := self._known(question)) is not None)
        return answers if len(answers) == len(questions) else None

    def _known(self, question: Question) -> Answer | None:
        """What is said of a question without asking: what is kept, or that nobody answers just now."""
        if (kept := self.cache.get(question)) is not None:
            return kept
        if not askable(question.name):
            return NO_DOMAIN
        return Answer("unknown", words=words) if (words := self._circuit.words) else None

    async def _one(self, question: Question, ends: float, own: asyncio.Semaphore) -> Answer:
        try:
            async with _place(own, ends), _place(self._gate(), ends):
                return await self._asked(question, ends)
        except TimeoutError:  # nobody was asked, so there is nothing to keep
            return Answer("unknown", words=NO_TIME)

    async def _asked(self, question: Question, ends: float) -> Answer:
        began = time.monotonic()
        answer, ttl = await self._tried(question, ends)
        hurried = answer.unknown and time.monotonic() >= ends and time.monotonic() - began < self._limits.deadline
        if not hurried:  # an asker in a hurry learned nothing that holds for the next one
            self.cache.put(question, answer, ttl)
        return answer

    def _gate(self) -> asyncio.Semaphore:
        """The places on the wire that this loop has, whoever asks."""
        loop = asyncio.get_running_loop()
        if loop not in self._gates:
            self._gates[loop] = asyncio.Semaphore(AT_ONCE)
        return self._gates[loop]

    async def _tried(self, question: Question, ends: float) -> tuple[Answer, float]:
        """Each resolver in turn, as often as it may be tried; the words are those of the last trouble."""
        began = time.monotonic()
        words = "no resolver is set up" if not self._servers else NO_TIME
        given_up: set[Server] = set()
        for server in self._servers * self._limits.tries:
            left = min(self._limits.seconds, ends - time.monotonic())
            if left <= 0 or server in given_up:
                continue
            try:
                found = await _exchange(question, server, left)
            except _Trouble as trouble:
                words = trouble.words
                if not trouble.again:
                    given_up.add(server)
                if trouble.unasked:
                    continue
                if not trouble.silent:
                    self._circuit.hear()
                elif left >= min(SILENCE_SECONDS, self._limits.seconds) and await self._are_silent(began):
                    break
            else:
                self._circuit.hear()
                return found
        return Answer("unknown", words=words), FAILURE_SECONDS

    async def _are_silent(self, began: float) -> bool:
        """Whether no resolver has said anything since then, and none does when asked for what each of them knows."""
        if self._circuit.heard_since(began):
            return False
        if self._circuit.words:
            return True
        seconds = min(PROBE_SECONDS, self._limits.seconds)
        if any(await asyncio.gather(*(says_anything(host, port, seconds) for host, port in self._servers))):
            self._circuit.hear()
            return False
        self._circuit.open()
        return True


@asynccontextmanager
async def _place(places: asyncio.Semaphore, ends: float) -> AsyncIterator[None]:
    """One of these places, for as long as this lasts.

    Raises:
        TimeoutError: there was none before `ends`, a time of the monotonic clock.

    """
    if places.locked():
        async with asyncio.timeout(ends - time.monotonic()):
            await places.acquire()
    else:
        await places.acquire()
    try:
        yield
    finally:
        places.release()


async def _exchange(question: Question, server: Server, seconds: float) -> tuple[Answer, float]:
    """One question to one resolver, by TCP where the answer is cut short."""
    host, port = server
    query = dns.message.make_query(_wire_name(question.name), question.type, use_edns=0, payload=PAYLOAD)
    try:
        async with asyncio.timeout(seconds):
            response, _ = await dns.asyncquery.udp_with_fallback(query, host, port=port, ignore_unexpected=True)
        return _read(question, response, host)
    except (TimeoutError, dns.exception.Timeout):
        raise _Trouble(f"the resolver {host} did not answer within {seconds:.1f} s", again=True, silent=True) from None
    except (dns.exception.DNSException, ValueError, EOFError):
        raise _Trouble(f"the resolver {host} answered with something that cannot be read", again=True) from None
    except OSError as error:
        words = error.strerror or type(error).__name__
        if error.errno in OURS:
            raise _Trouble(f"no socket could be opened: {words}", again=True, unasked=True) from None
        raise _Trouble(f"the resolver {host} cannot be reached: {words}", again=True, silent=True) from None


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
    limits = Limits(settings.dns_seconds, settings.dns_tries, settings.dns_deadline, settings.dns_rest_seconds)
    servers = parse_servers(settings.dns_servers) or system_servers()
    return Resolver(servers, limits, Cache(settings.dns_cache_entries, settings.dns_cache_seconds))
