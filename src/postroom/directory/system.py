"""What operators do with what holds for the whole installation: system parameters and scheduled actions.

Where a field exists a parameter is a view of it: the floor that has the field registers how it is read and written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.utils.functional import Promise

from postroom.core.errors import PostroomError
from postroom.directory.access import may
from postroom.directory.models import User
from postroom.directory.profile import CannotSave
from postroom.directory.roles import Permission
from postroom.infra import parameters, schedule
from postroom.infra.logs import logger
from postroom.infra.models import ScheduledAction
from postroom.infra.parameters import Kind
from postroom.infra.schedule import Action

LONGEST_VALUE = 4000
_KEY = re.compile(r"[a-z0-9][a-z0-9_-]*(?:\.[a-z0-9_-]+)*")
LONGEST_KEY = 120

log = logger(__name__)


class NotYours(PostroomError):
    """Only operators of the installation do this, or there is no such thing."""


@dataclass(frozen=True, slots=True)
class View:
    """A parameter that is the field of something else. `form` names the page on which the field stands."""

    meaning: Promise | str
    kind: Kind
    form: str
    default: str
    read: Callable[[], str]
    write: Callable[[User, str], None]


@dataclass(frozen=True, slots=True)
class Setting:
    """A parameter as its page shows it. `is_set`: somebody set it; `is_view`: it is a field of `form`."""

    key: str
    value: str
    default: str = ""
    meaning: Promise | str = ""
    kind: Kind = Kind.TEXT
    form: str = ""
    is_known: bool = True
    is_set: bool = False
    is_view: bool = False


_views: dict[str, View] = {}
FORMS: Mapping[str, str] = {"mail.default.from_filter": "server-default"}


def register(key: str, view: View) -> None:
    """Make a parameter a view of a field."""
    _views[key] = view


def settings(user: User) -> list[Setting]:
    """Every known parameter, then the unknown ones that somebody set, by key; a fixed number of queries.

    Raises:
        NotYours: the user is no operator.

    """
    _ensure_operator(user)
    set_ = parameters.stored()
    known = [_known(key, set_) for key in parameters.KNOWN]
    views = [
        Setting(key, one.read(), one.default, one.meaning, one.kind, one.form, is_view=True)
        for key, one in _views.items()
    ]
    strange = [
        Setting(key, value, is_known=False, is_set=True)
        for key, value in set_.items()
        if key not in parameters.KNOWN and key not in _views
    ]
    return sorted([*known, *views], key=lambda one: one.key) + strange


def _known(key: str, set_: Mapping[str, str]) -> Setting:
    one = parameters.KNOWN[key]
    value = set_.get(one.same_as or key)
    shown = one.default if value is None else value
    return Setting(key, shown, one.default, one.meaning, one.kind, FORMS.get(key, ""), is_set=value is not None)


def setting(user: User, key: str) -> Setting | None:
    """One parameter; None where it is neither known nor set."""
    return next((one for one in settings(user) if one.key == key), None)


def set_parameter(*, user: User, key: str, value: str) -> None:
    """Set a parameter, known or not.

    Raises:
        NotYours: the user is no operator.
        CannotSave: what is wrong, by field (`key`, `value`).

    """
    _ensure_operator(user)
    name, plain = key.strip().lower(), value.strip()
    if problems := _problems(name, plain):
        raise CannotSave(problems)
    if name in _views:
        _views[name].write(user, plain)
    else:
        parameters.keep(name, plain)
    log.info("parameter set", key=name, by=user.username)


def _problems(key: str, value: str) -> dict[str, str]:
    if not _KEY.fullmatch(key) or len(key) > LONGEST_KEY or key in parameters.HIDDEN:
        return {"key": f"A key is made of words joined by dots, such as mail.default.from; {LONGEST_KEY} at most."}
    if len(value) > LONGEST_VALUE or "\0" in value:
        return {"value": f"A value has {LONGEST_VALUE:,} characters at most."}
    one = _views.get(key) or parameters.KNOWN.get(key)
    said = parameters.problem(one.kind, value) if one else ""
    return {"value": said} if said else {}


def reset_parameter(*, user: User, key: str) -> bool:
    """Forget what was set; whether something was. A view has nothing to forget.

    Raises:
        NotYours: the user is no operator.

    """
    _ensure_operator(user)
    if key in _views or not parameters.reset(key):
        return False
    log.info("parameter reset", key=key, by=user.username)
    return True


def actions(user: User, known: Mapping[str, Action]) -> list[ScheduledAction]:
    """The rows of these actions, by key; written where they are new.

    Raises:
        NotYours: the user is no operator.

    """
    _ensure_operator(user)
    rows = {row.key: row for row in ScheduledAction.objects.filter(key__in=known)}
    if len(rows) < len(known):
        schedule.ensure(known)
        rows = {row.key: row for row in ScheduledAction.objects.filter(key__in=known)}
    return [rows[key] for key in sorted(rows)]


def change_action(
    *,
    user: User,
    key: str,
    known: Mapping[str, Action],
    every_seconds: int | None = None,
    is_active: bool | None = None,
) -> None:
    """Change how often an action comes round, or whether it does; what is None stays.

    Raises:
        NotYours: the user is no operator, or there is no such action.
        CannotSave: the interval is too short or too long.

    """
    _ensure_action(user, key, known)
    if every_seconds is not None:
        if not schedule.SHORTEST <= every_seconds <= schedule.LONGEST:
            said = f"Enter {schedule.SHORTEST} to {schedule.LONGEST:,} seconds."
            raise CannotSave({"every_seconds": said})
        schedule.set_interval(key, every_seconds)
    if is_active is not None:
        schedule.set_active(key, is_active=is_active)
    log.info("scheduled action changed", action=key, every=every_seconds, active=is_active, by=user.username)


def run_action(*, user: User, key: str, known: Mapping[str, Action]) -> str:
    """Run an action at once; what it said.

    Raises:
        NotYours: the user is no operator, or there is no such action.

    """
    _ensure_action(user, key, known)
    log.info("scheduled action run by hand", action=key, by=user.username)
    return schedule.run_now(key, known[key])


def _ensure_action(user: User, key: str, known: Mapping[str, Action]) -> None:
    _ensure_operator(user)
    if key not in known:
        raise NotYours(f"There is no scheduled action {key}.")
    schedule.ensure({key: known[key]})


def _ensure_operator(user: User) -> None:
    if not may(user, Permission.SYSTEM_MANAGE):
        raise NotYours("Only operators of the installation do this.")
