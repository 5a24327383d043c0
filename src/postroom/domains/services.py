"""The verbs of domains: alias domains, aliases, retiring an address, the keys of tokens.

Each change of an address is told as `addresses`, so that the doors read their tables anew.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Max

from postroom.core.addresses import normalise, valid
from postroom.core.errors import PostroomError
from postroom.core.routing.facts import Part, WhoMayWrite
from postroom.core.tokens import MAX_KEY
from postroom.directory.models import Company
from postroom.domains.facts import POSTMASTERS, default_from
from postroom.domains.hosting import ensure_hosted_domain
from postroom.domains.models import Alias, AliasDomain, AllowedSender, CompanyDomain, RetiredAddress, TokenKey
from postroom.infra.changes import tell
from postroom.infra.clock import now
from postroom.infra.config import config

TOPIC = "addresses"
LONGEST_ALIAS = 39  # leaves room for a separator and a token within 64 octets
RETIRED_FOR = timedelta(days=180)  # for so long nobody else gets a retired address
SECRET_BYTES = 32


class CannotDo(PostroomError):
    """An address or domain that cannot be as asked; the words say why and what to do."""


def tell_domain(domain: AliasDomain) -> None:
    """Within a transaction: tell that an address of this domain changed."""
    tell([(0, TOPIC, f"domain:{domain.pk}")])


def create_domain(
    *,
    name: str,
    companies: Iterable[Company] = (),
    priority: int = 10,
    bounce: str = "bounce",
    catchall: str = "catchall",
    default_from: str = "notifications",
    separator: str = "+",
    way_in: str = AliasDomain.WayIn.LISTENER,
) -> AliasDomain:
    """Make an alias domain for these companies; the first domain of all goes to every company, unless these are hosted.

    Raises:
        CannotDo: the name is none, or a domain with the same name and service addresses is there.

    """
    plain = domain_name(name)
    same = AliasDomain.objects.filter(name=plain)
    if same.filter(bounce=bounce).exists() or same.filter(catchall=catchall).exists():
        raise CannotDo(f"{plain} is there already, with the same bounce or catchall address.")
    with transaction.atomic():
        is_first = not (config().hosted_domain or AliasDomain.objects.exists())
        domain = AliasDomain.objects.create(
            name=plain,
            priority=priority,
            bounce=bounce,
            catchall=catchall,
            default_from=default_from,
            separator=separator,
            way_in=way_in,
        )
        owners = Company.objects.all() if is_first else companies
        CompanyDomain.objects.bulk_create([CompanyDomain(company=owner, domain=domain) for owner in owners])
        tell_domain(domain)
    return domain


def domain_name(name: str) -> str:
    """A domain in the form in which it is kept.

    Raises:
        CannotDo: it is none.

    """
    plain = normalise(f"x@{name.strip().rstrip('.')}").partition("@")[2]
    if not valid(f"x@{plain}") or "." not in plain:
        raise CannotDo(f"{name!r} is not a domain name.")
    return plain


def note_tags(*, domain_id: int, arrive: bool) -> None:
    """Within a transaction: write down whether mail to tagged addresses was seen to arrive with its tags."""
    at = now()
    seen = {"tags_proved_at": at, "tags_lost_at": None} if arrive else {"tags_proved_at": None, "tags_lost_at": at}
    AliasDomain.objects.filter(pk=domain_id).update(**seen)
    tell([(0, TOPIC, f"domain:{domain_id}")])


def note_arrived(*, domain_id: int, addresses: Iterable[str]) -> None:
    """Within a transaction: mail to these addresses of a domain, under one name of it, was seen to arrive, so those
    aliases that were not tried yet work. What is broken stays so: that mail arrives does not mend what is made of it.
    """
    parts = [address.rpartition("@") for address in addresses]
    locals_, names = {local for local, _at, _name in parts}, {name for _local, _at, name in parts}
    if locals_:
        ours = Alias.objects.filter(domain=domain_id, domain__name__in=names, local_part__in=locals_)
        ours.filter(health=Alias.Health.NOT_TESTED).update(health=Alias.Health.VALID)


def share_domain(*, domain: AliasDomain, company: Company) -> None:
    """Let a company use a domain."""
    with transaction.atomic():
        CompanyDomain.objects.get_or_create(company=company, domain=domain)
        tell_domain(domain)


def give_first_domain(*, company: Company) -> AliasDomain | None:
    """Let a new company use the domain with the lowest priority number, where there is any; a hosted one gets a
    subdomain of its own.
    """
    if own := ensure_hosted_domain(company):
        return own
    domain = AliasDomain.objects.order_by("priority", "id").first()
    if domain is not None:
        share_domain(domain=domain, company=company)
    return domain


def create_alias(
    *,
    domain: AliasDomain,
    local_part: str,
    company: Company,
    record_type: str,
    defaults: Mapping[str, Any] | None = None,
    who_may_write: WhoMayWrite = WhoMayWrite.EVERYONE,
    forced_target: str = "",
) -> Alias:
    """Make an address that makes records of a type.

    Raises:
        CannotDo: no such local part can be had at this domain, or the company does not use the domain.

    """
    local = _local_part(domain, local_part)
    if not CompanyDomain.objects.filter(company=company, domain=domain).exists():
        raise CannotDo(f"{company.name} does not use {domain.name}: share the domain with it first.")
    with transaction.atomic():
        _ensure_free(domain, local, mine=None)
        alias = Alias.objects.create(
            domain=domain,
            local_part=local,
            company=company,
            record_type=record_type,
            defaults=dict(defaults or {}),
            who_may_write=who_may_write,
            forced_target=forced_target,
        )
        tell_domain(domain)
    return alias


def _local_part(domain: AliasDomain, local_part: str) -> str:
    address = f"{local_part.strip()}@{domain.name}"
    local = normalise(address).rpartition("@")[0]
    if not valid(address) or domain.separator in local:
        raise CannotDo(f"{local_part!r} cannot stand before the @ of an alias.")
    if len(local) > LONGEST_ALIAS:
        raise CannotDo(f"{local_part!r} is too long: an alias has at most {LONGEST_ALIAS} characters before the @.")
    return local


def _ensure_free(domain: AliasDomain, local: str, mine: Alias | None, part: Part | None = None) -> None:
    """Take this address for an alias, `mine` or a new one, or for a service of the domain (`part`)."""
    retired = _ensure_had(domain, local, mine, part)
    if retired is not None:
        retired.delete()


def _ensure_had(domain: AliasDomain, local: str, mine: Alias | None, part: Part | None = None) -> RetiredAddress | None:
    """Whether this address may be had; what routes it now and may go, if anything."""
    address = f"{local}@{domain.name}"
    services = {f"{domain.bounce}@{domain.name}", f"{domain.catchall}@{domain.name}", default_from(domain)}
    if address in services or local in POSTMASTERS:
        raise CannotDo(f"{address} is a service address of the domain.")
    if Alias.objects.filter(domain__name=domain.name, local_part=local).exclude(pk=mine.pk if mine else 0).exists():
        raise CannotDo(f"{address} is an alias already.")
    retired = RetiredAddress.objects.filter(domain_name=domain.name, local_part=local).first()
    if retired is None:
        return None
    is_mine = retired.alias_id == mine.pk if mine else part is not None and retired.part == part
    if not (is_mine and retired.domain_id == domain.pk) and retired.free_from > now():
        raise CannotDo(f"{address} was given up and still routes: it is free from {retired.free_from:%Y-%m-%d}.")
    return retired


def local_part_of(alias: Alias, local_part: str) -> str:
    """A new name of an alias in the form in which it is kept.

    Raises:
        CannotDo: it cannot be had.

    """
    local = _local_part(alias.domain, local_part)
    if local != alias.local_part:
        _ensure_had(alias.domain, local, mine=alias)
    return local


def rename_alias(*, alias: Alias, local_part: str) -> Alias:
    """Give an alias another local part; the old one is retired and goes on leading to it.

    Raises:
        CannotDo: the new one cannot be had.

    """
    local = _local_part(alias.domain, local_part)
    if local == alias.local_part:
        return alias
    with transaction.atomic():
        _ensure_free(alias.domain, local, mine=alias)
        _retire(alias.domain, alias.local_part, Part.ALIAS, alias)
        alias.local_part = local
        alias.save(update_fields=["local_part"])
        tell_domain(alias.domain)
    return alias


def rename_service(*, domain: AliasDomain, part: Part, name: str) -> AliasDomain:
    """Give a domain another bounce, catchall or notification address; the old one is retired and goes on working.

    Raises:
        CannotDo: `part` is no service address, or the name cannot be had.

    """
    fields = {Part.BOUNCE: "bounce", Part.CATCHALL: "catchall", Part.NOTIFICATIONS: "default_from"}
    if part not in fields:
        raise CannotDo(f"{part} is no service address of a domain.")
    old = str(getattr(domain, fields[part]))
    local = _whole_address(name) if "@" in name and part is Part.NOTIFICATIONS else _local_part(domain, name)
    if local == old:
        return domain
    with transaction.atomic():
        if "@" not in local:
            _ensure_free(domain, local, mine=None, part=part)
        if "@" not in old:
            _retire(domain, old, part)
        setattr(domain, fields[part], local)
        domain.save(update_fields=[fields[part]])
        tell_domain(domain)
    return domain


def _whole_address(email: str) -> str:
    if not valid(email.strip()):
        raise CannotDo(f"{email!r} is not a mail address.")
    return normalise(email)


def rename_domain(*, domain: AliasDomain, name: str) -> AliasDomain:
    """Give a domain another name; every address at the old one is retired and goes on working.

    Raises:
        CannotDo: the name is none, another domain has it, or it was ours and an address there leads elsewhere.

    """
    plain = domain_name(name)
    if plain == domain.name:
        return domain
    if AliasDomain.objects.filter(name=plain).exists():
        raise CannotDo(f"{plain} is there already.")
    with transaction.atomic():
        _come_back(domain, plain)
        for alias in domain.aliases.all():
            _retire(domain, alias.local_part, Part.ALIAS, alias)
        services = ((Part.BOUNCE, domain.bounce), (Part.CATCHALL, domain.catchall))
        for part, local in (*services, (Part.NOTIFICATIONS, domain.default_from)):
            if "@" not in local:
                _retire(domain, local, part)
        domain.name = plain
        domain.save(update_fields=["name"])
        tell_domain(domain)
    return domain


def _come_back(domain: AliasDomain, name: str) -> None:
    """Take the addresses that were retired at `name` into use again: a domain may return to a name that it had."""
    aliases = {alias.local_part: alias.pk for alias in domain.aliases.all()}
    services = {domain.bounce: Part.BOUNCE, domain.catchall: Part.CATCHALL, domain.default_from: Part.NOTIFICATIONS}
    known = RetiredAddress.objects.filter(domain_name=name, local_part__in=[*aliases, *services])
    for row in known:
        same = row.alias_id == aliases.get(row.local_part) and row.part == services.get(row.local_part, Part.ALIAS)
        if not (same and row.domain_id == domain.pk) and row.free_from > now():
            old = f"{row.local_part}@{name}"
            raise CannotDo(f"{old} was given up and still routes elsewhere: it is free from {row.free_from:%Y-%m-%d}.")
    known.delete()


def delete_alias(*, alias: Alias) -> None:
    """Make no more records by an alias. Answers to its addresses go on being found, as those to the catchall are."""
    with transaction.atomic():
        _retire(alias.domain, alias.local_part, Part.ALIAS, alias)
        RetiredAddress.objects.filter(alias=alias).update(part=Part.CATCHALL, alias=None)
        alias.delete()
        tell_domain(alias.domain)


def edit_alias(
    *,
    alias: Alias,
    record_type: str,
    defaults: Mapping[str, Any],
    who_may_write: WhoMayWrite,
    forced_target: str,
    takes_automatic: bool,
) -> Alias:
    """Change what an alias does; whether it works is to be seen again."""
    with transaction.atomic():
        alias.record_type, alias.defaults, alias.who_may_write = record_type, dict(defaults), who_may_write
        alias.forced_target, alias.takes_automatic = forced_target, takes_automatic
        if alias.health == Alias.Health.INVALID:
            alias.health, alias.health_reason = Alias.Health.NOT_TESTED, ""
        alias.save()
        tell_domain(alias.domain)
    return alias


def allow_senders(*, alias: Alias, emails: Iterable[str]) -> None:
    """Let the loop limits of an alias leave these senders alone, and nobody else.

    Raises:
        CannotDo: one is no address.

    """
    wanted = {_whole_address(email) for email in emails}
    with transaction.atomic():
        known = set(alias.allowed_senders.values_list("email", flat=True))
        alias.allowed_senders.filter(email__in=known - wanted).delete()
        AllowedSender.objects.bulk_create(AllowedSender(alias=alias, email=email) for email in wanted - known)
        tell_domain(alias.domain)


def _retire(domain: AliasDomain, local: str, part: Part, alias: Alias | None = None) -> None:
    at = now()
    RetiredAddress.objects.update_or_create(
        domain_name=domain.name,
        local_part=local,
        defaults={
            "domain": domain,
            "part": part,
            "alias": alias,
            "retired_at": at,
            "free_from": at + RETIRED_FOR,
        },
    )


def ensure_token_key() -> TokenKey:
    """The key that signs tokens now; the first one is made where there is none."""
    current = TokenKey.objects.filter(retired_at__isnull=True).order_by("number").first()
    if current is not None:
        return current
    return _new_key()


def rotate_token_key() -> TokenKey:
    """Sign with a new key from now on; the old ones verify for ever.

    Raises:
        CannotDo: all sixteen numbers are used up.

    """
    with transaction.atomic():
        TokenKey.objects.filter(retired_at__isnull=True).update(retired_at=now())
        return _new_key()


def _new_key() -> TokenKey:
    last = TokenKey.objects.aggregate(last=Max(F("number")))["last"]
    number = 0 if last is None else last + 1
    if number > MAX_KEY:
        raise CannotDo(f"All {MAX_KEY + 1} token keys are used up.")
    secret = secrets.token_bytes(SECRET_BYTES)
    key, _ = TokenKey.objects.get_or_create(number=number, defaults={"secret": secret, "created_at": now()})
    return key
