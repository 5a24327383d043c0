"""The profile: what somebody says about themselves, and how they wish to hear of messages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from postroom.directory.models import User
from postroom.directory.profile import (
    LANGUAGES,
    UNDO_SECONDS,
    CannotSave,
    Profile,
    profile_of,
    time_zones,
    update_profile,
)
from postroom.infra.config import config
from postroom.web.meanwhile import FIELD, Meanwhile, laid_on, shown
from postroom.web.pages.common import for_users, number, reader


@dataclass(frozen=True, slots=True)
class Page:
    """The form with its choices; `email` and `username` are set by whoever runs the installation."""

    profile: Profile
    username: str = ""
    email: str = ""
    languages: tuple[tuple[str, str], ...] = ()
    time_zones: tuple[str, ...] = ()
    errors: Mapping[str, str] = field(default_factory=dict)
    shown: str = ""
    undo: tuple[int, ...] = UNDO_SECONDS
    usual: float = 0.0


@require_http_methods(["GET", "HEAD", "POST"])
@for_users
def profile(request: HttpRequest) -> HttpResponse:
    """Show the reader's profile, and keep it as they send it."""
    user = reader(request)
    if request.method != "POST":
        return _shown(request, _page(user, profile_of(user)))
    given, first = _given(request.POST), request.POST.get(FIELD, "")
    try:
        update_profile(user=user, profile=laid_on(given, first))
    except CannotSave as error:
        page = replace(_page(user, given), errors=error.problems, shown=first)
        return _shown(request, page, HTTPStatus.UNPROCESSABLE_ENTITY)
    except Meanwhile as other:
        page = _page(user, replace(given, **other.values))
        page = replace(page, errors=other.errors({"language": LANGUAGES}), shown=other.shown)
        return _shown(request, page, HTTPStatus.UNPROCESSABLE_ENTITY)
    with translation.override(user.language):
        messages.success(request, _("Saved."))
    return redirect("profile")


def _given(sent: Mapping[str, str]) -> Profile:
    return Profile(
        name=sent.get("name", ""),
        signature=sent.get("signature", ""),
        notify_by=sent.get("notify_by", ""),
        language=sent.get("language", ""),
        time_zone=sent.get("time_zone", ""),
        single_keys=sent.get("single_keys") == "on",
        undo_seconds=number(sent.get("undo_seconds", "")),
    )


def _page(user: User, given: Profile) -> Page:
    languages = dict(LANGUAGES)
    languages.setdefault(user.language, user.language)
    zones = time_zones()
    return Page(
        profile=given,
        usual=config().undo_seconds,
        shown=shown(given),
        username=user.username,
        email=user.email,
        languages=tuple(sorted(languages.items(), key=lambda one: one[1])),
        time_zones=zones if user.time_zone in zones else (user.time_zone, *zones),
    )


def _shown(request: HttpRequest, page: Page, status: int = HTTPStatus.OK) -> HttpResponse:
    context = {"title": _("Profile"), "here": "profile", "page": page}
    return render(request, "web/profile/page.html", context, status=status)
