"""Mail that says it is from one of our people, and that nothing proves, where its domain wants more than a mark."""

from __future__ import annotations

from postroom.core.routing.decision import Decision, Hold, Refuse
from postroom.core.routing.facts import Facts, Recipient, Unproved
from postroom.core.routing.refusals import unproved
from postroom.core.routing.rule import Arriving, addresses, companies


def identity(_arriving: Arriving, facts: Facts) -> tuple[Decision, ...] | str:
    """Held or refused where the alias domain says so, one decision for each company. What could not be told, since DNS
    did not answer or we failed, is held instead of refused: it may be genuine.
    """
    sender = facts.sender
    if facts.released and sender.named_at:
        return "A person released it."
    if sender.verified or not sender.named_at:
        return sender.verdict or "Does not say that it is from one of our people."
    found: dict[tuple[int, Unproved], list[Recipient]] = {}
    for recipient in facts.recipients:
        company = next((one for one in companies(recipient) if one in sender.named_at), 0)
        if company and recipient.unproved is not Unproved.FLAG:
            kind = Unproved.HOLD if sender.unknown else recipient.unproved
            found.setdefault((company, kind), []).append(recipient)
    decisions = tuple(_decision(*key, some, facts) for key, some in found.items())
    return decisions or f"Says that it is from one of our people: {sender.verdict or 'nothing proves it.'}"


def _decision(company: int, kind: Unproved, reached: list[Recipient], facts: Facts) -> Decision:
    why = f"It says that it is from {facts.sender.email}, one of our people. {facts.sender.verdict}".rstrip()
    if kind is Unproved.HOLD:
        because = f"{why} Such mail waits for a person."
        return Hold(because, recipients=addresses(reached), company_id=company)
    code, words = unproved(facts.sender.email)
    because = f"{why} Such mail is refused."
    return Refuse(because, recipients=addresses(reached), about="identity", company_id=company, code=code, words=words)
