"""Desks with their stages, and the records that land on them."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower, Substr

from postroom.directory.models import Company, Contact, User
from postroom.domains.models import Alias
from postroom.infra.clock import now
from postroom.infra.database.literals import Number

SORTED_TITLE = Lower(Substr("title", Number(1), Number(60)))
"""What a list that is sorted by title goes by, as the index `record_titles` has it."""


class Desk(models.Model):
    """A team or project that records land on: a sales team, a support team. It owns its alias and its defaults."""

    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="desks")
    record_type = models.CharField(max_length=40)
    name = models.CharField(max_length=120)
    alias = models.OneToOneField(Alias, null=True, on_delete=models.SET_NULL, related_name="desk")
    owner = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")

    def __str__(self) -> str:
        return self.name


class DeskFollower(models.Model):
    """Somebody who follows every new record of a desk."""

    desk = models.ForeignKey(Desk, on_delete=models.CASCADE, related_name="followers")
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["desk", "contact"], name="desk_follower_once")]


class Stage(models.Model):
    """A step in the life of a desk's records, in the order of `position`; `closes` marks an end."""

    desk = models.ForeignKey(Desk, on_delete=models.CASCADE, related_name="stages")
    name = models.CharField(max_length=60)
    position = models.IntegerField()
    closes = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["desk", "position"], name="stage_position_once")]


class Record(models.Model):
    """Something of the business that holds a conversation. Types that need more columns link a detail row to it.

    `active_at` is when somebody last wrote in its conversation or changed it.
    """

    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="records", db_index=False)
    type = models.CharField(max_length=40)
    title = models.TextField()
    contact = models.ForeignKey(Contact, null=True, on_delete=models.SET_NULL, related_name="records")
    desk = models.ForeignKey(Desk, null=True, on_delete=models.SET_NULL, related_name="records", db_index=False)
    owner = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="records", db_index=False)
    stage = models.ForeignKey(Stage, null=True, on_delete=models.SET_NULL, related_name="records", db_index=False)
    notes = models.TextField(default="")
    created_at = models.DateTimeField()
    active_at = models.DateTimeField(default=now)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["company", "type", "-id"], name="record_list"),
            models.Index(fields=["company", "type", "-active_at", "-id"], name="record_recent"),
            models.Index("company", "type", Lower(Substr("title", 1, 60)), "id", name="record_titles"),
            models.Index(fields=["company", "type", "-id"], name="record_open", condition=Q(closed_at=None)),
            models.Index(fields=["owner", "company", "type", "-id"], name="record_owner"),
            models.Index(fields=["company", "type", "-id"], name="record_unowned", condition=Q(owner=None)),
            models.Index(fields=["desk", "-id"], name="record_desk"),
            models.Index(fields=["stage", "-id"], name="record_stage"),
        ]

    @property
    def ref(self) -> str:
        """The record reference, as it stands in routes and aliases: `lead:12`."""
        return f"{self.type}:{self.pk}"

    @property
    def number(self) -> str:
        """The reference as people read it: `LEAD-12`."""
        return f"{self.type.upper()}-{self.pk}"


class FieldChange(models.Model):
    """A field of a record that somebody changed, in words: `before` and `after` as people read them."""

    record = models.ForeignKey(Record, on_delete=models.CASCADE, related_name="changes", db_index=False)
    user = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    field = models.CharField(max_length=40)
    before = models.TextField(default="")
    after = models.TextField(default="")
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["record", "at"], name="field_change_list")]
