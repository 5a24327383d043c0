"""The specification table held against both published orders: where ours comes out otherwise, ADR 0022 says why."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from postroom.core.sending.facts import SendingFacts
from postroom.core.sending.server_choice import choose_server

from .build import author
from .published import Order, published
from .test_server_choice_table import CASES

ADR = Path(__file__).parents[3] / "docs/adr/0022-which-from-then-which-server.md"
BOTH: tuple[Order, ...] = ("manual", "program")

DIFFERENCES: dict[str, tuple[str, tuple[Order, ...]]] = {
    "the same priority: by name": ("B", BOTH),
    "names in any case of letters": ("B", BOTH),
    "a subdomain is another domain": ("A", ("program",)),
    "a domain that ends alike is another domain": ("A", ("program",)),
    "Mary's case": ("A", ("program",)),
    "an author without a name lends the local part": ("A", ("program",)),
    "a name of other letters is kept": ("A", ("program",)),
    "an open server goes before the notification address's": ("A", ("program",)),
    "open servers by name": ("B", BOTH),
    "a trusted relay keeps any From": ("D", BOTH),
    "no From at all": ("A", ("program",)),
    "a From that is none": ("A", ("program",)),
    "no server": ("E", BOTH),
    "no server, a colleague, no filter": ("E", BOTH),
    "all are archived": ("E", BOTH),
    "an own server is no last resort": ("E", BOTH),
    "an own server without a filter is never taken": ("E", BOTH),
    "the named server, no From": ("G", BOTH),
    "the named server is archived": ("F", BOTH),
    "the named server is the default": ("F", BOTH),
    "the named server is one's own, another From": ("F", BOTH),
    "the named server is somebody else's": ("F", BOTH),
    "all mail under one address": ("C", BOTH),
    "all mail under one address, no name": ("C", BOTH),
    "one address that is none": ("A", ("program",)),
    "default From a whole address": ("C", ("manual",)),
    "default From a whole address: colleagues too": ("C", BOTH),
    "default From elsewhere": ("C", BOTH),
    "foreign domains under one address": ("C", BOTH),
    "without an alias domain every domain is foreign": ("C", BOTH),
    "no From is foreign": ("C", BOTH),
    "one address for all goes first": ("C", BOTH),
    "then the default From": ("C", ("manual",)),
    "an override by a trusted relay": ("C", BOTH),
    "an override holds for a named server too": ("C", BOTH),
    "a trusted relay may send any bounce address": ("D", BOTH),
    "a local part is at the alias domain": ("A", ("program",)),
    "a whole address in capital letters": ("C", ("manual",)),
    "a whole address by the default server": ("C", BOTH),
    "a whole address and a named server": ("C", BOTH),
    "the other's domain is foreign to mail.dynamic.smtp.from": ("C", BOTH),
    "the mail of a daughter under the mother's address": ("C", BOTH),
    "the configured address is none": ("G", BOTH),
    "an open server of worse priority goes before the notification address's": ("A", ("program",)),
    "its domain: by name": ("B", BOTH),
    "nothing fits: by name": ("B", BOTH),
    "another takes over by the exact address": ("H", BOTH),
    "another takes over by the domain": ("H", BOTH),
    "a trusted relay takes over": ("H", BOTH),
    "one without a filter sends the notification address": ("H", BOTH),
    "the author's own server takes over": ("H", BOTH),
}
"""Cases of the table by name: the difference of the ADR, and the orders from which ours differs there."""


@pytest.mark.parametrize(("name", "found", "sender"), [one[:3] for one in CASES], ids=[one[0] for one in CASES])
def test_only_the_differences_that_are_named(name: str, found: SendingFacts, sender: str) -> None:
    written = author(sender)
    choice = choose_server(written, found)
    ours = choice.server_name, choice.author.email
    orders = tuple(order for order in BOTH if published(order, written, found) != ours)
    assert orders == DIFFERENCES.get(name, ("", ()))[1]


def test_every_difference_is_named_in_the_decision_and_tried() -> None:
    named = re.findall(r"^\*\*([A-Z])\. ", ADR.read_text(), re.MULTILINE)
    assert sorted({letter for letter, _ in DIFFERENCES.values()}) == named
    assert set(DIFFERENCES) <= {one[0] for one in CASES}


def test_the_orders_themselves_differ() -> None:
    differing = [one[0] for one in CASES if _alone(one[1], one[2], "manual") != _alone(one[1], one[2], "program")]
    assert len(differing) >= 5


def _alone(found: SendingFacts, sender: str, order: Order) -> tuple[str, str]:
    return published(order, author(sender), found)
