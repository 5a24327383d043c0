"""What a reader or a stranger may send to the pages: odd names, huge numbers, bytes that no database takes."""

from __future__ import annotations

import pytest
from django.test import Client

from postroom.conversations.models import Participant
from postroom.conversations.selectors import PEOPLE
from postroom.infra.models import Counter
from postroom.web.pages import signin
from tests.support import factory
from tests.support.factory import PASSWORD
from tests.web.conftest import World

pytestmark = pytest.mark.django_db

ODD = ("\0", "a\0b", "\u202e\u2066x", "x" * 100_000, "ſtraße", "'; --", "%00")


@pytest.mark.parametrize("odd", ODD)
def test_an_odd_name_is_nobody(client: Client, world: World, odd: str) -> None:
    for username, password in ((odd, PASSWORD), ("member", odd)):
        assert client.post("/sign-in", {"username": username, "password": password}).status_code in (422, 429)


@pytest.mark.parametrize("number", ["0", "99999999999999999999", "9223372036854775808", "9223372036854775807"])
@pytest.mark.parametrize(
    "address",
    [
        "/leads/{}", "/arrivals/{}", "/arrivals/{}/source", "/arrivals/{}/download", "/messages/{}/body",
        "/messages/{}/text", "/attachments/{}/x",
    ],
)  # fmt: skip
def test_a_number_that_nothing_has_is_not_found(client: Client, world: World, address: str, number: str) -> None:
    client.force_login(world.admin)
    assert client.get(address.format(number)).status_code == 404


@pytest.mark.parametrize("odd", ["%00", "%ff", "99999999999999999999", "-1", "%27", "%25", "_", "1_1", "²"])
@pytest.mark.parametrize(
    "address",
    [
        "/leads?q=", "/leads?stage=", "/leads?before=", "/arrivals?state=", "/arrivals?before=",
        "/arrivals/refused?before=", "/arrivals/refused?before=2026-01-01T00:00:00_", "/sign-in?next=",
        "/events?last=",
    ],
)  # fmt: skip
def test_an_odd_question_is_answered(client: Client, world: World, address: str, odd: str) -> None:
    if not address.startswith("/events"):
        client.force_login(world.admin)
    assert client.get(address + odd).status_code in (200, 302, 401)


def test_one_peer_may_not_try_many_names(client: Client, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each try costs a write and a slow hash: who guesses names is stopped as well as who guesses passwords."""
    monkeypatch.setattr(signin, "PEER_FAILURES", 5)
    for n in range(7):
        assert client.post("/sign-in", {"username": "member", "password": PASSWORD}).status_code == 302, n
        client.logout()
    for n in range(5):
        assert client.post("/sign-in", {"username": f"x{n}", "password": "y"}).status_code == 422
    assert client.post("/sign-in", {"username": "member", "password": PASSWORD}).status_code == 429
    assert Counter.objects.filter(key__startswith="sign-in:").count() == 5, "refused, nothing more is written"
    elsewhere = Client(REMOTE_ADDR="192.0.2.1")
    assert elsewhere.post("/sign-in", {"username": "member", "password": PASSWORD}).status_code == 302


def test_a_mail_to_tens_of_thousands_makes_no_endless_page(client: Client, world: World) -> None:
    many = [[f"p{n}@x.example", f"Person {n}"] for n in range(20_000)]
    thread = world.lead.thread
    Participant.objects.bulk_create([Participant(thread=thread, email=email, name=name) for email, name in many])
    factory.message(world.lead, to=many, cc=many[:3])
    client.force_login(world.admin)
    page = client.get(f"/leads/{world.lead.pk}").content.decode()
    assert len(page) < 200_000
    assert "and 19900 more" in page, "in the line of the message"
    assert f"And {20_000 + 1 - PEOPLE} more" in page, "beside it; the author of its messages is one more"


def test_a_subject_without_end_fits_a_list(client: Client, world: World) -> None:
    factory.arrival(world.acme, subject="x" * 500_000)
    client.force_login(world.admin)
    assert len(client.get("/arrivals").content) < 50_000
