"""The pure steps alone, one mail at a time: microseconds for parse, understand, route and render."""

from __future__ import annotations

import timeit
from collections.abc import Callable, Iterator
from dataclasses import replace
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
from postroom.core.sending.facts import SendingFacts, ServerFact
from postroom.core.sending.from_filter import parse_filter
from postroom.core.sending.layout import LayoutFacts, letter_html, letter_text
from postroom.core.sending.recipients import Hearing, Person, who_hears
from postroom.core.sending.server_choice import choose_server

MAILS = 100
REPEAT = 5
SERVERS = 20
PEOPLE = 50


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
        "microseconds_a_letter": {
            f"choose among {SERVERS} servers": _best(
                _choose, [Address(f"mary{n}@customer.example") for n in range(10)]
            ),
            f"who hears of {PEOPLE} people": _best(who_hears, [_hearing(one) for one in read]),
            "layout for a member": _best(_layout, [_facts_of_layout(one, member=True) for one in read]),
            "layout for a customer": _best(_layout, [_facts_of_layout(one, member=False) for one in read]),
            "render one copy": _best(render, [_copy(one) for one in read]),
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


# Every second server has a filter, none of which lists the author: all are asked before an open one is taken.
_SENDING = SendingFacts(
    servers=tuple(
        ServerFact(n, f"Server {n}", n % 5, parse_filter(f"s{n}.example, x@t{n}.example") if n % 2 else ())
        for n in range(1, SERVERS + 1)
    ),
    alias_domain="acme.example",
    bounce="bounce@acme.example",
)


def _choose(author: Address) -> object:
    return choose_server(author, _SENDING)


def _hearing(one: Understood) -> Hearing:
    """Colleagues and customers who follow, the author and two in To among them."""
    author = one.mail.author
    followers = tuple(Person(f"p{n}@acme.example", f"P {n}", n, n % 2 * n) for n in range(1, PEOPLE))
    already = frozenset({"p3@acme.example", "p4@acme.example"})
    email = author.email if author else ""
    return Hearing(author_email=email, followers=(*followers, Person(email)), already=already)


def _facts_of_layout(one: Understood, *, member: bool) -> LayoutFacts:
    return LayoutFacts(
        body_html=one.mail.html,
        body_text=one.mail.text,
        member=member,
        author="Mary",
        number="L-12",
        title=one.mail.subject,
        url="https://mail.acme.example/leads/12",
        signature="Anna\nAcme",
        language="de",
    )


def _layout(facts: LayoutFacts) -> object:
    return letter_html(facts), letter_text(facts)


def _copy(one: Understood) -> Draft:
    """A copy as the way out writes it: laid out, to one person, with a way back and the conversation's ids."""
    facts = _facts_of_layout(one, member=True)
    return replace(
        _draft(one),
        to=(Address("anna@acme.example", "Anna"),),
        text=letter_text(facts),
        html=letter_html(facts),
        reply_to=(Address(f"sales+{'ab' * 12}@acme.example", "Mary"),),
        in_reply_to=("1.abc@acme.example",),
        references=tuple(f"{n}.abc@acme.example" for n in range(1, 4)),
        headers=(("Auto-Submitted", "auto-generated"),),
    )
