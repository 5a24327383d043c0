"""Rows that belong to no business: blobs, files, changes, counters, answered requests, parameters, actions, what is
searched.
"""

from __future__ import annotations

from django.db import models


class Blob(models.Model):
    """Bytes under their SHA-256: in the row up to 64 kB (`data`), else in a file of `var/blobs` (`data` is null).

    The file is written, fsynced and renamed, and its folder fsynced, before the row that names it is committed.
    """

    digest = models.CharField(max_length=64, primary_key=True)
    size = models.BigIntegerField()
    data = models.BinaryField(null=True)
    created_at = models.DateTimeField()


class File(models.Model):
    """A named blob, as somebody sent it. `content_type` is the sender's claim, or what the content tells against it."""

    company_id = models.IntegerField(db_index=True)
    blob = models.ForeignKey(Blob, on_delete=models.PROTECT, related_name="files")
    name = models.TextField()
    content_type = models.TextField()
    size = models.BigIntegerField()
    created_at = models.DateTimeField()


class Change(models.Model):
    """News for other processes: what changed, never its content. Written in the changing transaction."""

    company_id = models.IntegerField()
    topic = models.CharField(max_length=40)
    ref = models.CharField(max_length=80)
    at = models.DateTimeField()


class Counter(models.Model):
    """A count within a window that begins at the first event (loop limits, sign-in attempts)."""

    key = models.CharField(max_length=400, primary_key=True)
    since = models.DateTimeField(db_index=True)
    count = models.IntegerField()


class AnsweredRequest(models.Model):
    """A request that counts once. `key` and `asked` are SHA-256 of whose it is and of what it asked; `answer` is the id
    of what was made.
    """

    key = models.CharField(max_length=64, primary_key=True)
    asked = models.CharField(max_length=64)
    answer = models.BigIntegerField()
    at = models.DateTimeField(db_index=True)


class Parameter(models.Model):
    """A system parameter that somebody set; the known keys and defaults stand in `infra.parameters`."""

    key = models.CharField(max_length=120, primary_key=True)
    value = models.TextField()


class ScheduledAction(models.Model):
    """Work that comes round: claimed by whichever worker is first when it is due. An inactive one rests."""

    key = models.CharField(max_length=60, primary_key=True)
    every_seconds = models.IntegerField()
    is_active = models.BooleanField(default=True)
    due = models.DateTimeField(db_index=True)
    last_run_at = models.DateTimeField(null=True)
    last_result = models.TextField(default="")


class SearchEntry(models.Model):
    """A row of some app as it is searched; `place` is its own id, `infra.search` says how keys, scopes and words are
    made. Beside the table there is an index of the words, which `infra.database.words` keeps: write entries by its
    verbs alone.
    """

    id = models.BigIntegerField(primary_key=True)
    scope = models.CharField(max_length=8)
    place = models.BigIntegerField()
    about = models.BigIntegerField(default=0)
    words = models.TextField()

    class Meta:
        indexes = [
            models.Index(fields=["scope", "-place"], name="search_newest"),
            models.Index(fields=["about", "-place"], name="search_about"),
        ]


class SearchPending(models.Model):
    """What is to be indexed: `rows` by kind (ids), or all of a `kind` with ids greater than `after`. It goes in the
    transaction that indexes it.
    """

    rows = models.JSONField(default=dict)
    kind = models.CharField(max_length=20, default="")
    after = models.BigIntegerField(default=0)
