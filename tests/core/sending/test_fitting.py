"""How large a mail will be, and which files leave as links."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.core.addresses import Address
from postroom.core.message.draft import Draft, DraftFile
from postroom.core.message.render import render
from postroom.core.sending import fitting
from postroom.core.sending.fitting import Part, fit, part_size, size_words, text_size
from postroom.core.sending.linked import Linked, with_links_html, with_links_text

MEGABYTE = 1024 * 1024
AUTHOR = Address("amara@acme.example", "Amara Okafor")
names = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=80)
files = st.lists(st.tuples(names, st.integers(0, 40_000), st.booleans()), max_size=5)


def _part(id: int, size: int, *, inline: bool = False) -> Part:
    return Part(id, f"file{id}.bin", size, inline=inline)


@given(st.text(max_size=3000), st.text(max_size=3000), files, st.lists(names, max_size=5))
def test_the_estimate_is_never_below_the_mail_and_hardly_above(
    text: str, html: str, given_files: list[tuple[str, int, bool]], people: list[str]
) -> None:
    to = tuple(Address(f"a{number}@firm.example", name) for number, name in enumerate(people))
    attached = tuple(
        DraftFile(name, "application/octet-stream", b"x" * size, f"cid{number}" if inline else "")
        for number, (name, size, inline) in enumerate(given_files)
    )
    draft = Draft(AUTHOR, to, subject="Vans", text=text, html=html, attachments=attached, message_id="a@b")
    parts = [Part(number, name, size) for number, (name, size, _) in enumerate(given_files)]
    estimate = text_size(text, html, (*to, AUTHOR), "Vans") + sum(map(part_size, parts))
    real = len(render(draft))
    assert real <= estimate
    room = fitting.HEADERS + 2000 + sum(600 + 6 * len(one.name.encode()) for one in parts)
    room += sum(200 + 12 * len(name.encode()) for name in people)
    assert estimate <= real + room


CASES = {
    "everything fits": (100, [_part(1, 300)], 2000, ()),
    "no limit": (100, [_part(1, 90 * MEGABYTE)], 0, ()),
    "the largest goes": (100, [_part(1, 50_000), _part(2, 90_000)], 100_000, (2,)),
    "no more than are needed": (100, [_part(1, 90_000), _part(2, 91_000), _part(3, 50_000)], 200_000, (2,)),
    "in the order of the letter": (100, [_part(1, 90_000), _part(2, 50_000), _part(3, 91_000)], 60_000, (1, 2, 3)),
    "of equals the first": (100, [_part(1, 90_000), _part(2, 90_000)], 150_000, (1,)),
    "inline ones stay": (100, [_part(1, 90_000, inline=True), _part(2, 90_000)], 150_000, (2,)),
    "a small one saves nothing": (90_000, [_part(1, 100)], 50_000, ()),
}


@pytest.mark.parametrize("case", CASES)
def test_which_files_become_links(case: str) -> None:
    body, parts, limit, linked = CASES[case]
    assert fit(body, parts, limit).linked == linked


sizes = st.lists(st.tuples(st.integers(0, 400_000), st.booleans()), max_size=8)


@given(st.integers(0, 100_000), sizes, st.integers(1, 1_000_000))
def test_what_is_left_fits_or_nothing_more_can_go(body: int, given: list[tuple[int, bool]], limit: int) -> None:
    parts = [_part(number, size, inline=inline) for number, (size, inline) in enumerate(given)]
    found = fit(body, parts, limit)
    assert not {part.id for part in parts if part.inline} & set(found.linked)
    assert found.rest <= found.whole
    assert (found.linked == ()) or found.whole > limit
    if found.rest > limit:
        left = [part for part in parts if not part.inline and part.id not in found.linked]
        assert all(part_size(part) <= fitting.LINK + 100 for part in left)
    assert fit(body, parts, limit) == found


@given(names, st.integers(0, 10**9))
def test_the_room_for_a_link_holds_it(name: str, size: int) -> None:
    links = [Linked(name, size, f"https://post.acme.example/d/{'x' * 32}")]
    whole = text_size("Hi", "<p>Hi</p>") + fitting.LINK + 6 * len(name.encode())
    assert text_size(with_links_text("Hi", links), with_links_html("<p>Hi</p>", links)) <= whole


@pytest.mark.parametrize(
    ("size", "words"),
    [(812, "812 bytes"), (1024, "1 kB"), (200_000, "196 kB"), (MEGABYTE, "1 MB"), (29_800_000, "28.4 MB")],
)
def test_sizes_in_words(size: int, words: str) -> None:
    assert size_words(size) == words


def test_why_in_a_sentence() -> None:
    parts = [_part(1, 12 * MEGABYTE), _part(2, 8 * MEGABYTE)]
    found = fit(1000, parts, 10 * MEGABYTE)
    said = fitting.because(found, parts, 10 * MEGABYTE, "Post")
    assert said == "27.3 MB are more than the 10 MB that Post takes: 2 files leave as links: file1.bin, file2.bin."


def test_a_little_above_is_said_in_bytes() -> None:
    parts = [_part(1, 100_000)]
    found = fit(0, parts, 137_250)
    assert fitting.because(found, parts, 137_250, "Post").startswith("137,300 bytes are more than the 135 kB")
