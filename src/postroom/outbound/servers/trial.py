"""A connection test as a mail would go: with the return path that it would really have."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace

from postroom.core.addresses import Address
from postroom.core.sending.facts import DEFAULT_SERVER, ServerFact
from postroom.core.sending.from_filter import admits, parse_filter
from postroom.core.sending.search import notification_of
from postroom.core.sending.server_choice import choose_server
from postroom.directory.models import Membership, User
from postroom.outbound.choice import sending_facts, server_of
from postroom.outbound.models import OutgoingServer
from postroom.outbound.servers import connection_test
from postroom.outbound.servers import results as server_results
from postroom.outbound.servers.connection_test import Step
from postroom.outbound.servers.fields import ServerFields, as_entered
from postroom.outbound.transports.protocol import Server

LOCAL_PART = "postroom"  # at the first domain of a filter that lists no address that is known here


@dataclass(frozen=True, slots=True)
class Trial:
    """Everything that a test needs, asked of the database beforehand."""

    server: Server
    sender: str
    recipient: str

    def steps(self) -> Generator[Step, None, None]:
        """The steps as they end; takes `connection_test.SECONDS` at most."""
        return connection_test.run(self.server, sender=self.sender, recipient=self.recipient)

    def keep(self, steps: Sequence[Step]) -> bool:
        """Keep what they found with the server, where it was tried as it is set; whether so."""
        return server_results.keep(self.server, steps)


def trial_of(user: User, fields: ServerFields, row: OutgoingServer | None = None) -> Trial:
    """How `user` would try the server of these checked fields, kept (`row`) or not; the recipient is themselves."""
    server = as_entered(fields, row)
    return Trial(server, _return_path(user, fields, server.id), user.email)


def default_trial(user: User) -> Trial:
    """How `user` would try the default server, by a mail of their own company."""
    facts = replace(sending_facts(own_company(user)), servers=())
    sender = choose_server(Address(user.email, user.name), facts).return_path or user.email
    return Trial(server_of(DEFAULT_SERVER), sender, user.email)


def own_company(user: User) -> int:
    """The company for which `user` tries a server that serves all of them: their own, the first that they came to; 0
    where they belong to none.
    """
    return Membership.objects.filter(user=user).order_by("pk").values_list("company", flat=True).first() or 0


def sender_of(user: User, company: int, from_filter: str, *, trusted: bool = False) -> Address:
    """The author of a mail of `user` that a server with this filter admits: themselves, else the notification address,
    else the first address of the filter, else one at its first domain.
    """
    items = parse_filter(from_filter)
    own, notification = Address(user.email, user.name), notification_of(sending_facts(company))
    if trusted or admits(items, user.email) or not (items or notification):
        return own
    if not items or admits(items, notification):
        return Address(notification, user.name)
    whole = [one for one in items if "@" in one]
    return Address(whole[0] if whole else f"{LOCAL_PART}@{items[0]}", user.name)


def _return_path(user: User, fields: ServerFields, number: int) -> str:
    """The return path of a mail that is forced to go by this server: of `user`, or of whose own server it is."""
    fact = ServerFact(
        id=number,
        name=fields.name,
        filter=parse_filter(fields.from_filter),
        trusted_relay=fields.trusted_relay,
    )  # without its owner, who alone could name it: asked is what leaves when they do
    writer = User.objects.filter(pk=fields.owner).first() if fields.owner else None
    company = fields.company or own_company(writer or user)
    facts = replace(sending_facts(company), servers=(fact,), forced_server=number)
    author = sender_of(writer or user, company, fields.from_filter, trusted=fields.trusted_relay)
    return choose_server(author, facts).return_path or author.email
