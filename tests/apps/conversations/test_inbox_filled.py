"""Migration 0004 makes an entry of every conversation that somebody was told of in the inbox."""

from __future__ import annotations

from importlib import import_module

import pytest
from django.apps import apps

from postroom.conversations.models import InboxEntry, Notification
from postroom.conversations.services import post_note
from postroom.directory.models import User
from postroom.infra.clock import now
from tests.apps.conversations.world import World
from tests.support import factory

FILLED = import_module("postroom.conversations.migrations.0004_inbox_filled")
ENTRY = ("user_id", "thread_id", "company_id", "newest", "unread", "mentioned", "starred", "done_at", "snoozed_until")


def _entries() -> list[tuple[object, ...]]:
    return list(InboxEntry.objects.order_by("user", "thread").values_list(*ENTRY))


@pytest.mark.parametrize("chunk", [1, 2000])
def test_the_entries_are_those_that_telling_makes(world: World, monkeypatch: pytest.MonkeyPatch, chunk: int) -> None:
    monkeypatch.setattr(FILLED, "CHUNK", chunk)
    User.objects.update(notify_by=User.NotifyBy.INBOX)
    other = factory.record(world.acme.sales)
    world.follow(world.ben, notes=True)
    for record, named in ((world.lead, ()), (world.lead, (world.ben.pk,)), (other, (world.ben.pk,))):
        post_note(user=world.user, record_id=record.pk, body="x", mentions=list(named))
    told = Notification.objects.filter(user=world.ben.user, message__thread__record=world.lead).order_by("pk").first()
    assert told
    Notification.objects.filter(pk=told.pk).update(read_at=now())
    InboxEntry.objects.filter(user=world.ben.user, thread__record=world.lead).update(unread=1)
    expected = _entries()
    assert len(expected) == 2
    InboxEntry.objects.all().delete()
    FILLED.fill(apps, None)
    assert _entries() == expected
    FILLED.fill(apps, None)
    assert _entries() == expected, "what stands there stays"


def test_who_hears_by_mail_has_no_entry(world: World) -> None:
    world.follow(world.ben, notes=True)
    post_note(user=world.user, record_id=world.lead.pk, body="x")
    assert Notification.objects.filter(channel="mail").exists()
    FILLED.fill(apps, None)
    assert _entries() == []
