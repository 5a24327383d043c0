"""The people of a conversation, and who wrote first what one of us passed on."""

from __future__ import annotations

from ninja import Schema
from pydantic import Field

from postroom.api.schemas.common import Time
from postroom.conversations.forwards import Offer
from postroom.conversations.people import PersonOf
from postroom.directory.contacts_alike import Alike


class PersonOut(Schema):
    """Somebody of a conversation. `contact` is empty where nobody is known by the address."""

    email: str
    name: str
    way: str = Field(description="How they came in: wrote, to, cc, asked, forwarded; empty where that was not kept.")
    level: str = Field(
        description="How far their own mail is believed, at best: verified, unverified, unknown, forged; empty: none."
    )
    contact: int | None
    inside: bool = Field(description="One of our own people.")

    @classmethod
    def of(cls, one: PersonOf) -> PersonOut:
        return cls(
            email=one.email,
            name=one.name,
            way=one.way,
            level=one.level,
            contact=one.contact or None,
            inside=one.inside,
        )


class PeoplePage(Schema):
    """The people of a conversation in the order in which they came."""

    items: list[PersonOut]
    next: str | None


class OfferOut(Schema):
    """Who wrote first what one of our people, `by`, passed on to make this record: what the passed on text says, which
    nothing proves. `taken`: they were made the contact, by `taken_by`.
    """

    email: str
    name: str
    by: str
    contact: int | None
    taken: bool
    taken_by: str
    taken_at: Time | None

    @classmethod
    def of(cls, one: Offer) -> OfferOut:
        return cls(
            email=one.email,
            name=one.name,
            by=one.by,
            contact=one.contact or None,
            taken=one.taken,
            taken_by=one.taken_by,
            taken_at=one.taken_at,
        )


class AlikeOut(Schema):
    """A contact that may be the same person: its address `email` looks like `like`, one of the contact's own. Merge
    them where it is; nothing joins them by itself.
    """

    contact: int
    name: str
    email: str
    like: str

    @classmethod
    def of(cls, one: Alike) -> AlikeOut:
        return cls(contact=one.contact, name=one.name, email=one.email, like=one.like)


class AlikeList(Schema):
    """Contacts that may be the same person."""

    items: list[AlikeOut]
