"""Step 3c: the addresses under which the files of a copy are fetched, where they go as links: one for each copy and
file, made at the first try and the same at every other.
"""

from __future__ import annotations

import hashlib
import secrets
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from django.db.models import Exists, OuterRef, Q

from postroom.core.message.draft import Draft
from postroom.core.sending.linked import Linked, language_of, with_links_html, with_links_text
from postroom.infra import secrets as sealed
from postroom.infra.clock import now
from postroom.infra.config import config
from postroom.infra.database.base import insert
from postroom.outbound.models import NOT_KEPT, Attempt, Delivery, DownloadLink, LetterFile
from postroom.outbound.transports.protocol import Result

TOKEN_BYTES = 24  # of chance: nobody finds one by trying
PATH = "/d/"


def link(rows: Sequence[Delivery]) -> None:
    """Within a transaction: every file that these copies name by a link has its address. What counts as its first day
    is the day of the try by which it may have left: until then the days begin anew with each.
    """
    wanted = {row.pk: row.dispatch.linked for row in rows if row.dispatch is not None and row.dispatch.linked}
    if not wanted:
        return
    at = now()
    until = at + timedelta(days=config().link_days)
    known = set(DownloadLink.objects.filter(delivery__in=wanted).values_list("delivery", "part"))
    insert(
        _new(delivery, part, at, until)
        for delivery, parts in wanted.items()
        for part in parts
        if (delivery, part) not in known
    )
    if known:
        _renew(list(wanted), at, until)


def _new(delivery: int, part: int, at: datetime, until: datetime) -> DownloadLink:
    token = secrets.token_urlsafe(TOKEN_BYTES)
    return DownloadLink(
        delivery_id=delivery,
        part_id=part,
        digest=digest_of(token),
        secret=sealed.encrypt(f"{config().public_url.rstrip('/')}{PATH}{token}"),
        said_until=until,
        expires_at=until,
        created_at=at,
    )


def _renew(deliveries: Sequence[int], at: datetime, until: datetime) -> None:
    """Of links that are there already: those whose copy can't have left yet, and those that are over: a copy that
    somebody sends again then should not bring dead ones.
    """
    tried = Attempt.objects.filter(delivery=OuterRef("delivery"))
    left = tried.exclude(outcome__in=(Result.DEFERRED.value, Result.REFUSED.value))
    links = DownloadLink.objects.filter(delivery__in=deliveries, revoked_at=None)
    links.filter(~Q(Exists(left)) | Q(expires_at__lt=at)).update(said_until=until, expires_at=until)


def digest_of(token: str) -> str:
    """How the token of an address is kept."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def links_of(rows: Sequence[Delivery]) -> Mapping[int, Mapping[int, DownloadLink]]:
    """The links of these copies by copy and file; a query where there are any."""
    wanted = [row.pk for row in rows if row.dispatch is not None and row.dispatch.linked]
    found: dict[int, dict[int, DownloadLink]] = defaultdict(dict)
    for one in DownloadLink.objects.filter(delivery__in=wanted) if wanted else ():
        found[one.delivery_id][one.part_id] = one
    return found


def linked(file: LetterFile, made: DownloadLink | None, *, to_send: bool) -> Linked:
    """A file as a copy names it. Without its row (it is not sent yet, or was forgotten) the address is not known.

    Raises:
        CannotDecrypt: no key of the configuration reads the address.

    """
    if made is None:
        return Linked(file.file.name, file.file.size, _unknown())
    url = sealed.decrypt(bytes(made.secret)) if to_send else _unknown()
    return Linked(file.file.name, file.file.size, url, made.said_until.astimezone(UTC).date())


def _unknown() -> str:
    return f"{config().public_url.rstrip('/')}{PATH}{NOT_KEPT}"


def with_links(draft: Draft, links: Sequence[Linked]) -> Draft:
    """The draft with the list of its links in both bodies."""
    language = language_of(draft.html)
    return replace(
        draft,
        text=with_links_text(draft.text, links, language) if draft.text or not draft.html else "",
        html=with_links_html(draft.html, links, language),
    )
