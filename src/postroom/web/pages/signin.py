"""Signing in and out."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

from django.contrib.auth import authenticate, login, logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from postroom.directory.models import User
from postroom.infra import counters
from postroom.infra.models import Counter
from postroom.records.founding import is_unfounded

FAILURES = 10  # failures of one user name from one peer …
PEER_FAILURES = 100  # failures of one peer, whatever the names …
WINDOW = 15 * 60.0  # … within these seconds, after which sign-in is refused until they have passed
LONGEST_NAME = 150


@dataclass(frozen=True, slots=True)
class SignIn:
    """The form, as given, and what is wrong with it."""

    username: str = ""
    next: str = ""
    error: str = ""


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Ask for user name and password; afterwards go where one was headed."""
    target = _safe_target(request)
    if isinstance(request.user, User):
        return HttpResponseRedirect(target)
    if request.method != "POST":
        if is_unfounded():
            return redirect("welcome")
        return _form(request, SignIn(next=request.GET.get("next", "")))
    username = request.POST.get("username", "").replace("\0", "").strip()[:LONGEST_NAME]
    password = request.POST.get("password", "")
    asked = SignIn(username=username, next=request.POST.get("next", ""))
    if not username or not password:
        return _form(request, asked, _("Enter your user name and your password."), HTTPStatus.UNPROCESSABLE_ENTITY)
    return _try(request, asked, password, target)


def _try(request: HttpRequest, asked: SignIn, password: str, target: str) -> HttpResponse:
    """Count the attempt before looking at the password, so that many at once are counted too."""
    peer = request.META.get("REMOTE_ADDR", "")
    name_counter, peer_counter = f"sign-in:{asked.username.lower()}|{peer}", f"sign-in-peer:{peer}"
    if _is_over(peer_counter, PEER_FAILURES) or _is_over(name_counter, FAILURES):
        words = _("Too many attempts. Wait %(minutes)d minutes, then try again.") % {"minutes": int(WINDOW / 60)}
        return _form(request, asked, words, HTTPStatus.TOO_MANY_REQUESTS)
    user = authenticate(request, username=asked.username, password=password)
    if not isinstance(user, User):
        words = _("That user name and password do not belong together. Check both and try again.")
        return _form(request, asked, words, HTTPStatus.UNPROCESSABLE_ENTITY)
    Counter.objects.filter(key=name_counter).delete()
    counters.add({peer_counter: -1}, WINDOW)
    login(request, user)
    return HttpResponseRedirect(target)


def _is_over(counter: str, limit: int) -> bool:
    return counters.add({counter: 1}, WINDOW)[counter] > limit


def _form(request: HttpRequest, asked: SignIn, error: str = "", status: int = HTTPStatus.OK) -> HttpResponse:
    shown = SignIn(asked.username, asked.next, error)
    return render(request, "web/sign_in.html", {"form": shown, "title": _("Sign in")}, status=status)


def _safe_target(request: HttpRequest) -> str:
    """Where to go after signing in: only to a page of ours."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    if url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure()):
        return wanted
    return resolve_url("home")


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    logout(request)
    return redirect("sign-in")
