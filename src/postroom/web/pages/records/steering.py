"""Where a record stands and whose it is: its stages as steps, its owner, and changing both from its page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from postroom.conversations.access import may_write
from postroom.directory.models import User
from postroom.records import lists, services
from postroom.records.models import Record, Stage
from postroom.records.selectors import record_by_id, stages_of
from postroom.web.pages.common import for_users, found, number, reader
from postroom.web.places import record_url


@dataclass(frozen=True, slots=True)
class Step:
    """A stage in the header of a record: `done`, `now` or still to come."""

    name: str
    state: str = ""
    id: int = 0


@dataclass(frozen=True, slots=True)
class Way:
    """The stages of a record, and the ends that it may be brought to (none where it has ended). `url` is where a step
    is taken; empty for those who may only read.
    """

    steps: tuple[Step, ...] = ()
    ends: tuple[Step, ...] = ()
    url: str = ""
    ref: str = ""
    news: str = ""


@dataclass(frozen=True, slots=True)
class Owners:
    """The picker of the owner: the people of the company. `url` is empty for those who may only read."""

    url: str = ""
    chosen: int = 0
    people: tuple[tuple[int, str], ...] = ()


def way_of(user: User, record: Record, news: str) -> Way:
    """The stages as the header shows them; `news` is where they are to be had anew."""
    stages = stages_of(record)
    now = record.stage.position if record.stage else -1
    ended = record.stage is not None and record.stage.closes
    writes = may_write(user, record.company_id)
    return Way(
        steps=tuple(Step(stage.name, _state(stage, record, now), stage.pk) for stage in _shown(record, stages)),
        ends=tuple(Step(stage.name, id=stage.pk) for stage in stages if stage.closes and not ended),
        url=reverse("record-stage", args=[record.pk]) if writes else "",
        ref=record.ref,
        news=news,
    )


def _shown(record: Record, stages: Sequence[Stage]) -> list[Stage]:
    """The way and the end that it led to, or else its first end: the others are not on the way."""
    ends = [stage.pk for stage in stages if stage.closes]
    end = record.stage_id if record.stage_id in ends else next(iter(ends), None)
    return [stage for stage in stages if not stage.closes or stage.pk == end]


def _state(stage: Stage, record: Record, now: int) -> str:
    if stage.pk == record.stage_id:
        return "now"
    return "done" if stage.position < now else ""


def owners_of(user: User, record: Record) -> Owners:
    """The picker, with who owns it now even where they have left."""
    if not may_write(user, record.company_id):
        return Owners()
    people = lists.owners(user, record.company_id)
    if record.owner and record.owner_id not in {pk for pk, _name in people}:
        people.append((record.owner.pk, record.owner.name))
    return Owners(reverse("record-owner", args=[record.pk]), record.owner_id or 0, tuple(people))


@require_POST
@for_users
def take_step(request: HttpRequest, pk: int) -> HttpResponse:
    """Move a record to a stage; htmx gets the stages anew."""
    user = reader(request)
    record = found(record_by_id(user, pk))
    stage = number(request.POST.get("stage", ""))
    try:
        record = services.move_to_stage(user=user, record_id=pk, stage_id=stage or 0)
        said = _("Moved to %(stage)s.") % {"stage": record.stage.name if record.stage else _("no stage")}
    except services.CannotDo as problem:
        said = str(problem)
    if not request.headers.get("HX-Request"):
        return _back(request, record, said)
    shown = found(record_by_id(user, pk))
    way = way_of(user, shown, record_url(shown.type, shown.pk))
    return render(request, "web/records/stages.html", {"way": way, "said": said})


@require_POST
@for_users
def give_owner(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a record to one of the company's people, or to nobody."""
    user = reader(request)
    record = found(record_by_id(user, pk))
    try:
        record = services.assign(user=user, record_id=pk, owner_id=number(request.POST.get("owner", "")) or None)
        said = _("Assigned to %(who)s.") % {"who": record.owner.name} if record.owner else _("Assigned to nobody.")
    except services.CannotDo as problem:
        said = str(problem)
    if not request.headers.get("HX-Request"):
        return _back(request, record, said)
    owners = owners_of(user, found(record_by_id(user, pk)))
    return render(request, "web/records/owner.html", {"owners": owners, "said": said})


def _back(request: HttpRequest, record: Record, said: str) -> HttpResponse:
    messages.success(request, said)
    return redirect(record_url(record.type, record.pk) or "home")
