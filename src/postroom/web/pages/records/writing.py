"""One text to the rows that were chosen in a list: who gets it, writing it, and how far it is."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from postroom.conversations.batches import (
    MOST,
    NoBatch,
    Progress,
    Reached,
    left_out,
    progress,
    reached,
    stop,
    write_to_many,
)
from postroom.conversations.checks import CannotPost
from postroom.conversations.models import Batch
from postroom.directory.models import User
from postroom.directory.roles import Permission
from postroom.infra.clock import now
from postroom.records.models import Record
from postroom.web.pages.common import for_those_who_may, found, number, reader
from postroom.web.pages.records.composer import Form, came_before, form_of, problems
from postroom.web.pages.records.composing import KEY_BYTES, Carried
from postroom.web.pages.records.going import furthest, times
from postroom.web.pages.times import Choice
from postroom.web.places import Place, place_of_type, record_url

NAMED = 100  # records of each kind that a page names
writers = for_those_who_may(Permission.RECORDS_WRITE)


@dataclass(frozen=True, slots=True)
class Named:
    """A record of a batch, with who gets its message, or why nobody does."""

    number: str
    title: str
    url: str
    to: str = ""
    email: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Writing:
    """The form as it is shown. `records` are the ids as one field holds them."""

    place: Place
    url: str
    records: str = ""
    reached: tuple[Named, ...] = ()
    more: int = 0
    out: tuple[Named, ...] = ()
    more_out: int = 0
    subject: str = ""
    body: str = ""
    followers: bool = True
    key: str = ""
    again: int = 0
    kept: tuple[Carried, ...] = ()
    given: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)
    later: tuple[Choice, ...] = ()
    latest: str = ""

    @property
    def count(self) -> int:
        """How many get it."""
        return len(self.reached) + self.more

    @property
    def count_out(self) -> int:
        """How many records are left out."""
        return len(self.out) + self.more_out


@dataclass(frozen=True, slots=True)
class BatchShown:
    """How far a batch is, as its page shows it."""

    id: int
    progress: Progress
    left: str = ""
    seconds: int = 0
    out: tuple[Named, ...] = ()
    more_out: int = 0
    again: bool = False

    @property
    def batch(self) -> Batch:
        return self.progress.batch

    @property
    def open(self) -> bool:
        """Whether something will still happen."""
        return self.batch.ended_at is None


@require_POST
@writers
def write(request: HttpRequest, type: str) -> HttpResponse:
    """Write to the chosen records: first the form, with who gets it; then, with `send`, it is written."""
    user, place = reader(request), place_of_type(type)
    chosen = _chosen(request)
    if not chosen:
        messages.error(request, _("Choose some rows first."))
        return redirect(place.url)
    try:
        people = reached(user, chosen)
    except CannotPost as problem:
        messages.error(request, str(problem))
        return redirect(place.url)
    if "send" not in request.POST:
        if len(people) == 1:
            return redirect(record_url(place.type, people[0].record.pk))
        return _shown(request, place, people, Writing(place, "", key=secrets.token_urlsafe(KEY_BYTES)))
    return _written(request, place, chosen, people)


def _chosen(request: HttpRequest) -> list[int]:
    """The ids of the boxes that were ticked, or of the form's one field."""
    texts = [*request.POST.getlist("record"), *request.POST.get("records", "")[: 20 * MOST].split(",")]
    return list(dict.fromkeys(pk for text in texts if (pk := number(text))))


def _written(request: HttpRequest, place: Place, chosen: Sequence[int], people: Sequence[Reached]) -> HttpResponse:
    user, form = reader(request), form_of(request)
    errors = dict(problems(form))
    if not errors:
        try:
            batch = _write_once(user, form, chosen, request)
        except CannotPost as problem:
            errors["form"] = str(problem)
        except OSError:
            errors["files"] = _("The files could not be kept. Nothing was sent; please try again.")
        else:
            if batch is None:
                return redirect(place.url)
            return redirect("batch", batch.pk)
    given = request.POST
    again = number(given.get("again", "")) or 0
    writing = Writing(
        place, "", subject=form.subject, body=form.body, followers="followers" in given, key=form.key, again=again,
        kept=_files(user, again, form.kept), given=given.get("later_at", "")[:40], errors=errors,
    )  # fmt: skip
    return _shown(request, place, people, writing, HTTPStatus.UNPROCESSABLE_ENTITY)


