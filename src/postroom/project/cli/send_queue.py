"""`postroom send-queue`: send what is due now, without a worker."""

from __future__ import annotations

from typing import Annotated

import typer

from postroom.project.cli.default_server import for_default_server
from postroom.project.cli.shared import EX_UNAVAILABLE, Failure, Json, Var, print_json, use_django

Most = Annotated[int, typer.Option("--most", metavar="N", min=1, help="Copies that are sent at most.")]


@for_default_server
def send_queue(most: Most = 1000, as_json: Json = False, var: Var = None) -> None:
    """Send what is due now and wait for the answers: for a machine without a worker, or after something was mended."""
    use_django()
    from postroom.infra import instance
    from postroom.outbound.selectors import waiting
    from postroom.outbound.services import send_due

    if (found := instance.standing()).is_copy:
        raise Failure(f"{found.copy} Nothing is sent until somebody takes over: `postroom takeover`.", EX_UNAVAILABLE)
    sent = send_due(most)
    left = waiting()
    if as_json:
        print_json({"tried": sent, "waiting": left})
    else:
        print(f"{sent} copies were tried, {left} wait. What became of each stands in the Outbox.")
