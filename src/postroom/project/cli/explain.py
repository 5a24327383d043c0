"""`postroom explain`: where a mail would go, and why; nothing is changed."""

from __future__ import annotations

from typing import Annotated

import typer

from postroom.core.sending.facts import Choice
from postroom.core.trace import Step
from postroom.project.cli.default_server import for_default_server
from postroom.project.cli.shared import (
    EX_USAGE,
    Failure,
    Json,
    Var,
    company_named,
    print_json,
    read_mail,
    use_django,
)

CHOSEN = ("server", "server_name", "return_path", "case", "admitted", "because", "trace")

app = typer.Typer(help="Say what would become of a mail, and why; nothing is changed.", no_args_is_help=True)

Author = Annotated[str, typer.Option("--from", metavar="ADDRESS", help="Who writes.")]
Recipient = Annotated[str, typer.Option("--to", metavar="ADDRESS", help="Who is written to; it changes no choice.")]
Company = Annotated[str, typer.Option("--company", metavar="SLUG", help="Whose servers are asked; else the only one.")]
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


@app.command("outbound")
@for_default_server
def outbound(author: Author, to: Recipient = "", company: Company = "", as_json: Json = False, var: Var = None) -> None:
    """A mail that goes out: the server and the From that it would have, and why not another."""
    from postroom.core.addresses import Address, format_address, valid

    for given in filter(None, (author, to)):
        if not valid(given):
            raise Failure(f"{given!r} is not a mail address.", EX_USAGE)
    use_django()
    from postroom.directory.models import User
    from postroom.outbound.choice import preview

    place = company_named(company)
    writer = User.objects.filter(email=author.lower(), memberships__company=place, is_active=True).first()
    choice = preview(place.pk, Address(author, writer.name if writer else ""), writer)
    if as_json:
        print_json({**_plain(choice), "recipient": to})
        return
    print(
        "Nothing was sent. A mail would leave", f"by {choice.server_name}." if choice.server_name else "by no server."
    )
    print(f"  From       {format_address(choice.author)}")
    print(f"  MAIL FROM  <{choice.return_path}>")
    if to:
        print(f"  RCPT TO    <{to}>")
    print(f"  {choice.because}")
    _print_trace(list(choice.trace))


def _plain(choice: Choice) -> dict[str, object]:
    """As JSON has it; the From in full."""
    author = {"email": choice.author.email, "name": choice.author.name}
    return {**{name: getattr(choice, name) for name in CHOSEN}, "from": author}


def _print_trace(trace: list[Step]) -> None:
    width = max((len(step["step"]) for step in trace), default=0)
    for step in trace:
        print(f"    {step['step'].replace('_', ' '):{width}}  {step['text']}")
