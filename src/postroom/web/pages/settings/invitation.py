"""The page behind a link: choose a password. For whoever has the link, so it is guarded against guessing."""

from __future__ import annotations

from http import HTTPStatus

from django.contrib import messages
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods

from postroom.directory import users
from postroom.directory.profile import CannotSave
from postroom.directory.users import OldLink
from postroom.infra import counters

FAILURES, WINDOW = 20, 15 * 60.0  # links that did not work, of one peer within so many seconds


@sensitive_post_parameters("password")
@sensitive_variables("password", "secret")
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, secret: str) -> HttpResponse:
    """Show the form while the link works, and sign in whoever chooses a password by it."""
    person = users.invited(secret)
    if person is None:
        return _unknown(request)
    if request.method != "POST":
        return _form(request, person.username, person.name)
    try:
        person = users.accept(secret=secret, password=request.POST.get("password", ""))
    except OldLink:
        return _gone(request, _("This link does not work any more. Ask whoever sent it for a new one."))
    except CannotSave as error:
        return _form(request, person.username, person.name, error.problems["password"])
    login(request, person)
    messages.success(request, _("Welcome. You sign in as %(name)s.") % {"name": person.username})
    return redirect("home")


def _unknown(request: HttpRequest) -> HttpResponse:
    """Whoever tries many is told to wait; a link that works is let in from there all the same."""
    counter = f"invitation:{request.META.get('REMOTE_ADDR', '')}"
    if counters.add({counter: 1}, WINDOW)[counter] > FAILURES:
        said = _("Too many links that did not work came from here. Wait %(minutes)d minutes, then try again.")
        return _gone(request, said % {"minutes": int(WINDOW / 60)}, HTTPStatus.TOO_MANY_REQUESTS)
    return _gone(request, _("This link does not work any more. Ask whoever sent it for a new one."))


def _form(request: HttpRequest, username: str, name: str, error: str = "") -> HttpResponse:
    shown = {"title": _("Choose a password"), "username": username, "name": name, "error": error}
    status = HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK
    return render(request, "web/settings/invitation.html", shown, status=status)


def _gone(request: HttpRequest, said: str, status: int = HTTPStatus.NOT_FOUND) -> HttpResponse:
    shown = {"title": _("No such link"), "said": said}
    return render(request, "web/settings/invitation_gone.html", shown, status=status)
