"""The reference pages say what the code says."""

from __future__ import annotations

import pytest

from docs import generate


@pytest.mark.parametrize("name", generate.PAGES)
def test_a_reference_page_is_current(name: str) -> None:
    written = (generate.FOLDER / name).read_text(encoding="utf-8")
    assert written == generate.PAGES[name](), "run make fmt"


def test_no_reference_page_is_left_over() -> None:
    assert {path.name for path in generate.FOLDER.glob("*.md")} == set(generate.PAGES)
