"""What has to be done before the processes start: tables, static files, keys, and the demo's company."""

from __future__ import annotations

import hashlib
import json
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from postroom.project.cli.shared import Var, use_django


def prepare(
    var: Var = None,
    demo: Annotated[bool, typer.Option("--demo", help="Load the small company, too.")] = False,
) -> None:
    """Make the tables and the static files current; `serve` runs this in a process of its own."""
    use_django()
    make_current()
    if demo:
        from postroom.project.demo.load import load

        load()
    _give_subdomains()
    offer_setup()


def _give_subdomains() -> None:
    """To each company that an operator hosts, also where it was there before that began. Needs Django."""
    from postroom.domains.hosting import ensure_all

    if made := ensure_all():
        print(f"Companies that got a subdomain: {made}.")


def offer_setup() -> None:
    """See that there is a setup code as long as nobody can sign in, and none from then on. Needs Django."""
    from postroom.infra import setup_code
    from postroom.records.founding import is_unfounded

    if is_unfounded():
        setup_code.make()
    else:
        setup_code.forget()


def make_current() -> None:
    """Migrate, collect static files that changed, see that there is a key for tokens. Needs Django."""
    from postroom.domains.services import ensure_token_key
    from postroom.infra import instance
    from postroom.outbound.takeover import notice

    _migrate()
    _collect_static()
    ensure_token_key()
    instance.ensure()
    if (found := notice()).is_copy:
        print(f"This is a copy: nothing is sent until somebody takes over. {found.copy}", file=sys.stderr)


def _migrate() -> None:
    """Looks first: on most starts there is nothing to do, and the command itself is slow."""
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        call_command("migrate", verbosity=0, interactive=False)


def _collect_static() -> None:
    from django.conf import settings
    from django.core.management import call_command

    root = Path(settings.STATIC_ROOT)
    mark = root / ".collected"
    wanted = _fingerprint()
    if mark.is_file() and mark.read_text(encoding="utf-8") == wanted:
        return
    call_command("collectstatic", verbosity=0, interactive=False, clear=True)
    mark.write_text(wanted, encoding="utf-8")


def _fingerprint() -> str:
    """Changes when a static file does: names, sizes and times, which cost a look each; bundles are read."""
    return hashlib.sha256(json.dumps(sorted(_static_files())).encode()).hexdigest()


def _static_files() -> Iterator[tuple[str, int, int]]:
    from django.contrib.staticfiles.finders import get_finders

    for finder in get_finders():
        for name, storage in finder.list([]):
            path = Path(storage.path(name))
            if path.is_file():
                yield name, path.stat().st_size, path.stat().st_mtime_ns
            else:  # put together when it is read
                with storage.open(name) as file:
                    text = file.read()
                yield name, len(text), zlib.crc32(text)
