"""What people do with alias domains: add, change, order, share, remove; each verb asks who they are first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from django.db import transaction

from postroom.core.addresses import valid
from postroom.core.edits import Edit, edited
from postroom.core.errors import PostroomError
from postroom.core.routing.facts import Part
from postroom.directory.access import NO_COMPANY, companies
from postroom.directory.models import Company, User
from postroom.directory.roles import Permission
from postroom.domains import services
from postroom.domains.access import changeable, readable, shareable
from postroom.domains.facts import POSTMASTERS
from postroom.domains.forwarders import read_forwarders
from postroom.domains.hosting import name_problem, slug_of_hosted
from postroom.domains.models import AliasDomain, CompanyDomain, RetiredAddress
from postroom.domains.services import LONGEST_ALIAS, CannotDo
from postroom.infra.clock import now
from postroom.infra.config import config
from postroom.infra.logs import logger

PRIORITIES = range(10_000)
SEPARATORS = "+-=_"  # what mail servers know as the start of a tag (RFC 5233 leaves it open)
STEP = 10  # between the priorities of a list that was put in order
SERVICES: Mapping[Part, str] = {
    Part.BOUNCE: "bounce",
    Part.CATCHALL: "catchall",
    Part.NOTIFICATIONS: "default_from",
}

log = logger(__name__)


class CannotSave(CannotDo):
    """A domain or alias that cannot be kept as asked; `problems` says for each field what is wrong and what to do."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__(" ".join(problems.values()))
        self.problems = dict(problems)


class NoDomain(PostroomError):
    """There is no such domain, or this user may not change it."""


@dataclass(frozen=True, slots=True)
class DomainFields:
    """An alias domain as somebody enters it. `tags_overridden`: tags are put on addresses without a proof; `unproved`
    and `trusted_forwarders` as in `AliasDomain`.
    """

    name: str = ""
    priority: int = 10
    bounce: str = "bounce"
    catchall: str = "catchall"
    default_from: str = "notifications"
    separator: str = "+"
    way_in: str = AliasDomain.WayIn.LISTENER.value
    tags_overridden: bool = False
    unproved: str = AliasDomain.Unproved.FLAG.value
    trusted_forwarders: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """An address that a change of its domain gives up, and the one that takes its place."""

    old: str
    new: str
    part: Part


Uses = Callable[[AliasDomain], Iterable[str]]
_uses: list[Uses] = []


def uses(check: Uses) -> Uses:
    """Register what says, in words, how rows of another app depend on a domain."""
    if check not in _uses:
        _uses.append(check)
    return check


def fields_of(row: AliasDomain) -> DomainFields:
    """What was entered for a domain."""
    return DomainFields(
        name=row.name,
        priority=row.priority,
        bounce=row.bounce,
        catchall=row.catchall,
        default_from=row.default_from,
        separator=row.separator,
        way_in=row.way_in,
        tags_overridden=row.tags_overridden,
        unproved=row.unproved,
        trusted_forwarders=row.trusted_forwarders,
    )


def goes_to_all() -> bool:
    """Whether a domain added now would be the first, which goes to every company."""
    return not (config().hosted_domain or AliasDomain.objects.exists())


def add_domain(*, user: User, fields: DomainFields, companies: Iterable[int] = ()) -> AliasDomain:
    """Add a domain for these companies; the first of all goes to every company.

    Raises:
        CannotSave: a field is wrong, or a company is not the user's.

    """
    entered = checked(fields)
    chosen = list(dict.fromkeys(companies))
    owners = list(shareable(user).filter(pk__in=chosen))
    if len(owners) != len(chosen) or not (owners or goes_to_all() or _is_operator(user)):
        raise CannotSave({"companies": "Choose a company whose domains you manage."})
    if said := name_problem(entered.name, operator=_is_operator(user)):
        raise CannotSave({"name": said})
    if not _is_operator(user) and _is_strange(user, entered.name):
        raise CannotSave({"name": _STRANGE})
    with transaction.atomic():
        row = _created(entered, owners)
        AliasDomain.objects.filter(pk=row.pk).update(**_believed(entered))
    log.info("alias domain added", domain=row.name, by=user.username)
    return row


def _believed(fields: DomainFields) -> dict[str, str | bool]:
    """What a domain takes for true without a proof, or not."""
    return {name: getattr(fields, name) for name in ("tags_overridden", "unproved", "trusted_forwarders")}


def _created(fields: DomainFields, owners: Iterable[Company]) -> AliasDomain:
    try:
        return services.create_domain(
            name=fields.name,
            companies=owners,
            priority=fields.priority,
            bounce=fields.bounce,
            catchall=fields.catchall,
            default_from=fields.default_from,
            separator=fields.separator,
            way_in=fields.way_in,
        )
    except CannotDo as error:
        raise CannotSave({"name": str(error)}) from None


_STRANGE = "This domain is in use at this installation already. Whoever runs it may share it with your company."


