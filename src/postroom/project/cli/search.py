"""`postroom search`: the index of what people search for."""

from __future__ import annotations

import sys

import typer

from postroom.project.cli.shared import Json, Var, print_json, use_django

app = typer.Typer(help="The index of what people search for.", no_args_is_help=True)


@app.command("rebuild")
def rebuild(as_json: Json = False, var: Var = None) -> None:
    """Empty the index and fill it again; cut off, the worker goes on with it. Until it ends, less is found."""
    use_django()
    from postroom.infra.search.index import rebuild

    shown = sys.stderr.isatty() and not as_json

    def said(done: int) -> None:
        if shown:
            print(f"\r{done:,} rows", end="", file=sys.stderr, flush=True)

    done = rebuild(said)
    if shown:
        print("\r", end="", file=sys.stderr)
    if as_json:
        print_json({"indexed": done})
    else:
        print(f"{done:,} rows were indexed.")
