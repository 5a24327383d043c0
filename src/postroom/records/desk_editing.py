"""The desk behind an alias: which one, who owns its records, who follows them."""

from __future__ import annotations

from collections.abc import Collection

from postroom.directory.models import Company, ContactAddress, Membership
from postroom.domains.models import Alias
from postroom.records.models import Desk, DeskFollower, Stage
from postroom.records.record_types import record_type as known_type

MOST_FOLLOWERS = 50


def followers_of(desk: Desk) -> tuple[str, ...]:
    """The primary addresses of those who follow every record of a desk."""
    rows = DeskFollower.objects.filter(desk=desk).order_by("pk").values_list("contact_id", flat=True)
    emails: dict[int, str] = {}
    addresses = ContactAddress.objects.filter(contact__in=rows).order_by("primary", "-pk")
    for contact, email in addresses.values_list("contact_id", "email"):
        emails[contact] = email
    return tuple(emails[contact] for contact in rows if contact in emails)


def contacts_of(company: int, emails: Collection[str]) -> dict[str, int]:
    """The contacts of a company that have these addresses, by address."""
    rows = ContactAddress.objects.filter(company=company, email__in=emails)
    return dict(rows.values_list("email", "contact_id"))


def is_member(company: int, user: int | None) -> bool:
    """Whether somebody who may sign in belongs to a company."""
    return user is not None and Membership.objects.filter(company=company, user=user, user__is_active=True).exists()


def is_stage(company: int, stage: int | None, type: str, desk: int | None = None) -> bool:
    """Whether a stage belongs to a desk of this company and record type; to `desk` where one is named."""
    found = Stage.objects.filter(pk=stage or 0, desk__company=company, desk__record_type=type)
    return (found.filter(desk=desk) if desk else found).exists()


def desks_for(company: int, type: str, alias: int = 0) -> dict[int, str]:
    """The desks that an alias may belong to: those that have no other, by id."""
    free = Desk.objects.filter(company=company, record_type=type).order_by("name", "pk")
    rows = free.values_list("pk", "name", "alias_id")
    return {pk: name for pk, name, taken in rows if taken in (None, alias)}


def make_desk(*, company: Company, record_type: str, name: str) -> Desk:
    """A desk with the stages that its type suggests, as yet without an address."""
    desk = Desk.objects.create(company=company, record_type=record_type, name=name)
    Stage.objects.bulk_create(
        Stage(desk=desk, name=stage, position=position, closes=closes)
        for position, (stage, closes) in enumerate(known_type(record_type).stages, 1)
    )
    return desk


def seat(*, alias: Alias, desk: Desk | None, name: str, owner: int | None, followers: Collection[int]) -> None:
    """Give an alias its desk (None: none), and the desk its name, owner and followers (ids)."""
    Desk.objects.filter(alias=alias).exclude(pk=desk.pk if desk else 0).update(alias=None)
    if desk is None:
        return
    desk.alias, desk.owner_id, desk.name = alias, owner, name or desk.name
    desk.save(update_fields=["alias", "owner", "name"])
    known = set(DeskFollower.objects.filter(desk=desk).values_list("contact_id", flat=True))
    DeskFollower.objects.filter(desk=desk, contact__in=known - set(followers)).delete()
    DeskFollower.objects.bulk_create(
        DeskFollower(desk=desk, contact_id=contact) for contact in dict.fromkeys(followers) if contact not in known
    )
