"""What records keep about contacts, for when two of them become one."""

from __future__ import annotations

from postroom.directory.contacts_merging import MOST_COUNTED, belonging
from postroom.records.models import DeskFollower, Record


class Records:
    """The records that are about a contact."""

    words = "records"

    def count(self, contact: int) -> int:
        return Record.objects.filter(contact=contact)[:MOST_COUNTED].count()

    def move(self, loser: int, winner: int) -> None:
        Record.objects.filter(contact=loser).update(contact=winner)


class DeskFollowers:
    """The desks whose new records a contact follows."""

    words = "desks followed"

    def count(self, contact: int) -> int:
        return DeskFollower.objects.filter(contact=contact)[:MOST_COUNTED].count()

    def move(self, loser: int, winner: int) -> None:
        known = DeskFollower.objects.filter(contact=winner).values("desk")
        DeskFollower.objects.filter(contact=loser, desk__in=known).delete()
        DeskFollower.objects.filter(contact=loser).update(contact=winner)


belonging(Records())
belonging(DeskFollowers())
