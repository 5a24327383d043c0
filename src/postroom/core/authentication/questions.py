"""What is asked of DNS, and the three ways in which it is answered: found, no such record, or could not ask.

An evaluation is a generator: it yields a tuple of questions, is sent as many answers, and returns its result. It knows
nothing of sockets; `drive` feeds it from any function, and the resolver of `infra` from the network.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, NamedTuple, TypeVar

RecordType = Literal["TXT", "MX", "A", "AAAA", "PTR", "CNAME"]
Status = Literal["found", "no data", "no domain", "unknown"]

LONGEST_NAME = 253  # octets of a name as text (RFC 1035 §2.3.4)
LONGEST_LABEL = 63


class Question(NamedTuple):
    """One question: a name without its last dot, and the type of the records wanted."""

    name: str
    type: RecordType


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a question.

    `found`: `values` are names or addresses as text (MX: the hosts, the preferred first), `texts` the TXT records, each
    with its strings joined as bytes (RFC 7208 §3.3). `no data`: the name exists without such a record. `no domain`: it
    does not exist (NXDOMAIN). `unknown`: nobody could be asked, and `words` say why; that is never "no record".
    """

    status: Status
    values: tuple[str, ...] = ()
    texts: tuple[bytes, ...] = ()
    words: str = ""

    @property
    def found(self) -> bool:
        return self.status == "found"

    @property
    def unknown(self) -> bool:
        return self.status == "unknown"


Questions = tuple[Question, ...]
Answers = tuple[Answer, ...]
T = TypeVar("T")
Asking = Generator[Questions, Answers, T]

NO_DOMAIN = Answer("no domain")
NO_DATA = Answer("no data")


def askable(name: str) -> bool:
    """Whether DNS can hold such a name at all: labels of 1 to 63 octets, 253 together (RFC 1035 §2.3.4)."""
    return len(name) <= LONGEST_NAME and _askable(name)


@lru_cache(maxsize=4096)
def _askable(name: str) -> bool:
    octets = name.encode("utf-8", "replace")
    return len(octets) <= LONGEST_NAME and all(0 < len(label) <= LONGEST_LABEL for label in octets.split(b"."))


def ask(question: Question) -> Asking[Answer]:
    """Ask one question; a name that DNS cannot hold does not exist, and nobody is asked."""
    if not askable(question.name):
        return NO_DOMAIN
    answers = yield (question,)
    return answers[0]


def drive(asking: Asking[T], answer: Callable[[Question], Answer]) -> T:
    """The result of an evaluation whose questions a function answers."""
    try:
        questions = next(asking)
        while True:
            questions = asking.send(tuple(map(answer, questions)))
    except StopIteration as done:
        result: T = done.value
        return result
