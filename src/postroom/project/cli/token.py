"""`postroom token`: bearer tokens of the REST API."""

from __future__ import annotations

from typing import Annotated

import typer

from postroom.project.cli.shared import (
    EX_NOINPUT,
    EX_USAGE,
    Failure,
    Json,
    Var,
    print_json,
    print_table,
    use_django,
    user_named,
)

app = typer.Typer(help="Make, list and revoke tokens of the REST API.", no_args_is_help=True)

Username = Annotated[str, typer.Option("--user", metavar="USER", help="Whose token: it may what they may.")]
Name = Annotated[str, typer.Option("--name", metavar="NAME", help="What it is for.")]
Scopes = Annotated[str, typer.Option("--scopes", metavar="SCOPES", help="read, write, or both with a comma.")]
Days = Annotated[int | None, typer.Option("--days", metavar="N", min=1, help="Days for which it works; else for ever.")]


@app.command("create")
def create(
    user: Username, name: Name = "command line", scopes: Scopes = "read,write", days: Days = None, var: Var = None
) -> None:
    """Make a token and print it, and nothing else; it is shown this once."""
    words = tuple(scopes.replace(",", " ").split())
    use_django()
    from postroom.directory import services

    if not words or not set(words) <= services.SCOPES:
        raise Failure(f"{scopes!r} is not a list of scopes: they are read and write.", EX_USAGE)
    print(services.create_token(user=user_named(user), name=name, scopes=words, days=days).secret)


@app.command("list")
def list_(as_json: Json = False, var: Var = None) -> None:
    """List the tokens; what they are made of is not kept."""
    use_django()
    from postroom.directory.models import ApiToken

    fields = ("id", "user__username", "name", "scopes", "created_at", "last_used_at", "expires_at")
    headings = ("id", "user", "name", "scopes", "created", "last_used", "expires")
    rows = list(ApiToken.objects.order_by("pk").values_list(*fields))
    if as_json:
        print_json([dict(zip(headings, row, strict=True)) for row in rows])
    else:
        print_table(headings, [[_shown(value) for value in row] for row in rows])


def _shown(value: object) -> object:
    return value.strftime("%Y-%m-%d %H:%M") if hasattr(value, "strftime") else "-" if value is None else value


@app.command("revoke")
def revoke(ids: Annotated[list[int], typer.Argument(metavar="ID...")], var: Var = None) -> None:
    """Make tokens useless, at once."""
    use_django()
    from postroom.directory import services

    unknown = [one for one in ids if not services.revoke_token(token_id=one)]
    if unknown:
        raise Failure(f"There is no token {', '.join(map(str, unknown))}: see `postroom token list`.", EX_NOINPUT)
