"""A new company with the domain at which it can be written to."""

from __future__ import annotations

from django.db import transaction

from postroom.directory import companies
from postroom.directory.companies import CompanyFields
from postroom.directory.models import Company, User
from postroom.domains.services import give_first_domain


def add_company(*, user: User, fields: CompanyFields) -> Company:
    """Make a company, which uses the first alias domain as every company does, or a subdomain of its own where an
    operator hosts companies.

    Raises:
        NoCompany: the user is no operator.
        CannotSave: what is wrong, by field.

    """
    with transaction.atomic():
        row = companies.add_company(user=user, fields=fields)
        give_first_domain(company=row)
    return row
