"""The verbs of desks and records."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction

from postroom.directory.models import Company, Contact, User
from postroom.domains.models import AliasDomain
from postroom.domains.services import create_alias
from postroom.records.assigning import Assigned, Refused, assign_many
from postroom.records.editing import assign, change_record, create_record, edit_record, move_to_stage
from postroom.records.models import Desk, DeskFollower, Stage
from postroom.records.problems import CannotDo, NoRecord
from postroom.records.record_types import record_type as known_type

__all__ = [
    "Assigned", "CannotDo", "NoRecord", "Refused", "assign", "assign_many", "change_record", "create_desk",
    "create_record", "edit_record", "move_to_stage",
]  # fmt: skip


def create_desk(
    *,
    company: Company,
    record_type: str,
    name: str,
    domain: AliasDomain,
    local_part: str,
    owner: User | None = None,
    followers: Iterable[Contact] = (),
) -> Desk:
    """Make a desk with its alias, the stages that its type suggests, and those who follow each new record.

    Raises:
        UnknownRecordType, CannotDo: the type is unknown, a follower is of another company.
        domains.services.CannotDo: the address cannot be had.

    """
    stages = known_type(record_type).stages
    following = list(dict.fromkeys(followers))
    if any(contact.company_id != company.pk for contact in following):
        raise CannotDo(f"Somebody who is to follow {name} is no contact of {company.name}.")
    with transaction.atomic():
        alias = create_alias(domain=domain, local_part=local_part, company=company, record_type=record_type)
        desk = Desk.objects.create(company=company, record_type=record_type, name=name, alias=alias, owner=owner)
        Stage.objects.bulk_create(
            Stage(desk=desk, name=stage, position=position, closes=closes)
            for position, (stage, closes) in enumerate(stages, 1)
        )
        DeskFollower.objects.bulk_create(DeskFollower(desk=desk, contact=contact) for contact in following)
    return desk
