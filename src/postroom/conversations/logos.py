"""Logos of signatures: small pictures that come with every mail of somebody, recognised when they come again."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from postroom.conversations.models import Message, SeenPicture
from postroom.core.message.files import Aside
from postroom.core.message.mail import Attachment
from postroom.infra.clock import now
from postroom.infra.database.base import merge

LARGEST = 64 * 1024  # bytes of what may be a logo
LARGEST_UNPLACED = 16 * 1024  # the same, where nothing says that the picture stands within the mail
MOST = 20  # pictures of one mail that are remembered
REMEMBERED = timedelta(days=400)  # since a picture came last: yearly greetings have their logos too

Files = tuple[Message, Sequence[Attachment]]


def without_logos(having: Sequence[Files]) -> list[Files]:
    """Within a transaction: the same files, those set aside that their senders sent before; two queries, where there
    are such pictures at all. What was seen is remembered, and when.
    """
    keys = {(at, place): key for at, one in enumerate(having) for place, key in _pictures(*one)}
    if not keys:
        return list(having)
    seen = set(SeenPicture.objects.filter(key__in=set(keys.values())).values_list("key", flat=True))
    companies: dict[str, int] = {}
    found: list[Files] = []
    for at, (message, files) in enumerate(having):
        mine = {place: key for (number, place), key in keys.items() if number == at}
        known = {place for place, key in mine.items() if key in seen}
        found.append((message, [_aside(file) if place in known else file for place, file in enumerate(files)]))
        seen |= set(mine.values())
        companies |= dict.fromkeys(mine.values(), message.company_id)
    at_once = now()
    rows = [(key, companies[key], at_once) for key in sorted(companies)]
    merge(SeenPicture, ("key", "company", "seen_at"), rows, unique=("key",), replaced=("seen_at",))
    return found


def forget_pictures(most: int) -> int:
    """Forget pictures that did not come again for long, so many at most; how many they were."""
    old = SeenPicture.objects.filter(seen_at__lt=now() - REMEMBERED)
    return old.filter(pk__in=list(old.values_list("pk", flat=True)[:most])).delete()[0]


def _pictures(message: Message, files: Sequence[Attachment]) -> list[tuple[int, str]]:
    """The places and keys of what may be a logo: small, and of the mail's layout rather than attached to it."""
    places = [place for place, file in enumerate(files) if _may_be_logo(file)]
    return [(place, _key(message, files[place].data)) for place in places[:MOST]] if message.author_email else []


def _may_be_logo(file: Attachment) -> bool:
    """Some programs give every file a Content-ID: it says little of one that has a name and does not stand inline."""
    if not file.content_type.startswith("image/") or not file.data:
        return False
    if file.inline:
        return len(file.data) <= LARGEST
    return bool(file.content_id) and not file.named and len(file.data) <= LARGEST_UNPLACED


def _key(message: Message, data: bytes) -> str:
    digest = hashlib.sha256(f"{message.company_id} {message.author_email.lower()} ".encode("utf-8", "replace"))
    digest.update(hashlib.sha256(data).digest())
    return digest.hexdigest()


def _aside(file: Attachment) -> Attachment:
    return replace(file, aside=Aside.LOGO)
