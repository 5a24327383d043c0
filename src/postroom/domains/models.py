"""Alias domains and who uses them, aliases, retired addresses, the keys of tokens."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from postroom.directory.models import Company


class AliasDomain(models.Model):
    """A domain at which we answer, with its service addresses (local parts; `default_from` may be a whole address).

    `former_separators` are read for ever, since sent mail carries tags that they begin; `separator` begins new ones.
    `tags_proved_at` and `tags_lost_at` are what the last proof saw of mail to tagged addresses, one of them at most;
    `tags_overridden`: an administrator wants tags put on addresses whatever was seen.
    `unproved` is what becomes of mail under an address of our own people that nothing proves; `trusted_forwarders` are
    domains, by commas, whose seals (ARC) are believed.
    """

    class Unproved(models.TextChoices):
        FLAG = "flag", "take it, and show that nothing proves it"
        HOLD = "hold", "hold it for a person"
        REFUSE = "refuse", "refuse it"

    class WayIn(models.TextChoices):
        LISTENER = "listener", "our own SMTP listener"
        MAILBOX = "mailbox", "a mailbox that we fetch"
        FORWARDED = "forwarded", "forwarded by another server"

    name = models.CharField(max_length=253, db_index=True)
    priority = models.IntegerField(default=10)
    bounce = models.CharField(max_length=64, default="bounce")
    catchall = models.CharField(max_length=64, default="catchall")
    default_from = models.CharField(max_length=320, default="notifications")
    separator = models.CharField(max_length=1, default="+")
    former_separators = models.CharField(max_length=8, default="", blank=True)
    way_in = models.CharField(max_length=12, choices=WayIn, default=WayIn.LISTENER)
    tags_proved_at = models.DateTimeField(null=True)
    tags_lost_at = models.DateTimeField(null=True)
    tags_overridden = models.BooleanField(default=False)
    unproved = models.CharField(max_length=8, choices=Unproved, default=Unproved.FLAG)
    trusted_forwarders = models.TextField(default="", blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["name", "bounce"], name="domain_bounce_once"),
            models.UniqueConstraint(fields=["name", "catchall"], name="domain_catchall_once"),
        ]

    @property
    def separators(self) -> str:
        """Every separator by which a tag of ours may have been put on, the one in use first."""
        return self.separator + self.former_separators

    @property
    def tags_arrive(self) -> bool:
        """Whether tokens are put into the addresses of what we send: once mail was seen to arrive with its tag; at our
        own listener, which takes none off, unless it was seen to arrive without.
        """
        unharmed = self.way_in == self.WayIn.LISTENER and self.tags_lost_at is None
        return self.tags_overridden or self.tags_proved_at is not None or unharmed

    def __str__(self) -> str:
        return self.name


class CompanyDomain(models.Model):
    """A company that uses an alias domain; several may share one."""

    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="company_domains")
    domain = models.ForeignKey(AliasDomain, on_delete=models.CASCADE, related_name="company_domains")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["company", "domain"], name="company_domain_once")]


class Alias(models.Model):
    """An address that makes records, or writes into one (`forced_target`, a record reference such as `lead:12`)."""

    class Health(models.TextChoices):
        NOT_TESTED = "not_tested", "not tested"
        VALID = "valid", "working"
        INVALID = "invalid", "broken"

    domain = models.ForeignKey(AliasDomain, on_delete=models.PROTECT, related_name="aliases")
    local_part = models.CharField(max_length=39)
    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="aliases")
    record_type = models.CharField(max_length=40)
    defaults = models.JSONField(default=dict)
    who_may_write = models.CharField(max_length=12, default="everyone")
    forced_target = models.CharField(max_length=80, default="", blank=True)
    takes_automatic = models.BooleanField(default=True)
    health = models.CharField(max_length=12, choices=Health, default=Health.NOT_TESTED)
    health_reason = models.TextField(default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["domain", "local_part"], name="alias_once")]

    @property
    def address(self) -> str:
        return f"{self.local_part}@{self.domain.name}"

    def __str__(self) -> str:
        return self.address


class AllowedSender(models.Model):
    """A sender whom the loop limits of an alias do not touch."""

    alias = models.ForeignKey(Alias, on_delete=models.CASCADE, related_name="allowed_senders")
    email = models.CharField(max_length=320)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["alias", "email"], name="allowed_sender_once")]


class RetiredAddress(models.Model):
    """An address that was given up and still routes: to an alias, or as the domain's catchall, bounce or default-from.

    `domain_name` is the name at the time, so that a renamed domain keeps its old addresses. It can't be given away
    before `free_from`.
    """

    domain_name = models.CharField(max_length=253)
    local_part = models.CharField(max_length=64)
    domain = models.ForeignKey(AliasDomain, on_delete=models.CASCADE, related_name="retired")
    part = models.CharField(max_length=16)
    alias = models.ForeignKey(Alias, null=True, on_delete=models.CASCADE, related_name="retired")
    retired_at = models.DateTimeField()
    free_from = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["domain_name", "local_part"], name="retired_once"),
            models.CheckConstraint(condition=~Q(part="alias") | Q(alias__isnull=False), name="retired_alias_named"),
        ]


class TokenKey(models.Model):
    """A key that signs tokens: the one without `retired_at` mints, all verify for ever. `number` is 0 to 15."""

    number = models.SmallIntegerField(primary_key=True)
    secret = models.BinaryField()
    created_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True)
