"""Refusals fit one line of an SMTP answer, whatever address they name."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.core.routing import refusals
from postroom.core.routing.facts import WhoMayWrite

ALL: dict[str, Callable[[str], refusals.Refusal]] = {
    "unknown_address": refusals.unknown_address,
    "foreign_domain": refusals.foreign_domain,
    "catchall_only": refusals.catchall_only,
    "may_not_write": lambda text: refusals.may_not_write(text, WhoMayWrite.CONTACTS),
    "too_large": lambda text: refusals.too_large(len(text)),
    "too_many_recipients": lambda text: refusals.too_many_recipients(len(text)),
    "bare_line_ending": lambda text: refusals.bare_line_ending(),
    "line_too_long": lambda text: refusals.line_too_long(len(text)),
    "busy": lambda text: refusals.busy(),
    "not_kept": lambda text: refusals.not_kept(),
}


@pytest.mark.parametrize("name", ALL)
@given(text=st.text(max_size=400))
def test_a_refusal_is_one_line(name: str, text: str) -> None:
    code, words = ALL[name](text)
    assert re.fullmatch(r"([45])\d\d \1\.\d\.\d", code)
    assert words.isprintable()
    assert len(words) <= 400
    assert words.endswith(".")


@pytest.mark.parametrize("who", WhoMayWrite)
def test_who_may_write_is_named(who: WhoMayWrite) -> None:
    assert refusals.may_not_write("sales@acme.example", who)[1].startswith("sales@acme.example takes mail only from ")


def test_the_codes_that_the_door_promises() -> None:
    assert refusals.unknown_address("x@acme.example")[0] == "550 5.1.1"
    assert refusals.foreign_domain("elsewhere.example")[0] == "550 5.7.1"
    assert refusals.catchall_only("info@acme.example")[0].startswith("5")
    assert "info@acme.example" in refusals.catchall_only("info@acme.example")[1]
    assert refusals.too_large(35 << 20) == ("552 5.3.4", "This mail is larger than the 35 MB that we take.")
