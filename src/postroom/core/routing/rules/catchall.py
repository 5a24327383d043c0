"""Mail to the catchall that answers nothing is refused, with the address to write to instead."""

from __future__ import annotations

from postroom.core.routing.decision import Decision, Hold, Refuse
from postroom.core.routing.facts import Facts, Part, Recipient
from postroom.core.routing.limits import is_echo
from postroom.core.routing.refusals import catchall_only
from postroom.core.routing.rule import Arriving, addresses, sole_company

_COLLECTS = frozenset({Part.CATCHALL, Part.NOTIFICATIONS})


def catchall(arriving: Arriving, facts: Facts) -> tuple[Decision, ...] | str:
    """The rules before this one found no token, no reference and no alias."""
    grouped: dict[int, list[Recipient]] = {}
    for recipient in facts.recipients:
        if recipient.part in _COLLECTS:
            grouped.setdefault(sole_company(recipient), []).append(recipient)
    if not grouped:
        return "No recipient is a catchall or notification address."
    return tuple(_decided(facts, company, recipients) for company, recipients in grouped.items())


def _decided(facts: Facts, company: int, recipients: list[Recipient]) -> Decision:
    to = addresses(recipients)
    if echo := is_echo(recipients, facts):
        return Hold(echo, recipients=to, about="none:catchall", company_id=company)
    code, words = catchall_only(facts.help_address)
    because = f"{to[0]} collects answers, and this mail proves to answer nothing: no token, no message that we know."
    return Refuse(because, recipients=to, about="none:catchall", company_id=company, code=code, words=words)
