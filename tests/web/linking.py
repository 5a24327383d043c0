"""Gives a site under test files that went as links: `tell("tests.web.linking", "fill")`."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import django

django.setup()

from postroom.conversations.models import Message, Notification  # noqa: E402 the models are known only now
from postroom.infra.clock import now  # noqa: E402
from tests.support import factory  # noqa: E402

LONG = f"{'a very long name of a plan for the new building in the harbour ' * 3}.pdf"


def fill() -> dict[str, int]:
    """A message with links in every state; `plain`, `risky` and `long` are tokens of those that lead to their file."""
    message = Message.objects.exclude(visibility="internal").latest("pk")
    record = message.thread.record
    copy = factory.delivery(record, state="accepted", settled_at=now())
    told = {"message": message, "company": message.company, "delivery": copy, "name": "Hanna Sjöberg"}
    Notification.objects.create(**told, email=copy.address, channel="mail", created_at=now())
    factory.download_link(copy, "plans.pdf", "plain", opened=2, first_opened_at=now())
    factory.download_link(copy, "setup.html", "risky")
    factory.download_link(copy, LONG, "long")
    factory.download_link(copy, "old.pdf", "over", expires_at=now() - timedelta(days=1))
    factory.download_link(copy, "wrong.pdf", "revoked", revoked_at=now())
    return {"message": message.pk, "copy": copy.pk}


def small_server() -> dict[str, int]:
    """A server of the company that takes 200 kB and was seen to lack SMTPUTF8; it comes before all others."""
    company = Message.objects.latest("pk").company
    seen = [{"key": "size", "state": "ok", "size": 200_000, "smtputf8": False}]
    return {"server": factory.server(company, "Small post", priority=0, test_steps=seen).pk}


VERBS: dict[str, Any] = {"fill": fill, "small_server": small_server}
