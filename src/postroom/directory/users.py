"""What administrators do with people: invite, change, deactivate, let in again; and the links that set passwords.

A link works once, for seven days. Of its secret only a digest is kept; a new link makes earlier ones useless.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction

from postroom.core.addresses import normalise, valid
from postroom.core.edits import Edit, edited
from postroom.core.errors import PostroomError
from postroom.directory.models import ApiToken, Company, Contact, ContactAddress, Invitation, Membership, User
from postroom.directory.people import changeable, managed, others_who_administer, people
from postroom.directory.profile import FIELDS, LONGEST_NAME, CannotSave, Profile, update_profile
from postroom.directory.roles import Role
from postroom.directory.services import CannotDo, digest_of, join, set_password, slug_of
from postroom.infra.clock import now
from postroom.infra.logs import logger
from postroom.infra.search.index import mark

LINK_DAYS = 7
LONGEST_USERNAME = 63
LONGEST_PASSWORD = 4096
OLD_LINK = "This link does not work any more. Ask whoever sent it for a new one."

log = logger(__name__)


class NoPerson(PostroomError):
    """There is no such person, or this user does not manage them."""


class OldLink(CannotDo):
    """A link that was never made, was used, was replaced or has run out; which of them is not said."""


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody to be invited."""

    name: str = ""
    email: str = ""
    company: int = 0
    role: str = Role.MEMBER.value


@dataclass(frozen=True, slots=True)
class Link:
    """A link just made: whose it is, and the secret that is shown this once."""

    person: User
    secret: str


@dataclass(frozen=True, slots=True)
class PersonFields(Profile):
    """What others say about a person: their profile and their address."""

    email: str = ""


def person_fields_of(person: User) -> PersonFields:
    """A person as they are."""
    return PersonFields(**{name: getattr(person, name) for name in (*FIELDS, "email")})


def invite(*, user: User, guest: Guest) -> Link:
    """Make a user without a password, with a role in a company, and the link by which they choose one.

    Raises:
        CannotSave: what is wrong, by field.

    """
    name, email = " ".join(guest.name.split()), normalise(guest.email.strip())
    company = managed(user).filter(pk=guest.company).first()
    if problems := dict(_guest_problems(user, Guest(name, email, guest.company, guest.role), company)):
        raise CannotSave(problems)
    assert company is not None
    with transaction.atomic():
        person = User(username=_free_username(email), name=name, email=email, created_at=now())
        person.language, person.time_zone = company.language, company.time_zone
        person.set_unusable_password()
        person.save()
        join(user=person, company=company, role=guest.role)
        link = _new_link(person)
    log.info("user invited", user=person.username, company=company.slug, by=user.username)
    return link


def _guest_problems(user: User, guest: Guest, company: Company | None) -> Iterator[tuple[str, str]]:
    if not guest.name:
        yield "name", "Enter the person's name as others should read it."
    elif len(guest.name) > LONGEST_NAME or not guest.name.isprintable():
        yield "name", f"A name has {LONGEST_NAME} characters at most, and no control characters."
    if not valid(guest.email):
        yield "email", "Enter the person's mail address, such as ada@acme.example."
    elif known := people(user).filter(email=guest.email).first():
        yield "email", f"{known.name} has this address and is a user already: change their roles instead."
    elif company and (other := _held_by_another(guest.email, company)):
        yield "email", f"{other.name} has this address already: take it from them in Contacts first."
    if company is None:
        yield "company", "Choose a company whose people you manage."
    if guest.role not in set(Role):
        yield "role", "Choose member or administrator."


def _held_by_another(email: str, company: Company) -> Contact | None:
    """The contact of another user of the company who has an address."""
    held = ContactAddress.objects.filter(company=company, email=email).exclude(contact__user=None)
    row = held.select_related("contact").first()
    return row.contact if row else None


def _free_username(email: str) -> str:
    """A user name after the local part of an address, with a number where it is taken."""
    local = email.partition("@")[0].lower()
    kept = re.sub(r"[^a-z0-9._-]+", "-", local).strip("._-")[:50]
    name = kept or slug_of(local)[:50] or "user"
    taken = set(User.objects.filter(username__startswith=name).values_list("username", flat=True))
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name}{number}"
    return free


