"""Questions about aliases and retired addresses: lists by key."""

from __future__ import annotations

from django.db.models import Q

from postroom.directory.access import NO_COMPANY, companies
from postroom.directory.models import User
from postroom.directory.roles import Permission
from postroom.domains.access import aliases, readable
from postroom.domains.models import Alias, RetiredAddress
from postroom.infra.paging import Page, newest, page_of

PAGE = 50


def alias_page(
    user: User, *, text: str = "", health: str = "", before: int | None = None, limit: int = PAGE, also: Q | None = None
) -> Page[Alias]:
    """The aliases that `user` manages, newest first; those with `text` in their address, or that `also` finds."""
    found = Alias.objects.all()
    if before is not None:
        found = found.filter(pk__lt=before)
    if text:
        found = found.filter(_named(text) | also if also else _named(text))
    if health in Alias.Health.values:
        found = found.filter(health=health)
    keys = newest(found, companies(user, Permission.DOMAINS_MANAGE) - {NO_COMPANY}, "pk", limit + 1)
    rows = aliases(user).filter(pk__in=keys).order_by("-pk")
    return page_of(list(rows), keys, limit)


def _named(text: str) -> Q:
    local, at, name = text.strip().rpartition("@")
    if at:
        return Q(local_part__iendswith=local, domain__name__istartswith=name)
    return Q(local_part__icontains=name) | Q(domain__name__icontains=name)


def retired_page(user: User, *, before: int | None = None, limit: int = PAGE) -> Page[RetiredAddress]:
    """The addresses that were given up at domains which `user` may know of, the latest first."""
    found = RetiredAddress.objects.filter(domain__in=readable(user).order_by().values("pk"))
    if before is not None:
        found = found.filter(pk__lt=before)
    rows = list(found.select_related("domain", "alias__domain").order_by("-pk")[: limit + 1])
    return page_of(rows, [row.pk for row in rows], limit)
