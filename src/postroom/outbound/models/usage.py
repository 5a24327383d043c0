"""What a company may send by the operator's default server, and what it sent."""

from __future__ import annotations

from django.db import models

from postroom.directory.models import Company


class Plan(models.Model):
    """What a company may send a day by the operator's default server: copies, 0 for any number."""

    name = models.CharField(max_length=60, unique=True)
    daily_limit = models.PositiveIntegerField()

    def __str__(self) -> str:
        return self.name


class Allowance(models.Model):
    """What one company may: its plan, or a limit of its own that stands above it. Without a row: the configured one."""

    company = models.OneToOneField(Company, primary_key=True, on_delete=models.CASCADE, related_name="+")
    plan = models.ForeignKey(Plan, null=True, on_delete=models.PROTECT, related_name="allowances")
    daily_limit = models.PositiveIntegerField(null=True)


class DailyUsage(models.Model):
    """How many copies of a company were handed to the operator's default server on a day (UTC)."""

    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="+", db_index=False)
    day = models.DateField(db_index=True)
    sent = models.IntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["company", "day"], name="usage_once_a_day")]
