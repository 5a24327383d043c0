"""What administrators do with companies: name, language and clock of their own; operators make new ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import transaction

from postroom.core.edits import Edit, edited
from postroom.core.errors import PostroomError
from postroom.directory.access import may
from postroom.directory.models import Company, User
from postroom.directory.people import managed
from postroom.directory.profile import LANGUAGES, LONGEST_NAME, CannotSave, time_zones
from postroom.directory.roles import Permission
from postroom.directory.services import create_company, slug_of
from postroom.infra.logs import logger

log = logger(__name__)


class NoCompany(PostroomError):
    """There is no such company, or this user does not manage it."""


@dataclass(frozen=True, slots=True)
class CompanyFields:
    """A company as somebody enters it."""

    name: str = ""
    language: str = "en"
    time_zone: str = "UTC"


def fields_of(company: Company) -> CompanyFields:
    """What was entered for a company."""
    return CompanyFields(company.name, company.language, company.time_zone)


def edit_company(*, user: User, company_id: int, fields: Edit[CompanyFields]) -> Company:
    """Change the name, language and time zone of a company. Its short name, which addresses may carry, stays.

    Raises:
        NoCompany: the user does not manage it.
        CannotSave: what is wrong, by field.

    """
    with transaction.atomic():
        row = managed(user).filter(pk=company_id).select_for_update().first()
        if row is None:
            raise NoCompany(f"There is no company {company_id} here.")
        entered = _checked(edited(fields_of(row), fields), row)
        row.name, row.language, row.time_zone = entered.name, entered.language, entered.time_zone
        row.save(update_fields=["name", "language", "time_zone"])
    log.info("company changed", company=row.slug, by=user.username)
    return row


def add_company(*, user: User, fields: CompanyFields) -> Company:
    """Make a company; for operators of the installation.

    Raises:
        NoCompany: the user is no operator.
        CannotSave: what is wrong, by field.

    """
    if not may(user, Permission.SYSTEM_MANAGE):
        raise NoCompany("Only operators of the installation add companies.")
    entered = _checked(fields, None)
    slug = slug_of(entered.name)
    if not slug:
        raise CannotSave({"name": "Use some letters a to z or digits: a short name for addresses is made of them."})
    if Company.objects.filter(slug=slug).exists():
        raise CannotSave({"name": f"There is a company {slug} already: choose another name."})
    row = create_company(name=entered.name, slug=slug, language=entered.language, time_zone=entered.time_zone)
    log.info("company added", company=row.slug, by=user.username)
    return row


def _checked(fields: CompanyFields, row: Company | None) -> CompanyFields:
    tidy = CompanyFields(" ".join(fields.name.split()), fields.language, fields.time_zone)
    if problems := dict(_problems(tidy, row)):
        raise CannotSave(problems)
    return tidy


def _problems(fields: CompanyFields, row: Company | None) -> Iterator[tuple[str, str]]:
    if not fields.name:
        yield "name", "Enter the company's name, as customers know it."
    elif len(fields.name) > LONGEST_NAME or not fields.name.isprintable():
        yield "name", f"A name has {LONGEST_NAME} characters at most, and no control characters."
    if fields.language not in {*LANGUAGES, row.language if row else ""}:
        yield "language", "Choose a language of the list."
    if fields.time_zone not in {*time_zones(), row.time_zone if row else ""}:
        yield "time_zone", "Choose a time zone of the list."
