"""The References of a conversation (RFC 5322 §3.6.4): its beginning and its newest ids, so that it never outgrows."""

from __future__ import annotations

from collections.abc import Sequence

LAST = 20  # ids kept besides the first


def extend(references: Sequence[str], new_id: str) -> list[str]:
    """The ids with a new one at the end: the first and the last 20, each once.

    The first stays because clients hang a conversation on it; an id that is known already keeps its place, or comes to
    the end where its place is cut.
    """
    known = list(dict.fromkeys(one for one in (*references, new_id) if one))
    if len(known) <= LAST + 1:
        return known
    kept = [known[0], *known[-LAST:]]
    return kept if not new_id or new_id in kept else [known[0], *kept[2:], new_id]
