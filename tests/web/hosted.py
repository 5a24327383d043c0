"""Makes the companies of a site under test hosted ones that sent something today: `python -m tests.web.hosted`."""

from __future__ import annotations

import django

django.setup()

from postroom.directory.models import Company  # noqa: E402 the models are known only now
from postroom.domains.hosting import ensure_all  # noqa: E402 as above
from postroom.outbound.allowances import today  # noqa: E402 as above
from postroom.outbound.models import Allowance, DailyUsage, Plan  # noqa: E402 as above


def host() -> None:
    """A subdomain for each, 190 copies today, and a plan that the last one has."""
    ensure_all()
    companies = list(Company.objects.order_by("pk"))
    for company in companies:
        DailyUsage.objects.create(company=company, day=today(), sent=190)
    Allowance.objects.create(company=companies[-1], plan=Plan.objects.create(name="Large", daily_limit=5000))


if __name__ == "__main__":
    host()
