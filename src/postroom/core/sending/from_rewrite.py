"""The address to send as: the author's own, or one that the settings put in its place. The display name stays."""

from __future__ import annotations

from postroom.core.addresses import Address, normalise
from postroom.core.sending.facts import SendingFacts


def encapsulate(author: Address, email: str) -> Address:
    """`email` under the author's display name; an author without one lends the local part of the address."""
    if author.email == email:
        return author
    return Address(email, author.name or author.local)


def address_to_send_as(author: Address, facts: SendingFacts) -> tuple[Address, str]:
    """The author under the address that is to be sent, before any server is looked at; and why, in a sentence.

    The first that is set wins: `mail.force.smtp.from`; the default-from where it is a whole address;
    `mail.dynamic.smtp.from` where the author's domain is not the alias domain; else the author's own address. A
    setting that is no address counts as not set. An author whose address can't be read has the empty address.
    """
    own = Address(normalise(author.email), author.name)
    if forced := normalise(facts.force_from):
        return encapsulate(own, forced), f"mail.force.smtp.from sends every mail as {forced}."
    if "@" in facts.default_from and (default := normalise(facts.default_from)):
        return encapsulate(own, default), f"The default From is a whole address: every mail is sent as {default}."
    foreign = not own.email or own.domain != normalise(f"x@{facts.alias_domain}")[2:]
    if facts.dynamic_from and foreign and (dynamic := normalise(facts.dynamic_from)):
        return encapsulate(own, dynamic), f"mail.dynamic.smtp.from sends mail of foreign domains as {dynamic}."
    if not own.email:
        return own, "The author has no address that can be sent, or nothing proves that it is theirs."
    return own, f"The author's own address is {own.email}."
