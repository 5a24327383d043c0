"""Which From, then which server: asked for each letter, answered with the reason."""

from __future__ import annotations

from postroom.core.addresses import Address
from postroom.core.sending.envelope import return_path
from postroom.core.sending.facts import Choice, SendingFacts
from postroom.core.sending.from_rewrite import address_to_send_as


def choose_server(author: Address, facts: SendingFacts) -> Choice:
    """The server, the From on the wire and the return path of a letter of this author."""
    sender, why = address_to_send_as(author, facts)
    server = facts.default
    path, may_tag = return_path(server, facts.bounce, sender.email)
    name = server.name if server else ""
    return Choice(server.id if server else None, name, sender, path, may_tag, "default", True, why)
