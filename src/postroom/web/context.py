"""What every page shows around its own content."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from postroom.conversations.inbox import unread_count
from postroom.directory.models import User
from postroom.directory.selectors import company_names
from postroom.infra import instance
from postroom.web.bundles import bundle_of
from postroom.web.number import number_of
from postroom.web.places import places_of
from postroom.web.views import Person

THEMES = ("light", "dark")


def shell(request: HttpRequest) -> dict[str, Any]:
    """The theme that the reader chose, and for those signed in the navigation and who they are."""
    theme = request.COOKIES.get("theme", "")
    view = getattr(request.resolver_match, "func", None)
    shown: dict[str, Any] = {
        "theme": theme if theme in THEMES else "",
        "bundle": bundle_of(getattr(view, "__module__", "")),
    }
    user = getattr(request, "user", None)
    if isinstance(user, User):
        shown["places"] = list(places_of(user))
        shown["me"] = Person(user.name or user.username, user.email)
        shown["my_companies"] = ", ".join(company_names(user).values())
        shown["single_keys"] = user.single_keys
        shown["needs"] = number_of(request)
        shown["is_copy"] = SimpleLazyObject(lambda: instance.standing().is_copy)
        shown["unread"] = SimpleLazyObject(partial(unread_count, user))
    return shown
