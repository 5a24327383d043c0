"""Forgetting: what is old goes, what is named stays, and a sweep never takes a file from under a mail that comes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from postroom.conversations.models import SeenPicture
from postroom.core.message.draft import DraftFile
from postroom.directory.models import Company
from postroom.inbound.models import InboundMail, RawMail, Refusal
from postroom.inbound.queue import bytes_of
from postroom.inbound.services import accept
from postroom.inbound.steps import expire
from postroom.infra import blobs
from postroom.infra.clock import now
from postroom.infra.models import Blob
from tests.support import factory
from tests.support.acme import arrival, letter, make_acme, take_in

BIG = (DraftFile("big.bin", "application/octet-stream", b"sweep" * 40_000),)
LONG_AGO = timedelta(days=400)


@pytest.mark.django_db
def test_what_is_old_goes_and_what_is_named_stays() -> None:
    make_acme()
    take_in(arrival(letter(attachments=BIG)))
    raw = RawMail.objects.get()
    assert raw.blob_id is not None
    Blob.objects.update(created_at=now() - LONG_AGO)
    factory.refusal(None, at=now() - LONG_AGO)
    factory.refusal(None)
    company = Company.objects.get()
    SeenPicture.objects.create(key="logo", company=company, seen_at=now() - 2 * LONG_AGO)
    assert expire.expire() == "0 raw mails, 1 refusals, 1 pictures, 0 blobs deleted."
    InboundMail.objects.update(settled_at=now() - LONG_AGO)
    assert expire.expire() == "1 raw mails, 0 refusals, 0 pictures, 1 blobs deleted."
    assert not blobs.path_of(raw.blob_id).exists()
    assert [blobs.path_of(blob.digest).exists() for blob in Blob.objects.all()] == [True]
    assert Refusal.objects.count() == 1
    assert InboundMail.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_sweep_takes_no_file_from_a_mail_that_is_being_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bytes were kept long ago and nobody names them; while they are swept, the same mail comes again."""
    make_acme()
    raw = letter(attachments=BIG)
    digest = blobs.put([raw])[0]
    Blob.objects.update(created_at=now() - LONG_AGO)
    begun, go_on = threading.Event(), threading.Event()
    monkeypatch.setattr(blobs, "path_of", _pausing(blobs.path_of, "sweep", begun, go_on))
    sweep = _started("sweep", expire.expire)
    assert begun.wait(10)
    keeping = _started("keep", lambda: accept([arrival(raw)]))
    keeping.join(0.5)
    go_on.set()
    sweep.join()
    keeping.join()
    kept = RawMail.objects.select_related("blob").get()
    assert kept.blob_id == digest
    assert bytes_of(kept) == raw


@pytest.mark.django_db(transaction=True)
def test_a_mail_that_is_being_kept_holds_its_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """As above, but the mail comes first and the sweep meets it before it is kept."""
    make_acme()
    raw = letter(attachments=BIG)
    blobs.put([raw])
    Blob.objects.update(created_at=now() - LONG_AGO)
    begun, go_on = threading.Event(), threading.Event()
    monkeypatch.setattr(blobs, "sync_folder", _pausing(blobs.sync_folder, "keep", begun, go_on))
    keeping = _started("keep", lambda: accept([arrival(raw)]))
    assert begun.wait(10)
    sweep = _started("sweep", expire.expire)
    sweep.join(0.5)
    go_on.set()
    keeping.join()
    sweep.join()
    assert bytes_of(RawMail.objects.select_related("blob").get()) == raw


def _pausing(
    call: Callable[..., Any], thread: str, begun: threading.Event, go_on: threading.Event
) -> Callable[..., Any]:
    """The same call, which in this thread stops once until it may go on."""

    def paused(given: object) -> Any:
        if threading.current_thread().name == thread and not begun.is_set():
            begun.set()
            assert go_on.wait(10)
        return call(given)

    return paused


def _started(name: str, work: Callable[[], object]) -> threading.Thread:
    def run() -> None:
        try:
            work()
        finally:
            connection.close()

    thread = threading.Thread(target=run, name=name)
    thread.start()
    return thread
