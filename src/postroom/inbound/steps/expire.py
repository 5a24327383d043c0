"""Step 6: forget what was kept long enough: bytes of settled arrivals, old refusals, pictures, blobs nobody names."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef

from postroom.conversations.logos import forget_pictures
from postroom.inbound.models import RawMail, Refusal
from postroom.infra import blobs
from postroom.infra.clock import now
from postroom.infra.config import config
from postroom.infra.models import Blob, File

AT_ONCE = 500
GRACE = timedelta(days=1)  # a blob may stand for a moment before the row that names it


def expire() -> str:
    """Delete what is due, a bounded number at once; says what it did."""
    before = now() - timedelta(days=config().keep_raw_days)
    old = RawMail.objects.filter(arrival__settled_at__lt=before).values_list("pk", flat=True)[:AT_ONCE]
    raws = RawMail.objects.filter(pk__in=list(old)).delete()[0]
    stale = Refusal.objects.filter(last_at__lt=now() - timedelta(days=config().keep_refusals_days))
    refusals = Refusal.objects.filter(pk__in=list(stale.values_list("pk", flat=True)[:AT_ONCE])).delete()[0]
    return f"{raws} raw mails, {refusals} refusals, {forget_pictures(AT_ONCE)} pictures, {_sweep()} blobs deleted."


def _sweep() -> int:
    """Blobs that no file and no raw mail names.

    Locked first, looked at again, and their files deleted before the lock is let go: whoever keeps the same bytes at
    this moment either is seen, or waits and writes them anew.
    """
    unnamed = (
        Blob.objects.filter(created_at__lt=now() - GRACE)
        .exclude(Exists(File.objects.filter(blob=OuterRef("pk"))))
        .exclude(Exists(RawMail.objects.filter(blob=OuterRef("pk"))))
    )
    with transaction.atomic():
        locked = list(unnamed.select_for_update(skip_locked=True).values_list("pk", flat=True)[:AT_ONCE])
        digests = list(unnamed.filter(pk__in=locked).values_list("pk", flat=True))
        Blob.objects.filter(pk__in=digests).delete()
        for digest in digests:
            blobs.path_of(digest).unlink(missing_ok=True)
    return len(digests)
