"""Proving a domain: mails of our own by every server to its addresses, which have to come back by the way in.

They go through the queue like any other mail. `outbound.proof_results` writes down what became of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from postroom.core.addresses import Address
from postroom.core.errors import PostroomError
from postroom.core.proving import named_id, own_id, plan, subject_of
from postroom.core.sending.from_filter import admits, parse_filter
from postroom.core.sending.layout import plain_to_html
from postroom.core.subaddress import join
from postroom.core.tokens import Purpose, Token, mint
from postroom.directory.models import User
from postroom.domains.access import changeable
from postroom.domains.facts import default_from
from postroom.domains.managing import NoDomain
from postroom.domains.models import AliasDomain, TokenKey
from postroom.domains.services import ensure_token_key
from postroom.infra.clock import now
from postroom.infra.config import config
from postroom.infra.database.base import insert, update_rows
from postroom.infra.logs import logger
from postroom.outbound.choice import default_server
from postroom.outbound.models import OutgoingServer, Proof, RoundTrip
from postroom.outbound.servers.trial import sender_of
from postroom.outbound.services import Lane, NewLetter, Recipient, queue

MOST_TRIPS = 200  # mails of one proof
KEPT = 10  # proofs of a domain that can still be looked at
NAME = "Postroom"

log = logger(__name__)


class CannotProve(PostroomError):
    """No proof can begin now; the words say why and what to do."""


class NothingLeaves(CannotProve):
    """There is no outgoing server: mail is kept in the outbox folder, so nothing could come back."""


@dataclass(frozen=True, slots=True)
class Way:
    """A server that mail of the domain leaves by, and the company in whose name; `id` 0 is the default server."""

    id: int
    name: str
    company: int
    author: Address


def start(*, user: User, domain_id: int) -> Proof:
    """Send round trips by every server to the service addresses of a domain, plain and tagged, and to its aliases.

    Raises:
        NoDomain: it is not there for this user.
        CannotProve: one is under way, no company uses the domain, or nothing leaves.

    """
    with transaction.atomic():
        mine = changeable(user).order_by().values("pk")
        domain = AliasDomain.objects.select_for_update(no_key=True).filter(pk=domain_id, pk__in=mine).first()
        if domain is None:
            raise NoDomain("There is no such domain, or it is not yours to change.")
        if Proof.objects.filter(domain=domain, closed_at=None).exists():
            raise CannotProve(_("A proof of %(domain)s is under way. Wait for it, or stop it.") % {"domain": domain})
        proof = _begun(user, domain, ways_of(user, domain))
        old = Proof.objects.filter(domain=domain).order_by("-pk").values_list("pk", flat=True)[KEPT:]
        Proof.objects.filter(pk__in=list(old)).delete()
    log.info("proof of a domain began", domain=domain.name, by=user.username)
    return proof


def ways_of(user: User, domain: AliasDomain) -> list[Way]:
    """The servers that mail of a domain leaves by: those of its companies and of all companies, personal and archived
    ones aside; the default server for a company that has none.

    Raises:
        NothingLeaves: that is the outbox folder alone.
        CannotProve: no company uses the domain.

    """
    companies = list(domain.company_domains.order_by("company").values_list("company", flat=True))
    if not companies:
        raise CannotProve(_("No company uses %(domain)s. Share it with one first.") % {"domain": domain})
    rows = OutgoingServer.objects.filter(is_active=True, owner=None).order_by("priority", "name", "pk")
    usable = [row for row in rows.defer("secret") if row.company_id is None or row.company_id in companies]
    ways = [_way(user, domain, row, row.company_id or companies[0]) for row in usable]
    own = {row.company_id for row in usable}
    alone = [company for company in companies if None not in own and company not in own]
    if alone and config().outgoing_server:
        ways.append(Way(0, default_server().name, alone[0], Address(default_from(domain), NAME)))
    if not ways:
        raise NothingLeaves(
            _("Nothing leaves: mail is kept in the outbox folder here. Connect an outgoing server first, then prove.")
        )
    return ways


def _way(user: User, domain: AliasDomain, row: OutgoingServer, company: int) -> Way:
    """The author is the domain's notification address wherever the server sends for it, as it is for much real mail."""
    listed, usual = parse_filter(row.from_filter), default_from(domain)
    if row.trusted_relay or not listed or admits(listed, usual):
        return Way(row.pk, row.name, company, Address(usual, NAME))
    return Way(row.pk, row.name, company, Address(sender_of(user, company, row.from_filter).email, NAME))


