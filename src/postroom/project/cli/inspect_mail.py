"""`postroom inspect`: what a mail says, one line of JSON each, without any database."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from postroom.project.cli.shared import EX_NOINPUT, Failure, print_json, read_mail

Files = Annotated[list[str], typer.Argument(metavar="FILE...", help="Mails as files; - for standard input.")]


def inspect_mail(files: Files) -> int:
    """Print what is in each mail as one line of JSON; touches no database."""
    unreadable = [name for name in files if not _inspect(name)]
    return EX_NOINPUT if unreadable else 0


def _inspect(name: str) -> bool:
    from postroom.core.message.inspect import inspected
    from postroom.core.message.understood import understand

    try:
        raw = read_mail(name)
    except Failure as failure:
        print_json({"file": name, "error": str(failure)})
        return False
    started = time.perf_counter()
    understood = understand(raw)
    print_json(inspected(understood, round(time.perf_counter() - started, 6), name))
    return True
