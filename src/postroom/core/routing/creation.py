"""What an alias makes of a mail: a new record, a message on its forced target, or a reason why not."""

from __future__ import annotations

from collections.abc import Sequence

from postroom.core.routing.decision import Create, Decision, Hold, Ignore, Refuse, Reply, Standing
from postroom.core.routing.facts import AliasFact, Facts, Recipient, WhoMayWrite
from postroom.core.routing.limits import over_alias
from postroom.core.routing.refusals import may_not_write
from postroom.core.routing.rule import Arriving, addresses, spoken
from postroom.core.routing.writers import may_write, waits_for_proof
from postroom.core.triage.kinds import Automatic, Kind, Triage

_NOT_BY_HAND = frozenset({Automatic.AUTO, Automatic.LIST, Automatic.LOOP})
_WRITERS = {
    WhoMayWrite.EMPLOYEES: "our own people", WhoMayWrite.FOLLOWERS: "followers", WhoMayWrite.CONTACTS: "contacts",
}  # fmt: skip


def by_aliases(arriving: Arriving, facts: Facts, reached: Sequence[Recipient], also: Sequence[Recipient]) -> tuple[
    Decision, ...
]:  # fmt: skip
    """One decision for each distinct alias among `reached`; the first one answers for the recipients `also` too."""
    grouped: dict[int, list[Recipient]] = {}
    for recipient in reached:
        if recipient.alias is not None:
            grouped.setdefault(recipient.alias.id, []).append(recipient)
    rest: Sequence[Recipient] = also
    decisions = []
    for recipients in grouped.values():
        decisions.append(_by_alias(arriving, facts, recipients, (*recipients, *rest)))
        rest = ()
    return tuple(decisions)


def _by_alias(
    arriving: Arriving, facts: Facts, reached: Sequence[Recipient], answered: Sequence[Recipient]
) -> Decision:
    alias = reached[0].alias
    assert alias is not None
    to = addresses(answered)
    about, company = f"alias:{alias.id}", alias.company
    if waits_for_proof(alias, facts.sender) and not facts.released:
        who = _WRITERS[alias.who_may_write]
        because = f"{alias.address} takes mail only from {who}. {facts.sender.email} is one of them, but nothing"
        because += " proves who wrote this: it waits for a person."
        return Hold(because, recipients=to, pair=about, company_id=company)
    if not may_write(alias, facts.sender) and not waits_for_proof(alias, facts.sender):
        code, words = may_not_write(alias.address, alias.who_may_write)
        because = f"{facts.sender.email or 'The sender'} may not write to {alias.address}: {_policy(alias)}."
        return Refuse(because, recipients=to, about=about, company_id=company, code=code, words=words)
    if unwanted := _unwanted(alias, arriving.triage):
        return Ignore(unwanted, recipients=to, about=about, company_id=company)
    if alias.forced_target and alias.forced_thread:
        return _to_forced_target(alias, facts, reached, to)
    if over := over_alias(alias, facts):
        return Hold(over, recipients=to, pair=about, company_id=company)
    because = f"{_reached(alias, reached)} makes a new {alias.record_type}."
    if alias.forced_target:
        because += f" Its fixed target {spoken(alias.forced_target)} no longer exists."
    return Create(because, alias=alias.id, company_id=company, record_type=alias.record_type, recipients=to)


def _to_forced_target(alias: AliasFact, facts: Facts, reached: Sequence[Recipient], to: tuple[str, ...]) -> Decision:
    if over := over_alias(alias, facts):
        return Hold(over, recipients=to, pair=f"thread:{alias.forced_thread}", company_id=alias.company)
    because = f"{_reached(alias, reached)} puts every mail on {spoken(alias.forced_target)}."
    standing = standing_at(alias, facts)
    return Reply(
        because,
        thread=alias.forced_thread,
        company_id=alias.company,
        standing=standing,
        by="alias",
        recipients=to,
    )


def standing_at(alias: AliasFact, facts: Facts) -> Standing:
    """How far the From is believed of a mail that begins something, or goes where its alias puts every mail."""
    if facts.sender.is_member(alias.company):
        return Standing.MEMBER
    if facts.sender.claims_member(alias.company):
        return Standing.CLAIMED_MEMBER
    return Standing.OUTSIDER if facts.sender.forged else Standing.PARTICIPANT


def _unwanted(alias: AliasFact, triage: Triage) -> str:
    """Why a machine's mail makes nothing here, or empty."""
    if triage.kind is Kind.AUTO_REPLY and not alias.forced_thread:
        return f"An automatic answer makes no {alias.record_type}: {triage.because}"
    machine = triage.automatic in _NOT_BY_HAND or triage.kind is Kind.AUTO_REPLY
    if machine and not alias.takes_automatic:
        return f"{alias.address} takes no mail of machines and lists: {triage.because}"
    return ""


def _reached(alias: AliasFact, reached: Sequence[Recipient]) -> str:
    retired = next((r.retired for r in reached if r.retired), "")
    if retired:
        return f"{alias.address}, reached by its retired address {retired}, which still works,"
    return alias.address


def _policy(alias: AliasFact) -> str:
    return f"only {alias.who_may_write.value} may"
