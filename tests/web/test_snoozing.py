"""Until when a conversation may sleep: what is offered at each hour, what somebody typed, all without script too."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from postroom.conversations.inbox import Tab, listed
from postroom.conversations.models import InboxEntry
from postroom.infra.clock import now
from postroom.web.pages.inbox.snoozing import choices
from postroom.web.pages.times import until
from tests.support import factory
from tests.web.conftest import World

STOCKHOLM = ZoneInfo("Europe/Stockholm")


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-03-04 09:20", ["2026-03-04 12:00", "2026-03-05 08:00", "2026-03-09 08:00"]),  # a Wednesday
        ("2026-03-04 18:59", ["2026-03-04 21:00", "2026-03-05 08:00", "2026-03-09 08:00"]),
        ("2026-03-04 19:00", ["2026-03-05 08:00", "2026-03-09 08:00"]),  # nothing is left of the day
        ("2026-03-04 23:59", ["2026-03-05 08:00", "2026-03-09 08:00"]),
        ("2026-03-08 10:00", ["2026-03-08 13:00", "2026-03-09 08:00", "2026-03-09 08:00"]),  # a Sunday
        ("2026-03-09 10:00", ["2026-03-09 13:00", "2026-03-10 08:00", "2026-03-16 08:00"]),  # a Monday
        ("2026-03-28 10:00", ["2026-03-28 13:00", "2026-03-29 08:00", "2026-03-30 08:00"]),  # before the clocks change
        ("2026-12-31 10:00", ["2026-12-31 13:00", "2027-01-01 08:00", "2027-01-04 08:00"]),
    ],
)
def test_what_is_offered(at: str, expected: list[str]) -> None:
    local = datetime.fromisoformat(at).replace(tzinfo=STOCKHOLM)
    assert [f"{one.at:%Y-%m-%d %H:%M}" for one in choices(local)] == expected
    assert all(one.at.tzinfo is STOCKHOLM for one in choices(local))


@given(st.integers(0, 50_000_000).map(lambda minutes: datetime.fromtimestamp(minutes * 60, STOCKHOLM)))
def test_whatever_is_offered_is_to_come_and_is_understood_again(local: datetime) -> None:
    found = choices(local)
    assert [one.at for one in found] == sorted(one.at for one in found)
    for one in found:
        assert local.astimezone(UTC) < one.at.astimezone(UTC) < local.astimezone(UTC) + timedelta(days=8)
        again = until(one.value)
        assert again is not None
        assert again == one.at


@pytest.mark.parametrize("text", ["", "soon", "2026-13-01T08:00", "2026-03-04T25:00", "\0", "9" * 500])
def test_what_is_no_time(text: str) -> None:
    assert until(text) is None


def test_what_is_typed_is_meant_in_the_reader_s_zone() -> None:
    with timezone.override(STOCKHOLM):
        assert until(" 2026-07-01T08:00 ") == datetime(2026, 7, 1, 6, 0, tzinfo=UTC)
    assert until("2026-07-01T08:00+00:00") == datetime(2026, 7, 1, 8, 0, tzinfo=UTC)


@pytest.mark.django_db
def test_snoozing_without_script(client: Client, world: World) -> None:
    client.force_login(world.member)
    factory.told(world.member, world.lead)
    rows = client.get("/inbox").content.decode()
    address = f"/inbox/{world.lead.pk}/snooze"
    assert f'href="{address}?tab=unread"' in rows
    page = client.get(f"{address}?tab=all").content.decode()
    assert "Snooze “" in page
    offered = re.findall(r'name="until" value="([^"]+)"', page)
    assert len(offered) >= 2
    wrong = client.post(address, {"until": "2001-01-01T08:00", "tab": "all"})
    assert wrong.status_code == 422
    assert "That time has passed" in wrong.content.decode()
    assert 'value="2001-01-01T08:00"' in wrong.content.decode(), "what was typed stays"
    assert client.post(address, {"until": offered[-1], "tab": "all"}).url == "/inbox?tab=all"  # type: ignore[attr-defined]
    assert [one.record for one in listed(world.member, Tab.SNOOZED).rows] == [world.lead]
    assert InboxEntry.objects.filter(user=world.member, snoozed_until__gt=now()).exists()
    client.force_login(world.stranger)
    assert client.get(address).status_code == 404


@pytest.mark.django_db
def test_the_new_message_proposes_people_of_the_desk_s_company(client: Client, world: World) -> None:
    desk = world.lead.desk
    assert desk
    factory.contact(world.acme, "Nina Strand", "nina@supplier.example")
    factory.contact(world.globex, "Nina Globex", "nina@globex.example")
    client.force_login(world.member)
    assert f'data-people="/inbox/people/{desk.pk}"' in client.get(f"/inbox/new?desk={desk.pk}").content.decode()
    found = client.get(f"/inbox/people/{desk.pk}?q=nin").json()["people"]
    assert [one["email"] for one in found] == ["nina@supplier.example"]
    assert client.get(f"/inbox/people/{desk.pk}?q=").json() == {"people": []}
    client.force_login(world.stranger)
    assert client.get(f"/inbox/people/{desk.pk}?q=nin").status_code == 404
