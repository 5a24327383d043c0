"""Threads, messages and everything that hangs on them."""

from __future__ import annotations

from django.db import models

from postroom.directory.models import Company, Contact
from postroom.infra.models import File
from postroom.records.models import Record


def _own_company() -> models.ForeignKey[Company, Company]:
    """The record's company once more, so that queries need no join. It is copied, never chosen: the database checks it
    at the record, not again at each of the rows that follow."""
    return models.ForeignKey(Company, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False)


class Thread(models.Model):
    """The conversation of a record."""

    record = models.OneToOneField(Record, on_delete=models.CASCADE, related_name="thread")
    company = _own_company()
    last_message_at = models.DateTimeField()


class Message(models.Model):
    """One entry of a thread, ordered by the time we received it (its id).

    `html` is sanitised, `text` as sent; `own_text` and `quoted_text` are the same words kept apart, nothing cut.
    `to` and `cc` are lists of [email, name]. `standing` says how far the author's claim goes.
    """

    class Kind(models.TextChoices):
        EMAIL = "email", "mail"
        NOTE = "note", "note"

    class Visibility(models.TextChoices):
        PUBLIC = "public", "everybody in the conversation"
        INTERNAL = "internal", "only our own people"

    class Standing(models.TextChoices):
        SENDER = "sender", "wrote to us"
        PARTICIPANT = "participant", "takes part"
        OUTSIDER = "outsider", "unverified outsider"
        CLAIMED_MEMBER = "claimed-member", "unverified: says it is one of us"

    thread = models.ForeignKey(Thread, on_delete=models.CASCADE, related_name="messages")
    company = _own_company()
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.EMAIL)
    visibility = models.CharField(max_length=8, choices=Visibility, default=Visibility.PUBLIC)
    standing = models.CharField(max_length=16, choices=Standing, default=Standing.SENDER)
    automatic = models.CharField(max_length=8, default="human")
    author = models.ForeignKey(Contact, null=True, on_delete=models.SET_NULL, related_name="messages")
    author_name = models.TextField(default="")
    author_email = models.CharField(max_length=320, default="")
    subject = models.TextField(default="")
    html = models.TextField(default="")
    text = models.TextField(default="")
    own_text = models.TextField(default="")
    quoted_text = models.TextField(default="")
    to = models.JSONField(default=list)
    cc = models.JSONField(default=list)
    defects = models.JSONField(default=list)
    message_id = models.TextField(default="")
    sent_at = models.DateTimeField(null=True)
    received_at = models.DateTimeField()


class MessageId(models.Model):
    """An id that a message is known by (RFC 5322 §3.6.4), without angle brackets; not unique."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="ids")
    company = _own_company()
    value = models.CharField(max_length=255)

    class Meta:
        indexes = [models.Index(fields=["value", "company"], name="message_id_value")]


class Attachment(models.Model):
    """A file of a message; `inline` ones are shown where the body names their `content_id`."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="attachments")
    file = models.ForeignKey(File, on_delete=models.PROTECT, related_name="+")
    content_id = models.TextField(default="")
    inline = models.BooleanField(default=False)
    untouched = models.BooleanField(default=False)
    position = models.SmallIntegerField()


class Participant(models.Model):
    """An address that wrote in a thread or was addressed in it."""

    thread = models.ForeignKey(Thread, on_delete=models.CASCADE, related_name="participants", db_index=False)
    email = models.CharField(max_length=320)
    name = models.TextField(default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["thread", "email"], name="participant_once")]


class Follower(models.Model):
    """Somebody who hears of a thread."""

    thread = models.ForeignKey(Thread, on_delete=models.CASCADE, related_name="followers", db_index=False)
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["thread", "contact"], name="follower_once")]
