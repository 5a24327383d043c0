"""Whose conversations somebody may read and write in: those of the records that they may."""

from __future__ import annotations

from django.db.models import QuerySet

from postroom.conversations.models import Attachment, Message
from postroom.directory.access import companies
from postroom.directory.models import User
from postroom.directory.roles import Permission


def readable(user: User) -> QuerySet[Message]:
    """The messages that `user` may read; members are our own people, so internal ones are among them."""
    return Message.objects.filter(company_id__in=companies(user, Permission.RECORDS_READ))


def may_write(user: User, company: int) -> bool:
    """Whether `user` may write in the conversations of a company, follow them and keep track of their own reading."""
    return company in companies(user, Permission.RECORDS_WRITE)


def readable_attachments(user: User) -> QuerySet[Attachment]:
    """The files of such messages."""
    return Attachment.objects.filter(message__company_id__in=companies(user, Permission.RECORDS_READ))
