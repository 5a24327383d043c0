"""`postroom replay`: have mail decided anew."""

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
    use_django,
    user_or_operator,
)

Ids = Annotated[list[int] | None, typer.Argument(metavar="[ID]...", help="Numbers of arrivals, as pages show them.")]
State = Annotated[list[str] | None, typer.Option("--state", metavar="STATE", help="All arrivals in this state.")]
By = Annotated[str, typer.Option("--by", metavar="USER", help="Who asks for it; else the first operator.")]
Release = Annotated[bool, typer.Option("--release", help="Lift the loop limits from them.")]


def replay(
    ids: Ids = None, state: State = None, by: By = "", release: Release = False, as_json: Json = False, var: Var = None
) -> None:
    """Have arrivals decided anew; what was posted already stays as it is."""
    if not ids and not state:
        raise Failure("Say which: numbers of arrivals, or --state held.", EX_USAGE)
    use_django()
    from postroom.inbound import services

    found = _arrivals(ids or [], state or [])
    again = services.replay(found, by=user_or_operator(by), release=release)
    if as_json:
        print_json({"asked": len(found), "replayed": again})
    else:
        print(f"{again} of {len(found)} arrivals are decided anew as soon as a worker runs.")


def _arrivals(ids: list[int], states: list[str]) -> list[int]:
    from postroom.core.delivery.states import ArrivalState
    from postroom.inbound.models import InboundMail

    unknown = set(states) - set(ArrivalState)
    if unknown:
        known = ", ".join(ArrivalState)
        raise Failure(f"{', '.join(sorted(unknown))} is no state; the states are {known}.", EX_USAGE)
    missing = sorted(set(ids) - set(InboundMail.objects.filter(pk__in=ids).values_list("pk", flat=True)))
    if missing:
        raise Failure(f"There is no arrival {', '.join(map(str, missing))}; nothing was done.", EX_NOINPUT)
    named_ids = InboundMail.objects.filter(state__in=states).order_by("pk").values_list("pk", flat=True)
    return list(dict.fromkeys([*ids, *named_ids]))
