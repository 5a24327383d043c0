"""The pure steps alone, one mail at a time: microseconds for parse, understand, route and render."""

from __future__ import annotations

import timeit
from collections.abc import Callable, Iterator
from itertools import cycle
from typing import Any

from bench.letters import SALES, creation, reply
from postroom.core.addresses import Address
from postroom.core.message.draft import Draft
from postroom.core.message.parse import parse
from postroom.core.message.peek import peek
from postroom.core.message.render import render
from postroom.core.message.understood import Understood, understand
from postroom.core.routing.chain import route
from postroom.core.routing.explain import explain
from postroom.core.routing.facts import AliasFact, Facts, Part, Recipient, SenderFact

MAILS = 100
REPEAT = 5


def run() -> dict[str, Any]:
    """Best of five, a mail: the least is the least disturbed."""
    new, answers = ([write(n).raw for n in range(MAILS)] for write in (creation, reply))
    read = [understand(raw) for raw in new]
    return {
        "mails": MAILS,
        "bytes_a_mail": sum(map(len, new + answers)) // (2 * MAILS),
        "microseconds_a_mail": {
            "peek": _best(peek, new),
            "parse new": _best(parse, new),
            "parse answer": _best(parse, answers),
            "understand new": _best(understand, new),
            "understand answer": _best(understand, answers),
            "route": _best(_route, read),
            "route and explain": _best(_explain, read),
            "render": _best(render, [_draft(one) for one in read]),
        },
    }


def _best(work: Callable[[Any], object], values: list[Any]) -> float:
    numbers: Iterator[Any] = cycle(values)
    return round(
        min(timeit.repeat(lambda: work(next(numbers)), number=len(values), repeat=REPEAT)) / len(values) * 1e6, 1
    )


def _facts(one: Understood) -> Facts:
    alias = AliasFact(id=1, address=SALES, company=1, record_type="lead")
    recipient = Recipient(address=SALES, base=SALES, part=Part.ALIAS, companies=(1,), alias=alias)
    author = one.mail.author
    return Facts(recipients=(recipient,), sender=SenderFact(email=author.email if author else ""))


def _route(one: Understood) -> object:
    return route(one.mail, one.triage, _facts(one))


def _explain(one: Understood) -> object:
    facts = _facts(one)
    return explain(route(one.mail, one.triage, facts), one.mail, one.triage, facts)


def _draft(one: Understood) -> Draft:
    mail = one.mail
    return Draft(
        author=mail.author or Address(SALES),
        to=mail.to,
        subject=mail.subject,
        text=mail.text,
        html=mail.html,
        message_id=mail.message_id,
        date=mail.date,
    )
