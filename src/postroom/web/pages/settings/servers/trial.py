"""Testing a connection: each step is sent as soon as it ends, so that the reader sees how far it is."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Generator
from dataclasses import replace
from typing import Any

from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from postroom.infra.secrets import CannotDecrypt
from postroom.outbound.servers import services as servers
from postroom.outbound.servers.connection_test import Step, ask_size
from postroom.outbound.servers.connection_trouble import megabytes
from postroom.outbound.servers.services import CannotSave
from postroom.outbound.servers.trial import Trial, trial_of
from postroom.web.pages.common import found, reader
from postroom.web.pages.settings.servers.common import may_manage, with_secrets
from postroom.web.pages.settings.servers.form import Form, given_form
from postroom.web.pages.settings.servers.pages import shown_page
from postroom.web.pages.settings.servers.steps import StepShown, Tested, shown, verdict_of


@with_secrets
@require_POST
@may_manage
def server_test(request: HttpRequest, pk: int = 0) -> HttpResponse:
    """Try the server of the form as it stands, kept or not; nothing is sent. htmx gets the steps as they end."""
    form, trial = _prepared(request, pk)
    if request.headers.get("HX-Request"):
        response: HttpResponseBase = StreamingHttpResponse(_streamed(trial, translation.get_language() or "en"))
        response.headers["X-Accel-Buffering"] = "no"
        assert isinstance(response, HttpResponse | StreamingHttpResponse)
        return response  # type: ignore[return-value]
    if isinstance(trial, StepShown):
        return shown_page(request, form, (trial,))
    found_steps = list(trial.steps())
    steps = tuple(shown(step) for step in found_steps)
    kept = trial.server.id if trial.keep(found_steps) else 0
    return shown_page(request, form, tested=Tested(steps, verdict_of(list(steps)), pk=kept))


@with_secrets
@require_POST
@may_manage
def server_size(request: HttpRequest, pk: int = 0) -> HttpResponse:
    """Ask the server of the form how large a mail may be, and fill that in; nothing is saved."""
    form, trial = _prepared(request, pk)
    if isinstance(trial, StepShown):
        said, size = trial.text, 0
    else:
        step = ask_size(trial.server)
        said, size = " ".join(filter(None, (step.text, step.advice))) or step.said, step.size
    if size:
        form = replace(form, values={**form.values, "max_size": megabytes(size)})
        said = _("The server takes this much. Save to keep it.")
    if request.headers.get("HX-Request"):
        return render(request, "web/servers/size.html", {"form": form, "asked": said})
    return shown_page(request, form, asked=said)


def _prepared(request: HttpRequest, pk: int) -> tuple[Form, Trial | StepShown]:
    """What is to be tried; a failed step in its stead where the form is wrong or the password cannot be read."""
    user = reader(request)
    row = found(servers.manageable(user).filter(pk=pk).first()) if pk else None
    form = given_form(user, request.POST, row)
    try:
        return form, trial_of(user, servers.checked(user, form.fields, row), row)
    except CannotSave as error:
        words = " ".join(error.problems.values())
        return form.with_errors(error.problems), StepShown(_("Read what is entered"), "failed", text=words)
    except CannotDecrypt as error:
        return form, StepShown(_("Read the password that is kept"), "failed", text=str(error))


async def _streamed(trial: Trial | StepShown, language: str) -> AsyncIterator[str]:
    """The pieces of the list: its beginning, each step as it ends, what they come to."""
    steps: list[StepShown] = []
    found_steps: list[Step] = []
    yield _piece("steps_begin", {}, language)
    if isinstance(trial, StepShown):
        steps.append(trial)
        yield _piece("step", {"step": trial}, language)
    else:
        async for step in _as_they_end(trial.steps(), language):
            found_steps.append(step)
            with translation.override(language):
                steps.append(shown(step))
            yield _piece("step", {"step": steps[-1]}, language)
    with translation.override(language):
        verdict = verdict_of(steps)
    kept = 0
    if not isinstance(trial, StepShown) and await sync_to_async(trial.keep)(found_steps):
        kept = trial.server.id
    yield _piece("steps_end", {"verdict": verdict, "pk": kept}, language)


async def _as_they_end(steps: Generator[Step, None, None], language: str) -> AsyncIterator[Step]:
    """Steps that each wait for a server, asked for in a thread, in the reader's language; who leaves ends the
    conversation.
    """

    def after() -> Step | None:
        with translation.override(language):
            return next(steps, None)

    ask = sync_to_async(after, thread_sensitive=False)
    try:
        while (step := await ask()) is not None:
            yield step
    finally:
        with contextlib.suppress(ValueError):  # it still waits for the server, in its thread, until its deadline
            steps.close()


def _piece(name: str, values: dict[str, Any], language: str) -> str:
    with translation.override(language):
        return render_to_string(f"web/servers/{name}.html", values)
