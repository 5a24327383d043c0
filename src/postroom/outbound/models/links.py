"""Files of copies that went as links."""

from __future__ import annotations

from django.db import models

from postroom.directory.models import User
from postroom.outbound.models.deliveries import Delivery
from postroom.outbound.models.letters import LetterFile


class DownloadLink(models.Model):
    """A file that one copy names by a link instead of carrying it; one for each copy and file, for every try.

    `digest` is the SHA-256 of the token in the address, `secret` the whole address, encrypted: whoever reads the
    database alone can open neither. `said_until` is what the mail says; `expires_at` may be later, where somebody
    renewed it. `opened` counts downloads that a person began.
    """

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="links")
    part = models.ForeignKey(LetterFile, on_delete=models.CASCADE, related_name="links")
    digest = models.CharField(max_length=64, unique=True)
    secret = models.BinaryField()
    said_until = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    first_opened_at = models.DateTimeField(null=True)
    opened = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["delivery", "part"], name="link_once")]
