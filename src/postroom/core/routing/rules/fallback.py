"""What no other rule took: held for a person where it may matter, refused where the address cannot be right."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from postroom.core.routing.decision import Decision, Hold, Refuse
from postroom.core.routing.facts import Facts, Part, Recipient
from postroom.core.routing.refusals import catchall_only, foreign_domain, unknown_address
from postroom.core.routing.rule import Arriving, addresses, listed, sole_company


def fallback(arriving: Arriving, facts: Facts) -> tuple[Decision, ...] | str:
    """One decision per reason and company; it answers every recipient that is left."""
    if not facts.recipients:
        return (Hold("It names no recipient at an address of ours."),)
    grouped: dict[tuple[Part, int], list[Recipient]] = {}
    for recipient in facts.recipients:
        grouped.setdefault((recipient.part, sole_company(recipient)), []).append(recipient)
    return tuple(_FOR.get(part, _unknown)(facts, company, group) for (part, company), group in grouped.items())


def _unknown(facts: Facts, company: int, recipients: Sequence[Recipient]) -> Decision:
    to = addresses(recipients)
    code, words = unknown_address(to[0])
    because = f"Nobody here is named {listed(to)}."
    return Refuse(because, recipients=to, about="none:unknown", company_id=company, code=code, words=words)


def _foreign(facts: Facts, company: int, recipients: Sequence[Recipient]) -> Decision:
    to = addresses(recipients)
    code, words = foreign_domain(to[0].rpartition("@")[2])
    because = f"{_are(to)} at no domain of ours, and mail for others is not passed on."
    return Refuse(because, recipients=to, about="none:foreign", company_id=company, code=code, words=words)


def _postmaster(facts: Facts, company: int, recipients: Sequence[Recipient]) -> Decision:
    to = addresses(recipients)
    return Hold(
        f"{_are(to)} for the administrator, who finds it here.",
        recipients=to,
        about="none:postmaster",
        company_id=company,
    )


def _bounce(facts: Facts, company: int, recipients: Sequence[Recipient]) -> Decision:
    to = addresses(recipients)
    takes = f"{listed(to)} {'takes' if len(to) == 1 else 'take'} reports by machines"
    because = f"{takes}, but a person seems to have written this: somebody should look."
    return Hold(because, recipients=to, about="none:bounce", company_id=company)


def _collects(facts: Facts, company: int, recipients: Sequence[Recipient]) -> Decision:
    to = addresses(recipients)
    code, words = catchall_only(facts.help_address)
    because = f"{listed(to)} {'collects' if len(to) == 1 else 'collect'} answers, and this mail answers nothing."
    return Refuse(because, recipients=to, about="none:catchall", company_id=company, code=code, words=words)


def _are(to: Sequence[str]) -> str:
    return f"{listed(to)} {'is' if len(to) == 1 else 'are'}"


_FOR: dict[Part, Callable[[Facts, int, Sequence[Recipient]], Decision]] = {
    Part.UNKNOWN: _unknown,
    Part.ALIAS: _unknown,  # an alias that the facts do not describe is nobody
    Part.FOREIGN: _foreign,
    Part.POSTMASTER: _postmaster,
    Part.BOUNCE: _bounce,
    Part.CATCHALL: _collects,
    Part.NOTIFICATIONS: _collects,
}