def _is_operator(user: User) -> bool:
    return NO_COMPANY in companies(user, Permission.DOMAINS_MANAGE)


def _is_strange(user: User, name: str) -> bool:
    """Whether others have this name, or had it."""
    known = AliasDomain.objects.filter(name=name).exclude(pk__in=changeable(user).values("pk"))
    former = RetiredAddress.objects.filter(domain_name=name).exclude(domain__in=changeable(user).values("pk"))
    return known.exists() or former.filter(free_from__gt=now()).exists()


def edit_domain(*, user: User, domain_id: int, fields: Edit[DomainFields]) -> AliasDomain:
    """Change a domain; addresses that change are retired and go on working.

    Raises:
        NoDomain: it is not there for this user.
        CannotSave: a field is wrong.

    """
    with transaction.atomic():
        row = _own(user, domain_id)
        entered = checked(edited(fields_of(row), fields))
        if entered.name != row.name and (said := _renaming_problem(user, row, entered.name)):
            raise CannotSave({"name": said})
        if entered.name != row.name and not _is_operator(user) and _is_strange(user, entered.name):
            raise CannotSave({"name": _STRANGE})
        if (entered.name, entered.separator, entered.way_in) != (row.name, row.separator, row.way_in):
            row.tags_proved_at = row.tags_lost_at = None  # what was seen held for the way that mail took until now
        _rename(row, entered)
        if entered.separator != row.separator:
            former = (row.separators).replace(entered.separator, "")
            row.separator, row.former_separators = entered.separator, former
        row.priority, row.way_in = entered.priority, entered.way_in
        for name, value in _believed(entered).items():
            setattr(row, name, value)
        row.save()
        services.tell_domain(row)
    log.info("alias domain changed", domain=row.name, by=user.username)
    return row


def _renaming_problem(user: User, row: AliasDomain, name: str) -> str:
    if slug_of_hosted(row.name):
        return f"{row.name} was given to the company by the installation, and keeps its name."
    return name_problem(name, operator=_is_operator(user))


def _rename(row: AliasDomain, fields: DomainFields) -> None:
    """The domain first, then its services; an error is said beside its field."""
    field = "name"
    try:
        services.rename_domain(domain=row, name=fields.name)
        for part, name in SERVICES.items():
            field = name
            services.rename_service(domain=row, part=part, name=getattr(fields, name))
    except CannotDo as error:
        raise CannotSave({field: str(error)}) from None


def changes(row: AliasDomain, fields: DomainFields) -> list[Change]:
    """The addresses that these checked fields would give up."""
    locals_ = [(Part.ALIAS, one, one) for one in row.aliases.order_by("pk").values_list("local_part", flat=True)]
    locals_ += [(part, getattr(row, name), getattr(fields, name)) for part, name in SERVICES.items()]
    whole = [(part, _at(old, row.name), _at(new, fields.name)) for part, old, new in locals_]
    return [Change(old, new, part) for part, old, new in whole if old != new and old.endswith(f"@{row.name}")]


def _at(local: str, name: str) -> str:
    return local if "@" in local else f"{local}@{name}"


def move_domain(*, user: User, domain_id: int, up: bool) -> AliasDomain:
    """Let a domain change places with the one before it, or after it.

    Raises:
        NoDomain: it is not there for this user.
        CannotDo: the order concerns a company of somebody else.

    """
    with transaction.atomic():
        row = _own(user, domain_id)
        rows = list(readable(user).select_for_update())
        if set(changeable(user).values_list("pk", flat=True)) != {one.pk for one in rows}:
            raise CannotDo("The order holds for companies of others, too: change the priority of your own domain.")
        place = [one.pk for one in rows].index(row.pk)
        other = place - 1 if up else place + 1
        if 0 <= other < len(rows):
            rows[place], rows[other] = rows[other], rows[place]
        for position, one in enumerate(rows, 1):
            one.priority = position * STEP
        AliasDomain.objects.bulk_update(rows, ["priority"])
        services.tell_domain(row)
    return row


def share(*, user: User, domain_id: int, company_id: int) -> Company:
    """Let a company use a domain.

    Raises:
        NoDomain: the domain or the company is not there for this user.
        CannotDo: it was given to another company.

    """
    with transaction.atomic():
        row, company = _own(user, domain_id), _company(user, company_id)
        if slug_of_hosted(row.name) not in {"", company.slug}:
            raise CannotDo(f"{row.name} is for the company whose short name it carries.")
        services.share_domain(domain=row, company=company)
    return company


