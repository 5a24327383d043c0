"""Each alias that the mail was sent to makes a record, or says why not."""

from __future__ import annotations

from postroom.core.routing.creation import by_aliases
from postroom.core.routing.decision import Decision
from postroom.core.routing.facts import Facts, Part
from postroom.core.routing.rule import SERVICE, Arriving


def alias_match(arriving: Arriving, facts: Facts) -> tuple[Decision, ...] | str:
    """One decision per distinct alias; what one of them decides does not touch the others. A catchall, bounce or
    notification address beside an alias has nothing to add and is answered with it.
    """
    reached = [r for r in facts.recipients if r.part is Part.ALIAS and r.alias is not None]
    if not reached:
        return "No recipient is an alias."
    also = [r for r in facts.recipients if r.part in SERVICE]
    return by_aliases(arriving, facts, reached, also)
