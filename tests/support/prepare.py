"""`python -m tests.support.prepare`: migrate the configured database and put Acme into it."""

from __future__ import annotations

import django

django.setup()

if __name__ == "__main__":
    from tests.support.acme import prepare

    prepare()
