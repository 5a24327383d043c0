"""Home: what needs attention, the worst first; members go on to their Inbox; the number in the rail."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import NoReverseMatch

from postroom.directory import attention
from postroom.directory.attention import Attention, Weight
from postroom.directory.models import User
from postroom.directory.roles import Permission
from postroom.infra.clock import now
from postroom.web.pages.home.overview import address_of
from tests.support.queries import statements
from tests.web.conftest import World

HTMX = {"HX-Request": "true", "HX-Target": "attention"}
BAD = Attention(Weight.BAD, "Main <lets> nobody in", "Nobody answers.", "servers", "Test", since=now())
STEP = Attention(Weight.STEP, "No server yet", "Add one.", "server-new", "Add a server")


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> list[Attention]:
    """What the only check finds."""
    items: list[Attention] = []

    def check(user: User) -> list[Attention]:
        return items

    monkeypatch.setattr(attention, "_checks", [(Permission.USERS_MANAGE, check)])
    return items


def _page(client: Client, who: User, path: str = "/", **headers: str) -> str:
    client.force_login(who)
    answer = client.get(path, headers=headers)
    assert answer.status_code == 200
    return answer.content.decode()


def test_what_needs_attention_with_its_next_step(client: Client, world: World, found: list[Attention]) -> None:
    found += [STEP, BAD]
    page = _page(client, world.admin)
    assert "Main &lt;lets&gt; nobody in" in page
    assert 'href="/settings/servers"' in page
    assert page.index("Main &lt;lets") < page.index("Left to set up") < page.index("No server yet")
    assert "Nothing needs attention" not in page


@pytest.mark.parametrize(
    ("items", "words"), [([], "Mail comes in and goes out"), ([STEP], "What is left to set up stands below")]
)
def test_all_clear_in_words(
    client: Client, world: World, found: list[Attention], items: list[Attention], words: str
) -> None:
    found += items
    page = _page(client, world.operator)
    assert "Nothing needs attention." in page
    assert words in page


def test_the_list_alone_and_its_number_for_htmx(client: Client, world: World, found: list[Attention]) -> None:
    found.append(BAD)
    part = _page(client, world.admin, **HTMX)
    assert "<html" not in part
    assert 'id="needs" hx-swap-oob="true"' in part


def test_members_go_on_to_the_inbox(client: Client, world: World) -> None:
    client.force_login(world.member)
    assert client.get("/").headers["Location"] == "/inbox"
    assert client.get("/home/count").status_code == 403
    assert 'id="needs"' not in _page(client, world.member, "/inbox")


def test_the_number_is_remembered_and_asked_for_again(
    client: Client, world: World, found: list[Attention], monkeypatch: pytest.MonkeyPatch
) -> None:
    found += [BAD, STEP]
    assert "load delay" in _page(client, world.admin, "/inbox")  # nobody has counted yet
    assert ">1<span" in client.get("/home/count").content.decode()
    page = client.get("/inbox").content.decode()
    assert "load delay" not in page
    assert ">1<span" in page
    later = now() + timedelta(minutes=2)
    monkeypatch.setattr("postroom.web.number.now", lambda: later)
    assert "load delay" in client.get("/inbox").content.decode()


def test_asking_again_writes_nothing(client: Client, world: World, found: list[Attention]) -> None:
    found.append(BAD)
    _page(client, world.admin)
    with statements() as said:
        client.get("/")
    assert not [sql for sql in said if sql.startswith(("INSERT", "UPDATE"))]


def test_an_address_with_its_query() -> None:
    assert address_of(Attention(Weight.BAD, "", "", "outbound", "", query="state=failed")) == "/outbox?state=failed"
    assert address_of(Attention(Weight.BAD, "", "", "server", "", (7,))) == "/settings/servers/7"
    with pytest.raises(NoReverseMatch):
        address_of(Attention(Weight.BAD, "", "", "nowhere", ""))


def test_home_asks_a_fixed_number_of_questions(client: Client, world: World) -> None:
    _page(client, world.admin)
    with statements() as said:
        client.get("/")
    assert len(said) <= 45, len(said)
