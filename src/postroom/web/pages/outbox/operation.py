"""A decision about many copies while it is carried out: how far it is, and stopping it."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from postroom.core.delivery.decisions import Verb
from postroom.directory.roles import Permission
from postroom.outbound.models import QueueOperation
from postroom.outbound.queue import operations
from postroom.web.pages.common import for_those_who_may, found, reader, wants
from postroom.web.pages.outbox.naming import DECISIONS
from postroom.web.trace import State

STATES = {
    QueueOperation.State.RUNNING: State(gettext_lazy("Running"), "loader", "now"),
    QueueOperation.State.DONE: State(gettext_lazy("Done"), "circle-check", "ok"),
    QueueOperation.State.STOPPED: State(gettext_lazy("Stopped"), "circle-stop", "warn"),
    QueueOperation.State.FAILED: State(gettext_lazy("Failed"), "triangle-alert", "bad"),
}


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an operation is. `title` names what was decided about how many; `why` has reasons and their number."""

    row: QueueOperation
    title: str
    state: State
    looked_at: int
    counted: str
    why: tuple[tuple[str, int], ...] = ()

    @property
    def is_running(self) -> bool:
        """Whether it may still be stopped."""
        return self.row.state == QueueOperation.State.RUNNING


def progress_of(row: QueueOperation) -> Progress:
    """The operation as pages show it."""
    looked_at = row.done + row.skipped
    counted = _("%(done)s of %(total)s") % {"done": f"{looked_at:,}", "total": f"{row.total:,}"}
    why = tuple(sorted(row.why.items(), key=lambda one: (-one[1], one[0])))
    state = STATES[QueueOperation.State(row.state)]
    return Progress(row, title_of(Verb(row.verb), row.total), state, looked_at, counted, why)


def title_of(verb: Verb, count: int) -> str:
    """What is decided about so many copies."""
    return str(DECISIONS[verb].label % {"count": count}).replace(str(count), f"{count:,}", 1)


@require_safe
@for_those_who_may(Permission.OUTBOUND_READ)
def outbound_operation(request: HttpRequest, pk: int) -> HttpResponse:
    """How far it is; htmx asks for the progress alone."""
    one = progress_of(found(operations.readable(reader(request)).filter(pk=pk).first()))
    template = "web/outbound/progress.html" if wants(request, "progress") else "web/outbound/operation.html"
    return render(request, template, {"title": one.title, "here": "outbound", "one": one})


@require_POST
@for_those_who_may(Permission.OUTBOUND_READ)
def outbound_stop(request: HttpRequest, pk: int) -> HttpResponse:
    """Let it end where it is."""
    found(operations.readable(reader(request)).filter(pk=pk).first())
    if not operations.stop(reader(request), pk):
        messages.error(request, _("It had ended before."))
    return redirect("outbound-operation", pk)
