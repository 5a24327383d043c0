"""Records as programs make, change and assign them, and the desks that they stand on."""

from __future__ import annotations

from ninja import Schema
from pydantic import ConfigDict, Field

from postroom.api.schemas.common import Id, Person, Time
from postroom.records.creation import LONGEST_TITLE
from postroom.records.entering import LONGEST_NAME, LONGEST_NOTES
from postroom.records.models import Desk, FieldChange


class RecordChange(Schema):
    """What is to change of a record; what is left out stays. `null` takes contact or owner away."""

    model_config = ConfigDict(extra="forbid")

    title: str = Field("", max_length=LONGEST_TITLE)
    notes: str = Field("", max_length=LONGEST_NOTES, description="Plain text for your own people.")
    contact: Id | None = Field(None, description="A contact of the record's company.")
    contact_email: str = Field("", max_length=320, description="Instead of `contact`: found, or made where it is new.")
    contact_name: str = Field("", max_length=LONGEST_NAME, description="The name of a new contact.")
    desk_id: Id | None = Field(None, description="A desk of the same company and type.")
    stage_id: Id | None = Field(None, description="A stage of the desk.")
    owner_id: Id | None = Field(None, description="A user of the company.")


class RecordIn(RecordChange):
    """A new record; it stands at the first stage of its desk where none is named."""

    type: str = Field(max_length=40, description="The key of a record type, such as `lead`.")
    title: str = Field(min_length=1, max_length=LONGEST_TITLE)
    desk_id: Id = Field(description="The desk that it stands on; its company is the record's.")


class AssignIn(Schema):
    """Records and who is to own them: a user's id, or `null` for nobody."""

    model_config = ConfigDict(extra="forbid")

    records: list[Id] = Field(min_length=1, max_length=500)
    owner_id: Id | None


class RefusedRecord(Schema):
    """A record that was not assigned, and why."""

    id: int
    number: str
    why: str


class AssignedOut(Schema):
    """The ids of records that are the owner's now, and those that are not."""

    done: list[int]
    refused: list[RefusedRecord]


class StageOut(Schema):
    """A step of a desk's records; `closes` marks an end."""

    id: int
    name: str
    closes: bool


class DeskOut(Schema):
    """A team or project that records stand on."""

    id: int
    name: str
    type: str
    company: int
    owner_id: int | None
    stages: list[StageOut]

    @classmethod
    def of(cls, desk: Desk) -> DeskOut:
        stages = sorted(desk.stages.all(), key=lambda stage: stage.position)
        return cls(
            id=desk.pk,
            name=desk.name,
            type=desk.record_type,
            company=desk.company_id,
            owner_id=desk.owner_id,
            stages=[StageOut(id=stage.pk, name=stage.name, closes=stage.closes) for stage in stages],
        )


class DeskList(Schema):
    """Desks by name."""

    items: list[DeskOut]
    next: str | None


class ChangeOut(Schema):
    """A field of a record that somebody changed, in words as people read them; `by` is None where nobody did."""

    id: int
    field: str
    before: str
    after: str
    by: Person | None
    at: Time

    @classmethod
    def of(cls, row: FieldChange) -> ChangeOut:
        by = Person(email=row.user.email, name=row.user.name) if row.user else None
        return cls(id=row.pk, field=row.field, before=row.before, after=row.after, by=by, at=row.at)


class ChangePage(Schema):
    """Changes of a record, the latest first."""

    items: list[ChangeOut]
    next: str | None


class ColleagueOut(Schema):
    """A user of a company of yours."""

    id: int
    name: str


class ColleagueList(Schema):
    """Colleagues by name."""

    items: list[ColleagueOut]
    next: str | None
