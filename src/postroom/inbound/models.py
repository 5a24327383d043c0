"""Arrivals and their raw bytes, their routes, and what was refused at the door."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from postroom.conversations.models import Message
from postroom.infra.models import Blob

ORDINARY = ("arrived", "routed")  # what nearly every arrival and route is; the others are found by indexes of their own


class InboundMail(models.Model):
    """An arrival: one mail that we took, and how far it is.

    `source` and `key` together are unique: a source that hands the same mail over again is told yes and nothing is
    doubled. `state` is that of its worst route once settled (see `core.delivery.states`). `due` is null where nothing
    is left to do; else the time from which a worker may take it. `company_id` is 0 where no single company owns it.
    `recipients_from_headers`: the door had no envelope. `limits_lifted`: a person released it, so loop limits no longer
    apply; `replayed_by` names who had it decided anew. `size` is in bytes. `level` says how far its From is believed
    (`core.authentication.verdict.Level`, empty where nobody asked yet), `verdict` why, in a sentence.
    """

    source = models.CharField(max_length=40)
    key = models.CharField(max_length=120)
    company_id = models.IntegerField(default=0)
    state = models.CharField(max_length=12, default="arrived")
    received_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)
    sender = models.CharField(max_length=320, default="")
    recipients = models.JSONField(default=list)
    recipients_from_headers = models.BooleanField(default=False)
    peer = models.CharField(max_length=64, default="")
    helo = models.CharField(max_length=255, default="")
    tls = models.CharField(max_length=80, default="")
    size = models.BigIntegerField()
    message_id = models.CharField(max_length=255, default="")
    subject = models.TextField(default="")
    author_name = models.TextField(default="")
    author_email = models.CharField(max_length=320, default="")
    kind = models.CharField(max_length=12, default="")
    defects = models.JSONField(default=list)
    level = models.CharField(max_length=12, default="")
    verdict = models.TextField(default="")
    attempts = models.SmallIntegerField(default=0)
    error = models.TextField(default="")
    limits_lifted = models.BooleanField(default=False)
    replayed_by = models.CharField(max_length=120, default="")
    due = models.DateTimeField(null=True)
    lease_token = models.CharField(max_length=32, default="")
    lease_until = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "key"], name="arrival_once")]
        indexes = [
            models.Index(fields=["company_id", "-id"], name="arrival_list"),
            models.Index(fields=["due", "id"], condition=Q(due__isnull=False), name="arrival_due"),
            models.Index(fields=["message_id"], condition=Q(due__isnull=False), name="arrival_open_ids"),
            models.Index(
                fields=["company_id", "state", "-id"], condition=~Q(state__in=ORDINARY), name="arrival_unusual"
            ),
        ]


class RawMail(models.Model):
    """The bytes of an arrival as they came: in the row up to 64 kB, else in a blob."""

    arrival = models.OneToOneField(InboundMail, primary_key=True, on_delete=models.CASCADE, related_name="raw")
    data = models.BinaryField(null=True)
    blob = models.ForeignKey(Blob, null=True, on_delete=models.PROTECT, related_name="+")


class Route(models.Model):
    """What became of an arrival at one target, and why.

    `target` is `alias:7`, `thread:31`, `report:9` or `none`. Unique by company, target and content: the same content
    for the same target a second time is a route in state `duplicate`, which names the first in `because`.
    `trace` is a list of {step, text}. `recipients` are the envelope recipients that it answers.
    """

    arrival = models.ForeignKey(InboundMail, on_delete=models.CASCADE, related_name="routes")
    company_id = models.IntegerField(default=0)
    target = models.CharField(max_length=40)
    content_key = models.CharField(max_length=64)
    state = models.CharField(max_length=12)
    because = models.TextField()
    trace = models.JSONField(default=list)
    recipients = models.JSONField(default=list)
    attempts = models.SmallIntegerField(default=0)
    error = models.TextField(default="")
    message = models.ForeignKey(Message, null=True, on_delete=models.SET_NULL, related_name="routes")
    created_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["content_key", "company_id", "target"], condition=~Q(state="duplicate"), name="route_once"
            )
        ]
        indexes = [
            models.Index(fields=["company_id", "-arrival"], name="route_list"),
            models.Index(
                fields=["company_id", "state", "-arrival"],
                condition=~Q(state__in=ORDINARY),
                name="route_unusual",
            ),
        ]


class Refusal(models.Model):
    """What a door refused: one row per peer, recipient, code and hour. `words` is what the sender was told."""

    door = models.CharField(max_length=10)
    peer = models.CharField(max_length=64)
    helo = models.CharField(max_length=255, default="")
    sender = models.CharField(max_length=320, default="")
    recipient = models.CharField(max_length=320, default="")
    code = models.CharField(max_length=12)
    words = models.TextField()
    hour = models.DateTimeField()
    company_id = models.IntegerField(default=0)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    count = models.IntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["peer", "recipient", "code", "hour"], name="refusal_once_an_hour")
        ]
        indexes = [models.Index(fields=["company_id", "-last_at"], name="refusal_list")]
