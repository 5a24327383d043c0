"""The copy of a letter for one recipient, and every try to hand it over."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from postroom.core.delivery.states import DELIVERIES, DeliveryState
from postroom.core.delivery.waiting import LIMITS, Reason
from postroom.directory.models import Company
from postroom.outbound.models.letters import Dispatch, Letter


class Lane(models.IntegerChoices):
    """What goes first: somebody waits for an answer, somebody is told, many are told."""

    INTERACTIVE = 0, "interactive"
    NOTIFICATION = 1, "notification"
    BULK = 2, "bulk"


ENDED_WELL = (DeliveryState.ACCEPTED.value, DeliveryState.DELIVERED.value)  # nearly all: others have their own index
ENDED_BADLY = (DeliveryState.FAILED.value, DeliveryState.BOUNCED.value)


class Delivery(models.Model):
    """The copy of a letter for one envelope recipient, and what became of it: `core.delivery.states.DELIVERIES`.

    Queued while `due` is set: `lane`, then `due` say when. `words` says in a sentence why it waits or how it ended;
    `reason` is the key of what it waits for (`core.delivery.waiting`), `reply_class` that of the last reply
    (`core.delivery.bounce_rules`). `destination` is the domain of the address. `server` is the id of the server that a
    person chose for this copy, 0 for the default one, None where nobody did.
    `renewed_at` is when a person had it sent again, or wanted it to leave: from then on the days count over which it is
    tried.
    """

    letter = models.ForeignKey(Letter, on_delete=models.CASCADE, related_name="deliveries")
    company = models.ForeignKey(
        Company, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    address = models.CharField(max_length=320)
    name = models.TextField(default="")
    lane = models.SmallIntegerField(choices=Lane, default=Lane.NOTIFICATION)
    state = models.CharField(max_length=16, default=DELIVERIES.start)
    dispatch = models.ForeignKey(Dispatch, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    attempts = models.SmallIntegerField(default=0)
    words = models.TextField(default="")
    due = models.DateTimeField(null=True)
    lease_token = models.CharField(max_length=32, default="")
    lease_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    renewed_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)
    destination = models.CharField(max_length=255, default="")
    reason = models.CharField(max_length=24, default="")
    reply_class = models.CharField(max_length=24, default="")
    server = models.BigIntegerField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["lane", "due", "id"], name="delivery_due", condition=Q(due__isnull=False)),
            models.Index(
                fields=["company", "reason", "lane", "id", "due"],
                name="delivery_waiting",
                condition=Q(due__isnull=False),
            ),
            models.Index(
                fields=["lease_until"],
                name="delivery_transmitting",
                condition=Q(state=DeliveryState.TRANSMITTING.value),
            ),
            models.Index(
                fields=["lane", "id"], name="delivery_server_down", condition=Q(reason=Reason.SERVER_DOWN.value)
            ),
            models.Index(fields=["company", "-id"], name="delivery_list"),
            models.Index(
                fields=["company", "state", "-id"],
                name="delivery_open",
                condition=~Q(state__in=ENDED_WELL),
            ),
            models.Index(
                fields=["company", "-settled_at"], name="delivery_ended_badly", condition=Q(state__in=ENDED_BADLY)
            ),
            models.Index(
                fields=["reason", "lane", "due"],
                name="delivery_limited",
                condition=Q(reason__in=LIMITS, due__isnull=False),
            ),
        ]


class Attempt(models.Model):
    """One try to hand a copy over, written before its bytes are. `phase` is how far it came, `words` the server's own
    answer; `message_id` is the id that the server gave the mail, where its answer told it.
    """

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="tries")
    dispatch = models.ForeignKey(Dispatch, on_delete=models.CASCADE, related_name="+", db_index=False)
    number = models.SmallIntegerField()
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=12, default="")
    phase = models.CharField(max_length=12, default="")
    code = models.SmallIntegerField(default=0)
    enhanced = models.CharField(max_length=12, default="")
    words = models.TextField(default="")
    message_id = models.TextField(default="")
