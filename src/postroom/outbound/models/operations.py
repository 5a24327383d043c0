"""A decision about many copies, worked off in pieces."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from postroom.directory.models import User


class QueueOperation(models.Model):
    """What somebody decided about all copies that a filter found: `verb` and `arguments` are the order, `filter` the
    copies, up to the id `highest`, of these `companies`; `company` is the only one, or 0. `position` is the id of the
    last copy that was looked at. `total` were found at the start, `done` followed, `skipped` did not: `why` counts
    their reasons. `words` say in a sentence how it ended.
    """

    class State(models.TextChoices):
        RUNNING = "running"
        DONE = "done"
        STOPPED = "stopped"
        FAILED = "failed"

    user = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    who = models.TextField()
    companies = models.JSONField()
    company = models.BigIntegerField(default=0)
    verb = models.CharField(max_length=24)
    arguments = models.JSONField(default=dict)
    filter = models.JSONField(default=dict)
    highest = models.BigIntegerField()
    position = models.BigIntegerField(default=0)
    total = models.IntegerField()
    done = models.IntegerField(default=0)
    skipped = models.IntegerField(default=0)
    why = models.JSONField(default=dict)
    state = models.CharField(max_length=8, choices=State, default=State.RUNNING)
    words = models.TextField(default="")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["id"], name="operation_running", condition=Q(state="running")),
            models.Index(fields=["company", "-id"], name="operation_list"),
        ]
