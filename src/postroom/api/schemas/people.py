"""Users, invitations, tokens and companies."""

from __future__ import annotations

from typing import Annotated, Literal

from ninja import Schema
from pydantic import ConfigDict, Field

from postroom.api.schemas.common import Id, Time
from postroom.directory.companies import CompanyFields
from postroom.directory.models import ApiToken, Company, User
from postroom.directory.people import standing_of
from postroom.outbound.inviting import Sent

RoleName = Literal["administrator", "member"]
Name = Annotated[str, Field(max_length=400)]
Line = Annotated[str, Field(max_length=320)]


class RoleOut(Schema):
    """What somebody is in a company."""

    company: int
    role: str


class UserOut(Schema):
    """Somebody who signs in. `standing` is active, invited or deactivated."""

    id: int
    username: str
    name: str
    email: str
    standing: str
    operator: bool
    notify_by: str
    signature: str
    language: str
    time_zone: str
    roles: list[RoleOut]

    @classmethod
    def of(cls, row: User, own: set[int]) -> UserOut:
        """With the roles in the companies `own`."""
        held = sorted((one.company_id, one.role) for one in row.memberships.all() if one.company_id in own)
        return cls(
            id=row.pk,
            username=row.username,
            name=row.name,
            email=row.email,
            standing=standing_of(row).value,
            operator=row.is_operator,
            notify_by=row.notify_by,
            signature=row.signature,
            language=row.language,
            time_zone=row.time_zone,
            roles=[RoleOut(company=company, role=role) for company, role in held],
        )


class UserPage(Schema):
    """Users, newest first."""

    items: list[UserOut]
    next: str | None


class UserIn(Schema):
    """Somebody to be invited."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    email: Line
    company: Id
    role: RoleName = "member"


class UserChange(Schema):
    """What is to be changed of a user; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    name: Name = ""
    email: Line = ""
    notify_by: Literal["mail", "inbox"] = "mail"
    signature: Annotated[str, Field(max_length=20_000)] = ""
    language: Annotated[str, Field(max_length=12)] = "en"
    time_zone: Annotated[str, Field(max_length=64)] = "UTC"


class RoleIn(Schema):
    """What somebody is to be in a company."""

    model_config = ConfigDict(extra="forbid")

    role: RoleName


class LinkOut(Schema):
    """A link by which a password is chosen, once, within seven days; told this once. `mailed`: it is on its way to the
    person. An answer that is repeated for an Idempotency-Key has no `url`.
    """

    user: int
    url: str
    mailed: bool

    @classmethod
    def of(cls, sent: Sent) -> LinkOut:
        return cls(user=sent.person.pk, url=sent.url, mailed=sent.mailed)


class TokenOut(Schema):
    """A token of yours, without what it is made of."""

    id: int
    name: str
    scopes: list[str]
    created_at: Time
    last_used_at: Time | None
    expires_at: Time | None

    @classmethod
    def of(cls, row: ApiToken) -> TokenOut:
        return cls(
            id=row.pk,
            name=row.name,
            scopes=row.scopes.split(),
            created_at=row.created_at,
            last_used_at=row.last_used_at,
            expires_at=row.expires_at,
        )


class TokenList(Schema):
    """Your tokens, newest first; 200 at most."""

    items: list[TokenOut]
    next: str | None


class TokenIn(Schema):
    """A token to be made. Without `days` it works for ever."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    scopes: Annotated[list[Literal["read", "write"]], Field(min_length=1, max_length=2)]
    days: Annotated[int, Field(ge=1, le=3650)] | None = None


class NewTokenOut(TokenOut):
    """A token just made. `secret` is told this once; an answer that is repeated for an Idempotency-Key has none."""

    secret: str


class CompanyChange(Schema):
    """What is to be changed of a company; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    name: Name = ""
    language: Annotated[str, Field(max_length=12)] = "en"
    time_zone: Annotated[str, Field(max_length=64)] = "UTC"


class CompanyIn(CompanyChange):
    """A company to be added."""

    name: Name

    def fields(self) -> CompanyFields:
        return CompanyFields(self.name.replace("\0", ""), self.language, self.time_zone)


class CompanyOut(Schema):
    """A company."""

    id: int
    name: str
    slug: str
    language: str
    time_zone: str

    @classmethod
    def of(cls, row: Company) -> CompanyOut:
        return cls(id=row.pk, name=row.name, slug=row.slug, language=row.language, time_zone=row.time_zone)


class CompanyPage(Schema):
    """Companies, newest first."""

    items: list[CompanyOut]
    next: str | None
