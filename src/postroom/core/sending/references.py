"""The References of a conversation (RFC 5322 §3.6.4): its beginning and its newest ids, so that it never outgrows."""

from __future__ import annotations

from collections.abc import Sequence

LAST = 20  # ids kept besides the first


def extend(references: Sequence[str], new_id: str) -> list[str]:
    """The ids with a new one at the end: the first and the last 20, each once.

    The first stays because clients hang a conversation on it; an id that is known already keeps its place.
    """
    known = list(dict.fromkeys(one for one in (*references, new_id) if one))
    return known if len(known) <= LAST + 1 else [known[0], *known[-LAST:]]
