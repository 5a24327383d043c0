"""Making records: the columns that every type has."""

from __future__ import annotations

from collections.abc import Sequence

from postroom.directory.models import Membership
from postroom.infra.database.base import insert
from postroom.records.models import Record, Stage
from postroom.records.record_types import BadDefaults, Seed

COMMON = frozenset({"title", "owner", "stage"})
UNTITLED = "(no subject)"
LONGEST_TITLE = 500  # characters; the message has the subject whole


def create_records(type_key: str, seeds: Sequence[Seed]) -> list[Record]:
    """Rows of the common table, with the alias's defaults for `title`, `owner` and `stage` (ids) filled in.

    Raises:
        BadDefaults: a default names something else, or is no id, or one of another company.

    """
    _check(seeds)
    records = [_record(type_key, seed) for seed in seeds]
    return insert(records)


def _check(seeds: Sequence[Seed]) -> None:
    """Owners are members and stages are steps of the record's own company; no query where no default names one."""
    if owners := _named(seeds, "owner"):
        users = {user for _, user in owners}
        members = Membership.objects.filter(user__in=users).values_list("company_id", "user_id")
        _refuse_strangers("owner", owners - set(members))
    if stages := _named(seeds, "stage"):
        steps = Stage.objects.filter(pk__in={stage for _, stage in stages}).values_list("desk__company_id", "pk")
        _refuse_strangers("stage", stages - set(steps))


def _named(seeds: Sequence[Seed], name: str) -> set[tuple[int, int]]:
    """Company and id of each default of this name."""
    given = ((seed.company, seed.defaults.get(name)) for seed in seeds)
    return {(company, _number(name, value)) for company, value in given if value is not None}


def _refuse_strangers(name: str, pairs: set[tuple[int, int]]) -> None:
    for _, value in pairs:
        raise BadDefaults(f"The default {name} {value} is none of this company: mend the defaults of the alias.")


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
        active_at=seed.created_at,
    )


def _id(seed: Seed, name: str, otherwise: int | None) -> int | None:
    value = seed.defaults.get(name, otherwise)
    return None if value is None else _number(name, value)


def _number(name: str, value: object) -> int:
    if not isinstance(value, int):
        raise BadDefaults(f"The default {name} is {value!r}: it has to be an id.")
    return value