def unshare(*, user: User, domain_id: int, company_id: int) -> Company:
    """Let a company use a domain no longer.

    Raises:
        NoDomain: the domain or the company is not there for this user.
        CannotDo: aliases of the company stand there.

    """
    with transaction.atomic():
        row, company = _own(user, domain_id), _company(user, company_id)
        if slug_of_hosted(row.name) == company.slug:
            raise CannotDo(f"{row.name} was given to {company.name} by the installation, and stays with it.")
        names = [alias.address for alias in row.aliases.filter(company=company).select_related("domain")]
        if names:
            raise CannotDo(
                f"{company.name} has aliases here: {listed(names)}. Delete them first, or leave it the domain."
            )
        others = CompanyDomain.objects.filter(domain=row).exclude(company=company)
        if not (others.exists() or _is_operator(user)):
            raise CannotDo(f"{row.name} would serve nobody then. Remove it instead, where nothing depends on it.")
        CompanyDomain.objects.filter(domain=row, company=company).delete()
        services.tell_domain(row)
    return company


def listed(names: list[str], most: int = 5) -> str:
    """Names in a row, the rest as a number."""
    rest = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + rest


def uses_of(row: AliasDomain) -> list[str]:
    """What would break without a domain, in words; empty where it may be removed."""
    names = [alias.address for alias in row.aliases.select_related("domain").order_by("local_part")]
    kept = row.retired.filter(free_from__gt=now()).order_by("domain_name", "local_part")
    retired = [f"{local}@{name}" for local, name in kept.values_list("local_part", "domain_name")]
    found = [f"Aliases: {listed(names)}."] if names else []
    found += [f"Retired addresses that still route: {listed(retired)}."] if retired else []
    return found + [said for check in _uses for said in check(row)]


def remove_domain(*, user: User, domain_id: int) -> str:
    """Remove a domain on which nothing depends; its name.

    Raises:
        NoDomain: it is not there for this user.
        CannotDo: something depends on it.

    """
    with transaction.atomic():
        row = _own(user, domain_id)
        if slug_of_hosted(row.name) in set(row.company_domains.values_list("company__slug", flat=True)):
            raise CannotDo(f"{row.name} was given to the company by the installation, and stays with it.")
        if found := uses_of(row):
            raise CannotDo(f"{row.name} is still needed. {' '.join(found)}")
        services.tell_domain(row)
        row.delete()
    log.info("alias domain removed", domain=row.name, by=user.username)
    return row.name


def checked(fields: DomainFields) -> DomainFields:
    """The fields in the form in which they are kept.

    Raises:
        CannotSave: what is wrong, by field.

    """
    names = {name: getattr(fields, name).strip().lower() for name in ("bounce", "catchall", "default_from")}
    tidy = replace(fields, separator=fields.separator.strip(), **names)
    problems = {name: said for name, said in _problems(tidy) if said}
    try:
        tidy = replace(tidy, name=services.domain_name(fields.name))
    except CannotDo:
        problems["name"] = "Enter a domain name, such as acme.example."
    try:
        tidy = replace(tidy, trusted_forwarders=read_forwarders(fields.trusted_forwarders))
    except CannotDo as error:
        problems["trusted_forwarders"] = str(error)
    if problems:
        raise CannotSave(problems)
    return tidy


def _problems(fields: DomainFields) -> Iterator[tuple[str, str]]:
    right = fields.priority in PRIORITIES
    yield "priority", "" if right else f"Enter a whole number from {PRIORITIES[0]} to {PRIORITIES[-1]}."
    yield "way_in", "" if fields.way_in in AliasDomain.WayIn.values else "Choose one of the list."
    yield "unproved", "" if fields.unproved in AliasDomain.Unproved.values else "Choose one of the list."
    known = fields.separator in SEPARATORS and len(fields.separator) == 1
    yield "separator", "" if known else f"Choose one of {' '.join(SEPARATORS)}"
    seen: set[str] = set()
    for name in SERVICES.values():
        value = getattr(fields, name)
        same = "The bounce, catchall and default From addresses have to differ."
        yield name, same if value in seen else _service_problem(name, value, fields.separator)
        seen.add(value)


def _service_problem(name: str, value: str, separator: str) -> str:
    if name == "default_from" and "@" in value:
        return "" if valid(value) else f"{value!r} is no mail address."
    if value in POSTMASTERS:
        return f"{value}@ belongs to those who look after the mail system: take another name."
    wrong = not valid(f"{value}@x.example") or "@" in value or (separator and separator in value)
    if wrong:
        return "Enter what stands before the @, without the separator of tags."
    return f"At most {LONGEST_ALIAS} characters: a token has to fit behind it." if len(value) > LONGEST_ALIAS else ""


def _own(user: User, domain_id: int) -> AliasDomain:
    """Within a transaction: the domain, locked, so that of two who change it neither writes over the other."""
    mine = changeable(user).values("pk")
    row = AliasDomain.objects.select_for_update(no_key=True).filter(pk=domain_id, pk__in=mine).first()
    if row is None:
        raise NoDomain("There is no such domain, or it is not yours to change.")
    return row


def _company(user: User, company_id: int) -> Company:
    company = shareable(user).filter(pk=company_id).first()
    if company is None:
        raise NoDomain("There is no such company.")
    return company
