"""`postroom prove`: do mails to a domain's addresses come back, and do their tags arrive?"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from postroom.project.cli.shared import (
    EX_NOINPUT,
    EX_UNAVAILABLE,
    Failure,
    Json,
    Var,
    print_json,
    print_table,
    use_django,
    user_or_operator,
)

if TYPE_CHECKING:
    from postroom.domains.models import AliasDomain
    from postroom.outbound.models import Proof, RoundTrip

LOOK_SECONDS = 0.5
GRACE_SECONDS = 30.0  # after it is due; a worker closes it then

Domain = Annotated[str, typer.Argument(metavar="DOMAIN", help="The alias domain to prove.")]
By = Annotated[str, typer.Option("--by", metavar="USER", help="Who asks for it; else the first operator.")]
Wait = Annotated[bool, typer.Option("--wait/--no-wait", help="Wait until every mail came back or is given up.")]


def prove(domain: Domain, by: By = "", wait: Wait = True, as_json: Json = False, var: Var = None) -> int:
    """Send mails of our own by every server to each address of a domain, and wait for them to come in again.

    A worker and a way in have to run, as under `postroom serve`.
    """
    use_django()
    from postroom.domains.managing import NoDomain
    from postroom.outbound.proofs import proving

    row = _named(domain)
    try:
        begun = proving.start(user=user_or_operator(by), domain_id=row.pk)
    except proving.CannotProve as error:
        raise Failure(str(error), EX_UNAVAILABLE) from None
    except NoDomain as error:
        raise Failure(str(error), EX_NOINPUT) from None
    done = _awaited(begun) if wait else begun
    trips = list(done.trips.order_by("pk"))
    if as_json:
        print_json(_in_json(done, trips))
    else:
        _show(done, trips)
    return 0 if not wait or _is_well(done, trips) else 1


def _named(name: str) -> AliasDomain:
    from postroom.domains.models import AliasDomain

    known = {row.name: row for row in AliasDomain.objects.order_by("-priority", "-pk")}
    if name.lower() not in known:
        raise Failure(f"There is no alias domain {name}: {', '.join(sorted(known)) or 'there is none'}.", EX_NOINPUT)
    return known[name.lower()]


def _awaited(proof: Proof) -> Proof:
    """The proof once it is closed, or some time after it should have been."""
    from postroom.infra.clock import now

    while proof.closed_at is None and (now() - proof.due).total_seconds() < GRACE_SECONDS:
        time.sleep(LOOK_SECONDS)
        proof.refresh_from_db()
    return proof


def _is_well(proof: Proof, trips: list[RoundTrip]) -> bool:
    """Whether every mail came back and tags arrive; what was changed on the way is told and harms nothing."""
    from postroom.core.proving import CAME
    from postroom.outbound.proofs.results import fates_of

    return proof.tags_arrive is True and all(not CAME.isdisjoint(fates_of(trip)) for trip in trips)


def _in_json(proof: Proof, trips: list[RoundTrip]) -> dict[str, Any]:
    return {
        "proof": proof.pk,
        "domain": proof.domain.name,
        "began_at": proof.began_at,
        "closed_at": proof.closed_at,
        "tags_arrive": proof.tags_arrive,
        "left_out": proof.left_out,
        "trips": [
            {
                "server": trip.server_name,
                "address": trip.address,
                "fates": trip.fates.split(",") if trip.fates else ["waiting"],
                "words": trip.words,
            }
            for trip in trips
        ],
    }


def _show(proof: Proof, trips: list[RoundTrip]) -> None:
    rows = [(trip.server_name, trip.address, trip.fates or "waiting", trip.words) for trip in trips]
    print_table(("SERVER", "ADDRESS", "BECAME", "SAID"), rows)
    if proof.left_out:
        print(f"{proof.left_out} more are left out: that many are enough at once.")
    if proof.closed_at is None:
        print(f"Proof {proof.pk} is under way: what has not come back by {proof.due:%H:%M:%S} UTC is given up.")
        return
    told = {True: "Tags arrive.", False: "Tags do not arrive: none are put on addresses.", None: ""}
    print(told[proof.tags_arrive] or "Whether tags arrive could not be told.")
