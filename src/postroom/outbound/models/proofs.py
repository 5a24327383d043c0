"""The proof of an alias domain: mails that go round."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from postroom.directory.models import User
from postroom.domains.models import AliasDomain
from postroom.outbound.models.deliveries import Delivery
from postroom.outbound.models.servers import OutgoingServer


class Proof(models.Model):
    """A run that proves an alias domain: round trips from every server to its addresses; open until `closed_at`.

    `due` is when it is closed at the latest; `left_out` counts the addresses for which there was no room. `tags_arrive`
    is what was seen of mail to tagged addresses, None where that cannot be told. `way_in` is the domain's when it
    began: what was seen holds for that one. `stopped`: a person ended it.
    """

    domain = models.ForeignKey(AliasDomain, on_delete=models.CASCADE, related_name="+")
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    began_at = models.DateTimeField()
    due = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    left_out = models.PositiveIntegerField(default=0)
    way_in = models.CharField(max_length=12, default="")
    stopped = models.BooleanField(default=False)
    tags_arrive = models.BooleanField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["domain"], condition=Q(closed_at=None), name="proof_one_at_a_time")
        ]
        indexes = [models.Index(fields=["due"], condition=Q(closed_at=None), name="proof_open")]


class RoundTrip(models.Model):
    """A mail of a proof: to `address`, which is `base` with a tag where `is_tagged`. `server` is null for the default
    server. `fates` (`core.proving.Fate`, by commas) are empty while it is under way; the first is what matters most.
    `words` say what differed, or what a server said; `arrival` is the id of the arrival, 0 where there is none.
    """

    proof = models.ForeignKey(Proof, on_delete=models.CASCADE, related_name="trips")
    server = models.ForeignKey(OutgoingServer, null=True, on_delete=models.SET_NULL, related_name="+")
    server_name = models.TextField()
    base = models.CharField(max_length=320)
    is_tagged = models.BooleanField(default=False)
    address = models.CharField(max_length=320, default="")
    message_id = models.TextField(default="")
    delivery = models.ForeignKey(Delivery, null=True, on_delete=models.SET_NULL, related_name="+")
    fates = models.CharField(max_length=80, default="")
    words = models.TextField(default="")
    arrival = models.BigIntegerField(default=0)
    settled_at = models.DateTimeField(null=True)
