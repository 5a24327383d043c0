"""Who may write to an alias, by the address that the mail claims to come from."""

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
            return alias.sender_follows
        case WhoMayWrite.EMPLOYEES:
            return alias.company in sender.members_of
        case WhoMayWrite.CONTACTS:
            known = any(company == alias.company for company, _ in sender.contacts)
            return known or alias.company in sender.members_of
