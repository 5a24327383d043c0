"""What routing asks of domains: which recipient addresses are ours, and what each one is."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace

from django.db.models import F, QuerySet

from postroom.core.addresses import normalise
from postroom.core.routing.facts import Part
from postroom.core.subaddress import split, unwrap
from postroom.core.tokens import Purpose, Token, looks_like_token, verify
from postroom.domains.hosting import slug_of_hosted
from postroom.domains.models import Alias, AliasDomain, AllowedSender, CompanyDomain, RetiredAddress, TokenKey
from postroom.infra.database.prepared import prepared

POSTMASTERS = ("postmaster", "abuse")


@dataclass(frozen=True, slots=True)
class Known:
    """A recipient address as our domains see it. `token` is a verified one; `problem` says why a tag is none.
    `unproved` is what its domain does with mail of our own people that nothing proves.
    """

    address: str
    base: str
    part: Part
    domain: int = 0
    companies: tuple[int, ...] = ()
    alias: Alias | None = None
    retired: str = ""
    tag: str = ""
    token: Token | None = None
    problem: str = ""
    unproved: str = "flag"

    @property
    def delivery(self) -> int:
        """The delivery that a return-path token names, or 0."""
        return self.token.row if self.token and self.token.purpose is Purpose.RETURN_PATH else 0

    @property
    def answered(self) -> int:
        """The delivery that a reply token names, or 0."""
        return self.token.row if self.token and self.token.purpose is Purpose.REPLY else 0


@dataclass(slots=True)
class _Book:
    """The rows that a set of addresses may need, fetched in a fixed number of queries."""

    domains: dict[str, list[AliasDomain]] = field(default_factory=dict)
    companies: dict[int, tuple[int, ...]] = field(default_factory=dict)
    aliases: dict[tuple[int, str], Alias] = field(default_factory=dict)
    redirected: dict[tuple[int, str], Alias] = field(default_factory=dict)
    retired: dict[tuple[str, str], RetiredAddress] = field(default_factory=dict)
    former: set[str] = field(default_factory=set)
    secrets: dict[int, bytes] = field(default_factory=dict)

    def all_domains(self) -> Iterable[AliasDomain]:
        """Those that are named, and those to which a retired address belongs."""
        yield from (domain for found in self.domains.values() for domain in found)
        yield from (row.domain for row in self.retired.values())


def recipients(addresses: Iterable[str]) -> dict[str, Known]:
    """What each of these addresses is to us, by the address as given; five queries, six where tags look like tokens,
    two more where one is at the subdomain of a hosted company.
    """
    plain = {address: normalise(unwrap(address)) for address in addresses}
    book = _open_book(set(plain.values()))
    found = {address: _look_up(address, normal, book) for address, normal in plain.items()}
    return {address: _as_its_domain_wants(known, book) for address, known in found.items()}


def _as_its_domain_wants(known: Known, book: _Book) -> Known:
    domain = next((one for one in book.all_domains() if one.pk == known.domain), None)
    return known if domain is None else replace(known, unproved=domain.unproved)


def _open_book(addresses: Collection[str]) -> _Book:
    names = {address.rpartition("@")[2] for address in addresses}
    locals_ = {address.rpartition("@")[0] for address in addresses}
    book = _Book()
    for domain in _domains(list(names)):
        book.domains.setdefault(domain.name, []).append(domain)
    for row in _retired(list(names)):
        book.retired[row.domain_name, row.local_part] = row
        book.former.add(row.domain_name)
    ids = {d.pk for found in book.domains.values() for d in found} | {r.domain_id for r in book.retired.values()}
    for company, domain_id in _companies(list(ids)):
        book.companies[domain_id] = (*book.companies.get(domain_id, ()), company)
    separators = {separator for domain in book.all_domains() for separator in domain.separators}
    tagged = [split(local, separator) for separator in separators for local in locals_]
    wanted = locals_ | {base for base, _ in tagged}
    for alias in _aliases(list(ids), list(wanted)):
        book.aliases[alias.domain_id, alias.local_part] = alias
    if hosted := {d.pk for found in book.domains.values() for d in found if slug_of_hosted(d.name)}:
        _open_redirected(book, hosted, wanted)
    if any(looks_like_token(tag) for _, tag in tagged):
        book.secrets = {key.number: bytes(key.secret) for key in TokenKey.objects.all()}
    return book


@prepared
def _domains(names: Sequence[str]) -> QuerySet[AliasDomain]:
    return AliasDomain.objects.filter(name__in=names).order_by("priority", "id")


@prepared
def _retired(names: Sequence[str]) -> QuerySet[RetiredAddress]:
    return RetiredAddress.objects.filter(domain_name__in=names).select_related("domain", "alias__domain")


@prepared
def _companies(domains: Sequence[int]) -> QuerySet[CompanyDomain, tuple[int, int]]:
    return CompanyDomain.objects.filter(domain__in=domains).values_list("company_id", "domain_id")


@prepared
def _aliases(domains: Sequence[int], local_parts: Sequence[str]) -> QuerySet[Alias]:
    return Alias.objects.filter(domain__in=domains, local_part__in=local_parts).select_related("domain")


def _open_redirected(book: _Book, hosted: Collection[int], locals_: Collection[str]) -> None:
    """At the subdomain of a hosted company all its aliases answer, and those that it gave up; two queries."""
    at = {company: domain for domain in hosted for company in book.companies.get(domain, ())}
    gone = RetiredAddress.objects.filter(alias__company__in=at, local_part__in=locals_).order_by("-pk")
    for row in gone.select_related("alias__domain"):
        assert row.alias is not None
        book.redirected[at[row.alias.company_id], row.local_part] = row.alias
    rows = Alias.objects.filter(company__in=at, local_part__in=locals_).select_related("domain")
    for alias in rows.order_by("-domain__priority", "-pk"):
        book.redirected[at[alias.company_id], alias.local_part] = alias


def _look_up(address: str, normal: str, book: _Book) -> Known:
    local, _, name = normal.rpartition("@")
    if name not in book.domains and name not in book.former:
        return Known(address, normal, Part.FOREIGN)
    for domain in book.domains.get(name, []):
        for base, tag in _readings(local, domain.separators):
            if found := _at(address, f"{base}@{name}", domain, base, tag, book):
                return found
    if found := _formerly(address, local, name, book):
        return found
    domains = book.domains.get(name, [])
    companies = tuple(sorted({c for d in domains for c in book.companies.get(d.pk, ())}))
    part = Part.POSTMASTER if local in POSTMASTERS else Part.UNKNOWN
    return Known(address, normal, part, domain=domains[0].pk if domains else 0, companies=companies)


def _readings(local: str, separators: str) -> list[tuple[str, str]]:
    """A name as it stands, then as base and tag: an alias may hold the separator itself."""
    tagged = [split(local, separator) for separator in separators]
    return [(local, ""), *((base, tag) for base, tag in tagged if tag)]


def _at(address: str, base: str, domain: AliasDomain, local: str, tag: str, book: _Book) -> Known | None:
    companies = book.companies.get(domain.pk, ())
    token, problem = _token(tag, book)
    if alias := book.aliases.get((domain.pk, local)):
        return Known(address, base, Part.ALIAS, domain.pk, companies, alias, tag=tag, token=token, problem=problem)
    part = {domain.catchall: Part.CATCHALL, domain.bounce: Part.BOUNCE}.get(local)
    if part is None and base == default_from(domain):
        part = Part.NOTIFICATIONS
    if part:
        return Known(address, base, part, domain.pk, companies, tag=tag, token=token, problem=problem)
    if alias := book.redirected.get((domain.pk, local)):
        return Known(address, base, Part.ALIAS, domain.pk, companies, alias, tag=tag, token=token, problem=problem)
    return None


def _formerly(address: str, local: str, name: str, book: _Book) -> Known | None:
    separators = {one for (at, _), row in book.retired.items() if at == name for one in row.domain.separators}
    for base, tag in _readings(local, "".join(sorted(separators))):
        if row := book.retired.get((name, base)):
            token, problem = _token(tag, book)
            old = f"{base}@{name}"
            companies = book.companies.get(row.domain_id, ())
            part = Part(row.part)
            return Known(address, old, part, row.domain_id, companies, row.alias, old, tag, token, problem)
    return None


def _token(tag: str, book: _Book) -> tuple[Token | None, str]:
    if not tag:
        return None, ""
    if not looks_like_token(tag):
        return None, f"the tag {tag!r} is not a token of ours"
    token = verify(tag, book.secrets)
    if token is None:
        return None, "the tag looks like a token, but its signature is wrong"
    return token, ""


def behind_listener(known: Known) -> bool:
    """Whether mail to a recipient address comes in through our own SMTP listener."""
    listener = AliasDomain.WayIn.LISTENER
    return bool(known.domain) and AliasDomain.objects.filter(pk=known.domain, way_in=listener).exists()


def default_from(domain: AliasDomain) -> str:
    """The notification address: `default_from` may be a local part or a whole address."""
    return domain.default_from if "@" in domain.default_from else f"{domain.default_from}@{domain.name}"


def catchall_addresses(addresses: Collection[str]) -> dict[str, int]:
    """Those of these addresses that are an untagged catchall or notification address, or were one, and their domain's
    id; one query.
    """
    names = {address.rpartition("@")[2] for address in addresses}
    live = AliasDomain.objects.filter(name__in=names).values_list("name", "catchall", "default_from", "pk")
    given_up = RetiredAddress.objects.filter(domain_name__in=names, part__in=(Part.CATCHALL, Part.NOTIFICATIONS))
    former = given_up.annotate(again=F("local_part")).values_list("domain_name", "local_part", "again", "domain_id")
    found: dict[str, int] = {}
    for name, catchall, notifications, pk in live.union(former, all=True):
        for local in (catchall, notifications):
            service = local if "@" in local else f"{local}@{name}"
            if service in addresses:
                found[service] = pk
    return found


def trusted_forwarders(addresses: Collection[str]) -> dict[str, frozenset[str]]:
    """By address as given, of those at domains that are ours or were: whose seals are believed of mail to it.

    Several domains may have one name, and others have given it up: only whom all of them trust is believed there. One
    query.
    """
    at = {address: normalise(unwrap(address)).rpartition("@")[2] for address in addresses}
    names = set(at.values())
    live = AliasDomain.objects.filter(name__in=names).values_list("name", "trusted_forwarders")
    given_up = RetiredAddress.objects.filter(domain_name__in=names)
    former = given_up.values_list("domain_name", "domain__trusted_forwarders")
    found: dict[str, frozenset[str]] = {}
    for name, listed in live.union(former):
        domains = frozenset(filter(None, (one.strip().lower() for one in listed.split(","))))
        found[name] = found.get(name, domains) & domains
    return {address: found[name] for address, name in at.items() if name in found}


def names_of(companies: Sequence[int]) -> dict[int, frozenset[str]]:
    """The names of the domains that each of these companies uses; one query."""
    found: dict[int, set[str]] = {}
    for company, name in _names(companies) if companies else ():
        found.setdefault(company, set()).add(name)
    return {company: frozenset(names) for company, names in found.items()}


@prepared
def _names(companies: Sequence[int]) -> QuerySet[CompanyDomain, tuple[int, str]]:
    return CompanyDomain.objects.filter(company__in=companies).values_list("company_id", "domain__name")


def sole_companies(names: Collection[str]) -> dict[str, int]:
    """For each of these domain names the one company that uses it; a name that several share is left out."""
    found: dict[str, set[int]] = {}
    for name, company in CompanyDomain.objects.filter(domain__name__in=names).values_list("domain__name", "company_id"):
        found.setdefault(name, set()).add(company)
    return {name: companies.pop() for name, companies in found.items() if len(companies) == 1}


def help_addresses(domains: Collection[int]) -> dict[int, str]:
    """For each domain the address to write to instead of its catchall: that of its first alias."""
    found: dict[int, str] = {}
    for alias in Alias.objects.filter(domain__in=domains).select_related("domain").order_by("-id"):
        found[alias.domain_id] = alias.address
    return found


def allowed_senders(aliases: Collection[int], emails: Collection[str]) -> set[tuple[int, str]]:
    """The (alias, sender) pairs that the loop limits do not touch."""
    rows = AllowedSender.objects.filter(alias__in=aliases, email__in=emails)
    return set(rows.values_list("alias_id", "email"))
