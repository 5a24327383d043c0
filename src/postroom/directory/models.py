"""Companies, users with their roles, contacts with their addresses, API tokens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Greatest, Lower, Replace, StrIndex, Substr

from postroom.infra.database.literals import Number, Signs

SORTED_NAME = Lower(Substr("name", Number(1), Number(60)))
"""What lists of contacts go by, as the index `contact_names` has it."""


def _plain_local(signs: Callable[[str], Any], none: Any, one: Any) -> Replace:
    """The local part without a tag and without dots. As every address gets a plus before its at sign, the first one
    always ends the name; what has neither has no name, rather than one of a length that PostgreSQL refuses.
    """
    plus = StrIndex(Replace("email", signs("@"), signs("+@")), signs("+"))
    return Replace(Substr("email", one, Greatest(plus - one, none)), signs("."), signs(""))


PLAIN_LOCAL = _plain_local(Signs, Number(0), Number(1))
DOMAIN = Substr("email", StrIndex("email", Signs("@")))
"""What addresses are compared by, as the index `contact_address_alike` has it; `core.alike` has the last word. The
domain stands with its at sign.
"""


class Company(models.Model):
    """A tenant: nobody sees anything of another company."""

    name = models.CharField(max_length=120)
    slug = models.SlugField(max_length=60, unique=True)
    language = models.CharField(max_length=12, default="en")
    time_zone = models.CharField(max_length=64, default="UTC")
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class UserManager(BaseUserManager["User"]):
    """Looks users up by their user name, whatever its case."""

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(username=(username or "").lower())


class User(AbstractBaseUser):
    """Somebody who signs in. `is_operator` runs the installation and sees what belongs to no company. `notify_by` is
    how they hear of messages; `signature` stands under what they write (plain text). `undo_seconds` is for how long
    they may undo what they wrote before it leaves; None: as long as the installation says.
    """

    class NotifyBy(models.TextChoices):
        MAIL = "mail", "by mail"
        INBOX = "inbox", "in the inbox"

    username = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=120)
    email = models.CharField(max_length=320, db_index=True)
    is_active = models.BooleanField(default=True)
    is_operator = models.BooleanField(default=False)
    language = models.CharField(max_length=12, default="en")
    time_zone = models.CharField(max_length=64, default="UTC")
    single_keys = models.BooleanField(default=True)
    notify_by = models.CharField(max_length=8, choices=NotifyBy, default=NotifyBy.MAIL)
    undo_seconds = models.SmallIntegerField(null=True)
    signature = models.TextField(default="", blank=True)
    created_at = models.DateTimeField()

    objects: ClassVar[UserManager] = UserManager()
    USERNAME_FIELD = "username"

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """What a user may do in a company; the meaning of each role stands in `directory.roles`."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=20)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "company"], name="membership_once")]


class Contact(models.Model):
    """Somebody that a company writes with. `user` is set for its own people."""

    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="contacts")
    name = models.TextField()
    organisation = models.TextField(default="")
    phone = models.CharField(max_length=40, default="")
    language = models.CharField(max_length=12, default="")
    time_zone = models.CharField(max_length=64, default="")
    user = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="contacts")
    created_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index("company", Lower(Substr("name", 1, 60)), "id", name="contact_names")]

    def __str__(self) -> str:
        return self.name


class MergedContact(models.Model):
    """A contact that is no more: `former` was its id, `contact` is the one that it became part of."""

    former = models.BigIntegerField(primary_key=True)
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="merged")
    merged_at = models.DateTimeField()


class ContactAddress(models.Model):
    """An address of a contact, normalised; unique within a company, several per contact."""

    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="+")
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="addresses")
    email = models.CharField(max_length=320)
    primary = models.BooleanField(default=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["email", "company"], name="contact_address_once")]
        indexes = [
            models.Index(
                "company",
                _plain_local(models.Value, models.Value(0), models.Value(1)),
                Substr("email", StrIndex("email", models.Value("@"))),
                name="contact_address_alike",
            )
        ]


class ApiToken(models.Model):
    """A bearer token: only its digest is kept. `scopes` are words separated by spaces."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=120)
    digest = models.CharField(max_length=64, unique=True)
    scopes = models.TextField(default="read write")
    created_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)


class Invitation(models.Model):
    """A link by which an invited user sets a password, once: only its digest is kept."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="invitations")
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
