"""`postroom queue`, and the decisions about copies: one command each, all by numbers or by a filter."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from postroom.project.cli.shared import (
    EX_DATAERR,
    EX_NOINPUT,
    EX_USAGE,
    Failure,
    Json,
    Var,
    print_json,
    print_table,
    use_django,
    user_or_operator,
)

if TYPE_CHECKING:
    from postroom.core.delivery.decisions import Order
    from postroom.directory.models import User
    from postroom.outbound.models import QueueOperation
    from postroom.outbound.queue.copy_filter import CopyFilter

Ids = Annotated[list[int] | None, typer.Argument(metavar="[ID]...", help="Numbers of copies, as pages show them.")]
Reason = Annotated[str, typer.Option("--reason", metavar="KEY", help="All that wait for this; due: for nothing.")]
Destination = Annotated[str, typer.Option("--destination", metavar="DOMAIN", help="All to this domain.")]
Server = Annotated[
    str, typer.Option("--server", metavar="ID", help="All by this server; 0: the default, none: no one.")
]
Lane = Annotated[str, typer.Option("--lane", metavar="LANE", help="All of interactive, notification or bulk.")]
State = Annotated[list[str] | None, typer.Option("--state", metavar="STATE", help="All in this state; repeat it.")]
About = Annotated[str, typer.Option("--about", metavar="RECORD", help="All of this record, such as lead:12.")]
By = Annotated[str, typer.Option("--by", metavar="USER", help="Who decides; else the first administrator.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Count only, and change nothing.")]
At = Annotated[str, typer.Option("--at", metavar="TIME", help="When: 2026-11-23T09:00, in UTC unless it says else.")]
To = Annotated[str, typer.Option("--to", metavar="ID", help="Id of the server; 0: the default one, any: choose anew.")]


def queue(by: By = "", as_json: Json = False, var: Var = None) -> None:
    """Say what waits to leave, in groups: by reason, state, server and lane, destination."""
    use_django()
    from postroom.api.schemas.queue import QueueOut
    from postroom.outbound.queue.groups import queue_of

    found = QueueOut.of(queue_of(_decider(by)))
    if as_json:
        print_json(found.model_dump(mode="json"))
        return
    print(f"{found.count:,}{'+' if found.more else ''} copies wait to leave.")
    groups = [("reason", one.key or "due", one) for one in found.reasons]
    groups += [("state", one.key, one) for one in found.stopped]
    groups += [("destination", one.key, one) for one in found.destinations]
    rows = [
        (kind, key, f"{one.count:,}{'+' if one.more else ''}", _at(one.oldest), _at(one.next))
        for kind, key, one in groups
    ]
    if rows:
        print_table(("BY", "KEY", "COPIES", "OLDEST", "NEXT"), rows)
    if found.ages:
        print()
        ages = [(one.server, one.server_name or "-", one.lane, f"{one.count:,}", _at(one.oldest)) for one in found.ages]
        print_table(("SERVER", "NAME", "LANE", "COPIES", "OLDEST"), ages)


def schedule(
    ids: Ids = None, at: At = "", reason: Reason = "", destination: Destination = "", server: Server = "",
    lane: Lane = "", state: State = None, about: About = "", by: By = "", dry_run: DryRun = False,
    as_json: Json = False, var: Var = None,
) -> None:  # fmt: skip
    """Let copies leave at a time and not before."""
    _decide("schedule", ids, locals())


def change_server(
    ids: Ids = None, to: To = "", reason: Reason = "", destination: Destination = "", server: Server = "",
    lane: Lane = "", state: State = None, about: About = "", by: By = "", dry_run: DryRun = False,
    as_json: Json = False, var: Var = None,
) -> None:  # fmt: skip
    """Let copies leave by another server."""
    _decide("change-server", ids, locals())


def _deciding(verb: str, words: str) -> Callable[..., None]:
    """The command of a decision that needs no more than to be told about which copies."""

    def decide(
        ids: Ids = None, reason: Reason = "", destination: Destination = "", server: Server = "", lane: Lane = "",
        state: State = None, about: About = "", by: By = "", dry_run: DryRun = False, as_json: Json = False,
        var: Var = None,
    ) -> None:  # fmt: skip
        _decide(verb, ids, locals())

    decide.__doc__ = words
    return decide


VERBS: dict[str, Callable[..., None]] = {
    "queue": queue,
    "hold": _deciding("hold", "Keep copies that were not sent yet until somebody releases them."),
    "release": _deciding("release", "Let copies leave that are held."),
    "cancel": _deciding("cancel", "Withdraw copies that were not sent yet."),
    "requeue": _deciding(
        "send-again", "Send copies again that failed, came back, were withdrawn, or of which nobody knows."
    ),
    "send-now": _deciding(
        "send-now", "Let copies leave now that wait for their time or for the next try; limits still hold."
    ),
    "schedule": schedule,
    "change-server": change_server,
    "arrived": _deciding("arrived", "Close copies of which nobody knew, and which arrived; nothing is sent."),
    "lost": _deciding("lost", "Close copies of which nobody knew, and which did not arrive; nothing is sent."),
}


def _decide(verb: str, ids: list[int] | None, given: dict[str, Any]) -> None:
    """Carry out a decision, or count what it would be about."""
    use_django()
    from postroom.outbound.queue.control import CannotDecide

    order, by = _order(verb, given), _filter(given)
    if bool(ids) == bool(by):
        raise Failure(
            "Say which: numbers of copies, or a filter such as --reason or --destination, not both.", EX_USAGE
        )
    user = _decider(given["by"])
    try:
        if given["dry_run"]:
            told = _counted(user, ids or [], by, order)
        elif ids:
            told = _by_ids(user, ids, order)
        else:
            told = _by_filter(user, by, order, silent=given["as_json"])
    except CannotDecide as problem:
        raise Failure(str(problem), EX_DATAERR) from None
    if given["as_json"]:
        print_json(told)
    else:
        _print(told)
    if not given["dry_run"] and told["copies"] and not told["done"]:
        raise typer.Exit(EX_NOINPUT)


def _counted(user: User, ids: list[int], by: CopyFilter, order: Order) -> dict[str, Any]:
    from postroom.core.delivery.decisions import sources
    from postroom.outbound import access
    from postroom.outbound.queue import control, operations

    control.check(user, order)
    if ids:
        found = access.manageable(user).filter(pk__in=ids, state__in=sources(order.verb)).count()
    else:
        found = operations.count(user, by, order.verb).total
    return {"verb": order.verb.value, "copies": found, "dry_run": True}


def _by_ids(user: User, ids: list[int], order: Order) -> dict[str, Any]:
    from postroom.outbound.queue import control

    ids = list(dict.fromkeys(ids))
    parts = [control.decide(user, ids[at : at + control.AT_ONCE], order) for at in range(0, len(ids), control.AT_ONCE)]
    refused = [{"id": one.id, "why": one.why} for part in parts for one in part.refused]
    done = sum(len(part.done) for part in parts)
    return {"verb": order.verb.value, "copies": len(ids), "done": done, "refused": refused}


def _by_filter(user: User, by: CopyFilter, order: Order, *, silent: bool) -> dict[str, Any]:
    """Here and now, whether or not a worker runs; both may do pieces of it."""
    from postroom.outbound.models import QueueOperation
    from postroom.outbound.queue import operations

    row = operations.start(user, by, order)
    while row.state == QueueOperation.State.RUNNING:
        operations.work_off(row.pk, most=20)
        row.refresh_from_db()
        if not silent:
            typer.echo(f"{row.done + row.skipped:,} of {row.total:,}", err=True)
    return _of(row)


def _of(row: QueueOperation) -> dict[str, Any]:
    return {
        "verb": row.verb, "operation": row.pk, "state": row.state, "copies": row.total, "done": row.done,
        "skipped": row.skipped, "why": row.why, "words": row.words,
    }  # fmt: skip


def _print(told: dict[str, Any]) -> None:
    if told.get("dry_run"):
        print(f"{told['verb']}: {told['copies']:,} copies would follow; nothing was changed.")
        return
    print(told.get("words") or f"{told['done']:,} of {told['copies']:,} copies followed.")
    for one in told.get("refused", ()):
        print(f"  #{one['id']}: {one['why']}")
    for why, count in told.get("why", {}).items():
        print(f"  {count:,}: {why}")


def _order(verb: str, given: dict[str, Any]) -> Order:
    from postroom.core.delivery.decisions import Order, Verb

    to = given.get("to", "")
    if verb == "change-server" and not to:
        raise Failure("Say by which server: --to ID, 0 for the default one, or --to any.", EX_USAGE)
    server = None if to in {"", "any"} else _number(to, "--to")
    return Order(Verb(verb), _moment(given["at"]) if given.get("at") else None, server)


def _moment(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise Failure(f"{text} is no time: write it as 2026-11-23T09:00.", EX_USAGE) from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _filter(given: dict[str, Any]) -> CopyFilter:
    from postroom.core.delivery.states import DeliveryState
    from postroom.core.delivery.waiting import Reason as Key
    from postroom.outbound.models import Lane as Lanes
    from postroom.outbound.queue.copy_filter import DUE, NOT_CHOSEN, CopyFilter

    lanes = {lane.label: lane.value for lane in Lanes}
    _known(given["state"] or [], list(DeliveryState), "state")
    _known([given["reason"]] if given["reason"] else [], [DUE, *Key], "reason")
    _known([given["lane"]] if given["lane"] else [], list(lanes), "lane")
    server = given["server"]
    return CopyFilter(
        states=tuple(given["state"] or ()),
        reason=given["reason"],
        destination=given["destination"],
        server=None if not server else NOT_CHOSEN if server == "none" else _number(server, "--server"),
        lane=lanes.get(given["lane"]),
        about=given["about"],
    )


def _known(given: list[str], known: list[str], what: str) -> None:
    if unknown := sorted(set(given) - set(known)):
        raise Failure(f"{', '.join(unknown)} is no {what}: one of {', '.join(known)}.", EX_USAGE)


def _number(text: str, option: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise Failure(f"{option} {text}: give the number of a server.", EX_USAGE)
    return int(text)


def _decider(username: str) -> User:
    """Who decides: the user of that name, else the first administrator of a company."""
    use_django()
    from postroom.directory.models import Membership

    if username:
        return user_or_operator(username)
    found = Membership.objects.filter(role="administrator", user__is_active=True).select_related("user")
    first = found.order_by("user").first()
    return first.user if first else user_or_operator("")


def _at(at: datetime | None) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M") if at else "-"
