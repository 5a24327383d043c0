"""What is there when all is quiet: every promised mail once, every route final, every blob whole.

Runs in a process of its own, with Django set up for the installation: `look` returns what is wrong, in words.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections import Counter
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import django

SETTLED = {"routed", "duplicate"}


def look(planned: dict[str, dict[str, str]]) -> list[str]:
    """`planned`: for each Message-ID that was taken, its `subject`, the digest of its `raw` and of its `attached`."""
    return [*_arrivals(planned), *_routes(planned), *_desk(planned), *_blobs(), *_database()]


def _models(app: str) -> Any:
    return import_module(f"postroom.{app}.models")


def _arrivals(planned: dict[str, dict[str, str]]) -> Iterator[str]:
    mails, raws = _models("inbound").InboundMail, _models("inbound").RawMail
    bytes_of = import_module("postroom.inbound.queue").bytes_of
    for row in mails.objects.exclude(due=None):
        yield f"arrival {row.pk} ({row.subject}) is left open in state {row.state}: {row.error}"
    for row in mails.objects.exclude(state__in=SETTLED):
        yield f"arrival {row.pk} ({row.subject}) is {row.state}: {row.error}"
    seen = Counter(mails.objects.values_list("message_id", flat=True))
    yield from (f"{planned[key]['subject']} was promised and is not there" for key in planned.keys() - seen.keys())
    yield from (f"{key} is there, and nobody sent it" for key in seen.keys() - planned.keys())
    for raw in raws.objects.select_related("arrival", "blob").iterator():
        data = bytes(bytes_of(raw)).replace(b"\r\n", b"\n").rstrip(b"\n")
        if not _same(data, planned.get(raw.arrival.message_id, {}).get("raw", "")):
            yield f"the bytes of arrival {raw.pk} are not those that were sent"


def _same(data: bytes, digest: str) -> bool:
    """A door may write its own Received field above a mail, and nothing else."""
    while data.startswith((b"Received:", b"Return-Path:")):
        end = next(i for i in range(len(data)) if data[i : i + 1] == b"\n" and data[i + 1 : i + 2] not in b" \t")
        data = data[end + 1 :]
    return hashlib.sha256(data).hexdigest() == digest


def _routes(planned: dict[str, dict[str, str]]) -> Iterator[str]:
    routes = _models("inbound").Route.objects.select_related("arrival")
    states: dict[str, Counter[str]] = {}
    for route in routes:
        states.setdefault(route.arrival.message_id, Counter())[route.state] += 1
        if route.settled_at is None or (route.state == "routed") != (route.message_id is not None):
            yield f"route {route.pk} is {route.state}, settled at {route.settled_at}, with message {route.message_id}"
    for key, one in planned.items():
        found = states.get(key, Counter())
        if found["routed"] != 1 or found.keys() - SETTLED:
            yield f"{one['subject']} has routes {dict(found)}, not one that is routed"


def _desk(planned: dict[str, dict[str, str]]) -> Iterator[str]:
    records, messages = _models("records").Record, _models("conversations").Message
    titles = Counter(records.objects.values_list("title", flat=True))
    ids = Counter(messages.objects.values_list("message_id", flat=True))
    attached = dict(_models("conversations").Attachment.objects.values_list("message__message_id", "file__blob_id"))
    for key, one in planned.items():
        if titles[one["subject"]] != 1 or ids[key] != 1:
            yield f"{one['subject']} made {titles[one['subject']]} records and {ids[key]} messages"
        if attached.get(key, "") != one["attached"]:
            yield f"{one['subject']} has another attachment than was sent"
    if sum(titles.values()) != len(planned):
        yield f"there are {sum(titles.values())} records for {len(planned)} mails"


def _blobs() -> Iterator[str]:
    blobs = import_module("postroom.infra.blobs")
    for blob in _models("infra").Blob.objects.all():
        data = blobs.read(blob)
        if hashlib.sha256(data).hexdigest() != blob.digest or len(data) != blob.size:
            yield f"blob {blob.digest} is not whole"


def _database() -> Iterator[str]:
    connection = import_module("django.db").connection
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA integrity_check")
        yield from (f"integrity: {row[0]}" for row in cursor.fetchall() if row[0] != "ok")
        cursor.execute("PRAGMA foreign_key_check")
        yield from (f"foreign key: {row}" for row in cursor.fetchall())


def main() -> None:
    """Print what is wrong as JSON."""
    django.setup()
    planned: dict[str, dict[str, str]] = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    print(json.dumps(look(planned)))


if __name__ == "__main__":
    main()
