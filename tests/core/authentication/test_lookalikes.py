"""Look-alike names: tables of what is mistaken for what, and properties of slips."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.core.authentication.lookalikes import (
    Lookalikes,
    disguised_label,
    is_slip,
    shortened,
    skeleton,
    spoken_domain,
    words,
)
from postroom.core.authentication.organizations import registered

KNOWN = ("northwind.example", "acme.example", "modern-living.example", "xn--mller-kva.example", "studio54.example")
LABELS = st.text(string.ascii_lowercase + string.digits + "-", min_size=5, max_size=20)
SLIPS = st.text("abcd1", max_size=5)


def find(domain: str) -> str:
    return Lookalikes(registered(one) for one in KNOWN).find(*registered(domain), domain)


@pytest.mark.parametrize(
    ("domain", "like"),
    [
        ("northwind.example", ""),
        ("mail.northwind.example", ""),
        ("n0rthwind.example", "northwind.example"),
        ("northwlnd.example", "northwind.example"),
        ("nortwhind.example", "northwind.example"),
        ("norhwind.example", "northwind.example"),
        ("north-wind.example", "northwind.example"),
        ("northvvind.example", "northwind.example"),
        ("xn--nrthwind-nbh.example", "northwind.example"),  # with a Cyrillic o
        ("rnodern-living.example", "modern-living.example"),
        ("mail.rnodern-living.example", "modern-living.example"),
        ("acrne.example", "acme.example"),
        ("acne.example", ""),  # four letters: one apart by chance
        ("xn--cme-5cd.example", "acme.example"),  # with a Cyrillic a
        ("muller.example", "xn--mller-kva.example"),
        ("studio55.example", ""),  # another house of the same street
        ("studioS4.example".lower(), "studio54.example"),
        ("northwind.other.example", ""),
        ("acme.example.evil.test", "acme.example"),
        ("www.acme.example.login.evil.test", "acme.example"),
        ("southwind.example", ""),
        ("northwind.test", ""),  # another registry: often of the same people
        ("", ""),
    ],
)
def test_which_domain_looks_like_one_of_ours(domain: str, like: str) -> None:
    assert find(domain) == like


@pytest.mark.parametrize(
    ("domain", "label"),
    [
        ("acme.example", ""),
        ("аcme.example", "аcme"),  # Cyrillic and Latin
        ("müller.example", ""),
        ("россия.example", ""),  # Cyrillic throughout, and it shows
        ("росс.example", "росс"),  # Cyrillic throughout, and it does not show
        ("росс.рф", ""),  # in an alphabet of its own to the end
        ("東京abc.example", ""),  # Japanese is written so
        ("ひらがなカタカナ漢字.example", ""),
        ("한국漢字.example", ""),
        ("αβγ.example", ""),
        ("αcme.example", "αcme"),
        ("mail.аcme.example", "аcme"),
    ],
)
def test_which_label_is_disguised(domain: str, label: str) -> None:
    assert disguised_label(domain) == label


@pytest.mark.parametrize(
    ("domain", "spoken"),
    [
        ("acme.example", "acme.example"),
        ("xn--mller-kva.example", "müller.example"),
        ("xn--a.example", "xn--a.example"),
        ("xn--\udcff.example", "xn--\udcff.example"),
        (f"xn--{'a' * 70}.example", f"xn--{'a' * 70}.example"),
    ],
)
def test_domains_as_people_see_them(domain: str, spoken: str) -> None:
    assert spoken_domain(domain) == spoken


@pytest.mark.parametrize(
    ("one", "other"),
    [("Ana Keller", "KELLER, Ana"), ("Zoë Müller", "Zoe Muller"), ("Ana Keller", "Аna Kеller"), ("O'Neil", "O Neil")],
)
def test_names_that_are_read_alike(one: str, other: str) -> None:
    assert words(one) == words(other)


def distance(one: str, other: str) -> int:
    """How many letters have to change (with neighbours that change places), by the book: for comparison."""
    rows = [list(range(len(other) + 1))]
    for i, a in enumerate(one, 1):
        rows.append([i])
        for j, b in enumerate(other, 1):
            best = min(rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + (a != b))
            if i > 1 and j > 1 and (a, one[i - 2]) == (other[j - 2], b):
                best = min(best, rows[i - 2][j - 2] + 1)
            rows[i].append(best)
    return rows[-1][-1]


@given(SLIPS, SLIPS)
def test_a_slip_is_one_letter(one: str, other: str) -> None:
    if not any(letter.isdigit() for letter in one + other):
        assert is_slip(one, other) == (distance(one, other) == 1)
    elif is_slip(one, other):
        assert distance(one, other) == 1


@given(SLIPS, SLIPS)
def test_slips_share_a_shortened_form(one: str, other: str) -> None:
    if is_slip(one, other):
        assert set(shortened(one)) & set(shortened(other))
        assert is_slip(other, one)


@given(LABELS)
def test_what_is_known_is_like_nothing(label: str) -> None:
    domain = f"{label}.example"
    assert Lookalikes([registered(domain)]).find(*registered(domain), domain) == ""


@given(st.text())
def test_a_skeleton_has_no_other_skeleton(text: str) -> None:
    assert skeleton(skeleton(text)) in {skeleton(text), skeleton(skeleton(skeleton(text)))}


@given(st.text(max_size=300))
def test_any_text_has_an_answer(text: str) -> None:
    assert isinstance(find(text), str)
    assert isinstance(disguised_label(spoken_domain(text)), str)
    assert all(word for word in words(text))
