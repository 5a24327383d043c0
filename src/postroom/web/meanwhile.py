"""Forms that stay open while others work: what a person did not touch is not written, and what somebody else changed
under their hands is said beside the field before it is.

A form carries a digest of each field as it was first shown, in the hidden field `shown`. Without it everything that was
sent counts as entered.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from dataclasses import fields, replace
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, TypeVar

from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

D = TypeVar("D", bound="DataclassInstance")

FIELD = "shown"
MOST = 2000  # characters of somebody else's words that are said beside a field
Values = Mapping[str, Any]
Choices = Mapping[str, Mapping[str, str]]


class Meanwhile(Exception):
    """Somebody else wrote other words into the same fields. `values` are the form's: what the person changed, else what
    is there; `known` is what is there, `names` are the fields that both changed.
    """

    def __init__(self, values: Values, known: Values, names: list[str]) -> None:
        super().__init__(", ".join(names))
        self.values, self.known, self.names = values, known, names

    @property
    def shown(self) -> str:
        """For the form as it is shown again: saved once more, it means what it says."""
        return shown(self.known)

    def errors(self, choices: Choices | None = None) -> dict[str, str]:
        """What is said beside each of the fields; `choices`: the words of a field's values."""
        return {name: _said(self.known[name], (choices or {}).get(name, {})) for name in self.names}


def shown(values: Values | DataclassInstance) -> str:
    """What the hidden field holds: `name:digest`, by spaces."""
    return " ".join(f"{name}:{_digest(value)}" for name, value in _values(values).items())


def merged(known: Values, given: Values, first: str) -> dict[str, Any]:
    """What is there (`known`), with those of the `given` fields that differ from what was `first` shown.

    Raises:
        Meanwhile: somebody else changed one of those fields to something else.

    """
    was = dict(one.split(":", 1) for one in first.split() if ":" in one)
    mine = {name: value for name, value in given.items() if was.get(name) != _digest(value)}
    values = {**known, **mine}
    theirs = [name for name in mine if name in was and was[name] != _digest(known[name])]
    both = [name for name in theirs if _digest(known[name]) != _digest(mine[name])]
    if both:
        raise Meanwhile(values, known, both)
    return values


def laid_on(given: D, first: str, names: Container[str] | None = None) -> Callable[[D], D]:
    """The same for fields of a dataclass, as an edit; `names`: what was sent at all, where that is not everything."""
    sent = {name: value for name, value in _values(given).items() if names is None or name in names}
    return lambda known: replace(known, **merged(_values(known), sent, first))


def _values(of: Values | DataclassInstance) -> Mapping[str, Any]:
    return of if isinstance(of, Mapping) else {one.name: getattr(of, one.name) for one in fields(of)}


def _plain(value: object) -> str:
    """A value as a form shows it; browsers send line breaks as CR LF."""
    if isinstance(value, tuple):
        return "\n".join(map(str, value)).strip()
    return "" if value is None else str(value).replace("\r\n", "\n").strip()


def _digest(value: object) -> str:
    return blake2b(_plain(value).encode("utf-8", "replace"), digest_size=8).hexdigest()


def _said(value: object, words: Mapping[str, str]) -> str:
    plain = _plain(value)
    text = words.get(plain, plain.replace("\n", ", ") if isinstance(value, tuple) else plain)
    if not text:
        return _("Somebody emptied this meanwhile. Save again to keep what you entered.")
    cut = text if len(text) <= MOST else f"{text[:MOST]}…"
    return _("Somebody changed this to “%(value)s” meanwhile. Save again to keep what you entered.") % {"value": cut}
