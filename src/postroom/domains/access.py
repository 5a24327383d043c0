"""Which domains and aliases somebody may see, and which they may change.

A domain may serve several companies: who manages one of them sees it, who manages all of them changes it, operators of
the installation change every one. An alias belongs to one company and to those who manage it.
"""

from __future__ import annotations

from django.db.models import QuerySet

from postroom.directory.access import NO_COMPANY, companies
from postroom.directory.models import Company, User
from postroom.directory.roles import Permission
from postroom.domains.models import Alias, AliasDomain, CompanyDomain


def readable(user: User) -> QuerySet[AliasDomain]:
    """The domains that `user` may know of, in their order."""
    mine = companies(user, Permission.DOMAINS_MANAGE)
    found = AliasDomain.objects.order_by("priority", "pk")
    if NO_COMPANY in mine:
        return found
    return found.filter(pk__in=CompanyDomain.objects.filter(company__in=mine).values("domain"))


def changeable(user: User) -> QuerySet[AliasDomain]:
    """The domains that `user` may change: none that serves a company of somebody else."""
    mine = companies(user, Permission.DOMAINS_MANAGE)
    if NO_COMPANY in mine:
        return readable(user)
    return readable(user).exclude(pk__in=CompanyDomain.objects.exclude(company__in=mine).values("domain"))


def aliases(user: User) -> QuerySet[Alias]:
    """The aliases that `user` may see and change."""
    return Alias.objects.filter(company__in=companies(user, Permission.DOMAINS_MANAGE)).select_related("domain")


def shareable(user: User) -> QuerySet[Company]:
    """The companies to which `user` may give a domain, by name."""
    mine = companies(user, Permission.DOMAINS_MANAGE)
    return (Company.objects.all() if NO_COMPANY in mine else Company.objects.filter(pk__in=mine)).order_by("name", "pk")


def serves_others(user: User) -> bool:
    """Whether a domain of every company would serve one whose domains `user` does not manage."""
    return Company.objects.exclude(pk__in=shareable(user).order_by().values("pk")).exists()


def own_companies(user: User) -> QuerySet[Company]:
    """The companies whose aliases `user` manages, by name."""
    return Company.objects.filter(pk__in=companies(user, Permission.DOMAINS_MANAGE)).order_by("name", "pk")
