"""An arrival that failed, for whoever looks at Home: `python -m tests.web.trouble` on a site under test."""

from __future__ import annotations

import django

django.setup()

from django.db import transaction  # noqa: E402 the models are known only now

from postroom.directory.models import Company  # noqa: E402
from postroom.infra.changes import tell  # noqa: E402
from tests.support import factory  # noqa: E402


def trouble() -> None:
    """It is told, as the worker tells it."""
    acme = Company.objects.get()
    with transaction.atomic():
        arrival = factory.arrival(acme, state="failed")
        factory.route(arrival, acme, f"alias:{arrival.pk}", state="failed")
        tell([(acme.pk, "arrival", str(arrival.pk))])


if __name__ == "__main__":
    trouble()
