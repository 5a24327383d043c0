"""What the choice of a server has to know, kept for seconds; the choice itself is `core.sending.server_choice`."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import replace

from django.db.models import Q

from postroom.core.addresses import Address
from postroom.core.sending.facts import DEFAULT_SERVER, Choice, SendingFacts, ServerFact
from postroom.core.sending.from_filter import parse_filter
from postroom.core.sending.server_choice import choose_server
from postroom.directory.models import User
from postroom.domains.hosting import hosted_root, slug_of_hosted
from postroom.domains.models import AliasDomain, CompanyDomain
from postroom.infra import parameters, secrets
from postroom.infra.config import Config, config
from postroom.outbound.hosting import is_hosted, port_problem
from postroom.outbound.models import OUTBOX_FOLDER, OutgoingServer
from postroom.outbound.servers import circuits
from postroom.outbound.servers.circuits import down_facts
from postroom.outbound.servers.learnt import known_size, learnt_smtputf8
from postroom.outbound.transports.protocol import Server

REREAD_SECONDS = 5.0
ASSUMED_SIZE = Config.model_fields["outgoing_max_size"].default  # bytes that hold where nobody decided otherwise
Place = tuple[int, int | None]  # a company and an alias domain; None: the company's first


_known: dict[Place, tuple[float, SendingFacts]] = {}
_servers: dict[int, tuple[float, Server]] = {}
forgotten = [0]  # how often, for what is kept elsewhere


def forget() -> None:
    """Read everything anew the next time it is asked for."""
    _known.clear()
    _servers.clear()
    circuits.forget()
    forgotten[0] += 1


def grounds(places: Iterable[Place]) -> Mapping[Place, SendingFacts]:
    """What holds for all letters of a company that are answered at one alias domain, for each of these places; three
    queries for those that were not asked for lately, else none.
    """
    wanted, fresh = set(places), time.monotonic() - REREAD_SECONDS
    missing = {place for place in wanted if place not in _known or _known[place][0] < fresh}
    if missing:
        _read(missing)
    return {place: _known[place][1] for place in wanted}


def sending_facts(
    company: int,
    domain: int | None = None,
    *,
    author_user: int | None = None,
    forced_server: int | None = None,
    reply_to: str = "",
) -> SendingFacts:
    """What the choice for one letter looks at."""
    place = (company, domain)
    return facts_for(grounds([place])[place], author_user, forced_server, reply_to)


def facts_for(
    ground: SendingFacts,
    author_user: int | None,
    forced_server: int | None,
    reply_to: str = "",
    *,
    by_person: bool = False,
) -> SendingFacts:
    """The facts of a place, for this author, this forced server and this address for answers. `by_person`: it was
    chosen for this copy alone.
    """
    if not author_user and forced_server is None and not reply_to:
        return ground
    return replace(
        ground,
        author_user=author_user or 0,
        forced_server=forced_server,
        forced_by_person=by_person,
        reply_to=reply_to,
    )


def preview(
    company: int,
    author: Address,
    user: User | None = None,
    domain: int | None = None,
    *,
    reply_to: str = "",
    forced_server: int | None = None,
) -> Choice:
    """How a mail of this author would leave now, and why, servers that are down included; changes nothing."""
    writer = user.pk if user else None
    facts = sending_facts(company, domain, author_user=writer, forced_server=forced_server, reply_to=reply_to)
    return choose_server(author, replace(facts, down=down_facts()))


def default_server() -> ServerFact:
    """The server of the configuration, or the folder that stands in for it."""
    named = config().outgoing_server
    listed = parse_filter(parameters.values()["mail.default.from_filter"] or config().from_filter)
    return ServerFact(
        id=DEFAULT_SERVER,
        name=f"Default server {named}" if named else OUTBOX_FOLDER,
        filter=listed,
        max_size=config().outgoing_max_size if named else 0,
        size_assumed=config().outgoing_max_size == ASSUMED_SIZE,
    )


def server_of(number: int) -> Server:
    """How to reach a server; for 0, or where it is gone, the default server."""
    kept = _servers.get(number)
    if kept and kept[0] >= time.monotonic() - REREAD_SECONDS:
        return kept[1]
    row = OutgoingServer.objects.filter(pk=number).first() if number else None
    _servers[number] = (time.monotonic(), _reachable(row) if row else _default_reach())
    return _servers[number][1]


def _reachable(row: OutgoingServer) -> Server:
    try:
        return reach(row)
    except secrets.CannotDecrypt as error:  # its copies wait and say so; the others leave
        return Server(row.pk, row.name, "smtp", row.host, row.port, company=row.company_id or 0, trouble=str(error))


def reach(row: OutgoingServer) -> Server:
    """A server's row as transports take it, its secrets in the clear.

    Raises:
        CannotDecrypt: no key of the configuration reads one of them.

    """
    kinds = OutgoingServer.Authentication
    more = {
        "id": row.pk,
        "name": row.name,
        "connections": row.max_connections,
        "max_size": row.max_size,
        "minute_limit": row.minute_limit,
        "hour_limit": row.hour_limit,
        "daily_limit": row.daily_limit,
        "company": row.company_id or 0,
    }
    if row.authentication == kinds.DEFAULT:
        return replace(default_reach(), **more)  # type: ignore[arg-type]
    login, certificate = row.authentication == kinds.LOGIN, row.authentication == kinds.CERTIFICATE
    return Server(
        transport="smtp",
        host=row.host,
        port=row.port,
        encryption=row.encryption,
        authentication=row.authentication,
        username=row.username if login else "",
        password=secrets.decrypt(bytes(row.secret)) if login else "",
        mechanism=row.mechanism,
        certificate=secrets.decrypt(bytes(row.client_certificate)) if certificate else "",
        public_only=is_hosted(row.company_id),
        trouble=port_problem(row.company_id, row.port),
        **more,  # type: ignore[arg-type]
    )


def default_reach() -> Server:
    """How a record reaches the default server that it refers to."""
    if not config().outgoing_server:
        words = "It refers to the default server of the configuration, which is not set."
        return Server(DEFAULT_SERVER, "", "smtp", trouble=words)
    return _default_reach()


def _default_reach() -> Server:
    own = config()
    if not own.outgoing_server:
        return Server(DEFAULT_SERVER, default_server().name, "outbox")
    return Server(
        id=DEFAULT_SERVER,
        name=default_server().name,
        transport="smtp",
        host=own.outgoing_server,
        port=own.outgoing_port,
        encryption=own.outgoing_encryption,
        authentication="login" if own.outgoing_user else "none",
        username=own.outgoing_user,
        password=own.outgoing_password,
        connections=own.outgoing_connections,
        by_default=True,
    )


def _read(places: set[Place]) -> None:
    companies = {company for company, _ in places}
    servers: dict[int | None, list[ServerFact]] = {}
    for row in OutgoingServer.objects.filter(Q(company__in=companies) | Q(company=None)).defer("secret"):
        servers.setdefault(row.company_id, []).append(_fact(row))
    domains = AliasDomain.objects.in_bulk({domain for _, domain in places if domain})
    firsts: dict[int, AliasDomain] = {}
    given: dict[int, str] = {}
    links = CompanyDomain.objects.filter(company__in=companies).select_related("domain")
    for link in links.order_by("-domain__priority", "-domain"):
        firsts[link.company_id] = link.domain
        if slug_of_hosted(link.domain.name):
            given[link.company_id] = link.domain.name
    at, values, default = time.monotonic(), parameters.values(), default_server()
    for company, number in places:
        own = (*servers.get(company, ()), *servers.get(None, ()))
        domain = domains.get(number) if number else firsts.get(company)
        _known[company, number] = (
            at,
            _facts(own, domain, values, _default_of(default, domain, given.get(company, ""))),
        )


def _default_of(default: ServerFact, domain: AliasDomain | None, given: str) -> ServerFact:
    """The default server as one company has it: the folder shows what a server of the company's own domain would send;
    one that sends for the domain of the operator sends for the subdomain that the company was given, and for no other.
    """
    if domain and not default.filter and not config().outgoing_server:
        return replace(default, filter=(domain.name,))
    if given and hosted_root() in default.filter:
        return replace(default, filter=(*default.filter, given))
    return default


def _facts(
    servers: tuple[ServerFact, ...], domain: AliasDomain | None, values: Mapping[str, str], default: ServerFact
) -> SendingFacts:
    return SendingFacts(
        servers=servers,
        default=default,
        alias_domain=domain.name if domain else "",
        default_from=domain.default_from if domain else "",
        email_from=config().email_from,
        bounce=f"{domain.bounce}@{domain.name}" if domain else "",
        force_from=values["mail.force.smtp.from"],
        dynamic_from=values["mail.dynamic.smtp.from"],
        tag=domain.separator if domain and domain.tags_arrive else "",
    )


def _fact(row: OutgoingServer) -> ServerFact:
    size = known_size(row)
    return ServerFact(
        id=row.pk,
        name=row.name,
        priority=row.priority,
        filter=parse_filter(row.from_filter),
        owner=row.owner_id or 0,
        active=row.is_active,
        trusted_relay=row.trusted_relay,
        max_size=size or config().outgoing_max_size,
        size_assumed=not size and config().outgoing_max_size == ASSUMED_SIZE,
        smtputf8=learnt_smtputf8(row),
        failover=row.failover,
    )
