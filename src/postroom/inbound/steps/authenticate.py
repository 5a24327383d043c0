"""Step 2b: who sent it: proofs that came with the mail are judged, DNS is asked in an event loop of its own.

A domain whose DNS is slow delays nobody: what is not known in a moment is asked for on, and that mail comes back later.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from dataclasses import replace
from ipaddress import ip_address
from typing import TypeVar

from postroom.core.authentication.questions import Asking
from postroom.core.authentication.verdict import Client, Level, Verdict, authenticate, by_seal, from_trusted
from postroom.domains.facts import trusted_forwarders
from postroom.inbound.work import Read
from postroom.infra.background import Background
from postroom.infra.config import config
from postroom.infra.dns import Settled, resolver
from postroom.infra.logs import logger
from postroom.infra.networks import within

PATIENCE_SECONDS = 0.3  # that a batch waits for DNS
MOST_PENDING = 1000  # mails whose DNS is asked for while others are settled
FROM_OUTSIDE = "smtp"  # the door behind which anybody may stand
WITH_RECEIVED = frozenset({"smtp", "lmtp"})  # doors that put a Received of our own above the mail
NO_ANSWER = "Who sent it could not be found out: that failed here, and the log says how."
UPSET = Verdict(Level.UNKNOWN, because=NO_ANSWER, trace=({"step": "verdict", "text": f"unknown: {NO_ANSWER}"},))

T = TypeVar("T")
log = logger(__name__)


class Authenticator:
    """Judges mail in a thread of its own, which begins with the first mail that needs it."""

    def __init__(self, patience: float = PATIENCE_SECONDS) -> None:
        self._patience = patience
        self._pending: dict[int, Future[Verdict]] = {}
        self._background = Background("authentication")

    def judge(self, reads: Sequence[Read]) -> tuple[list[Read], list[Read]]:
        """Those with their verdict, and those for which DNS has not answered yet: these are to come again. What came
        back is looked at and not waited for: its DNS was slow already.
        """
        known = set(self._pending)
        asked = [self._begin(read) for read in reads]
        fresh = [one for read, one in zip(reads, asked, strict=True) if read.arrival.pk not in known]
        wait([one for one in fresh if isinstance(one, Future)], timeout=self._patience)
        judged: list[Read] = []
        later: list[Read] = []
        for read, one in zip(reads, asked, strict=True):
            if isinstance(one, Verdict):
                judged.append(replace(read, verdict=one))
            elif one.done():
                judged.append(replace(read, verdict=_guarded(one.result)))
            else:
                self._pending[read.arrival.pk] = one
                later.append(read)
        while len(self._pending) > MOST_PENDING:  # the oldest; whoever comes again for it asks anew
            self._pending.pop(next(iter(self._pending))).cancel()
        return _with_seals(judged), later

    def close(self) -> None:
        """End the thread; what was asked for is asked again by whoever settles the mail."""
        self._background.close()
        self._pending.clear()

    def _begin(self, read: Read) -> Verdict | Future[Verdict]:
        if (known := self._pending.pop(read.arrival.pk, None)) is not None:
            return known
        return _guarded(lambda: self._begin_anew(read))

    def _begin_anew(self, read: Read) -> Verdict | Future[Verdict]:
        asking = _judging(read)
        if isinstance(asking, Verdict):
            return asking
        begun = resolver().begin(asking)
        if isinstance(begun, Settled):  # nothing has to be asked, or all of it is known: no other thread is woken
            return begun.result
        evaluating = resolver().evaluate(asking, config().authentication_seconds, begun)
        return self._background.run(evaluating)


def _guarded(judging: Callable[[], T]) -> T | Verdict:
    """What was found; a mail that upsets the evaluation is believed no more than others and stops none of them."""
    try:
        return judging()
    except Exception as error:
        log.exception("a mail could not be judged", exc_info=error)
        return UPSET


def judge_now(read: Read) -> Read:
    """One mail with its verdict, in the thread of whoever asks; DNS may take `authentication_seconds`."""
    return _with_seals([replace(read, verdict=_guarded(lambda: _verdict_now(read)))])[0]


def _verdict_now(read: Read) -> Verdict:
    asking = _judging(read)
    if isinstance(asking, Verdict):
        return asking
    return resolver().evaluate_now(asking, config().authentication_seconds)


def _judging(read: Read) -> Asking[Verdict] | Verdict:
    """The verdict of the one server before us that is trusted, or how to come to our own. A mail is judged by the time
    when it came: where it is decided anew later, no signature has expired meanwhile.
    """
    if (trusted := _by_trusted(read)) is not None:
        return trusted
    understood, came = read.understood, int(read.arrival.received_at.timestamp())
    return authenticate(understood.proofs, understood.author_domains, client_of(read), came)


def client_of(read: Read) -> Client | None:
    """Who handed the mail over; None where that says nothing: by another door, or from a network of our own."""
    arrival = read.arrival
    if not is_from_outside(read):
        return None
    return Client(arrival.peer, arrival.helo, arrival.sender)


def is_from_outside(read: Read) -> bool:
    """Whether anybody could have handed it over, and so have written every line of it."""
    arrival = read.arrival
    if arrival.source != FROM_OUTSIDE:
        return False
    try:
        return not within(ip_address(arrival.peer), config().own_networks)
    except ValueError:
        return True


def own_lines(read: Read) -> int:
    """How many Received fields on top our own door wrote."""
    return 1 if read.arrival.source in WITH_RECEIVED else 0


def _by_trusted(read: Read) -> Verdict | None:
    """What the one trusted server before us found, of mail that came through our own machines."""
    name = config().trusted_authserv_id
    if not name or is_from_outside(read):
        return None
    return from_trusted(read.understood.proofs, read.understood.author_domains, name, own_received=own_lines(read))


def _with_seals(reads: list[Read]) -> list[Read]:
    """What trusted forwarders vouch for; no query where nothing is sealed."""
    sealed = {address for read in reads if read.verdict.is_sealed for address in read.arrival.recipients}
    if not sealed:
        return reads
    trusted = trusted_forwarders(sealed)
    return [_by_seal(read, trusted) for read in reads]


def _by_seal(read: Read, trusted: dict[str, frozenset[str]]) -> Read:
    """A mail has one verdict for all whom it reaches, so only whom all of them trust is believed: else a company could
    have its own forwarder vouch for mail to another one.
    """
    asked = [trusted[address] for address in read.arrival.recipients if address in trusted]
    return replace(read, verdict=by_seal(read.verdict, frozenset.intersection(*asked) if asked else frozenset()))
