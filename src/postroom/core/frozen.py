"""Values of the rules: data classes whose fields are set once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(made: type[T]) -> type[T]:
    """A data class with slots that nobody changes. The check of types sees to that and not, as with `frozen=True`, each
    constructor, which then takes five times as long: for what is made of every mail.
    """
    return dataclass(slots=True, unsafe_hash=True)(made)
