"""The paces of servers, domains and companies: what people allow, what is used, what was learnt and from which words.

A pace belongs to a company, whose servers it is about, or to all companies (0); those who manage these servers look
after it. What waits for a limit that was changed is looked at again by the senders within seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from postroom.core.addresses import valid
from postroom.core.errors import PostroomError
from postroom.core.sending import pacing
from postroom.core.sending.facts import DEFAULT_SERVER
from postroom.core.sending.pace_rows import from_plain, to_plain
from postroom.core.sending.pace_windows import INTERACTIVE
from postroom.core.sending.pacing import Limits, Pace
from postroom.directory.access import companies
from postroom.directory.models import Company, User
from postroom.directory.profile import CannotSave
from postroom.directory.roles import Permission
from postroom.infra.clock import now
from postroom.infra.config import config
from postroom.infra.logs import logger
from postroom.outbound import choice
from postroom.outbound.models import OutgoingServer, PaceScope, SendingPace
from postroom.outbound.paces import known as pace_known
from postroom.outbound.paces.known import Key

LARGEST = 1_000_000_000
COLUMNS: Mapping[str, str] = {"minute": "minute_limit", "hour": "hour_limit", "day": "day_limit"}
OF_SERVER: Mapping[str, str] = {**COLUMNS, "day": "daily_limit"}

log = logger(__name__)


class NoPace(PostroomError):
    """There is no such pace, or this user does not look after it."""


@dataclass(frozen=True, slots=True)
class Proof:
    """Why the pace was lowered: what a server said, how many it had taken within the minute before, the new rate."""

    at: datetime
    code: int
    enhanced: str
    words: str
    replies: int
    accepted: int
    rate: int


@dataclass(frozen=True, slots=True)
class Used:
    """One window: its limit (0: none) and how many were taken within it."""

    period: str
    limit: int
    used: int


@dataclass(frozen=True, slots=True)
class Shown:
    """A pace as people see it. `learnt` is a rate a minute, `ceiling` the rate that it climbs to, 0 where nothing was
    learnt; `resets_at` is when the next place is free, None where there are places; `waits_until` when the last copy
    that waits now is thought to leave.
    """

    id: int
    company: int
    scope: str
    key: str
    name: str
    limits: Limits
    windows: tuple[Used, ...] = ()
    learnt: int = 0
    ceiling: int = 0
    resets_at: datetime | None = None
    waits_until: datetime | None = None
    proofs: tuple[Proof, ...] = ()


def paces(user: User, *, scope: str = "", key: str = "") -> list[Shown]:
    """The paces that `user` looks after and that have a limit, were learnt, or were used lately; three queries."""
    found = SendingPace.objects.filter(company__in=companies(user, Permission.SERVERS_MANAGE))
    found = found.filter(scope=scope) if scope else found
    rows = list((found.filter(key=key) if key else found).order_by("company", "scope", "key"))
    servers = {row.key for row in rows if row.scope == PaceScope.SERVER}
    named = {str(row.pk): row for row in OutgoingServer.objects.filter(pk__in=[int(one) for one in servers])}
    owners = {row.pk: row.name for row in Company.objects.filter(pk__in={row.company for row in rows})}
    return [_shown(row, named, owners) for row in rows if row.scope != PaceScope.SERVER or _is_there(row, named)]


def pace_of_server(user: User, server: int) -> Shown | None:
    """The pace of a server, once something of it is known."""
    return next(iter(paces(user, scope=PaceScope.SERVER, key=str(server))), None)


def _is_there(row: SendingPace, servers: Mapping[str, OutgoingServer]) -> bool:
    return row.key == str(DEFAULT_SERVER) or row.key in servers


def _shown(row: SendingPace, servers: Mapping[str, OutgoingServer], owners: Mapping[int, str]) -> Shown:
    at, minute = now().timestamp(), config().pace_minute
    server = servers.get(row.key) if row.scope == PaceScope.SERVER else None
    limits = Limits(row.minute_limit, row.hour_limit, row.day_limit)
    if server:
        limits = Limits(server.minute_limit, server.hour_limit, server.daily_limit)
    pace = pacing.clean(from_plain(row.state), at, minute)
    own = pacing.in_effect(limits, pace.learnt)
    windows = zip(COLUMNS, own.each, pacing.used(pace, at, minute), strict=True)
    free = pacing.next_free(pace, limits, at, INTERACTIVE, minute)
    return Shown(
        id=row.pk,
        company=row.company,
        scope=row.scope,
        key=row.key,
        name=_name(row, server, owners),
        limits=limits,
        windows=tuple(Used(period, limit, used) for period, limit, used in windows),
        learnt=pace.learnt.limit if pace.learnt else 0,
        ceiling=int(pace.learnt.ceiling) if pace.learnt else 0,
        resets_at=datetime.fromtimestamp(free, UTC) if free > at else None,
        waits_until=row.waits_until if row.waits_until and row.waits_until.timestamp() > at else None,
        proofs=_proofs(pace),
    )


def _name(row: SendingPace, server: OutgoingServer | None, owners: Mapping[int, str]) -> str:
    if row.scope == PaceScope.SERVER:
        return server.name if server else choice.default_server().name
    return owners.get(row.company, row.key) if row.scope == PaceScope.COMPANY else row.key


def _proofs(pace: Pace) -> tuple[Proof, ...]:
    """The latest first."""
    known = pace.learnt.evidence if pace.learnt else ()
    return tuple(
        Proof(
            datetime.fromtimestamp(one.at, UTC),
            one.said.code,
            one.said.enhanced,
            one.said.words,
            one.said.replies,
            one.accepted,
            int(one.rate),
        )
        for one in reversed(known)
    )


def set_limit(*, user: User, key: Key, period: str, number: int) -> None:
    """Allow so many copies a `minute`, `hour` or `day` (24 hours); 0: any number.

    Raises:
        NoPace: there is no such server or company, or the user does not look after it.
        CannotSave: what is wrong, by field (`scope`, `key`, `period`, `number`).

    """
    company, scope, own = key
    if company not in companies(user, Permission.SERVERS_MANAGE):
        raise NoPace("There is no such pace, or it is not yours to change.")
    tidy = _checked(scope, own, period, number)
    with transaction.atomic():
        if scope == PaceScope.SERVER and tidy != str(DEFAULT_SERVER):
            rows = OutgoingServer.objects.filter(pk=int(tidy), company=company or None)
            if not rows.update(**{OF_SERVER[period]: number}):
                raise NoPace("There is no such server, or it is not yours to change.")
        else:
            _ensure_own(company, scope, tidy)
            row = pace_known.locked([(company, scope, tidy)])[company, scope, tidy]
            setattr(row, COLUMNS[period], number)
            row.save(update_fields=[COLUMNS[period]])
    choice.forget()
    log.info("limit set", scope=scope, key=tidy, company=company, period=period, number=number, by=user.username)


def _checked(scope: str, key: str, period: str, number: int) -> str:
    """The key as it is kept."""
    problems: dict[str, str] = {}
    tidy = key.strip().rstrip(".").lower()
    if scope not in PaceScope.values:
        problems["scope"] = _("Choose one of the list.")
    elif scope in {PaceScope.SENDER, PaceScope.DESTINATION}:
        if not valid(f"a@{tidy}") or len(tidy) > 255:
            problems["key"] = _("Enter a domain, such as example.com.")
    elif not (tidy.isascii() and tidy.isdigit() and len(tidy) < 19):
        problems["key"] = _("Enter the id.")
    if period not in COLUMNS:
        problems["period"] = _("Choose one of the list.")
    if number not in range(LARGEST + 1):
        problems["number"] = _("Enter a whole number; 0 for any number.")
    if problems:
        raise CannotSave(problems)
    return tidy


def _ensure_own(company: int, scope: str, key: str) -> None:
    """A company's limit is its own, and the default server is the operators'."""
    if (scope == PaceScope.COMPANY and key != str(company)) or (scope == PaceScope.SERVER and company):
        raise NoPace("There is no such pace, or it is not yours to change.")


def forget_learnt(*, user: User, pace_id: int) -> None:
    """Forget what was learnt of a pace: from now on only the limits count that people set.

    Raises:
        NoPace: it is not there for this user.

    """
    with transaction.atomic():
        mine = SendingPace.objects.filter(company__in=companies(user, Permission.SERVERS_MANAGE))
        row = mine.filter(pk=pace_id).select_for_update().first()
        if row is None:
            raise NoPace("There is no such pace, or it is not yours to change.")
        pace = from_plain(row.state)
        row.state, row.learnt_rate = to_plain(Pace(pace.logs, pace.last, None, pace.plans)), 0.0
        row.save(update_fields=["state", "learnt_rate"])
    pace_known.forget()
    log.info("learnt pace forgotten", scope=row.scope, key=row.key, company=row.company, by=user.username)


def forget_old() -> int:
    """Delete paces without a limit that nothing is known of any more; how many rows."""
    since = datetime.fromtimestamp(now().timestamp() - 2 * pacing.PERIODS[-1] * config().pace_minute, UTC)
    idle = SendingPace.objects.filter(minute_limit=0, hour_limit=0, day_limit=0, learnt_rate=0.0)
    return idle.filter(changed_at__lt=since).delete()[0]
