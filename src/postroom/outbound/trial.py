"""A connection test as a mail would go: with the return path that it would really have."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace

from postroom.core.addresses import Address
from postroom.core.sending.facts import DEFAULT_SERVER, ServerFact
from postroom.core.sending.from_filter import parse_filter
from postroom.core.sending.server_choice import choose_server
from postroom.directory.models import Membership, User
from postroom.outbound import connection_test
from postroom.outbound.choice import sending_facts, server_of
from postroom.outbound.connection_test import Step
from postroom.outbound.models import OutgoingServer
from postroom.outbound.servers import ServerFields, as_entered
from postroom.outbound.transports.protocol import Server


@dataclass(frozen=True, slots=True)
class Trial:
    """Everything that a test needs, asked of the database beforehand."""

    server: Server
    sender: str
    recipient: str

    def steps(self) -> Generator[Step, None, None]:
        """The steps as they end; takes `connection_test.SECONDS` at most."""
        return connection_test.run(self.server, sender=self.sender, recipient=self.recipient)


def trial_of(user: User, fields: ServerFields, row: OutgoingServer | None = None) -> Trial:
    """How `user` would try the server of these checked fields, kept (`row`) or not; the recipient is themselves."""
    server = as_entered(fields, row)
    return Trial(server, _return_path(user, fields, server.id), user.email)


def default_trial(user: User) -> Trial:
    """How `user` would try the default server, by a mail of their first company."""
    place = Membership.objects.filter(user=user).order_by("company").values_list("company", flat=True).first()
    facts = replace(sending_facts(place or 0), servers=())
    sender = choose_server(Address(user.email, user.name), facts).return_path or user.email
    return Trial(server_of(DEFAULT_SERVER), sender, user.email)


def _return_path(user: User, fields: ServerFields, number: int) -> str:
    """The return path of a mail of `user` that is forced to go by this server."""
    fact = ServerFact(
        id=number,
        name=fields.name,
        filter=parse_filter(fields.from_filter),
        owner=fields.owner or 0,
        trusted_relay=fields.trusted_relay,
    )
    facts = replace(sending_facts(fields.company or 0), servers=(fact,), forced_server=number)
    return choose_server(Address(user.email, user.name), facts).return_path or user.email
