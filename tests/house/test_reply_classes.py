"""The table of reply classes is sound: each class is reached, each pattern is needed, each sentence ends."""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Callable
from typing import Any

import pytest

from postroom.core.delivery import bounce_lint
from postroom.core.delivery.bounce_lint import faults, slow
from postroom.outbound import replies
from tests.house import source

PATH = source.PACKAGE / "core/delivery" / replies.TABLE


@pytest.fixture(scope="module")
def table() -> dict[str, Any]:
    return tomllib.loads(PATH.read_text(encoding="utf-8"))


def test_the_table_is_sound(table: dict[str, Any]) -> None:
    assert faults(table) == []


def test_it_is_the_table_that_the_sender_reads(table: dict[str, Any]) -> None:
    assert set(replies.rules().classes) == set(table)
    assert replies.reply_class(550, "5.1.1", "550 5.1.1 no such user", "rcpt").key == "mailbox-unknown"
    assert replies.described("mailbox-unknown") is replies.rules().classes["mailbox-unknown"]
    assert replies.described("of-another-release") is None
    assert replies.described("") is None


def _set(**values: Any) -> Callable[[dict[str, Any]], None]:
    return lambda table: table["mailbox-full"].update(values)


def _pattern(**values: Any) -> Callable[[dict[str, Any]], None]:
    return lambda table: table["mailbox-full"]["patterns"].append(values)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (_set(colour="red"), "mailbox-full: nothing is known of 'colour'."),
        (_set(title=""), "mailbox-full: it lacks title."),
        (_set(examples=[]), "mailbox-full: it lacks examples."),
        (_set(advice="Ask"), "mailbox-full: advice does not end with a full stop."),
        (_set(sentence="It is full"), "mailbox-full: sentence does not end with a full stop."),
        (_set(title="Full."), "mailbox-full: its title ends with a full stop."),
        (_set(advice="It is tried again."),
         "mailbox-full: that it is tried again is not true of a copy that has ended: leave it out."),
        (_set(stands_for="22"), "mailbox-full: stands_for is 9 and two digits, so that it is no code of RFC 3463."),
        (_set(plan="never"), "mailbox-full: 'never' is not a valid Plan."),
        (_set(kind="odd"), "mailbox-full: 'odd' is not a valid Kind."),
        (_set(address_is_dead=True), "mailbox-full: an address that comes back is not dead."),
        (_set(patterns=[]), "mailbox-full: without patterns nothing ever falls into it."),
        (_set(title="Greylisted"), "The title 'Greylisted' is there 2 times."),
        (_set(examples=["550 no such user"]),
         "mailbox-full: the example 550 'no such user' is of the class mailbox-unknown."),
        (_pattern(), "mailbox-full: a pattern that says nothing fits everything."),
        (_pattern(wording=["x"]), "mailbox-full: no pattern has 'wording'."),
        (_pattern(code=["999"]), "mailbox-full: '999' is no code."),
        (_pattern(enhanced=["5.1"]), "mailbox-full: '5.1' is no enhanced code."),
        (_pattern(phase=["lunch"]), "mailbox-full: there is no phase 'lunch'."),
        (_pattern(text=["a.*b"]), "mailbox-full: 'a.*b': it has * or +; use a gap with a bound, such as .{0,30}."),
        (_pattern(text=["Full"]), "mailbox-full: 'Full': words are looked at in small letters."),
        (_pattern(text=["no example says this"]), "mailbox-full: no example is found by 'no example says this'."),
        (_pattern(enhanced=["x.9.9"]), "mailbox-full: no example is found by x.9.9."),
        (lambda table: table.pop("permanent-other"),
         "permanent-other is missing: a reply that nothing else fits needs it."),
        (lambda table: table.update(Odd=dict(table["greylisted"])),
         "Odd: a key has small letters, digits and hyphens, 24 characters at most."),
        (lambda table: table.update(odd=3), "odd: it is not a table."),
        (lambda table: table["temporary-other"].update(patterns=[{"code": ["450"]}]),
         "temporary-other: it is for what fits nothing, so it has no patterns."),
        (lambda table: table["mailbox-unknown"].update(retry_refused=True),
         "mailbox-unknown: what is refused can't be tried again where it does not pass."),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(table: dict[str, Any], spoil: Callable[[dict[str, Any]], None], said: str) -> None:
    spoilt = copy.deepcopy(table)
    spoil(spoilt)
    assert said in faults(spoilt)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("user unknown", ""),
        ("(user|mailbox).{0,40}(unknown|gone)", ""),
        (r"[0-9]{1,5} \+ \* c", ""),
        ("[*+]", ""),
        ("(a+)+b", "it has * or +"),
        ("a.*b", "it has * or +"),
        ("a{2,}", "a gap without a bound"),
        ("(ab?){3}c", "a group repeats"),
        (".{0,60}.{0,60}.{0,60}", "too many or too wide"),
        ("(a|b).{0,60}(c|d).{0,60}(e|f).{0,10}", "too many or too wide"),
        ("a.{0,5000}b", "too many or too wide"),
        ("a.{0,60}b|a.{0,60}c|a.{0,60}d", ""),  # alternatives add up, they do not multiply
        ("(a", "no regular expression"),
    ],
)
def test_a_pattern_that_could_be_slow_is_refused(text: str, why: str) -> None:
    assert why in slow(text)
    assert bool(slow(text)) is bool(why)


def test_a_key_fits_its_column() -> None:
    from postroom.outbound.models import Delivery

    assert Delivery._meta.get_field("reply_class").max_length == bounce_lint.LONGEST_KEY
