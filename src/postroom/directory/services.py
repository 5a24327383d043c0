"""The verbs of the directory: companies, users and their roles, contacts, API tokens."""

from __future__ import annotations

import hashlib
import re
import secrets
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from postroom.core.addresses import normalise, valid
from postroom.core.errors import PostroomError
from postroom.directory.models import ApiToken, Company, Contact, ContactAddress, Membership, User
from postroom.directory.roles import Role
from postroom.infra.clock import now
from postroom.infra.search.index import mark

SCOPES = frozenset({"read", "write"})
TOKEN_PREFIX = "pr_"  # noqa: S105 what every token starts with, so that scanners know one when they see it
_USERNAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")


class CannotDo(PostroomError):
    """Something of the directory that cannot be as asked; the words say why and what to do."""


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token just made: its row, and the secret that is shown this once."""

    token: ApiToken
    secret: str


def slug_of(name: str) -> str:
    """A company's short name: lower-case ASCII letters and digits, joined by hyphens."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60]


def create_company(*, name: str, slug: str = "", language: str = "en", time_zone: str = "UTC") -> Company:
    """Make a company; without a `slug` its name gives one.

    Raises:
        CannotDo: no short name comes of it, or another company has it.

    """
    short = slug or slug_of(name)
    if not short:
        raise CannotDo(f"The name {name!r} gives no short name: say one in letters a to z.")
    if Company.objects.filter(slug=short).exists():
        raise CannotDo(f"There is a company {short} already.")
    return Company.objects.create(name=name, slug=short, language=language, time_zone=time_zone, created_at=now())


def create_user(
    *,
    username: str,
    name: str,
    email: str,
    password: str,
    company: Company,
    role: str = Role.MEMBER,
    is_operator: bool = False,
    language: str = "en",
    time_zone: str = "UTC",
) -> User:
    """Make a user with a role in a company, and the contact that stands for them there.

    Raises:
        CannotDo: the name is taken or no name, the role is unknown, the password is too weak.

    """
    user = User(
        username=_new_username(username),
        name=name,
        email=_address(email),
        is_operator=is_operator,
        language=language,
        time_zone=time_zone,
        created_at=now(),
    )
    _set_password(user, password)
    with transaction.atomic():
        user.save()
        join(user=user, company=company, role=role)
    return user


def _new_username(username: str) -> str:
    plain = username.lower()
    if not _USERNAME.fullmatch(plain):
        raise CannotDo(f"{username!r} is no user name: letters, digits, dots, hyphens and underscores, at most 63.")
    if User.objects.filter(username=plain).exists():
        raise CannotDo(f"There is a user {plain} already.")
    return plain


def _address(email: str) -> str:
    if not valid(email):
        raise CannotDo(f"{email!r} is not a mail address.")
    return normalise(email)


def join(*, user: User, company: Company, role: str) -> None:
    """Give a user a role in a company, or another one; their contact there is made where it is new.

    Raises:
        CannotDo: the role is unknown.

    """
    if role not in set(Role):
        raise CannotDo(f"There is no role {role!r}; there are {', '.join(Role)}.")
    with transaction.atomic():
        Membership.objects.update_or_create(user=user, company=company, defaults={"role": role})
        known = ContactAddress.objects.filter(company=company, email=user.email).select_related("contact").first()
        if known is None:
            create_contact(company=company, name=user.name, emails=[user.email], user=user)
        elif known.contact.user_id is None:
            Contact.objects.filter(pk=known.contact_id).update(user=user)


def create_contact(
    *,
    company: Company,
    name: str,
    emails: Iterable[str] = (),
    organisation: str = "",
    phone: str = "",
    language: str = "",
    time_zone: str = "",
    user: User | None = None,
) -> Contact:
    """Make a contact with its addresses, the first one primary.

    Raises:
        CannotDo: an address is none, or another contact of the company has it.

    """
    addresses = [_address(email) for email in emails]
    taken = ContactAddress.objects.filter(company=company, email__in=addresses).values_list("email", flat=True)
    if taken:
        raise CannotDo(f"Another contact of {company.name} has {', '.join(sorted(taken))}.")
    with transaction.atomic():
        contact = Contact.objects.create(
            company=company,
            name=name,
            organisation=organisation,
            phone=phone,
            language=language,
            time_zone=time_zone,
            user=user,
            created_at=now(),
        )
        ContactAddress.objects.bulk_create(
            ContactAddress(company=company, contact=contact, email=email, primary=position == 0)
            for position, email in enumerate(dict.fromkeys(addresses))
        )
        mark({"contact": [contact.pk]})
    return contact


def set_password(*, user: User, password: str) -> None:
    """Give a user a new password.

    Raises:
        CannotDo: it is too weak.

    """
    _set_password(user, password)
    user.save(update_fields=["password"])


def _set_password(user: User, password: str) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise CannotDo(" ".join(error.messages)) from None
    user.set_password(password)


def deactivate_user(*, user: User) -> None:
    """Let a user in no longer, by password or by token."""
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(is_active=False)
        ApiToken.objects.filter(user=user).delete()


def digest_of(secret: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(secret.encode()).hexdigest()


def create_token(*, user: User, name: str, scopes: Iterable[str] = SCOPES, days: int | None = None) -> NewToken:
    """Make a bearer token that may what its user may, within `scopes`, for `days` or for ever.

    Raises:
        CannotDo: a scope is unknown, or the user may not sign in.

    """
    words = sorted(set(scopes))
    if not words or not SCOPES.issuperset(words):
        raise CannotDo(f"The scopes of a token are {', '.join(sorted(SCOPES))}.")
    if not user.is_active:
        raise CannotDo(f"{user.username} is deactivated: a token would not work.")
    secret = TOKEN_PREFIX + secrets.token_urlsafe(32)
    at = now()
    token = ApiToken.objects.create(
        user=user,
        name=name[:120],
        digest=digest_of(secret),
        scopes=" ".join(words),
        created_at=at,
        expires_at=at + timedelta(days=days) if days is not None else None,
    )
    return NewToken(token, secret)


def revoke_token(*, token_id: int) -> bool:
    """Make a token useless at once; whether there was one."""
    return bool(ApiToken.objects.filter(pk=token_id).delete()[0])


def note_use(*, token: ApiToken, at: datetime, every: timedelta = timedelta(minutes=5)) -> None:
    """Write down that a token was used, at most once in a while: reading must not cost a write each time."""
    if token.last_used_at is None or at - token.last_used_at >= every:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=at)
