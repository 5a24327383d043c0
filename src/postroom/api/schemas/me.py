"""The asking user: who they are, where, and how they wish to hear of messages."""

from __future__ import annotations

from ninja import Schema
from pydantic import ConfigDict, Field

from postroom.directory.models import Membership, User


class MembershipOut(Schema):
    """What a user is in a company."""

    company: int
    name: str
    role: str


class MeOut(Schema):
    """The user whose token this is. `undo_seconds` null: as the installation says."""

    id: int
    username: str
    name: str
    email: str
    operator: bool
    notify_by: str
    signature: str
    language: str
    time_zone: str
    undo_seconds: int | None
    companies: list[MembershipOut]

    @classmethod
    def of(cls, user: User) -> MeOut:
        roles = Membership.objects.filter(user=user).select_related("company").order_by("company__name", "pk")
        return cls(
            id=user.pk,
            username=user.username,
            name=user.name,
            email=user.email,
            operator=user.is_operator,
            notify_by=user.notify_by,
            signature=user.signature,
            language=user.language,
            time_zone=user.time_zone,
            undo_seconds=user.undo_seconds,
            companies=[MembershipOut(company=one.company_id, name=one.company.name, role=one.role) for one in roles],
        )


class MePatch(Schema):
    """What of it may be changed; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    name: str = ""
    notify_by: User.NotifyBy = User.NotifyBy.MAIL
    signature: str = Field("", description="Plain text under what they write.")
    language: str = ""
    time_zone: str = ""
    undo_seconds: int | None = Field(
        None, description="For how long they can undo what they write: 0, 5, 10, 20, 30; null: as is usual here."
    )
