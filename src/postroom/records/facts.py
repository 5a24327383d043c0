"""What routing asks of records: who follows a desk."""

from __future__ import annotations

from collections.abc import Collection

from postroom.records.models import DeskFollower


def alias_followers(aliases: Collection[int], emails: Collection[str]) -> set[tuple[int, str]]:
    """The (alias, address) pairs in which the address follows the desk that owns the alias."""
    rows = DeskFollower.objects.filter(desk__alias__in=aliases, contact__addresses__email__in=emails)
    return set(rows.values_list("desk__alias_id", "contact__addresses__email"))
