"""What several subjects share: times, people, steps of a trace."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

from ninja import Schema
from pydantic import Field, PlainSerializer

from postroom.core.authentication.spoofs import read_marks

LARGEST_ID = 2**63 - 1


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


Id = Annotated[int, Field(ge=1, le=LARGEST_ID)]
Time = Annotated[datetime, PlainSerializer(_utc, return_type=str)]


class Person(Schema):
    """An address and the name beside it."""

    email: str
    name: str


def people_of(pairs: list[list[str]]) -> list[Person]:
    return [Person(email=email, name=name) for email, name in pairs]


class MarkOut(Schema):
    """What misleads in the From of a mail: its kind, what it is about, the same in a sentence, and an advice."""

    key: str
    thing: str
    text: str
    advice: str

    @classmethod
    def all(cls, kept: Sequence[object]) -> list[MarkOut]:
        """Marks as rows keep them."""
        return [cls(key=one.key, thing=one.thing, text=one.text, advice=one.advice) for one in read_marks(kept)]


class Step(Schema):
    """One step of a trace, in words."""

    step: str
    text: str
