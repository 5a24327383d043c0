"""What a desk gives to the records that land on it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from postroom.records.models import Desk, DeskFollower, Stage


@dataclass(frozen=True, slots=True)
class DeskDefaults:
    """A desk's own defaults: its owner, its first stage and those who follow each new record (ids)."""

    desk: int
    owner: int | None
    stage: int | None
    followers: tuple[int, ...]


def defaults_of(aliases: Collection[int]) -> dict[int, DeskDefaults]:
    """The defaults of the desks that own these aliases, by alias; three queries."""
    desks = {desk.pk: desk for desk in Desk.objects.filter(alias__in=aliases)}
    stages: dict[int, int] = {}
    for desk, stage in Stage.objects.filter(desk__in=desks).order_by("-position").values_list("desk_id", "pk"):
        stages[desk] = stage
    followers = followers_of_desks(desks)
    return {
        desk.alias_id: DeskDefaults(key, desk.owner_id, stages.get(key), followers.get(key, ()))
        for key, desk in desks.items()
        if desk.alias_id
    }


def followers_of_desks(desks: Collection[int]) -> dict[int, tuple[int, ...]]:
    """Who follows every new record of each desk (ids of contacts); one query."""
    followers: dict[int, tuple[int, ...]] = {}
    rows = DeskFollower.objects.filter(desk__in=desks).order_by("pk").values_list("desk_id", "contact_id")
    for desk, contact in rows:
        followers[desk] = (*followers.get(desk, ()), contact)
    return followers
