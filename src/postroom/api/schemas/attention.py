"""What needs attention, as the API tells it."""

from __future__ import annotations

from django.urls import reverse
from ninja import Schema
from pydantic import Field

from postroom.api.schemas.common import Time
from postroom.directory.attention import Attention, Weight


class AttentionOut(Schema):
    """Something to attend to. `url` is the page of the next step, `action` what one does there."""

    weight: Weight
    title: str
    text: str
    action: str
    url: str = Field(description="Path of the page, below the address of this installation.")
    since: Time | None

    @classmethod
    def of(cls, one: Attention) -> AttentionOut:
        path = reverse(one.page, args=one.args)
        url = f"{path}?{one.query}" if one.query else path
        return cls(weight=one.weight, title=one.title, text=one.text, action=str(one.action), url=url, since=one.since)


class AttentionList(Schema):
    """All of it, the worst first."""

    items: list[AttentionOut]
    next: str | None