def make_link(*, user: User, person_id: int) -> Link:
    """A link by which somebody chooses a password anew; earlier links end, the password works until it is used.

    Raises:
        NoPerson: they are not the user's to change.
        CannotDo: they are deactivated.

    """
    with transaction.atomic():
        person = _own(user, person_id)
        if not person.is_active:
            raise CannotDo(f"{person.name} is deactivated: let them in again first.")
        link = _new_link(person)
    log.info("password link made", user=person.username, by=user.username)
    return link


def _new_link(person: User) -> Link:
    Invitation.objects.filter(user=person, used_at=None).delete()
    secret, at = secrets.token_urlsafe(32), now()
    digest, end = digest_of(secret), at + timedelta(days=LINK_DAYS)
    Invitation.objects.create(user=person, digest=digest, created_at=at, expires_at=end)
    return Link(person, secret)


def invited(secret: str) -> User | None:
    """Whose link this is, while it works."""
    found = Invitation.objects.filter(digest=digest_of(secret), used_at=None, expires_at__gt=now())
    row = found.filter(user__is_active=True).select_related("user").first()
    return row.user if row else None


def accept(*, secret: str, password: str) -> User:
    """Choose a password by a link, which is used up; sessions under the earlier password end.

    Raises:
        OldLink: the link does not work.
        CannotSave: the password is too weak.

    """
    with transaction.atomic():
        found = Invitation.objects.select_for_update(of=("self",)).select_related("user")
        row = found.filter(digest=digest_of(secret), used_at=None, expires_at__gt=now(), user__is_active=True).first()
        if row is None:
            raise OldLink(OLD_LINK)
        if len(password) > LONGEST_PASSWORD:
            raise CannotSave({"password": f"A password has {LONGEST_PASSWORD:,} characters at most."})
        try:
            set_password(user=row.user, password=password)
        except CannotDo as error:
            raise CannotSave({"password": str(error)}) from None
        row.used_at = now()
        row.save(update_fields=["used_at"])
    log.info("password chosen by link", user=row.user.username)
    return row.user


def edit_person(*, user: User, person_id: int, fields: Edit[PersonFields]) -> User:
    """Change what others say about a person: name, address, how they hear of messages, signature, language, clock.

    An earlier address stays with the contact, so that mail from it is still theirs.

    Raises:
        NoPerson: they are not the user's to change.
        CannotSave: what is wrong, by field.

    """
    with transaction.atomic():
        person = _own(user, person_id)
        entered = edited(person_fields_of(person), fields)
        plain = normalise(entered.email.strip())
        if problems := dict(_address_problems(user, person, plain)):
            raise CannotSave(problems)
        update_profile(user=person, profile=entered)
        if plain != person.email:
            _move(person, plain)
    return person


def _address_problems(user: User, person: User, email: str) -> Iterator[tuple[str, str]]:
    if email == person.email:
        return
    if not valid(email):
        yield "email", "Enter a mail address, such as ada@acme.example."
        return
    if known := people(user).filter(email=email).exclude(pk=person.pk).first():
        yield "email", f"{known.name} has this address already."
        return
    mine = Membership.objects.filter(user=person).values("company")
    held = ContactAddress.objects.filter(company__in=mine, email=email).exclude(contact__user=person)
    if taken := held.exclude(contact__user=None).select_related("contact").first():
        yield "email", f"{taken.contact.name} has this address already."


def _move(person: User, email: str) -> None:
    """Give a person another address; in each company it becomes the first one of their contact."""
    person.email = email
    person.save(update_fields=["email"])
    for contact in Contact.objects.filter(user=person):
        ContactAddress.objects.filter(contact=contact).update(primary=False)
        ContactAddress.objects.update_or_create(
            company_id=contact.company_id, email=email, defaults={"contact": contact, "primary": True}
        )
        mark({"contact": [contact.pk]})


