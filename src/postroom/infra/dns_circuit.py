"""Resolvers that answer nothing are left alone for a while, so that not everything that asks them waits in vain."""

from __future__ import annotations

import errno
import time
from collections.abc import Callable

import dns.asyncquery
import dns.exception
import dns.message
import dns.name

PROBE_SECONDS = 0.5  # a resolver that lives has the servers of the root at hand
OURS = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})  # what this machine is short of
SILENCE_SECONDS = 1.0  # a shorter silence proves nothing


class Circuit:
    """What is known of a set of resolvers: when one last answered, and until when none is asked. Threads may share it;
    it opens for `seconds` at a time.
    """

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds, self._clock = seconds, clock
        self._heard = self._until = float("-inf")

    def hear(self) -> None:
        """One of them answered: they live."""
        self._heard, self._until = self._clock(), float("-inf")

    def open(self) -> None:
        """None of them answers: leave them alone."""
        self._until = self._clock() + self._seconds

    def heard_since(self, began: float) -> bool:
        """Whether one of them answered at this time or later."""
        return self._heard >= began

    @property
    def words(self) -> str:
        """Why nobody is asked just now; empty where somebody is."""
        left = self._until - self._clock()
        return f"no resolver answers; they are asked again in {left:.0f} s" if left > 0 else ""


async def says_anything(host: str, port: int, seconds: float) -> bool:
    """Whether a resolver says anything at all: a domain that is slow does not make it silent, nor does it that this
    machine has no socket left to ask it.
    """
    query = dns.message.make_query(dns.name.root, "NS")
    try:
        await dns.asyncquery.udp(query, host, timeout=seconds, port=port, ignore_unexpected=True)
    except dns.exception.Timeout:
        return False
    except OSError as error:
        return error.errno in OURS
    except (dns.exception.DNSException, ValueError, EOFError):
        return True
    return True
