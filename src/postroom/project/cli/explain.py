"""`postroom explain`: where a mail would go, and why; nothing is changed."""

from __future__ import annotations

from typing import Annotated

import typer

from postroom.core.trace import Step
from postroom.project.cli.shared import Json, Var, print_json, read_mail, use_django

app = typer.Typer(help="Say what would become of a mail, and why; nothing is changed.", no_args_is_help=True)

File = Annotated[str, typer.Argument(metavar="FILE", help="A mail as a file; - for standard input.")]
Recipients = Annotated[list[str] | None, typer.Option("--rcpt", metavar="ADDRESS", help="An envelope recipient.")]
Sender = Annotated[str, typer.Option("--from", metavar="ADDRESS", help="The envelope sender.")]


@app.callback()
def explain() -> None:
    """Say what would become of a mail, and why; nothing is changed."""


@app.command("inbound")
def inbound(file: File, rcpt: Recipients = None, sender: Sender = "", as_json: Json = False, var: Var = None) -> None:
    """A mail that comes in: its routes, their states, and what every rule said."""
    raw = read_mail(file)
    use_django()
    from postroom.inbound import services

    explained = services.explain(raw, tuple(rcpt or ()), sender)
    if as_json:
        print_json(explained)
        return
    for number, route in enumerate(explained):
        print("" if number else "Nothing was changed. This mail would be:", end="\n")
        print(f"{route['state']} ({route['target']})", *route["recipients"])
        print(f"  {route['because']}")
        _print_trace(route["trace"])


def _print_trace(trace: list[Step]) -> None:
    width = max((len(step["step"]) for step in trace), default=0)
    for step in trace:
        print(f"    {step['step'].replace('_', ' '):{width}}  {step['text']}")
