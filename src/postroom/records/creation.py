"""Making records: the columns that every type has."""

from __future__ import annotations

from collections.abc import Sequence

from postroom.infra.database.base import insert
from postroom.records.models import Record
from postroom.records.record_types import BadDefaults, Seed

COMMON = frozenset({"title", "owner", "stage"})
UNTITLED = "(no subject)"
LONGEST_TITLE = 500  # characters; the message has the subject whole


def create_records(type_key: str, seeds: Sequence[Seed]) -> list[Record]:
    """Rows of the common table, with the alias's defaults for `title`, `owner` and `stage` (ids) filled in.

    Raises:
        BadDefaults: a default names something else, or is no id.

    """
    records = [_record(type_key, seed) for seed in seeds]
    return insert(records)


def _record(type_key: str, seed: Seed) -> Record:
    unknown = sorted(set(seed.defaults) - COMMON)
    if unknown:
        raise BadDefaults(f"A {type_key} has no {', '.join(unknown)}: mend the defaults of the alias.")
    return Record(
        company_id=seed.company,
        type=type_key,
        title=seed.title.strip()[:LONGEST_TITLE] or str(seed.defaults.get("title", UNTITLED)),
        contact_id=seed.contact,
        desk_id=seed.desk,
        owner_id=_id(seed, "owner", seed.owner),
        stage_id=_id(seed, "stage", seed.stage),
        created_at=seed.created_at,
    )


def _id(seed: Seed, name: str, otherwise: int | None) -> int | None:
    value = seed.defaults.get(name, otherwise)
    if value is not None and not isinstance(value, int):
        raise BadDefaults(f"The default {name} is {value!r}: it has to be an id.")
    return value
