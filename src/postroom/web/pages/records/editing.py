"""Editing and deleting one's own note where it stands in the conversation."""

from __future__ import annotations

from http import HTTPStatus

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from postroom.conversations import selectors, services
from postroom.conversations.models import Message
from postroom.conversations.notes import may_change, until
from postroom.records.models import Record
from postroom.records.selectors import record_by_id
from postroom.web.pages.common import for_users, found, reader
from postroom.web.pages.records.composer import mentioned
from postroom.web.pages.records.thread import message_shown
from postroom.web.places import message_url


@for_users
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """The words of one's own note in a field; a POST keeps them. htmx asks for the message alone."""
    user = reader(request)
    message = found(selectors.message(user, pk))
    record = found(record_by_id(user, message.thread.record_id))
    if request.method != "POST":
        if not may_change(user, message):
            return _back(request, record, message, _("This note can't be changed any more."))
        return _form(request, record, message, message.own_text)
    body = request.POST.get("body", "").replace("\0", "")
    try:
        services.edit_note(user=user, message_id=pk, body=body, mentions=mentioned(user, record, body))
    except services.CannotPost as problem:
        return _form(request, record, message, body, str(problem))
    return _back(request, record, message, _("Note changed."))


def _form(request: HttpRequest, record: Record, message: Message, body: str, error: str = "") -> HttpResponse:
    htmx = bool(request.headers.get("HX-Request"))
    shown = {
        "title": _("Edit note"),
        "message": message,
        "body": body,
        "error": error,
        "until": until(message),
        "back": message_url(record.type, record.pk, message.pk),
        "alone": htmx,
    }
    template = "web/records/note_form.html" if htmx else "web/records/note_page.html"
    return render(request, template, shown, status=HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK)


@require_safe
@for_users
def one_message(request: HttpRequest, pk: int) -> HttpResponse:
    """One message as the conversation shows it, for htmx; others come to its place in the conversation."""
    message = found(selectors.message(reader(request), pk))
    record = found(record_by_id(reader(request), message.thread.record_id))
    return _back(request, record, message)


@require_POST
@for_users
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Take one's own note away."""
    user = reader(request)
    message = found(selectors.message(user, pk))
    record = found(record_by_id(user, message.thread.record_id))
    try:
        services.delete_note(user=user, message_id=pk)
        said = _("Note deleted.")
    except services.CannotPost as problem:
        said = str(problem)
    return _back(request, record, message, said)


def _back(request: HttpRequest, record: Record, message: Message, said: str = "") -> HttpResponse:
    if request.headers.get("HX-Request"):
        shown = message_shown(reader(request), record, message.pk)
        return render(request, "web/records/accepted.html", {"shown": shown, "said": said})
    if said:
        messages.success(request, said)
    return redirect(message_url(record.type, record.pk, message.pk))
