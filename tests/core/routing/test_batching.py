"""Waves: no neighbour depends on another, order is kept, and it stays linear."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.core.routing.batching import waves


@dataclass(frozen=True)
class Item:
    number: int = 0
    message_id: str = ""
    referenced: tuple[str, ...] = ()
    content_key: str = ""
    sender: str = ""
    creates_only: bool = True


def bound(a: Item, b: Item) -> bool:
    """The rule itself, pair by pair."""
    ids_a, ids_b = ({i for i in (x.message_id, *x.referenced) if i} for x in (a, b))
    same_sender = bool(a.sender) and a.sender == b.sender and not (a.creates_only and b.creates_only)
    return bool(ids_a & ids_b) or same_sender or bool(a.content_key and a.content_key == b.content_key)


ids = st.sampled_from(["", "a", "b", "c", "d", "e"])
items = st.lists(
    st.builds(
        Item,
        message_id=ids,
        referenced=st.lists(ids, max_size=2).map(tuple),
        content_key=st.sampled_from(["", "", "k", "l"]),
        sender=st.sampled_from(["", "anne", "bob", "carl"]),
        creates_only=st.booleans(),
    ),
    max_size=12,
).map(lambda them: [Item(n, *(getattr(i, f) for f in list(Item.__dataclass_fields__)[1:])) for n, i in enumerate(them)])


@given(items)
def test_waves_keep_the_rule_pair_by_pair(them: list[Item]) -> None:
    split = waves(them)
    at = {item.number: wave for wave, held in enumerate(split) for item in held}
    assert sorted(at) == [item.number for item in them]
    for a, b in combinations(them, 2):
        if bound(a, b):
            assert at[a.number] < at[b.number]
    assert all(held == sorted(held, key=lambda i: i.number) and held for held in split)
    for item in them:  # and nobody waits without a reason
        earlier = [at[o.number] for o in them[: item.number] if bound(o, item)]
        assert at[item.number] == max(earlier, default=-1) + 1


@pytest.mark.parametrize(
    ("first", "second", "together"),
    [
        (Item(message_id="a"), Item(message_id="a"), False),
        (Item(message_id="a"), Item(message_id="b", referenced=("a",)), False),
        (Item(message_id="a", referenced=("b",)), Item(message_id="b"), False),
        (Item(referenced=("r",)), Item(referenced=("r",)), False),
        (Item(content_key="k"), Item(content_key="k"), False),
        (Item(sender="anne"), Item(sender="anne"), True),
        (Item(sender="anne"), Item(sender="anne", creates_only=False), False),
        (Item(sender="anne", creates_only=False), Item(sender="anne"), False),
        (Item(sender="anne", creates_only=False), Item(sender="anne", creates_only=False), False),
        (Item(sender="anne", creates_only=False), Item(sender="bob", creates_only=False), True),
        (Item(), Item(), True),
        (Item(message_id="k"), Item(content_key="k"), True),
    ],
)
def test_pairs(first: Item, second: Item, together: bool) -> None:
    assert waves([first, second]) == ([[first, second]] if together else [[first], [second]])


def test_a_thousand_new_mails_of_one_sender_are_one_wave() -> None:
    them = [Item(n, f"m{n}", sender="anne") for n in range(1000)]
    assert waves(them) == [them]
    assert waves([]) == []
