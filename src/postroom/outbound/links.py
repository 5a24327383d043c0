"""Files that went as links: who has which, what became of them; revoke, renew, fetch, forget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db.models import F, QuerySet
from django.db.models.functions import Coalesce

from postroom.directory.models import User
from postroom.infra.clock import now
from postroom.infra.config import config
from postroom.infra.models import File
from postroom.outbound.access import manageable, readable
from postroom.outbound.models import DownloadLink
from postroom.outbound.steps.link import digest_of

AT_ONCE = 500
LONGEST_TOKEN = 200  # characters that are looked at


class LinkState(StrEnum):
    """Whether a link leads anywhere."""

    THERE = "there"
    REVOKED = "revoked"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class LinkShown:
    """A link as its sender sees it, never with its address. `size` in bytes; `opened` counts downloads."""

    id: int
    delivery: int
    address: str
    person: str
    name: str
    size: int
    state: LinkState
    expires_at: datetime
    revoked_at: datetime | None = None
    revoked_by: str = ""
    first_opened_at: datetime | None = None
    opened: int = 0


def links_of(deliveries: Sequence[int] | QuerySet[Any, Any]) -> tuple[LinkShown, ...]:
    """The links of these copies, by copy, then as the files stand in the letter; one query. Who asks has looked whether
    they may see the copies.
    """
    rows = DownloadLink.objects.filter(delivery__in=deliveries)
    rows = rows.select_related("delivery", "part__file", "revoked_by").order_by("delivery", "part__position", "pk")
    return tuple(_shown(row, now()) for row in rows)


def _shown(row: DownloadLink, at: datetime) -> LinkShown:
    return LinkShown(
        id=row.pk,
        delivery=row.delivery_id,
        address=row.delivery.address,
        person=row.delivery.name,
        name=row.part.file.name,
        size=row.part.file.size,
        state=_state(row, at),
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        revoked_by=row.revoked_by.name if row.revoked_by else "",
        first_opened_at=row.first_opened_at,
        opened=row.opened,
    )


def _state(row: DownloadLink, at: datetime) -> LinkState:
    if row.revoked_at is not None:
        return LinkState.REVOKED
    return LinkState.THERE if row.expires_at > at else LinkState.EXPIRED


def revoke(user: User, links: QuerySet[DownloadLink]) -> int:
    """Let those of the links that `user` may manage lead nowhere from now on; returns how many did until now."""
    return _managed(user, links).filter(revoked_at=None).update(revoked_at=now(), revoked_by=user)


def renew(user: User, links: QuerySet[DownloadLink]) -> int:
    """Let those of the links that `user` may manage lead to their file for as many days as a new one from now on, also
    where they were revoked or over; returns how many.
    """
    until = now() + timedelta(days=config().link_days)
    return _managed(user, links).update(expires_at=until, revoked_at=None, revoked_by=None)


def visible(user: User) -> QuerySet[DownloadLink]:
    """The links of the copies that `user` may see with everything about them."""
    return DownloadLink.objects.filter(delivery__in=readable(user))


def _managed(user: User, links: QuerySet[DownloadLink]) -> QuerySet[DownloadLink]:
    keys = links.filter(delivery__in=manageable(user)).values_list("pk", flat=True)
    return DownloadLink.objects.filter(pk__in=list(keys))


@dataclass(frozen=True, slots=True)
class Offered:
    """What whoever has a link is shown: the file, until when, and the company that sent it."""

    id: int
    digest: str
    file: File
    until: datetime
    company: str


def offered(token: str) -> Offered | None:
    """The file behind an address; None for one that is unknown, over or revoked, which nobody tells apart. One query,
    and no comparison of secrets: what is looked up is their digest.
    """
    rows = DownloadLink.objects.filter(digest=digest_of(token[:LONGEST_TOKEN]), revoked_at=None, expires_at__gt=now())
    row = rows.select_related("part__file__blob", "delivery__letter__company").first()
    if row is None:
        return None
    return Offered(row.pk, row.digest, row.part.file, row.expires_at, row.delivery.letter.company.name)


def note_opened(link: int) -> None:
    """Count a download that a person began."""
    at = now()
    rows = DownloadLink.objects.filter(pk=link)
    rows.update(opened=F("opened") + 1, first_opened_at=Coalesce("first_opened_at", at))


def forget_old() -> int:
    """Delete links that were over for long enough, a bounded number at once; returns how many. Their copies say still
    which files went as links.
    """
    before = now() - timedelta(days=config().keep_links_days)
    old = DownloadLink.objects.filter(expires_at__lt=before).values_list("pk", flat=True)[:AT_ONCE]
    return DownloadLink.objects.filter(pk__in=list(old)).delete()[0]
