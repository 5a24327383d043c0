"""Changing what others may change at the same moment: an edit is laid on what is there once nobody else writes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar, Union, cast

T = TypeVar("T")

Edit = Union[T, Callable[[T], T]]  # noqa: UP007 an alias of a variable has to be a Union
"""All fields as they are to be, or what makes them of the fields that are there."""


def edited(known: T, edit: Edit[T]) -> T:
    """What is there (`known`) after an edit."""
    return edit(known) if callable(edit) else edit


def only(named: Mapping[str, Any]) -> Callable[[T], T]:
    """An edit of the fields of a dataclass that are named; the others stay as they are when it is made."""
    return lambda known: replace(cast("Any", known), **named)
