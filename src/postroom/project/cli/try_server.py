"""`postroom test-server`: does an outgoing server let us in, and would it take our mail?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from postroom.project.cli.default_server import for_default_server
from postroom.project.cli.shared import (
    EX_NOINPUT,
    EX_USAGE,
    Failure,
    Json,
    Var,
    print_json,
    use_django,
    user_or_operator,
)

if TYPE_CHECKING:
    from postroom.directory.models import User
    from postroom.outbound.models import OutgoingServer
    from postroom.outbound.servers.connection_test import Step

Server = Annotated[str, typer.Argument(metavar="[NAME|ID]", help="An outgoing server; else the default server.")]
By = Annotated[str, typer.Option("--by", metavar="USER", help="To whom a mail would go; else the first operator.")]


@for_default_server
def try_server(server: Server = "", by: By = "", as_json: Json = False, var: Var = None) -> int:
    """Try a server step by step, up to the point where a mail would follow; nothing is sent."""
    use_django()
    from postroom.outbound.servers.connection_test import worked

    steps = _of_row(_named(server), user_or_operator(by)) if server else _of_default(user_or_operator(by))
    seen: list[Step] = []
    for step in steps:
        seen.append(step)
        if not as_json:
            _show(step)
    if as_json:
        print_json({"worked": worked(seen), "steps": [asdict(step) for step in seen]})
    return 0 if worked(seen) else 1


def _show(step: Step) -> None:
    found = " ".join(filter(None, (step.text, step.advice))) or step.said
    print(f"{step.state:8} {step.key:8} {step.about:32} {found}".rstrip(), flush=True)
    if step.said and found != step.said:
        print(f"{'':18}{step.said}", flush=True)


def _named(given: str) -> OutgoingServer:
    from postroom.outbound.models import OutgoingServer

    rows = OutgoingServer.objects.order_by("pk")
    number = int(given) if given.isascii() and given.isdigit() and len(given) < 19 else 0
    found = list(rows.filter(name__iexact=given)) or list(rows.filter(pk=number))
    if not found:
        listed = ", ".join(f"{row.name} ({row.pk})" for row in rows) or "there is none but the default server"
        raise Failure(f"There is no server {given}: {listed}.", EX_NOINPUT)
    if len(found) > 1:
        raise Failure(f"Several servers are called {given}: {', '.join(str(row.pk) for row in found)}.", EX_USAGE)
    return found[0]


def _of_row(row: OutgoingServer, user: User) -> Iterator[Step]:
    from postroom.outbound.servers.services import fields_of
    from postroom.outbound.servers.trial import trial_of

    return trial_of(user, fields_of(row), row).steps()


def _of_default(user: User) -> Iterator[Step]:
    from postroom.infra.config import config
    from postroom.outbound.servers.trial import default_trial

    if not config().outgoing_server:
        folder = config().var / "outbox"
        raise Failure(f"There is no default server: mail is kept in {folder}. Give --outgoing-server.", EX_USAGE)
    return default_trial(user).steps()
