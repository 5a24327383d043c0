"""Proving alias domains: beginning a proof, what became of its round trips, ending it early."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpRequest
from ninja import Router
from ninja.responses import Status

from postroom.api.auth import asking, ensure_may
from postroom.api.paging import Cursor, Limit, cut
from postroom.api.problems import Problem, not_found
from postroom.api.schemas.proofs import ProofList, ProofOut
from postroom.directory.models import User
from postroom.directory.roles import Permission
from postroom.domains.access import changeable, readable
from postroom.outbound.models import Proof, RoundTrip
from postroom.outbound.proofs import proving
from postroom.outbound.proofs import results as proof_results
from postroom.outbound.proofs.proving import CannotProve

router = Router(tags=["domains"])


@router.post("/domains/{int:pk}/proofs", response={202: ProofOut}, operation_id="prove_domain")
def prove_domain(request: HttpRequest, pk: int) -> Status[ProofOut]:
    """Begin a proof: a mail by every server to each address of the domain, which has to come back. 409 while one is
    under way, and where nothing leaves.
    """
    user = _prover(request, pk)
    try:
        row = proving.start(user=user, domain_id=pk)
    except CannotProve as error:
        raise Problem(HTTPStatus.CONFLICT, str(error)) from None
    return Status(HTTPStatus.ACCEPTED, _shown([row])[0])


@router.get("/domains/{int:pk}/proofs", response=ProofList, operation_id="list_proofs")
def list_proofs(request: HttpRequest, pk: int, cursor: Cursor, limit: Limit) -> ProofList:
    """The last proofs of a domain."""
    rows, more = cut(list(proving.proofs(_prover(request, pk), pk)), lambda row: row.pk, cursor, limit)
    return ProofList(items=_shown(rows), next=more)


@router.get("/proofs/{int:pk}", response=ProofOut, operation_id="get_proof")
def get_proof(request: HttpRequest, pk: int) -> ProofOut:
    """One proof: how far its round trips are, and what became of each."""
    row = proving.proof(_manager(request), pk)
    if row is None:
        raise not_found("proof")
    return _shown([row])[0]


@router.post("/proofs/{int:pk}/stop", response=ProofOut, operation_id="stop_proof")
def stop_proof(request: HttpRequest, pk: int) -> ProofOut:
    """End a proof now: what is under way counts as not come back, and what has not left is withdrawn."""
    row = proof_results.stop(user=_manager(request), proof_id=pk)
    if row is None:
        raise not_found("proof")
    return _shown([row])[0]


def _manager(request: HttpRequest) -> User:
    user = asking(request)
    ensure_may(user, Permission.DOMAINS_MANAGE)
    return user


def _prover(request: HttpRequest, pk: int) -> User:
    """Who may change the domain: 404 where they may not know of it, 403 where they may know only."""
    user = _manager(request)
    if changeable(user).filter(pk=pk).exists():
        return user
    if readable(user).filter(pk=pk).exists():
        said = "Companies that you do not manage use this domain too: an operator may prove it."
        raise Problem(HTTPStatus.FORBIDDEN, said)
    raise not_found("domain")


def _shown(rows: list[Proof]) -> list[ProofOut]:
    trips: dict[int, list[RoundTrip]] = {row.pk: [] for row in rows}
    for trip in RoundTrip.objects.filter(proof__in=rows).order_by("pk"):
        trips[trip.proof_id].append(trip)
    return [ProofOut.of(row, trips[row.pk]) for row in rows]
