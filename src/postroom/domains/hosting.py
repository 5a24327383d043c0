"""The subdomain that an operator who hosts companies gives to each: `<short name>.<hosted domain>`, working at once.

Its mail comes to our own listener. Every alias of the company answers there as well, so that redirecting each address
of a domain of its own is enough. Its DNS is the operator's.
"""

from __future__ import annotations

from django.db import transaction

from postroom.directory.models import Company
from postroom.domains.models import AliasDomain, CompanyDomain
from postroom.infra.config import config

AFTER_OWN = 1000  # its priority: a domain that a company brings goes first


def hosted_name(slug: str) -> str:
    """The subdomain of the company with this short name; empty where nobody is hosted."""
    return f"{slug}.{hosted_root()}" if hosted_root() else ""


def slug_of_hosted(name: str) -> str:
    """The short name of the company whose subdomain this is; empty for every other domain."""
    slug, _, rest = name.partition(".")
    return slug if slug and hosted_root() and rest == hosted_root() else ""


def name_problem(name: str, *, operator: bool) -> str:
    """Why a domain that somebody adds or renames can't be called so; empty where it can."""
    below = hosted_root()
    if not below or (name != below and not name.endswith(f".{below}")):
        return ""
    if name == below:
        return "" if operator else "This domain belongs to whoever runs the installation."
    return f"Names below {below} are given to companies by themselves, and to nobody else."


def ensure_hosted_domain(company: Company) -> AliasDomain | None:
    """The subdomain of a company, made where it is missing; None where nobody is hosted."""
    from postroom.domains.services import tell_domain  # noqa: PLC0415 which asks here what is whose

    name = hosted_name(company.slug)
    if not name:
        return None
    with transaction.atomic():
        domain, made = AliasDomain.objects.get_or_create(name=name, defaults={"priority": AFTER_OWN})
        _, shared = CompanyDomain.objects.get_or_create(company=company, domain=domain)
        if made or shared:
            tell_domain(domain)
    return domain


def ensure_all() -> int:
    """At a start: give a subdomain to every company that has none; how many were made."""
    if not hosted_root():
        return 0
    known = set(AliasDomain.objects.filter(name__endswith=f".{hosted_root()}").values_list("name", flat=True))
    missing = [one for one in Company.objects.order_by("pk") if hosted_name(one.slug) not in known]
    for company in missing:
        ensure_hosted_domain(company)
    return len(missing)


def hosted_root() -> str:
    """The domain below which companies get their subdomains; empty where nobody is hosted."""
    return config().hosted_domain.strip().strip(".").lower()
