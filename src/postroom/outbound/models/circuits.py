"""Servers that let nobody in, as all workers know of them."""

from __future__ import annotations

from django.db import models


class Circuit(models.Model):
    """A server that could not be used, by its id (0: the default server) and name; no row: nothing is known against it.

    It is open while `opened_at` is set: mail for the server waits, and `due` is when it is tried next, by whoever
    claims that. `words` is what was said last, `failures` counts the tries that failed in a row. Closed it stays until
    the server took something, so that one which only opens counts on. `calls_back`: copies still wait for it that are
    due now.
    """

    id = models.BigIntegerField(primary_key=True)
    name = models.TextField(default="")
    opened_at = models.DateTimeField(null=True)
    words = models.TextField(default="")
    failures = models.PositiveIntegerField(default=0)
    calls_back = models.BooleanField(default=False)
    due = models.DateTimeField(null=True)
    lease_token = models.CharField(max_length=32, default="")
    lease_until = models.DateTimeField(null=True)
