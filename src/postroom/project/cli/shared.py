"""What all verbs share: options that set the configuration, failures in one line, output for people and programs."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from postroom.directory.models import Company, User

EX_USAGE = 64
EX_DATAERR = 65
EX_NOINPUT = 66
EX_NOUSER = 67
EX_UNAVAILABLE = 69
EX_SOFTWARE = 70
EX_CONFIG = 78


class Failure(Exception):
    """An expected failure: one line that names the thing and says what to do, and an exit status of sysexits.h."""

    def __init__(self, words: str, code: int = 1) -> None:
        super().__init__(words)
        self.code = code


def _sets(name: str) -> Callable[[Any], Any]:
    """An option that stands above the environment: it is written there before the configuration is read."""

    def put(value: Any) -> Any:
        if value is not None:
            os.environ[name] = str(value)
        return value

    return put


def option(name: str, flag: str, words: str, metavar: str, put: Callable[[Any], Any] | None = None) -> Any:
    """A flag that sets a setting; `put` writes it there where it takes more than that."""
    return typer.Option(flag, metavar=metavar, help=words, callback=put or _sets(name), show_default=False)


Var = Annotated[str | None, option("POSTROOM_VAR", "--var", "Folder of the database, blobs and sockets.", "DIR")]
WebHost = Annotated[str | None, option("POSTROOM_WEB_HOST", "--web-host", "Address of the pages.", "ADDRESS")]
WebPort = Annotated[int | None, option("POSTROOM_WEB_PORT", "--web-port", "Port of the pages.", "PORT")]
SmtpHost = Annotated[str | None, option("POSTROOM_SMTP_HOST", "--smtp-host", "Address of the listener.", "ADDRESS")]
SmtpPort = Annotated[int | None, option("POSTROOM_SMTP_PORT", "--smtp-port", "Port of the listener.", "PORT")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


def use_django() -> None:
    """Set Django up: for the verbs that need the database."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "postroom.project.settings")
    import django

    django.setup()


def print_json(value: object) -> None:
    """A value as one line of JSON; times as ISO 8601 in UTC."""
    print(json.dumps(value, ensure_ascii=False, default=_in_json))


def _in_json(value: object) -> str:
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else str(value)


def print_table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Rows in columns that line up."""
    lines = [tuple(headings), *(tuple(str(value) for value in row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(headings))]
    for line in lines:
        print("  ".join(value.ljust(width) for value, width in zip(line, widths, strict=True)).rstrip())


def read_mail(path: str) -> bytes:
    """The bytes of a file, or of standard input for `-`.

    Raises:
        Failure: it cannot be read.

    """
    if path == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise Failure(f"{path}: {error.strerror}.", EX_NOINPUT) from None


def read_password(path: str) -> str:
    """A password from a file (its last line end is not part of it), from standard input for `-`, or asked for."""
    if path:
        return read_mail(path).decode("utf-8", "replace").rstrip("\r\n")
    if not sys.stdin.isatty():
        raise Failure("A password is needed: give --password-file FILE, or - for standard input.", EX_USAGE)
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))


def user_named(username: str) -> User:
    """The user of that name.

    Raises:
        Failure: there is none.

    """
    from postroom.directory.models import User

    user = User.objects.filter(username=username.lower()).first()
    if user is None:
        raise Failure(f"There is no user {username}: `postroom user list` names them all.", EX_NOUSER)
    return user


def user_or_operator(username: str) -> User:
    """The user of that name; without a name the first operator.

    Raises:
        Failure: there is none.

    """
    from postroom.directory.models import User

    if username:
        return user_named(username)
    operator = User.objects.filter(is_operator=True, is_active=True).order_by("pk").first()
    if operator is None:
        raise Failure("There is no operator: say with --by who asks for it.", EX_NOUSER)
    return operator


def company_named(slug: str) -> Company:
    """The company with that short name; without a name the only one that there is.

    Raises:
        Failure: there is none, or a name is needed to choose.

    """
    from postroom.directory.models import Company

    known = {company.slug: company for company in Company.objects.order_by("pk")}
    if not slug and len(known) == 1:
        return next(iter(known.values()))
    if slug in known:
        return known[slug]
    if not known:
        raise Failure("There is no company yet: `postroom init` makes the first.", EX_UNAVAILABLE)
    listed = ", ".join(known)
    raise Failure(f"There is no company {slug!r}: give --company, one of {listed}.", EX_USAGE)
