"""At what pace copies may leave: limits that people set, what was taken lately, what was learnt from throttles."""

from __future__ import annotations

from django.db import models


class PaceScope(models.TextChoices):
    """What a pace is of."""

    SERVER = "server", "server"
    SENDER = "sender", "sender domain"
    DESTINATION = "destination", "destination domain"
    COMPANY = "company", "company"


class SendingPace(models.Model):
    """The pace of one server, sender domain, destination domain or company.

    `company` is whose servers it is about, 0 those of all companies; `key` is an id or a domain. The limits are what
    people set, 0 for none; those of a server with a record stand on the record. `state` is a `core.sending.pacing.Pace`
    as `pace_rows` writes it; `learnt_rate` (copies a minute, 0: none) and `waits_until` stand in it too, for lists.
    """

    company = models.BigIntegerField(default=0)
    scope = models.CharField(max_length=12, choices=PaceScope)
    key = models.CharField(max_length=255)
    minute_limit = models.PositiveIntegerField(default=0)
    hour_limit = models.PositiveIntegerField(default=0)
    day_limit = models.PositiveIntegerField(default=0)
    state = models.JSONField(default=dict)
    learnt_rate = models.FloatField(default=0.0)
    waits_until = models.DateTimeField(null=True)
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["company", "scope", "key"], name="pace_once")]

    def __str__(self) -> str:
        return f"{self.scope} {self.key}"
