"""What the views share: who is asking, what is not there, fragments for htmx."""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse

from postroom.directory.access import may
from postroom.directory.models import User
from postroom.directory.roles import Permission

P = ParamSpec("P")
T = TypeVar("T")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


def for_users(view: View[P]) -> View[P]:
    """A view for those who are signed in; others come to the sign-in page first."""
    return login_required(view)


def for_those_who_may(permission: Permission) -> Callable[[View[P]], View[P]]:
    """A view for users with a permission in some company; others are told so (403)."""

    def decorate(view: View[P]) -> View[P]:
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            if not may(reader(request), permission):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return for_users(update_wrapper(guarded, view))

    return decorate


def reader(request: HttpRequest) -> User:
    """The user who asks; for views that only users reach."""
    assert isinstance(request.user, User)
    return request.user


def found(value: T | None) -> T:
    """The value, or 404: what somebody may not see is not there for them."""
    if value is None:
        raise Http404
    return value


def wants(request: HttpRequest, target: str) -> bool:
    """Whether htmx asks for the fragment of this element only."""
    htmx = cast("Any", request).htmx
    return bool(htmx) and not htmx.history_restore_request and htmx.target == target


def key(request: HttpRequest, name: str = "before") -> int | None:
    """The id that a list goes on from; None at its start or where it is no number."""
    given = request.GET.get(name, "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 19 else None


def shortened(text: str, most: int = 200) -> str:
    """What somebody typed to search by, as long as anybody types, without what no database takes."""
    return text.strip()[:most].replace("\0", "")


def number(text: str) -> int | None:
    """An id that a form gave; None where it is no number."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
