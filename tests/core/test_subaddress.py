"""Tags and wrappings of addresses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.core.subaddress import MAX_LOCAL, join, split, unwrap
from tests.growing import MOST_GROWTH, grows

TOKEN = "b2" * 12
locals_ = st.text(alphabet="abcz.+-=_é", min_size=1, max_size=20)
separators = st.sampled_from(["+", "-", "="])


@pytest.mark.parametrize(
    ("local", "separator", "base", "tag"),
    [
        ("sales", "+", "sales", ""),
        ("sales+news", "+", "sales", "news"),
        ("sales+a+b", "+", "sales", "a+b"),
        (f"sales+{TOKEN}", "+", "sales", TOKEN),
        (f"sales+{TOKEN.upper()}", "+", "sales", TOKEN.upper()),
        (f"no-reply-{TOKEN}", "-", "no-reply", TOKEN),
        ("no-reply", "-", "no", "reply"),
        ("+news", "+", "+news", ""),
        (f"+{TOKEN}", "+", f"+{TOKEN}", ""),
        ("sales+", "+", "sales", ""),
        ("sales+news", "", "sales+news", ""),
        ("", "+", "", ""),
    ],
)
def test_split(local: str, separator: str, base: str, tag: str) -> None:
    assert split(local, separator) == (base, tag)


@given(locals_, separators)
def test_what_carries_a_token_is_taken_apart_again(base: str, separator: str) -> None:
    joined = join(base, TOKEN, separator)
    assert joined is not None
    assert split(joined, separator) == (base, TOKEN)


@given(st.text(max_size=80), st.text(max_size=30), separators)
def test_join_keeps_to_64_octets(base: str, tag: str, separator: str) -> None:
    joined = join(base, tag, separator)
    whole = f"{base}{separator}{tag}" if tag else base
    assert joined == (whole if len(whole.encode("utf-8", "surrogateescape")) <= MAX_LOCAL else None)


def test_the_longest_alias_takes_a_token() -> None:
    assert join("a" * 39, TOKEN, "+") == f"{'a' * 39}+{TOKEN}"
    assert join("a" * 40, TOKEN, "+") is None


@pytest.mark.parametrize(
    ("wrapped", "inner"),
    [
        ("anne@acme.example", "anne@acme.example"),
        ("prvs=0123abcdef=anne@acme.example", "anne@acme.example"),
        ("PRVS=0123ABCDEF=anne@acme.example", "anne@acme.example"),
        ("prvs=anne=0123abcdef@acme.example", "anne@acme.example"),
        ("prvs=0123abcdef=a=b@acme.example", "a=b@acme.example"),
        ("prvs=short=anne@acme.example", "prvs=short=anne@acme.example"),
        ("prvs=0123abcdef=@acme.example", "prvs=0123abcdef=@acme.example"),
        ("btv1==0123abcdef==anne@acme.example", "anne@acme.example"),
        ("SRS0=HHH=TT=acme.example=anne@forwarder.example", "anne@acme.example"),
        ("srs0+HHH=TT=ACME.example=a=b@forwarder.example", "a=b@acme.example"),
        (f"SRS0=HHH=TT=acme.example=bounce+{TOKEN}@forwarder.example", f"bounce+{TOKEN}@acme.example"),
        ("SRS1=HHH=first.example==hhh=TT=acme.example=anne@second.example", "anne@acme.example"),
        ("SRS0=HHH=TT=acme.example=prvs=0123abcdef=anne@forwarder.example", "anne@acme.example"),
        ("SRS0=HHH=TT=@forwarder.example", "SRS0=HHH=TT=@forwarder.example"),
        ("SRS0=HHH=anne@forwarder.example", "SRS0=HHH=anne@forwarder.example"),
        ("SRS1=HHH=first.example=@second.example", "SRS1=HHH=first.example=@second.example"),
        ("srs0nothing@forwarder.example", "srs0nothing@forwarder.example"),
        ("SRS0", "SRS0"),
        ("", ""),
    ],
)
def test_unwrap(wrapped: str, inner: str) -> None:
    assert unwrap(wrapped) == inner


def test_wrappings_are_taken_off_four_deep_and_no_deeper() -> None:
    wrapped = "prvs=0123abcdef=" * 6 + "anne@acme.example"
    assert unwrap(wrapped) == "prvs=0123abcdef=" * 2 + "anne@acme.example"


@given(st.text(alphabet="SRSsrs01prvbt=+-@.ab", max_size=80))
def test_unwrap_is_total_and_never_longer(address: str) -> None:
    inner = unwrap(address)
    assert len(inner) <= len(address)
    assert ("@" in inner) == ("@" in address)


@pytest.mark.parametrize("hostile", ["SRS0=" + "=" * 1_000_000, "prvs=" + "=" * 1_000_000, "SRS1=" + "a=" * 500_000])
def test_a_megabyte_of_separators_takes_time_in_proportion(hostile: str) -> None:
    assert grows(lambda some: unwrap(f"{some}@x.example"), hostile) < MOST_GROWTH
    assert grows(lambda some: split(some, "="), hostile) < MOST_GROWTH
