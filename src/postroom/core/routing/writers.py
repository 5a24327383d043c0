"""Who may write to an alias: our own people where the mail is authenticated, others by the address they claim."""

from __future__ import annotations

from postroom.core.routing.facts import AliasFact, SenderFact, WhoMayWrite


def may_write(alias: AliasFact, sender: SenderFact) -> bool:
    """Whether the alias takes mail from this sender. One of our own addresses is nobody's contact."""
    match alias.who_may_write:
        case WhoMayWrite.EVERYONE:
            return True
        case _ if sender.is_ours:
            return False
        case WhoMayWrite.FOLLOWERS:
            return alias.sender_follows and not sender.claims_member(alias.company)
        case WhoMayWrite.EMPLOYEES:
            return sender.is_member(alias.company)
        case WhoMayWrite.CONTACTS:
            return _is_known(alias, sender) and not sender.claims_member(alias.company)


def waits_for_proof(alias: AliasFact, sender: SenderFact) -> bool:
    """Whether only proof is missing: the mail says that it is from one of our own people, and the alias is for them, or
    for contacts or followers of whom they are one.
    """
    if sender.is_ours or not sender.claims_member(alias.company):
        return False
    match alias.who_may_write:
        case WhoMayWrite.EMPLOYEES:
            return alias.company in sender.members_of
        case WhoMayWrite.FOLLOWERS:
            return alias.sender_follows
        case WhoMayWrite.CONTACTS:
            return _is_known(alias, sender)
    return False


def _is_known(alias: AliasFact, sender: SenderFact) -> bool:
    """Whether the address is that of a contact or of one of our own people."""
    return alias.company in sender.members_of or any(company == alias.company for company, _ in sender.contacts)
