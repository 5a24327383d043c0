"""What hosted companies may send a day by the operator's default server: plans, limits of their own, what counts.

A day is one of UTC. Every copy counts once, by its envelope recipient, when it is handed over; one that the server puts
off is counted when it is tried again. Nothing counts on an installation that hosts nobody.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.db import transaction
from django.db.models import F, QuerySet

from postroom.core.delivery.states import DeliveryState
from postroom.core.errors import PostroomError
from postroom.directory.access import may
from postroom.directory.models import Company, User
from postroom.directory.profile import CannotSave
from postroom.directory.roles import Permission
from postroom.infra.clock import now
from postroom.infra.config import config
from postroom.infra.database.base import merge, wake
from postroom.infra.database.literals import words as literals
from postroom.infra.logs import logger
from postroom.outbound.models import ENDED_WELL, Allowance, DailyUsage, Delivery, Plan

KEEP = timedelta(days=400)
WAITS = "Today's limit"  # how the words of a copy begin that waits for another day
LARGEST = 1_000_000_000
LONGEST_NAME = 60

log = logger(__name__)


class NoSuch(PostroomError):
    """There is no such company or plan, or this user may not change it."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """What a company may: copies a day (0: any number), by which plan; `own`: a limit of its own stands above it."""

    limit: int
    plan: str = ""
    own: bool = False


def is_counted() -> bool:
    """Whether the installation hosts companies, whose use of its default server counts."""
    return bool(config().hosted_domain)


def today() -> date:
    """The day that counts now."""
    return now().astimezone(UTC).date()


def resets_at(days: int = 0) -> datetime:
    """When the next day begins, or one so many days after it; never later than in a year."""
    return datetime.combine(today() + timedelta(days=1 + min(days, 365)), time.min, UTC)


def allowed(companies: Collection[int]) -> dict[int, Allowed]:
    """What each of these companies may; one query."""
    rows = Allowance.objects.filter(company__in=companies).select_related("plan")
    found = {row.company_id: _allowed(row) for row in rows}
    return {company: found.get(company, Allowed(config().hosted_daily_limit)) for company in companies}


def _allowed(row: Allowance) -> Allowed:
    plan = row.plan.name if row.plan else ""
    if row.daily_limit is not None:
        return Allowed(row.daily_limit, plan, own=True)
    return Allowed(row.plan.daily_limit if row.plan else config().hosted_daily_limit, plan)


def count(amounts: Mapping[int, int], day: date) -> dict[int, int]:
    """Within a transaction: add copies of companies to what they sent on a day; what each has by now."""
    merge(
        DailyUsage,
        ("company", "day", "sent"),
        [(company, day, amount) for company, amount in sorted(amounts.items())],
        unique=("company", "day"),
        added=("sent",),
    )
    return sent_on(day, amounts)


def uncount(amounts: Mapping[int, int], day: date) -> None:
    """Within a transaction: take copies off again that did not leave after all."""
    for company, amount in sorted(amounts.items()):
        DailyUsage.objects.filter(company=company, day=day).update(sent=F("sent") - amount)


def sent_on(day: date, companies: Collection[int]) -> dict[int, int]:
    """How many copies each of these companies handed over on a day; one query."""
    rows = DailyUsage.objects.filter(company__in=companies, day=day)
    return dict(rows.values_list("company_id", "sent"))


def words(limit: int, until: datetime) -> str:
    """Why a copy waits for another day, and what helps."""
    said = (
        f"{WAITS} of {limit:,} mails by the shared server is reached: it leaves from {until:%Y-%m-%d %H:%M} UTC on,"
        " or sooner by a server of your own."
    )
    return f"{said} {more()}".rstrip()


def more() -> str:
    """Whom to ask for more, as a sentence; empty where nobody is named."""
    return f"For more ask {config().hosted_contact}." if config().hosted_contact else ""


def waiting_for_tomorrow(company: int) -> int:
    """How many copies of a company wait since its limit was reached."""
    return _waiting(company).count()


def set_allowance(*, user: User, company_id: int, plan: str, daily_limit: int | None) -> Allowed:
    """Put a company on a plan (empty: none), or give it a limit of its own; what waits is looked at again at once.

    Raises:
        NoSuch: the user is no operator, or there is no such company.
        CannotSave: what is wrong, by field (`plan`, `daily_limit`).

    """
    _ensure_operator(user)
    company = Company.objects.filter(pk=company_id).first()
    if company is None:
        raise NoSuch("There is no such company.")
    if daily_limit is not None:
        _check_limit(daily_limit)
    with transaction.atomic():
        chosen = _plans(plan).first() if plan else None
        if plan and chosen is None:
            raise CannotSave({"plan": "Choose a plan of the list."})
        Allowance.objects.update_or_create(company=company, defaults={"plan": chosen, "daily_limit": daily_limit})
        _look_again([company.pk])
    log.info("allowance set", company=company.slug, plan=plan, daily_limit=daily_limit, by=user.username)
    return allowed([company.pk])[company.pk]


def set_plan(*, user: User, name: str, daily_limit: int) -> Plan:
    """Make a plan, or change its limit.

    Raises:
        NoSuch: the user is no operator.
        CannotSave: what is wrong, by field (`name`, `daily_limit`).

    """
    _ensure_operator(user)
    tidy = " ".join(name.split())
    if not tidy or len(tidy) > LONGEST_NAME or not tidy.isprintable():
        raise CannotSave({"name": f"Enter a name of {LONGEST_NAME} characters at most."})
    _check_limit(daily_limit)
    with transaction.atomic():
        row, _ = Plan.objects.update_or_create(name=tidy, defaults={"daily_limit": daily_limit})
        _look_again(row.allowances.values_list("company_id", flat=True))
    log.info("plan set", plan=tidy, daily_limit=daily_limit, by=user.username)
    return row


def remove_plan(*, user: User, name: str) -> None:
    """Remove a plan that no company has.

    Raises:
        NoSuch: the user is no operator, or there is no such plan.
        CannotSave: companies have it (`name`).

    """
    _ensure_operator(user)
    with transaction.atomic():
        row = _plans(name).first()
        if row is None:
            raise NoSuch("There is no such plan.")
        if row.allowances.exists():
            raise CannotSave({"name": f"Companies have the plan {name}: give them another one first."})
        row.delete()
    log.info("plan removed", plan=name, by=user.username)


def plans(user: User) -> list[Plan]:
    """All plans by name, for operators; nothing for others."""
    return list(Plan.objects.order_by("name")) if may(user, Permission.SYSTEM_MANAGE) else []


def forget_old() -> int:
    """Delete days that no page shows any more; how many rows."""
    return DailyUsage.objects.filter(day__lt=today() - KEEP).delete()[0]


def _plans(name: str) -> QuerySet[Plan]:
    """Within a transaction: a plan, kept from others meanwhile: nobody removes what a company is given."""
    return Plan.objects.filter(name=name).select_for_update()


def _check_limit(value: int) -> None:
    if not 0 <= value <= LARGEST:
        raise CannotSave({"daily_limit": "Enter a whole number; 0 for any number."})


def _look_again(companies: Collection[int]) -> None:
    """Within a transaction: what waits for another day of these companies is due now."""
    for company in companies:
        _waiting(company).update(due=now())
    wake()


def _waiting(company: int) -> QuerySet[Delivery]:
    rows = Delivery.objects.filter(company=company, state=DeliveryState.QUEUED).exclude(state__in=literals(ENDED_WELL))
    return rows.filter(words__startswith=WAITS)


def _ensure_operator(user: User) -> None:
    if not may(user, Permission.SYSTEM_MANAGE):
        raise NoSuch("Only operators of the installation do this.")
