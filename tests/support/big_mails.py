"""Letters with files that are too large for their server, and the links that their copies bring."""

from __future__ import annotations

import re
from collections.abc import Sequence
from email import message_from_bytes
from typing import Any

import pytest
from django.db import transaction

from postroom.infra import blobs
from postroom.infra.clock import now
from postroom.infra.config import config
from postroom.infra.models import File
from postroom.outbound import choice
from postroom.outbound.models import Delivery, LetterFile, OutgoingServer
from postroom.outbound.registry import transports
from postroom.outbound.transports import memory
from tests.support import factory
from tests.support.acme import Acme
from tests.support.sending import post

URL = "https://post.acme.example"
LIMIT = 200_000


def make_file(company: int, name: str, data: bytes, content_type: str = "application/pdf") -> int:
    """A kept file's id."""
    with transaction.atomic():
        (digest,) = blobs.put([data])
        fields = {"name": name, "content_type": content_type, "size": len(data), "created_at": now()}
        return File.objects.create(company_id=company, blob_id=digest, **fields).pk


def small_server(
    acme: Acme, monkeypatch: pytest.MonkeyPatch, *, url: str = URL, size: int = LIMIT, steps: Sequence[object] = ()
) -> OutgoingServer:
    """A server of Acme's that takes so many bytes and keeps in memory what it gets."""
    monkeypatch.setitem(transports(), "smtp", memory.TRANSPORT)
    monkeypatch.setattr(config(), "public_url", url)
    server = factory.server(acme.company)
    OutgoingServer.objects.filter(pk=server.pk).update(max_size=size, from_filter="", test_steps=list(steps))
    choice.forget()
    return server


def post_large(acme: Acme, *addresses: str, data: bytes = b"x" * 300_000, **changes: Any) -> list[Delivery]:
    """Copies of a letter with a large and a small file."""
    large = make_file(acme.company.pk, "offer.pdf", data)
    small = make_file(acme.company.pk, "terms.pdf", b"%PDF small")
    return post(acme, *addresses, files=((large, ""), (small, "")), **changes)


def links_in(mime: bytes) -> list[str]:
    """The addresses of files that a mail's text names."""
    return re.findall(r"https?://\S+/d/\S+", text_of(mime))


def text_of(mime: bytes) -> str:
    """The plain text of a mail."""
    part = next(one for one in message_from_bytes(mime).walk() if one.get_content_type() == "text/plain")
    data = part.get_payload(decode=True)
    assert isinstance(data, bytes)
    return data.decode()


def files_in(mime: bytes) -> list[str | None]:
    """The names of the files that a mail carries."""
    return [one.get_filename() for one in message_from_bytes(mime).walk() if one.get_filename()]


def parts_of(row: Delivery) -> list[LetterFile]:
    """The files of a copy's letter."""
    return list(LetterFile.objects.filter(letter=row.letter_id).order_by("position"))
