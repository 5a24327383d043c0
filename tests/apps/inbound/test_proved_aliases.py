"""Whether an alias works, as the round trips of a proof found."""

from __future__ import annotations

import pytest

from postroom.domains.models import Alias, AliasDomain
from postroom.infra import parameters
from postroom.outbound.proofs.proving import start
from tests.support import round_trips
from tests.support.acme import make_acme
from tests.support.round_trips import Change, relayed, server, travel

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("change", "before", "after"),
    [
        (round_trips.as_it_is, "not_tested", "valid"),
        (round_trips.with_another_id, "not_tested", "valid"),
        (round_trips.from_another, "not_tested", "not_tested"),
        (round_trips.lost, "not_tested", "not_tested"),
        (round_trips.lost, "valid", "valid"),
        (round_trips.as_it_is, "invalid", "invalid"),
    ],
)
def test_an_alias_at_which_a_trip_arrived_as_it_was_sent_works(
    monkeypatch: pytest.MonkeyPatch, change: Change, before: str, after: str
) -> None:
    parameters.forget()
    acme = make_acme()
    Alias.objects.update(health=before)
    elsewhere = Alias.objects.create(
        domain=AliasDomain.objects.create(name="other.example"), local_part="sales", company=acme.company,
        record_type="lead",
    )  # fmt: skip
    server(acme)
    with relayed(monkeypatch):
        start(user=acme.admin, domain_id=acme.domain.pk)
        travel(change)
    assert set(Alias.objects.filter(domain=acme.domain).values_list("health", flat=True)) == {after}
    elsewhere.refresh_from_db()
    assert elsewhere.health == "not_tested", "of the same local part, at another domain"
