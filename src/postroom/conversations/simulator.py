"""The simulator: how a mail would leave, said beforehand in the words that it will carry; nothing is changed.

What is asked here goes through the same choice as every letter, with the address for answers that a letter of that
record, or without one of that company, would have.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q
from django.utils.translation import gettext as _

from postroom.conversations.ways import way_of_company, ways_back
from postroom.core.addresses import Address
from postroom.core.authentication.sender import Check
from postroom.core.errors import PostroomError
from postroom.core.sending.facts import Choice
from postroom.directory.models import User
from postroom.infra.dns import Resolver
from postroom.outbound.choice import preview
from postroom.outbound.servers import services as servers
from postroom.outbound.servers.sender_check import checks_of
from postroom.records.models import Record
from postroom.records.selectors import record_by_id


@dataclass(frozen=True, slots=True)
class Question:
    """A mail that nobody wrote. A record decides the company, whatever `company` says; `writer` is whose personal
    server is asked, too; `forced_server` is an id, 0 for the default server, None for none.
    """

    company: int
    author: Address
    writer: User | None = None
    record: Record | None = None
    forced_server: int | None = None


class CannotAsk(PostroomError):
    """The question names what the asking user may not know of; `field` is where, the words are for people."""

    def __init__(self, field: str, words: str) -> None:
        super().__init__(words)
        self.field = field


def question(
    user: User,
    author: Address,
    *,
    company: int | None = None,
    writer: int | None = None,
    record: int | None = None,
    server: int | None = None,
) -> Question:
    """What `user` may ask: of companies whose servers they manage. `company` None: that of the record, else the only
    one; 0: servers of all companies alone, for operators.

    Raises:
        CannotAsk: there is no such company, record, person or server for this user.

    """
    found = record_by_id(user, record) if record else None
    places = {pk or 0 for pk in servers.places(user)}
    if record and (found is None or found.company_id not in places):
        raise CannotAsk("record", _("There is no such record in a company whose servers you manage."))
    if found and company and found.company_id != company:
        raise CannotAsk("company", _("The record belongs to another company, and that decides."))
    own = [pk for pk in places if pk]
    place = found.company_id if found else own[0] if company is None and len(own) == 1 else company
    if place is None or place not in places:
        raise CannotAsk("company", _("Name a company whose servers you manage."))
    who = _writer(user, place, writer)
    named = author if author.name or who is None else Address(author.email, who.name)
    return Question(place, named, who, found, _server(user, place, server))


def _writer(user: User, company: int, writer: int | None) -> User | None:
    if not writer:
        return None
    if writer not in {pk for pk, _name, where in servers.people(user) if where == company}:
        raise CannotAsk("user", _("Name somebody of this company."))
    return User.objects.get(pk=writer)


def _server(user: User, company: int, server: int | None) -> int | None:
    if not server:
        return server
    if not servers.shown(user).filter(Q(company=company) | Q(company=None), pk=server).exists():
        raise CannotAsk("server", _("Name a server of this company, or one of all companies."))
    return server


def simulate(asked: Question) -> Choice:
    """The server, the From, the return path and the Reply-To, and why; one query besides what is kept for seconds, two
    where a record's desk has no address.
    """
    record = asked.record
    way = ways_back([record])[record.pk] if record else way_of_company(asked.company)
    return preview(
        record.company_id if record else asked.company,
        asked.author,
        asked.writer,
        way.domain,
        reply_to=way.address,
        forced_server=asked.forced_server,
    )


def ask_dns(choice: Choice, asks: Resolver | None = None) -> tuple[Check, ...]:
    """SPF, DKIM and DMARC of a mail that leaves so, as far as DNS tells; none where nothing would leave. Takes
    `dns_check_seconds` of the settings at most; for a thread that runs no event loop.
    """
    return checks_of(choice, asks)
