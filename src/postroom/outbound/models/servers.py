"""Servers that take mail for delivery."""

from __future__ import annotations

from django.db import models

from postroom.directory.models import Company, User


class OutgoingServer(models.Model):
    """A server that takes mail for delivery; without a company it serves all of them.

    `from_filter` is as entered: addresses and domains, by commas. `owner` makes it personal. `provider` is the key of
    the one that it was filled in from. `secret` is encrypted, and so is `client_certificate`: a PEM key and its chain,
    known on pages by `certificate_subject` and `certificate_until` alone. `mechanism` empty: chosen from what is
    offered. `for_many`: what is written to several records at once leaves by it. `failover`: while it is down, the next
    server that admits the same From sends its mail. `max_size` (bytes), `minute_limit`, `hour_limit` and `daily_limit`
    (mails) are 0 for none. `tested_at`, `test_worked` and `test_steps` are what the last connection test found, for the
    server as it is set now.
    """

    class Encryption(models.TextChoices):
        NONE = "none", "none"
        STARTTLS = "starttls", "STARTTLS, certificate verified"
        STARTTLS_UNVERIFIED = "starttls-unverified", "STARTTLS, certificate not verified"
        TLS = "tls", "TLS, certificate verified"
        TLS_UNVERIFIED = "tls-unverified", "TLS, certificate not verified"

    class Authentication(models.TextChoices):
        NONE = "none", "none"
        LOGIN = "login", "user name and password"
        CERTIFICATE = "certificate", "client certificate"
        DEFAULT = "default", "the default server of the configuration"

    class Mechanism(models.TextChoices):
        AUTOMATIC = "", "chosen from what the server offers"
        PLAIN = "PLAIN", "PLAIN"
        LOGIN = "LOGIN", "LOGIN"
        CRAM_MD5 = "CRAM-MD5", "CRAM-MD5"

    company = models.ForeignKey(Company, null=True, on_delete=models.CASCADE, related_name="outgoing_servers")
    name = models.CharField(max_length=120)
    priority = models.IntegerField(default=10)
    from_filter = models.TextField(default="", blank=True)
    provider = models.CharField(max_length=24, default="", blank=True)
    host = models.CharField(max_length=253, blank=True)
    port = models.PositiveIntegerField(default=587)
    encryption = models.CharField(max_length=20, choices=Encryption, default=Encryption.STARTTLS)
    authentication = models.CharField(max_length=12, choices=Authentication, default=Authentication.LOGIN)
    username = models.CharField(max_length=320, default="", blank=True)
    mechanism = models.CharField(max_length=10, choices=Mechanism, default=Mechanism.AUTOMATIC, blank=True)
    secret = models.BinaryField(default=b"")
    client_certificate = models.BinaryField(default=b"")
    certificate_subject = models.TextField(default="", blank=True)
    certificate_until = models.DateTimeField(null=True)
    owner = models.ForeignKey(User, null=True, on_delete=models.CASCADE, related_name="+")
    trusted_relay = models.BooleanField(default=False)
    for_many = models.BooleanField(default=False)
    failover = models.BooleanField(default=False)
    max_connections = models.PositiveSmallIntegerField(default=4)
    max_size = models.PositiveBigIntegerField(default=0)
    minute_limit = models.PositiveIntegerField(default=0)
    hour_limit = models.PositiveIntegerField(default=0)
    daily_limit = models.PositiveIntegerField(default=0)
    tested_at = models.DateTimeField(null=True)
    test_worked = models.BooleanField(null=True)
    test_steps = models.JSONField(default=list)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


OUTBOX_FOLDER = "Outbox folder"  # the default server where none is configured: it keeps mail and sends nothing


def is_kept_here(server: int | None, name: str) -> bool:
    """Whether the server of a choice is the folder of this machine, from which nothing goes out."""
    return not server and name == OUTBOX_FOLDER
