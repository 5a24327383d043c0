"""Proving a domain through the API."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from postroom.domains.models import CompanyDomain
from postroom.outbound.models import Proof
from postroom.outbound.transports.memory import Memory
from tests.api.calls import Caller, caller, problem
from tests.support.acme import Acme, make_acme
from tests.support.round_trips import relayed, server, travel

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(acme: Acme) -> Caller:
    return caller(acme.admin)


@pytest.fixture
def kept(acme: Acme, monkeypatch: pytest.MonkeyPatch) -> Iterator[Memory]:
    with relayed(monkeypatch) as memory:
        yield memory


def test_a_domain_is_proved(acme: Acme, ada: Caller, kept: Memory) -> None:
    path = f"/domains/{acme.domain.pk}/proofs"
    assert "Connect an outgoing server first" in problem(ada.send("POST", path), 409)["detail"]
    server(acme)
    begun = ada.send("POST", path)
    assert begun.status_code == 202
    body = begun.json()
    assert (body["domain"], body["closed_at"], body["came_back"], body["tags_arrive"]) == (
        acme.domain.pk,
        None,
        0,
        None,
    )
    assert {one["fates"][0] for one in body["trips"]} == {"waiting"}
    assert "under way" in problem(ada.send("POST", path), 409)["detail"]
    travel()
    done = ada.get(f"/proofs/{body['id']}").json()
    assert (done["came_back"], done["tags_arrive"], done["left_out"]) == (len(done["trips"]), True, 0)
    assert done["closed_at"] is not None
    tagged = [one for one in done["trips"] if one["tagged"]]
    assert sorted(one["address"].partition("+")[0] for one in tagged) == ["bounce", "catchall"]
    assert all(one["arrival"] and one["delivery"] and one["fates"] == ["arrived"] for one in done["trips"])
    assert ada.get(path).json() == {"items": [done], "next": None}


def test_a_proof_is_stopped(acme: Acme, ada: Caller, kept: Memory) -> None:
    server(acme)
    pk = ada.send("POST", f"/domains/{acme.domain.pk}/proofs").json()["id"]
    stopped = ada.send("POST", f"/proofs/{pk}/stop").json()
    assert (stopped["stopped"], stopped["tags_arrive"]) == (True, None)
    assert {one["fates"][0] for one in stopped["trips"]} == {"not_sent"}
    assert ada.send("POST", f"/proofs/{pk}/stop").json() == stopped, "once"


def test_others_are_told_no_more_than_they_may_know(acme: Acme, ada: Caller, kept: Memory) -> None:
    server(acme)
    path = f"/domains/{acme.domain.pk}/proofs"
    proof = Proof.objects.get(pk=ada.send("POST", path).json()["id"])
    globex = make_acme("Globex", "globex.example")
    for user, status in ((acme.amara, 403), (globex.admin, 404)):
        asking = caller(user)
        problem(asking.get(path), status)
        problem(asking.send("POST", path), status)
        problem(asking.get(f"/proofs/{proof.pk}"), status)
        problem(asking.send("POST", f"/proofs/{proof.pk}/stop"), status)
    CompanyDomain.objects.create(company=globex.company, domain=acme.domain)
    assert "an operator may prove it" in problem(caller(globex.admin).send("POST", path), 403)["detail"]
    problem(ada.get(f"/proofs/{proof.pk}"), 404)
    for odd in ("/domains/999999/proofs", "/proofs/999999"):
        problem(ada.get(odd), 404)