def set_roles(*, user: User, person_id: int, roles: Mapping[int, str]) -> None:
    """Say what a person is in companies that the user manages; an empty role takes them out of a company.

    Raises:
        NoPerson: the user does not manage them.
        CannotSave: by field (`role-<company>`): no such role or company, the last administrator, one's own role.

    """
    with transaction.atomic():
        person = people(user).filter(pk=person_id).first()
        if person is None:
            raise NoPerson(f"There is no user {person_id} here.")
        own = {one.pk: one for one in managed(user).filter(pk__in=roles).order_by("pk").select_for_update()}
        held = dict(Membership.objects.filter(user=person).values_list("company_id", "role"))
        changed = {company: role for company, role in roles.items() if role != held.get(company, "")}
        if problems := dict(_role_problems(user, person, own, changed, held)):
            raise CannotSave(problems)
        for company, role in changed.items():
            _set_role(person, own[company], role)
    if changed:
        log.info("roles changed", user=person.username, by=user.username)


def _role_problems(
    user: User, person: User, own: Mapping[int, Company], changed: Mapping[int, str], held: Mapping[int, str]
) -> Iterator[tuple[str, str]]:
    for company, role in changed.items():
        field = f"role-{company}"
        if company not in own:
            yield field, "Choose a company whose people you manage."
        elif role and role not in set(Role):
            yield field, "Choose member, administrator or no access."
        elif held.get(company) == Role.ADMINISTRATOR and person.pk == user.pk:
            yield field, "Somebody else has to change what you are: nobody takes the keys from themselves by mistake."
        elif held.get(company) == Role.ADMINISTRATOR and not others_who_administer(company, person):
            yield field, f"{person.name} is the last administrator of {own[company].name}: make another one first."


def _set_role(person: User, company: Company, role: str) -> None:
    if role:  # a link that was made before gives whoever has it no more than they could give themselves
        join(user=person, company=company, role=role)
        Invitation.objects.filter(user=person, used_at=None).delete()
    else:
        Membership.objects.filter(user=person, company=company).delete()


def deactivate(*, user: User, person_id: int) -> User:
    """Let somebody in no longer: their sessions, tokens and links end at once, and for good. What they wrote stays.

    The password is forgotten with them, so that no session under it can come back to life.

    Raises:
        NoPerson: they are not the user's to change.
        CannotDo: oneself, or the last administrator of a company.

    """
    with transaction.atomic():
        person = _own(user, person_id)
        if person.pk == user.pk:
            raise CannotDo("Somebody else has to deactivate you.")
        for company in _administered(person):
            if person.is_active and not others_who_administer(company.pk, person):
                raise CannotDo(f"{person.name} is the last administrator of {company.name}: make another one first.")
        person.is_active = False
        person.set_unusable_password()
        person.save(update_fields=["is_active", "password"])
        ApiToken.objects.filter(user=person).delete()
        Invitation.objects.filter(user=person, used_at=None).delete()
    log.info("user deactivated", user=person.username, by=user.username)
    return person


def _administered(person: User) -> Iterable[Company]:
    """The companies that a person administers, kept from changing hands meanwhile."""
    ids = Membership.objects.filter(user=person, role=Role.ADMINISTRATOR).values("company")
    return list(Company.objects.filter(pk__in=ids).order_by("pk").select_for_update())


def reactivate(*, user: User, person_id: int) -> Link:
    """Let somebody in again, by a link with which they choose a new password.

    Raises:
        NoPerson: they are not the user's to change.
        CannotDo: they are not deactivated.

    """
    with transaction.atomic():
        person = _own(user, person_id)
        if person.is_active:
            raise CannotDo(f"{person.name} is not deactivated.")
        person.is_active = True
        person.save(update_fields=["is_active"])
        link = _new_link(person)
    log.info("user let in again", user=person.username, by=user.username)
    return link


def _own(user: User, person_id: int) -> User:
    """Within a transaction: somebody whom the user may change, kept from others meanwhile."""
    person = changeable(user).filter(pk=person_id).select_for_update(of=("self",)).first()
    if person is None:
        raise NoPerson(f"There is no user {person_id} here.")
    return person