def _begun(user: User, domain: AliasDomain, ways: Sequence[Way]) -> Proof:
    services = [f"{local}@{domain.name}" for local in (domain.catchall, domain.bounce)]
    aliases = [f"{one}@{domain.name}" for one in domain.aliases.order_by("pk").values_list("local_part", flat=True)]
    planned, left_out = plan([way.id for way in ways], services, aliases, MOST_TRIPS)
    at = now()
    due = at + timedelta(seconds=config().proof_seconds)
    proof = Proof.objects.create(domain=domain, by=user, began_at=at, due=due, left_out=left_out, way_in=domain.way_in)
    names = {way.id: way.name for way in ways}
    trips = insert(
        RoundTrip(
            proof=proof, server_id=one.server or None, server_name=names[one.server], base=one.base,
            is_tagged=one.is_tagged,
        )
        for one in planned
    )  # fmt: skip
    _send(domain, trips, {way.id: way for way in ways}, frozenset(services))
    return proof


def _send(domain: AliasDomain, trips: Sequence[RoundTrip], ways: dict[int, Way], first: frozenset[str]) -> None:
    """Queue a letter for each trip; the service addresses go first, since tags depend on them."""
    key = ensure_token_key()
    letters = []
    for trip in trips:
        token = _token(trip, key)
        trip.address = _tagged(trip.base, token, domain.separator) if trip.is_tagged else trip.base
        trip.message_id = own_id(token, domain.name)
        letter = _letter(domain, ways[trip.server_id or 0], trip, token)
        letters.append((letter, [Recipient(trip.address)]))
    lanes = [Lane.INTERACTIVE if trip.base in first else Lane.NOTIFICATION for trip in trips]
    for trip, (delivery,) in zip(trips, queue(letters, lanes), strict=True):
        trip.delivery_id = delivery
    update_rows(RoundTrip, trips, ["address", "message_id", "delivery"])


def _token(trip: RoundTrip, key: TokenKey) -> str:
    return mint(Token(Purpose.PROOF, key.number, trip.pk), bytes(key.secret))


def _tagged(base: str, token: str, separator: str) -> str:
    local, _at, name = base.rpartition("@")
    return f"{join(local, token, separator) or local}@{name}"


def _letter(domain: AliasDomain, way: Way, trip: RoundTrip, token: str) -> NewLetter:
    text = _(
        "Postroom proves the domain %(domain)s: this mail left by %(server)s for %(address)s and should come back to"
        " Postroom, which then writes down what became of it. Should it reach a mailbox of yours, the address is not"
        " forwarded to Postroom yet."
    ) % {"domain": domain.name, "server": way.name, "address": trip.address}
    return NewLetter(
        company=way.company,
        domain=domain.pk,
        about="",
        author=way.author,
        author_user=None,
        to=(),
        cc=(),
        reply_to="",
        subject=subject_of(_("Round trip to %(address)s") % {"address": trip.base}, token),
        html=plain_to_html(text),
        text=text,
        message_id=trip.message_id,
        in_reply_to="",
        references=(named_id(token, domain.name),),
        is_automatic=True,
        forced_server=way.id,
    )


def proofs(user: User, domain_id: int) -> Iterator[Proof]:
    """The proofs of a domain that `user` may change, the latest first."""
    mine = changeable(user).filter(pk=domain_id).order_by().values("pk")
    return iter(Proof.objects.filter(domain__in=mine).select_related("domain", "by").order_by("-pk"))


def proof(user: User, proof_id: int) -> Proof | None:
    """A proof of a domain that `user` may change."""
    mine = changeable(user).order_by().values("pk")
    return Proof.objects.filter(pk=proof_id, domain__in=mine).select_related("domain", "by").first()
