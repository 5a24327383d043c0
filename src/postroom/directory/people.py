"""Which companies and people somebody manages, and the questions that their pages ask.

Who administers a company sees its people and says what they are there. What belongs to the person, such as name,
address and password, is changed only by those who administer every company that the person is in; operators of the
installation are changed by operators.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db.models import Q, QuerySet

from postroom.directory.access import NO_COMPANY, companies
from postroom.directory.models import ApiToken, Company, Membership, User
from postroom.directory.roles import Permission, Role
from postroom.infra.paging import Page, page_of

PAGE = 50


class Standing(StrEnum):
    """Whether somebody can sign in."""

    ACTIVE = "active"
    INVITED = "invited"  # has a link, and no password yet
    DEACTIVATED = "deactivated"


def standing_of(person: User) -> Standing:
    """Whether `person` can sign in."""
    if not person.is_active:
        return Standing.DEACTIVATED
    return Standing.ACTIVE if person.has_usable_password() else Standing.INVITED


def managed(user: User) -> QuerySet[Company]:
    """The companies whose people `user` manages, by name; for operators all."""
    mine = companies(user, Permission.USERS_MANAGE)
    found = Company.objects.order_by("name", "pk")
    return found if NO_COMPANY in mine else found.filter(pk__in=mine)


def people(user: User) -> QuerySet[User]:
    """Those whom `user` may see: the people of the companies that they manage, for operators everybody."""
    mine = companies(user, Permission.USERS_MANAGE)
    if NO_COMPANY in mine:
        return User.objects.all()
    return User.objects.filter(pk__in=Membership.objects.filter(company__in=mine).values("user"))


def changeable(user: User) -> QuerySet[User]:
    """Those whose name, address, password and sign-in `user` may decide about."""
    mine = companies(user, Permission.USERS_MANAGE)
    if NO_COMPANY in mine:
        return people(user)
    others = Membership.objects.exclude(company__in=mine).values("user")
    return people(user).filter(is_operator=False).exclude(pk__in=others)


def people_page(
    user: User, *, text: str = "", standing: str = "", before: int | None = None, limit: int = PAGE
) -> Page[User]:
    """People whom `user` manages, the newest first, with their memberships; `text` is of name, user name or address."""
    found = people(user)
    if before is not None:
        found = found.filter(pk__lt=before)
    if text:
        found = found.filter(Q(name__icontains=text) | Q(username__icontains=text) | Q(email__icontains=text))
    if standing:
        found = _standing(found, standing)
    rows = list(found.order_by("-pk").prefetch_related("memberships__company")[: limit + 1])
    return page_of(rows, [row.pk for row in rows], limit)


def _standing(found: QuerySet[User], standing: str) -> QuerySet[User]:
    if standing == Standing.DEACTIVATED:
        return found.filter(is_active=False)
    invited = Q(password__startswith=UNUSABLE_PASSWORD_PREFIX)
    return found.filter(invited if standing == Standing.INVITED else ~invited, is_active=True)


def roles_of(person: User, shown: Iterable[Company]) -> dict[int, str]:
    """What `person` is in each of these companies; nothing where they are not in it."""
    wanted = {company.pk for company in shown}
    return {one.company_id: one.role for one in person.memberships.all() if one.company_id in wanted}


def others_who_administer(company: int, person: User) -> bool:
    """Whether somebody else who can sign in administers the company."""
    found = User.objects.filter(memberships__company=company, memberships__role=Role.ADMINISTRATOR, is_active=True)
    return found.exclude(pk=person.pk).exclude(password__startswith=UNUSABLE_PASSWORD_PREFIX).exists()


def tokens_of(user: User) -> list[ApiToken]:
    """The user's own tokens, the newest first."""
    return list(ApiToken.objects.filter(user=user).order_by("-pk")[:200])
