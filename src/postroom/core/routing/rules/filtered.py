"""Mail that a filter takes for spam or worse waits for a person, or is refused where the filter says so."""

from __future__ import annotations

from postroom.core.routing.decision import Decision, Hold, Refuse
from postroom.core.routing.facts import Facts, Recipient
from postroom.core.routing.refusals import filtered_out
from postroom.core.routing.rule import Arriving, addresses, sole_company
from postroom.core.triage.filtered import Answer, Said, gravest


def filtered(_arriving: Arriving, facts: Facts) -> tuple[Decision, ...] | str:
    """One decision for each company; a filter that had nothing against it is quoted."""
    said = gravest(facts.filters)
    if said is None:
        return " ".join(one.words for one in facts.filters) or "No filter said anything about it."
    if facts.released:
        return f"{said.words} A person released it."
    reached: dict[int, list[Recipient]] = {}
    for recipient in facts.recipients:
        reached.setdefault(sole_company(recipient), []).append(recipient)
    return tuple(_decision(said, company, some) for company, some in reached.items()) or "It names no recipient."


def _decision(said: Said, company: int, reached: list[Recipient]) -> Decision:
    if said.answer is Answer.HOLD:
        because = f"{said.words} Such mail waits for a person."
        return Hold(because, recipients=addresses(reached), about="filter", company_id=company)
    code, words = filtered_out()
    because = f"{said.words} Such mail is refused."
    return Refuse(because, recipients=addresses(reached), about="filter", company_id=company, code=code, words=words)
