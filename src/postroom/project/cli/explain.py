"""`postroom explain`: where a mail would go, and why; nothing is changed."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

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

if TYPE_CHECKING:
    from postroom.conversations.simulator import Question
    from postroom.directory.models import Company

CHOSEN = (
    "server", "server_name", "return_path", "return_tag", "reply_to", "reply_tag", "case", "admitted", "because",
    "trace",
)  # fmt: skip

app = typer.Typer(help="Say what would become of a mail, and why; nothing is changed.", no_args_is_help=True)

Author = Annotated[str, typer.Option("--from", metavar="ADDRESS", help="Who writes.")]
Recipient = Annotated[str, typer.Option("--to", metavar="ADDRESS", help="Who is written to; it changes no choice.")]
Slug = Annotated[
    str,
    typer.Option(
        "--company", metavar="SLUG", help="Whose servers are asked; else the record's, the author's, the only one."
    ),
]
Number = Annotated[int | None, typer.Option("--record", metavar="NUMBER", help="The record that it belongs to.")]
Named = Annotated[
    str, typer.Option("--server", metavar="SERVER", help="Server that it names, by id or name; 0: the default.")
]
Dns = Annotated[bool, typer.Option("--dns/--no-dns", help="Ask DNS about SPF, DKIM and DMARC.")]
File = Annotated[str, typer.Argument(metavar="FILE", help="A mail as a file; - for standard input.")]
Recipients = Annotated[list[str] | None, typer.Option("--rcpt", metavar="ADDRESS", help="An envelope recipient.")]
Sender = Annotated[str, typer.Option("--from", metavar="ADDRESS", help="The envelope sender.")]
Peer = Annotated[str, typer.Option("--ip", metavar="ADDRESS", help="Who hands it over by SMTP, so that SPF is asked.")]
Helo = Annotated[str, typer.Option("--helo", metavar="NAME", help="The name that they give.")]


@app.callback()
def explain() -> None:
    """Say what would become of a mail, and why; nothing is changed."""


@app.command("inbound")
def inbound(
    file: File,
    rcpt: Recipients = None,
    sender: Sender = "",
    ip: Peer = "",
    helo: Helo = "",
    as_json: Json = False,
    var: Var = None,
) -> None:
    """A mail that comes in: whether its From holds, its routes, their states, and what every rule said."""
    raw = read_mail(file)
    use_django()
    from postroom.inbound import services

    explained = services.explain(raw, tuple(rcpt or ()), sender, peer=ip, helo=helo)
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
def outbound(
    author: Author,
    to: Recipient = "",
    company: Slug = "",
    record: Number = None,
    server: Named = "",
    dns: Dns = True,
    as_json: Json = False,
    var: Var = None,
) -> None:
    """A mail that goes out: the server, the From and the envelope that it would have, why not others, and whether SPF,
    DKIM and DMARC would align there as far as DNS tells.
    """
    from postroom.core.addresses import format_address, valid
    from postroom.core.sending.international import problem, wire_address

    for given in filter(None, (author, to)):
        if not valid(given):
            raise Failure(f"{given!r} is not a mail address.", EX_USAGE)
    use_django()
    from postroom.conversations.simulator import ask_dns, simulate

    choice = simulate(_question(author, company, record, server))
    checks = ask_dns(choice) if dns else ()
    others = filter(None, (choice.author.email, choice.reply_to))
    lacks = choice.smtputf8 is False
    refused = problem(to, others if lacks else (), choice.server_name, offered=not lacks) if to else ""
    if as_json:
        said = {"recipient": to, "recipient_problem": refused, "checks": [asdict(check) for check in checks]}
        print_json({**_plain(choice), **said})
        return
    print(
        "Nothing was sent. A mail would leave", f"by {choice.server_name}." if choice.server_name else "by no server."
    )
    print(f"  From       {format_address(choice.author)}")
    print(f"  Reply-To   {choice.reply_to or 'none'}{' (tagged)' if choice.reply_tag else ''}")
    print(f"  MAIL FROM  <{choice.return_path}>{' (tagged)' if choice.return_tag else ''}")
    if to:
        print(f"  RCPT TO    <{wire_address(to)}>")
    print(f"  {choice.because}")
    if refused:
        print(f"  It would fail before anything is sent. {refused}")
    _print_trace(list(choice.trace))
    for check in checks:
        print(f"  {check.method:5}  {check.verdict}: {check.text}")


def _question(author: str, company: str, record: int | None, server: str) -> Question:
    """What the options ask.

    Raises:
        Failure: there is no such company, record or server.

    """
    from postroom.conversations.simulator import Question
    from postroom.core.addresses import Address
    from postroom.directory.models import User
    from postroom.records.models import Record

    about = Record.objects.select_related("company").filter(pk=record).first() if record is not None else None
    if record is not None and about is None:
        raise Failure(f"There is no record {record}.", EX_USAGE)
    place = company_named(company) if company else about.company if about else _own_company(author)
    if about and about.company_id != place.pk:
        raise Failure(f"Record {record} belongs to {about.company.slug}, and that decides.", EX_USAGE)
    writer = User.objects.filter(email=author.lower(), memberships__company=place, is_active=True).first()
    name = writer.name if writer else ""
    return Question(place.pk, Address(author, name), writer, about, _server(server, place.pk))


def _own_company(author: str) -> Company:
    """The only company of whoever has this address, else the only one there is."""
    from postroom.directory.models import Company

    own = Company.objects.filter(memberships__user__email=author.lower(), memberships__user__is_active=True).distinct()
    found = list(own[:2])
    return found[0] if len(found) == 1 else company_named("")


def _server(named: str, company: int) -> int | None:
    """The id of the server that is named so; None for none, 0 for the default server."""
    from django.db.models import Q

    from postroom.outbound.models import OutgoingServer

    if not named or named == "0":
        return 0 if named else None
    known = OutgoingServer.objects.filter(Q(company=company) | Q(company=None))
    number = int(named) if named.isascii() and named.isdigit() and len(named) < 10 else 0
    found = known.filter(Q(name=named) | Q(pk=number)).order_by("-is_active", "priority", "pk").first()
    if found is None:
        raise Failure(f"There is no server {named} that this company may use.", EX_USAGE)
    return found.pk


def _plain(choice: Choice) -> dict[str, object]:
    """As JSON has it; the From in full."""
    author = {"email": choice.author.email, "name": choice.author.name}
    candidates = [asdict(one) for one in choice.candidates]
    return {**{name: getattr(choice, name) for name in CHOSEN}, "from": author, "candidates": candidates}


def _print_trace(trace: list[Step]) -> None:
    width = max((len(step["step"]) for step in trace), default=0)
    for step in trace:
        print(f"    {step['step'].replace('_', ' '):{width}}  {step['text']}")
