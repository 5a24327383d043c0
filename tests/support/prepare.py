"""`python -m tests.support.prepare`: migrate the configured database and put Acme into it.

`python -m tests.support.prepare empty`: the tables and the static files alone.
"""

from __future__ import annotations

import sys

import django

django.setup()

if __name__ == "__main__":
    from postroom.project.cli.prepare import _collect_static, _migrate
    from tests.support.acme import make_acme

    _migrate()
    if sys.argv[1:] == ["empty"]:
        _collect_static()
    else:
        make_acme()
