"""Contacts with their addresses, and two made into one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from ninja import Schema
from pydantic import ConfigDict, Field

from postroom.api.schemas.common import Id, Time
from postroom.directory.models import Contact, ContactAddress

Line = Annotated[str, Field(max_length=400)]
Email = Annotated[str, Field(min_length=1, max_length=320)]


class AddressOut(Schema):
    """An address of a contact; mail goes to the primary one."""

    email: str
    primary: bool


class ContactOut(Schema):
    """Somebody that a company writes with. `user` is set for its own people, who say name, language and time zone in
    their own profile; an empty `language` or `time_zone` is that of the company.
    """

    id: int
    company: int
    name: str
    organisation: str
    phone: str
    language: str
    time_zone: str
    user: int | None
    addresses: list[AddressOut]
    created_at: Time

    @classmethod
    def of(cls, row: Contact, addresses: Sequence[ContactAddress]) -> ContactOut:
        return cls(
            id=row.pk,
            company=row.company_id,
            name=row.name,
            organisation=row.organisation,
            phone=row.phone,
            language=row.language,
            time_zone=row.time_zone,
            user=row.user_id,
            addresses=[AddressOut(email=one.email, primary=one.primary) for one in addresses],
            created_at=row.created_at,
        )


class ContactPage(Schema):
    """Contacts by name."""

    items: list[ContactOut]
    next: str | None


class ContactChange(Schema):
    """What is to be changed of a contact; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    name: Line = ""
    organisation: Line = ""
    phone: Line = ""
    language: Annotated[str, Field(max_length=12)] = ""
    time_zone: Annotated[str, Field(max_length=64)] = ""


class ContactIn(ContactChange):
    """A contact to be added; the first address is the primary one, and gives the name where none is said."""

    company: Id
    addresses: Annotated[list[Email], Field(max_length=50)] = []


class AddressIn(Schema):
    """An address to be added to a contact, or made the primary one."""

    model_config = ConfigDict(extra="forbid")

    email: Email
    primary: bool = False


class MergeIn(Schema):
    """The contact that becomes part of this one, and is no more."""

    model_config = ConfigDict(extra="forbid")

    other: Id
