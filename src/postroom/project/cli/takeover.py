"""`postroom takeover`: make a copied or restored installation the one that sends."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from postroom.project.cli.shared import EX_USAGE, Failure, Json, Var, print_json, use_django

if TYPE_CHECKING:
    from postroom.infra.instance import Standing

WAYS = {
    "hold": "is held: somebody looks at each in the Outbox and releases what the other one did not send.",
    "send": "is sent: the other one is gone for good and sent nothing after the copy was made.",
    "cancel": "is withdrawn: it is the other one's business.",
}
WaitingMail = Annotated[
    str, typer.Option("--waiting", metavar="WHAT", help="What becomes of mail that waited: hold, send or cancel.")
]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


def takeover(waiting: WaitingMail = "hold", yes: Yes = False, as_json: Json = False, var: Var = None) -> None:
    """Let this copy of an installation send: after a restore, a move, or for a copy to try things out."""
    if waiting not in WAYS:
        raise Failure(f"--waiting {waiting}: write one of {', '.join(WAYS)}.", EX_USAGE)
    use_django()
    from postroom.infra import instance
    from postroom.outbound import takeover as own

    instance.forget()
    found = own.notice()
    if not found.is_copy:
        _say_own(found, as_json=as_json)
        return
    _confirm(found, waiting, own.in_doubt(found).count(), yes=yes)
    taken = own.take_over(own.Waiting(waiting), by="the command line")
    if as_json:
        print_json({"taken_over": True, "instance": taken.id, "waiting": waiting, "settled": taken.settled})
    else:
        print(f"Taken over: this is installation {taken.id} now, and sends. {_settled(waiting, taken.settled)}")


def _say_own(found: Standing, *, as_json: bool) -> None:
    """Nothing to take over; another public address is the right one from now on."""
    from postroom.infra import instance
    from postroom.infra.config import config

    if found.url_before:
        instance.keep_url()
    if as_json:
        print_json({"taken_over": False, "instance": found.id})
    elif found.url_before:
        print(f"Its address is {config().public_url} from now on; links in earlier mail lead to {found.url_before}.")
    else:
        print("This database is the installation's own: there is nothing to take over.")


def _confirm(found: Standing, waiting: str, copies: int, *, yes: bool) -> None:
    """Say what is at stake, and ask.

    Raises:
        Failure: nobody can be asked.
        typer.Abort: the answer was no.

    """
    said = (
        f"{found.copy}\n"
        "Until somebody takes over, it sends nothing. The other installation must not go on by this database, or by"
        " the same addresses: whoever answers to them twice sends twice.\n"
        "If this is only another machine of the same installation, do not take over: set"
        f" POSTROOM_INSTANCE={found.id} there.\n"
        f"Mail that waited when it was copied ({copies:,}) {WAYS[waiting]}"
    )
    if yes:
        return
    if not sys.stdin.isatty():
        raise Failure(f"{said.splitlines()[0]} Say --yes to take over, and --waiting for what waited.", EX_USAGE)
    print(said, file=sys.stderr)
    typer.confirm("Take over?", abort=True, err=True)


def _settled(waiting: str, count: int) -> str:
    if waiting == "send" or not count:
        return "Nothing was held back."
    return f"{count:,} copies that waited are {'held in the Outbox' if waiting == 'hold' else 'withdrawn'}."
