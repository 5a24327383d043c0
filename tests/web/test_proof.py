"""The page that proves a domain: the button, what became of each address, and what to do about it."""

from __future__ import annotations

from html import unescape

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from postroom.directory.models import User
from postroom.domains.models import AliasDomain
from postroom.infra.clock import now
from postroom.infra.config import config
from postroom.outbound.models import Delivery, OutgoingServer, Proof, RoundTrip
from tests.support import factory
from tests.web.conftest import World

pytestmark = [pytest.mark.django_db, pytest.mark.either_database]
HTMX = {"HX-Request": "true", "HX-Target": "proof"}


@pytest.fixture
def admin(world: World) -> Client:
    return _client(world.admin)


@pytest.fixture
def stranger(world: World) -> Client:
    return _client(world.stranger)


def _client(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def domain(world: World, monkeypatch: pytest.MonkeyPatch) -> AliasDomain:
    monkeypatch.setattr(config(), "outgoing_server", "")
    OutgoingServer.objects.all().delete()
    return AliasDomain.objects.get(company_domains__company=world.acme)


def path(domain: AliasDomain, rest: str = "") -> str:
    return f"/settings/domains/{domain.pk}/proof{rest}"


def text(client: Client, address: str, **headers: str) -> str:
    response = client.get(address, headers=headers)
    assert response.status_code == 200
    return " ".join(unescape(response.content.decode()).split())


def test_against_the_outbox_it_says_that_nothing_leaves(world: World, admin: Client, domain: AliasDomain) -> None:
    for address in (path(domain), f"/settings/domains/{domain.pk}"):
        shown = text(admin, address)
        assert "Nothing leaves: mail is kept in the outbox folder here." in shown
        assert "Connect a server" in shown
        assert "Prove this domain</button>" not in shown
        assert "Prove again" not in shown
    answer = admin.post(path(domain), follow=True)
    assert "Connect an outgoing server first" in answer.content.decode()
    assert not Proof.objects.exists()


def test_the_button_begins_a_proof_that_is_shown_as_it_goes(world: World, admin: Client, domain: AliasDomain) -> None:
    factory.server(world.acme)
    assert "Prove this domain</button>" in text(admin, path(domain))
    assert "Prove this domain</button>" in text(admin, f"/settings/domains/{domain.pk}")
    answer = admin.post(path(domain))
    assert (answer.status_code, answer.headers["Location"]) == (302, path(domain))
    proof = Proof.objects.get()
    assert Delivery.objects.filter(letter__subject__startswith="Round trip to").count() == proof.trips.count() > 4
    shown = text(admin, path(domain))
    assert f"Under way: 0 of {proof.trips.count()} came back" in shown
    assert 'hx-trigger="every 2s"' in shown
    assert "Prove this domain</button>" not in shown
    assert f"catchall+…<wbr>@{domain.name}" in shown
    fragment = text(admin, path(domain), **HTMX)
    assert fragment.startswith('<div id="proof"')
    admin.post(path(domain))
    assert Proof.objects.count() == 1, "one at a time"
    admin.post(path(domain, "/stop"))
    assert "Stopped: 0 of" in text(admin, path(domain))
    assert "Prove again</button>" in text(admin, path(domain), **HTMX), "it comes with the result, without a reload"
    assert 'hx-trigger="every 2s"' not in text(admin, path(domain))
    assert "Stopped: 0 of" in text(admin, f"/settings/domains/{domain.pk}")


@pytest.mark.parametrize(
    ("fates", "verdict", "says"),
    [
        (("arrived", "arrived"), "Proved: all 2 round trips came back as they were sent", "Tags arrive"),
        (("arrived", "without_tag"), "All 2 round trips came back, 1 of them changed", "keep the whole address"),
        (("id_rewritten", "arrived"), "All 2 round trips came back, 1 of them changed", "Answers will name the new id"),
        (("envelope_changed", "arrived"), "All 2 round trips", "A server on the way rewrites"),
        (("lost", "lost"), "2 of 2 round trips did not come back", "See where mail for this domain goes"),
        (("arrived", "lost"), "1 of 2 round trips did not come back", "let the mail server before Postroom know"),
        (("refused", "arrived"), "1 of 2 round trips did not come back", "Refused by the outgoing server"),
        (("returned", "arrived"), "1 of 2 round trips did not come back", "Sent back"),
        (("not_sent", "arrived"), "1 of 2 round trips did not come back", "Test the connection"),
    ],
)
def test_what_became_of_each_address_and_what_to_do(
    world: World, admin: Client, domain: AliasDomain, fates: tuple[str, str], verdict: str, says: str
) -> None:
    factory.server(world.acme)
    factory.proof(domain, *fates)
    shown = text(admin, path(domain))
    assert verdict in shown
    assert says in shown
    assert verdict in text(admin, f"/settings/domains/{domain.pk}")


def test_an_earlier_proof_can_be_looked_at(world: World, admin: Client, domain: AliasDomain) -> None:
    first, _ = factory.proof(domain, "lost"), factory.proof(domain, "arrived")
    shown = text(admin, path(domain))
    assert f"?proof={first.pk}" in shown
    assert "Proved: all 1" in shown
    assert "See where mail for this domain goes" in text(admin, f"{path(domain)}?proof={first.pk}")
    assert admin.get(f"{path(domain)}?proof=999999").status_code == 404
    for odd in ("x", "", "-1", "1" * 40, "٣"):
        assert admin.get(f"{path(domain)}?proof={odd}").status_code == 200


def test_anothers_proof_is_not_there(world: World, admin: Client, stranger: Client, domain: AliasDomain) -> None:
    proof = factory.proof(domain, "arrived")
    theirs = factory.domain("globex.example", world.globex)
    assert stranger.get(path(domain)).status_code == 404
    assert stranger.get(f"{path(theirs)}?proof={proof.pk}").status_code == 404
    assert stranger.post(path(domain)).status_code == 404
    assert stranger.post(path(domain, "/stop")).status_code == 404


def test_what_did_not_come_back_stands_on_home(world: World, admin: Client, domain: AliasDomain) -> None:
    factory.proof(domain, "lost", "arrived")
    assert f"Mail to {domain.name} does not come in everywhere" in text(admin, "/")
    factory.proof(domain, "arrived", "arrived")
    assert "does not come in everywhere" not in text(admin, "/")


def test_words_of_servers_are_text(world: World, admin: Client, domain: AliasDomain) -> None:
    factory.proof(domain, "refused")
    RoundTrip.objects.update(words="550 <script>alert(1)</script>", server_name="<b>Relay</b>")
    raw = admin.get(path(domain)).content.decode()
    assert "<script>alert" not in raw
    assert "<b>Relay" not in raw
    assert "550 &lt;script&gt;" in raw


def test_it_costs_the_same_however_many_addresses_there_are(world: World, admin: Client, domain: AliasDomain) -> None:
    factory.server(world.acme)

    def statements() -> int:
        with CaptureQueriesContext(connection) as context:
            admin.get(path(domain))
        return len(context.captured_queries)

    factory.proof(domain, *["arrived"] * 2)
    few = statements()
    for _ in range(5):
        factory.proof(domain, *["arrived"] * 40, closed_at=now())
    assert statements() == few
