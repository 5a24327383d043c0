"""What people do with aliases: the address with its desk, its defaults and its fixed record; each verb asks who."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from django.db import transaction

from postroom.core.addresses import normalise, valid
from postroom.core.edits import Edit, edited
from postroom.core.errors import PostroomError
from postroom.core.routing.facts import WhoMayWrite
from postroom.directory.models import Company, User
from postroom.domains import services
from postroom.domains.access import aliases, own_companies
from postroom.domains.managing import CannotSave
from postroom.domains.models import Alias, AliasDomain, CompanyDomain
from postroom.domains.services import CannotDo
from postroom.infra.logs import logger
from postroom.records import desk_editing
from postroom.records.creation import COMMON, LONGEST_TITLE
from postroom.records.models import Desk, Record
from postroom.records.record_types import record_types

MOST_SENDERS = 200
NEW_DESK = -1

log = logger(__name__)


class NoAlias(PostroomError):
    """There is no such alias, or this user may not change it."""


@dataclass(frozen=True, slots=True)
class AliasFields:
    """An alias as somebody enters it. `owner`, `stage` and `title` are its defaults, before those of its desk.

    `desk` is an id, None, or `NEW_DESK` for one named `desk_name`; `desk_owner` and `followers` (addresses of contacts)
    belong to the desk. `forced_target` is a record as people write it: `LEAD-12`, `lead:12`. Domain and company of an
    alias stay as they were when it was made.
    """

    local_part: str = ""
    domain: int = 0
    company: int = 0
    record_type: str = ""
    who_may_write: str = WhoMayWrite.EVERYONE.value
    forced_target: str = ""
    takes_automatic: bool = True
    allowed_senders: tuple[str, ...] = ()
    owner: int | None = None
    stage: int | None = None
    title: str = ""
    desk: int | None = None
    desk_name: str = ""
    desk_owner: int | None = None
    followers: tuple[str, ...] = ()


def fields_of(alias: Alias) -> AliasFields:
    """What was entered for an alias; a default that is none is left out."""
    desk = Desk.objects.filter(alias=alias).first()
    return AliasFields(
        local_part=alias.local_part,
        domain=alias.domain_id,
        company=alias.company_id,
        record_type=alias.record_type,
        who_may_write=alias.who_may_write,
        forced_target=alias.forced_target.replace(":", "-").upper(),
        takes_automatic=alias.takes_automatic,
        allowed_senders=tuple(alias.allowed_senders.order_by("email").values_list("email", flat=True)),
        owner=_id(alias.defaults.get("owner")),
        stage=_id(alias.defaults.get("stage")),
        title=str(alias.defaults.get("title", "")),
        desk=desk.pk if desk else None,
        desk_name=desk.name if desk else "",
        desk_owner=desk.owner_id if desk else None,
        followers=desk_editing.followers_of(desk) if desk else (),
    )


def _id(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def mending(alias: Alias) -> list[str]:
    """What is wrong with the defaults of an alias, and how saving its page mends it, in words."""
    unknown = sorted(set(alias.defaults) - COMMON)
    said = [f"There is no default {', '.join(unknown)}: saving takes it away."] if unknown else []
    owner, stage = alias.defaults.get("owner"), alias.defaults.get("stage")
    if owner is not None and not desk_editing.is_member(alias.company_id, _id(owner)):
        said.append("The owner is nobody of this company any more: choose another, or none.")
    if stage is not None and not desk_editing.is_stage(alias.company_id, _id(stage), alias.record_type):
        said.append("The stage is none of this company's: choose another, or none.")
    return said


def add_alias(*, user: User, fields: AliasFields) -> Alias:
    """Make an alias with what belongs to it.

    Raises:
        CannotSave: a field is wrong.

    """
    entered, emails = _checked(user, fields, None)
    company, domain = Company.objects.get(pk=entered.company), AliasDomain.objects.get(pk=entered.domain)
    with transaction.atomic(), _beside("local_part"):
        alias = services.create_alias(
            domain=domain, local_part=entered.local_part, company=company, record_type=entered.record_type
        )
        _write(alias, entered, emails)
    log.info("alias added", alias=alias.address, by=user.username)
    return alias


def checked_name(user: User, alias: Alias, fields: Edit[AliasFields]) -> str:
    """The local part as it would be kept, where all fields are right; nothing is changed.

    Raises:
        CannotSave: a field is wrong.

    """
    given = replace(edited(fields_of(alias), fields), domain=alias.domain_id, company=alias.company_id)
    _checked(user, given, alias)
    with _beside("local_part"):
        return services.local_part_of(alias, given.local_part)


def edit_alias(*, user: User, alias_id: int, fields: Edit[AliasFields]) -> Alias:
    """Change an alias; its old name goes on working where the name changes.

    Raises:
        NoAlias: it is not there for this user.
        CannotSave: a field is wrong.

    """
    with transaction.atomic(), _beside("local_part"):
        alias = _locked(own_alias(user, alias_id))
        given = replace(edited(fields_of(alias), fields), domain=alias.domain_id, company=alias.company_id)
        entered, emails = _checked(user, given, alias)
        services.rename_alias(alias=alias, local_part=entered.local_part)
        _write(alias, entered, emails)
    log.info("alias changed", alias=alias.address, by=user.username)
    return alias


def delete_alias(*, user: User, alias_id: int) -> str:
    """Delete an alias; answers to its address go on being found. Returns the address.

    Raises:
        NoAlias: it is not there for this user.

    """
    with transaction.atomic():
        alias = _locked(own_alias(user, alias_id))
        address = alias.address
        services.delete_alias(alias=alias)
    log.info("alias deleted", alias=address, by=user.username)
    return address


def own_alias(user: User, alias_id: int) -> Alias:
    """An alias that the user may change.

    Raises:
        NoAlias: it is not there for this user.

    """
    alias = aliases(user).filter(pk=alias_id).first()
    if alias is None:
        raise NoAlias("There is no such alias.")
    return alias


def _locked(alias: Alias) -> Alias:
    """Within a transaction: the alias as it is once nobody else changes it."""
    rows = Alias.objects.select_for_update(of=("self",), no_key=True).select_related("domain", "company")
    row = rows.filter(pk=alias.pk).first()
    if row is None:
        raise NoAlias("There is no such alias.")
    return row


@contextmanager
def _beside(field: str) -> Iterator[None]:
    """What services refuse is said beside a field."""
    try:
        yield
    except CannotSave:
        raise
    except CannotDo as error:
        raise CannotSave({field: str(error)}) from None


def _write(alias: Alias, fields: AliasFields, emails: dict[str, int]) -> None:
    """Everything of an alias but its name, once the fields are checked."""
    desk = _desk(alias, fields)
    followers = list(emails.values())
    desk_editing.seat(alias=alias, desk=desk, name=fields.desk_name, owner=fields.desk_owner, followers=followers)
    defaults: dict[str, Any] = {"owner": fields.owner, "stage": fields.stage, "title": fields.title}
    services.edit_alias(
        alias=alias,
        record_type=fields.record_type,
        defaults={name: value for name, value in defaults.items() if value},
        who_may_write=WhoMayWrite(fields.who_may_write),
        forced_target=fields.forced_target,
        takes_automatic=fields.takes_automatic,
    )
    services.allow_senders(alias=alias, emails=fields.allowed_senders)


def _desk(alias: Alias, fields: AliasFields) -> Desk | None:
    if fields.desk is None:
        return None
    if fields.desk == NEW_DESK:
        company = Company.objects.get(pk=alias.company_id)
        return desk_editing.make_desk(company=company, record_type=fields.record_type, name=fields.desk_name)
    return Desk.objects.get(pk=fields.desk)


def _checked(user: User, fields: AliasFields, alias: Alias | None) -> tuple[AliasFields, dict[str, int]]:
    """The fields as they may be kept, and the contacts who follow the desk.

    Raises:
        CannotSave: what is wrong, by field.

    """
    tidy = replace(
        fields,
        title=" ".join(fields.title.split()),
        desk_name=" ".join(fields.desk_name.split()),
        forced_target=fields.forced_target.strip(),
        allowed_senders=_tidy(fields.allowed_senders),
        followers=_tidy(fields.followers) if fields.desk else (),
    )
    emails = desk_editing.contacts_of(tidy.company, [normalise(one) for one in tidy.followers])
    problems = {name: said for name, said in _problems(user, tidy, alias, emails) if said}
    if problems:
        raise CannotSave(problems)
    target = _target(tidy)
    return replace(tidy, forced_target=target.ref if target else ""), emails


def _tidy(lines: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(line.strip() for line in lines if line.strip()))


def _target(fields: AliasFields) -> Record | None:
    """The record that `LEAD-12` or `lead:12` names, within the company of the alias."""
    kind, _, number = fields.forced_target.lower().replace(":", "-").rpartition("-")
    if not (number.isascii() and number.isdigit() and len(number) < 19):
        return None
    found = Record.objects.filter(company=fields.company, pk=int(number))
    return (found.filter(type=kind) if kind else found).first()


def _problems(
    user: User, fields: AliasFields, alias: Alias | None, emails: dict[str, int]
) -> Iterator[tuple[str, str]]:
    if alias is None:
        is_mine = own_companies(user).filter(pk=fields.company).exists()
        yield "company", "" if is_mine else "Choose a company whose aliases you manage."
        has = is_mine and CompanyDomain.objects.filter(company=fields.company, domain=fields.domain).exists()
        yield "domain", "" if has else "Choose a domain that the company uses."
    yield "record_type", "" if fields.record_type in record_types() else "Choose one of the list."
    yield "who_may_write", "" if fields.who_may_write in set(WhoMayWrite) else "Choose one of the list."
    missing = fields.forced_target and _target(fields) is None
    yield (
        "forced_target",
        "There is no such record in this company. Write its number, such as LEAD-12." if missing else "",
    )
    yield "allowed_senders", _senders_problem(fields)
    yield "owner", _person_problem(fields.company, fields.owner)
    yield "title", f"At most {LONGEST_TITLE} characters." if len(fields.title) > LONGEST_TITLE else ""
    yield "stage", _stage_problem(fields)
    yield from _desk_problems(fields, alias, emails)


def _senders_problem(fields: AliasFields) -> str:
    wrong = [one for one in fields.allowed_senders if not valid(one)]
    if wrong:
        return f"{wrong[0][:100]!r} is no mail address. Write one a line."
    return f"At most {MOST_SENDERS} senders." if len(fields.allowed_senders) > MOST_SENDERS else ""


def _person_problem(company: int, user: int | None) -> str:
    right = user is None or desk_editing.is_member(company, user)
    return "" if right else "Choose somebody of this company, or nobody."


def _stage_problem(fields: AliasFields) -> str:
    if fields.stage is None:
        return ""
    if fields.desk == NEW_DESK:
        return "A new desk begins with its first stage: choose another one once it is there."
    right = desk_editing.is_stage(fields.company, fields.stage, fields.record_type, fields.desk)
    return "" if right else "Choose a stage of the desk, or none."


def _desk_problems(fields: AliasFields, alias: Alias | None, emails: dict[str, int]) -> Iterator[tuple[str, str]]:
    if fields.desk is None:
        return
    free = desk_editing.desks_for(fields.company, fields.record_type, alias.pk if alias else 0)
    known = fields.desk == NEW_DESK or fields.desk in free
    yield "desk", "" if known else "Choose a desk for this type of record that has no alias yet."
    unnamed = fields.desk == NEW_DESK and not fields.desk_name
    long = "A name has 120 characters at most." if len(fields.desk_name) > 120 else ""
    yield "desk_name", "Give the desk a name, such as Sales." if unnamed else long
    yield "desk_owner", _person_problem(fields.company, fields.desk_owner)
    strangers = [one for one in fields.followers if normalise(one) not in emails]
    many = len(fields.followers) > desk_editing.MOST_FOLLOWERS
    if strangers:
        yield "followers", f"{strangers[0][:100]} is no contact's address. Add it to your contacts first."
    elif many:
        yield "followers", f"At most {desk_editing.MOST_FOLLOWERS} people."
