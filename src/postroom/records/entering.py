"""The fields of a record as somebody enters them, and what may be wrong with each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypedDict

from postroom.core.addresses import normalise, valid
from postroom.directory.models import Contact
from postroom.records.creation import LONGEST_TITLE
from postroom.records.desk_editing import is_member
from postroom.records.models import Desk, Stage
from postroom.records.problems import CannotDo

LONGEST_NOTES = 20_000  # characters
LONGEST_NAME = 120


class Entered(TypedDict, total=False):
    """What is entered of a record; what is left out stays as it is. Ids, or None for nothing.

    `contact_email` with `contact_name` stand for a contact who may be new; they count where `contact_id` is None.
    """

    title: str
    notes: str
    desk_id: int | None
    stage_id: int | None
    owner_id: int | None
    contact_id: int | None
    contact_email: str
    contact_name: str


def checked(entered: Entered, company: int, type: str, desk_id: int | None) -> Entered:
    """The fields, tidied, as a record of this company, type and desk may have them.

    Raises:
        CannotDo: what is wrong, by field.

    """
    tidy = _tidy(entered)
    problems = {name: said for name, said in _problems(tidy, company, type, tidy.get("desk_id", desk_id)) if said}
    if problems:
        raise CannotDo(problems=problems)
    return tidy


def _tidy(entered: Entered) -> Entered:
    tidy = entered.copy()
    if "title" in tidy:
        tidy["title"] = " ".join(tidy["title"].replace("\0", "").split())
    if "notes" in tidy:
        tidy["notes"] = tidy["notes"].replace("\0", "").replace("\r\n", "\n").strip()
    if "contact_email" in tidy:
        tidy["contact_email"] = tidy["contact_email"].replace("\0", "").strip()
    if "contact_name" in tidy:
        tidy["contact_name"] = " ".join(tidy["contact_name"].replace("\0", "").split())
    return tidy


def _problems(entered: Entered, company: int, type: str, desk_id: int | None) -> Iterator[tuple[str, str]]:
    if "title" in entered:
        yield "title", _title_problem(entered["title"])
    if len(entered.get("notes", "")) > LONGEST_NOTES:
        yield "notes", f"At most {LONGEST_NOTES} characters."
    if "desk_id" in entered:
        known = Desk.objects.filter(pk=entered["desk_id"] or 0, company=company, record_type=type).exists()
        yield "desk_id", "" if known else "Choose a desk of the list."
    if "stage_id" in entered:
        known = Stage.objects.filter(pk=entered["stage_id"] or 0, desk=desk_id or 0).exists()
        yield "stage_id", "" if known else "Choose a stage of this desk."
    if (owner := entered.get("owner_id")) is not None:
        yield "owner_id", "" if is_member(company, owner) else "Choose somebody of this company, or nobody."
    yield from _contact_problems(entered, company)


def _title_problem(title: str) -> str:
    if not title:
        return "Give it a title: what is it about?"
    return f"At most {LONGEST_TITLE} characters; this has {len(title)}." if len(title) > LONGEST_TITLE else ""


def _contact_problems(entered: Entered, company: int) -> Iterator[tuple[str, str]]:
    contact, email = entered.get("contact_id"), entered.get("contact_email", "")
    if contact is not None:
        known = Contact.objects.filter(pk=contact, company=company).exists()
        yield "contact_id", "" if known else "Choose somebody of the list, or write an address."
    elif email and not valid(email):
        yield "contact_email", f"{email[:100]!r} is no mail address, such as hanna@example.org."
    if len(entered.get("contact_name", "")) > LONGEST_NAME:
        yield "contact_name", f"At most {LONGEST_NAME} characters."


def new_contact(entered: Mapping[str, object], company: int) -> dict[tuple[int, str], str]:
    """The address and name of a contact who is to be found or made; empty where none is named."""
    email = str(entered.get("contact_email", ""))
    if entered.get("contact_id") is not None or not email:
        return {}
    return {(company, normalise(email)): str(entered.get("contact_name", ""))}