def _write_once(user: User, form: Form, chosen: Sequence[int], request: HttpRequest) -> Batch | None:
    """Write, unless a form with this key did."""
    with transaction.atomic():
        if came_before(user, form):
            return None
        return write_to_many(
            user=user,
            record_ids=chosen,
            body=form.body,
            subject=form.subject,
            uploads=form.uploads,
            followers="followers" in request.POST,
            later=form.leaves,
            again=number(request.POST.get("again", "")) or 0,
            kept=form.kept,
        )


def _shown(
    request: HttpRequest, place: Place, people: Sequence[Reached], writing: Writing, status: int = HTTPStatus.OK
) -> HttpResponse:
    to, out = [one for one in people if one.to], [one for one in people if not one.to]
    shown = Writing(
        place=place,
        url=reverse(f"{place.name}-write"),
        records=",".join(str(one.record.pk) for one in people),
        reached=tuple(map(_named, to[:NAMED])),
        more=max(0, len(to) - NAMED),
        out=tuple(map(_named, out[:NAMED])),
        more_out=max(0, len(out) - NAMED),
        subject=writing.subject,
        body=writing.body,
        followers=writing.followers,
        key=writing.key,
        again=writing.again,
        kept=writing.kept,
        given=writing.given,
        errors=writing.errors,
        later=times(),
        latest=furthest(),
    )
    title = _("Write to %(count)d") % {"count": shown.count}
    return render(
        request, "web/records/write.html", {"title": title, "here": place.name, "writing": shown}, status=status
    )


def _named(one: Reached) -> Named:
    to = one.to
    return _line(one.record, to.name or to.email if to else "", to.email if to else "", one.why)


def _line(record: Record, to: str = "", email: str = "", why: str = "") -> Named:
    title = record.title or _("No subject")
    return Named(record.number, title, record_url(record.type, record.pk), to, email, why)


def _files(user: User, again: int, kept: Sequence[int] | None = None) -> tuple[Carried, ...]:
    """The files of an earlier batch of the writer; of those the ones that are kept are chosen."""
    batch = Batch.objects.filter(user=user, pk=again).first() if again else None
    rows = batch.files.select_related("file").order_by("position") if batch else ()
    return tuple(Carried(one.pk, one.file.name, one.file.size, kept is None or one.pk in kept) for one in rows)


@require_safe
@writers
def batch_page(request: HttpRequest, pk: int) -> HttpResponse:
    """How far a batch is; htmx asks for that alone, as long as something happens."""
    shown = _batch(reader(request), pk)
    if request.headers.get("HX-Request"):
        return render(request, "web/records/batch.html", {"one": shown})
    title = _("Written to %(count)d records") % {"count": shown.progress.total}
    return render(request, "web/records/batch_page.html", {"title": title, "one": shown})


def _batch(user: User, pk: int) -> BatchShown:
    known = found(_progress(user, pk))
    out = left_out(known.batch, NAMED)
    left = max(0.0, (known.batch.at - now()).total_seconds())
    return BatchShown(
        id=pk,
        progress=known,
        left=f"{left:.1f}",
        seconds=max(1, round(left)) if left else 0,
        out=tuple(_line(record, why=why) for record, why in out),
        more_out=max(0, known.left_out - len(out)),
        again=known.batch.state in {Batch.State.UNDONE, Batch.State.STOPPED} and known.waiting > 0,
    )


def _progress(user: User, pk: int) -> Progress | None:
    try:
        return progress(user, pk)
    except NoBatch:
        return None


@require_POST
@writers
def stop_batch(request: HttpRequest, pk: int) -> HttpResponse:
    """Undo a batch, or post nothing more of it."""
    user = reader(request)
    found(_progress(user, pk))
    try:
        batch = stop(user=user, batch_id=pk)
        said = _("Undone: nothing was sent.") if batch.state == Batch.State.UNDONE else _("Stopped: the rest stays.")
    except CannotPost as problem:
        said = str(problem)
    messages.success(request, said)
    return redirect("batch", pk)


@require_safe
@writers
def write_again(request: HttpRequest, pk: int) -> HttpResponse:
    """The form with the text and the files of a batch, to the records that have no message of it."""
    user = reader(request)
    batch = found(_progress(user, pk)).batch
    rest = list(batch.items.filter(message=None).order_by("pk").values_list("record_id", flat=True))
    people = reached(user, rest)
    if not people:
        messages.error(request, _("None of its records is left."))
        return redirect("batch", pk)
    place = place_of_type(people[0].record.type)
    writing = Writing(
        place, "", subject=batch.subject, body=batch.body, followers=batch.followers, again=pk,
        key=secrets.token_urlsafe(KEY_BYTES), kept=_files(user, pk),
    )  # fmt: skip
    return _shown(request, place, people, writing)
