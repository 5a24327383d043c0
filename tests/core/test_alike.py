"""Addresses that differ in dots and tags: what looks alike, what does not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.core.addresses import normalise
from postroom.core.alike import LONGEST_TAG, alike, like_domains, plain_local


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a.b+x@mail.example", "ab@mail.example"),
        ("nina.holm@mail.example", "ninaholm@mail.example"),
        ("nina+news@mail.example", "nina+shop@mail.example"),
        ("nina.holm@googlemail.com", "ninaholm@gmail.com"),
        ("nina@googlemail.com", "nina@gmail.com"),
        ("nina+a+b@mail.example", "nina@mail.example"),
    ],
)
def test_alike(one: str, other: str) -> None:
    assert alike(one, other)
    assert alike(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("nina@mail.example", "nina@mail.example"),  # one and the same
        ("nina@mail.example", "nina@other.example"),
        ("nina@mail.example", "nino@mail.example"),
        ("nina-x@mail.example", "nina@mail.example"),  # a hyphen is part of many names
        ("+x@mail.example", "+y@mail.example"),  # nobody is named
        ('"a.b"@mail.example', "ab@mail.example"),
        ("reply+0123456789abcdefghijklmn@mail.example", "reply@mail.example"),  # a machine's tag
        ("nina@gmail.com.example", "nina@gmail.com"),
    ],
)
def test_not_alike(one: str, other: str) -> None:
    assert not alike(one, other)
    assert not alike(other, one)


NAME = st.from_regex(r"[a-z0-9]{1,12}", fullmatch=True)
TAG = st.text("abcxyz0189", min_size=1, max_size=LONGEST_TAG)


@given(NAME, st.lists(st.integers(1, 11), max_size=4), TAG)
def test_dots_and_a_tag_change_nothing(name: str, places: list[int], tag: str) -> None:
    dotted = name
    for place in places:
        if 0 < place < len(dotted) and "." not in dotted[place - 1 : place + 1]:
            dotted = f"{dotted[:place]}.{dotted[place:]}"
    other = normalise(f"{dotted}+{tag}@mail.example")
    assert plain_local(other) == name
    assert alike(f"{name}@mail.example", other)


@given(st.text(max_size=40), st.text(max_size=40))
def test_it_has_an_answer_for_whatever_stands_there_and_the_same_both_ways(one: str, other: str) -> None:
    assert alike(one, other) == alike(other, one)
    assert not alike(one, one)


@given(st.sampled_from(["gmail.com", "googlemail.com", "mail.example"]))
def test_names_of_one_provider_are_names_of_each_other(domain: str) -> None:
    names = like_domains(f"nina@{domain}")
    assert domain in names
    assert all(like_domains(f"nina@{other}") == names for other in names)
