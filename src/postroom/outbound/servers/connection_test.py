"""Does a server let us in, and would it take our mail? A list of steps; each says in a sentence what is wrong.

Nothing is sent: the conversation ends by RSET where the mail itself would begin.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.utils.translation import gettext as _

from postroom.outbound.servers.connection_steps import (
    ABOUT,
    GO_ON,
    STEPS,
    Attempt,
    Doing,
    Finding,
    State,
    find_size,
    offered_logins,
)
from postroom.outbound.servers.connection_trouble import Diagnosis, Failed, broken_off
from postroom.outbound.servers.login import is_external, is_lent
from postroom.outbound.servers.probe import Probe, Trouble, plain_login
from postroom.outbound.transports.protocol import Server

__all__ = ["State", "Step", "ask_size", "run", "worked"]

SECONDS = 30.0  # everything together
AT_ONCE = 8  # tests of a process: each may hold a thread for as long as that

_places = threading.BoundedSemaphore(AT_ONCE)


@dataclass(frozen=True, slots=True)
class Step:
    """A step that is over. `about` is what it was tried with, `said` the server's words or what was found, `text` what
    is wrong in a sentence, `advice` what to do; `kind` is a name of `connection_trouble.Diagnosis` where it failed.
    `size` is the largest mail that the server takes, in bytes, where the step found that; `smtputf8` whether it offers
    that, None where the step did not look.
    """

    key: str
    about: str
    state: State = State.OK
    said: str = ""
    text: str = ""
    advice: str = ""
    seconds: float = 0.0
    kind: str = ""
    size: int = 0
    smtputf8: bool | None = None


def run(server: Server, *, sender: str, recipient: str, seconds: float = SECONDS) -> Generator[Step, None, None]:
    """Try a server step by step; ends with the first step without which no other makes sense.

    `sender` is the return path that a mail would have, `recipient` an address of who asks.
    """
    login = server.authentication == "login"
    hidden = [server.password, plain_login(server.username, server.password)] if login else []
    hidden += [server.username] if login and is_lent(server) else []
    attempt = Attempt(server, sender, recipient, Probe(seconds, tuple(hidden)))
    with _place(attempt) as busy:
        if busy:
            yield busy
            return
        for key, doing in STEPS:
            if key in _left_out(attempt):
                continue
            step = _timed(attempt, key, doing)
            yield step
            if step.state is State.FAILED and key not in GO_ON:
                return


@contextmanager
def _place(attempt: Attempt) -> Iterator[Step | None]:
    """One of the places for tests, given back at the end, when the conversation ends too; a step that says that there
    is none, so that nobody's slow servers keep pages from everybody.
    """
    if not _places.acquire(blocking=False):
        words = _("Too many connections are being tested just now.")
        busy = Failed(Diagnosis.BUSY, words, _("Try again in half a minute."))
        yield _step(attempt, "resolve", _as_finding(busy), 0.0)
        return
    try:
        yield None
    finally:
        attempt.probe.quit()
        _places.release()


def ask_size(server: Server) -> Step:
    """The last step of asking a server how large a mail may be: that of its answer, or the one that failed."""
    attempt = Attempt(server, "", "", Probe(SECONDS, (server.password,)))
    with _place(attempt) as busy:
        if busy:
            return busy
        for key, doing in STEPS[:3]:
            if key not in _left_out(attempt):
                step = _timed(attempt, key, doing)
                if step.state is State.FAILED:
                    return step
        return _timed(attempt, "size", find_size)


def worked(steps: list[Step]) -> bool:
    """Whether mail would leave by this server."""
    return bool(steps) and all(step.state is not State.FAILED for step in steps)


def _left_out(attempt: Attempt) -> set[str]:
    out = set()
    if attempt.server.encryption == "none":
        out.add("tls")
    if attempt.server.authentication not in {"login", "certificate"}:
        out.add("login")
    if attempt.server.authentication == "certificate" and not is_external(attempt.server, offered_logins(attempt)):
        out.add("login")
    return out


def _timed(attempt: Attempt, key: str, doing: Doing) -> Step:
    began = time.monotonic()
    try:
        found = doing(attempt)
    except Failed as failed:
        found = _as_finding(failed)
    except Trouble as trouble:
        found = _as_finding(broken_off(trouble, SECONDS))
    return _step(attempt, key, found, time.monotonic() - began)


def _step(attempt: Attempt, key: str, found: Finding, took: float) -> Step:
    about = ABOUT[key](attempt) if key in ABOUT else ""
    learnt = found.kind, found.size, found.smtputf8
    return Step(key, about, found.state, found.said, found.text, found.advice, took, *learnt)


def _as_finding(failed: Failed) -> Finding:
    return Finding(failed.said, State.FAILED, failed.text, failed.advice, failed.kind.value)
