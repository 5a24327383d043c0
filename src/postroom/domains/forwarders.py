"""Forwarders whose seals a domain believes: their names as people enter them, and as they are kept, by commas."""

from __future__ import annotations

import re

from postroom.domains import services
from postroom.domains.services import CannotDo

MOST_FORWARDERS = 50
_BETWEEN = re.compile(r"[\s,;]+")


def read_forwarders(text: str) -> str:
    """The names of a list with commas, spaces or line breaks, in the form in which they are kept, each once.

    Raises:
        CannotDo: one of them is no domain name, or there are too many; the words say which.

    """
    entered = [one for one in _BETWEEN.split(text) if one]
    if len(entered) > MOST_FORWARDERS:
        raise CannotDo(f"At most {MOST_FORWARDERS} forwarders.")
    return ", ".join(dict.fromkeys(map(_name, entered)))


def _name(entered: str) -> str:
    if "@" in entered:
        raise CannotDo(f"{entered!r} is an address: enter its domain, {entered.rpartition('@')[2]!r}.")
    try:
        return services.domain_name(entered.lower())
    except CannotDo:
        raise CannotDo(f"{entered!r} is no domain name: enter names such as lists.example, by commas.") from None
