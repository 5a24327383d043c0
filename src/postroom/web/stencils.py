"""Rows of lists, written from stencils: a template is rendered once for each shape that its rows take, with marks where
a row has values of its own, and each row is that text with its values. Fifty rows by a template take ten times as long.

A row is given as values and signs. In the template a value is a variable that is empty where the row has none, and a
sign is one that is true: so it may ask for either, but no filter may look into a value.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from html import escape

from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import get_language

MARK = "\ue000"  # for private use: what it stands in is no word of a template

Values = Mapping[str, object]
Signs = Mapping[str, object]


def written(template: str, rows: Iterable[tuple[Values, Signs]]) -> SafeString:
    """The rows one after the other; values are escaped where they are not safe."""
    language = get_language() or ""
    return SafeString("".join([_row(template, language, values, signs) for values, signs in rows]))


def _row(template: str, language: str, values: Values, signs: Signs) -> str:
    given = {name: value if isinstance(value, SafeString) else escape(str(value)) for name, value in values.items()
             if value}  # fmt: skip
    return _stencil(template, language, tuple(given), tuple([name for name, on in signs.items() if on])) % given


@lru_cache(maxsize=2048)
def _stencil(template: str, language: str, values: tuple[str, ...], signs: tuple[str, ...]) -> str:
    """The language is the one in force; it is named since the words depend on it."""
    marks = {name: f"{MARK}{name}{MARK}" for name in values}
    text = render_to_string(template, {**marks, **dict.fromkeys(signs, True)}).replace("%", "%%")
    for name, mark in marks.items():
        text = text.replace(mark, f"%({name})s")
    return text
