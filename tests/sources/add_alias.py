"""`python -m tests.sources.add_alias NAME`: another process gives Acme one more alias."""

from __future__ import annotations

import sys

import django

django.setup()

if __name__ == "__main__":
    from postroom.directory.models import Company
    from postroom.domains.models import Alias, AliasDomain
    from postroom.infra.changes import tell

    Alias.objects.create(
        domain=AliasDomain.objects.get(), local_part=sys.argv[1], company=Company.objects.get(), record_type="lead"
    )
    tell([(0, "addresses", "")])
