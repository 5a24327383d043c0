"""Who asks: bearer tokens (RFC 6750), what they may, and within which scope."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpRequest
from ninja.security import HttpBearer

from postroom.api.problems import Problem
from postroom.directory.access import may
from postroom.directory.models import ApiToken, User
from postroom.directory.roles import Permission
from postroom.directory.selectors import living_token
from postroom.directory.services import note_use
from postroom.infra.clock import now

TOKEN = "postroom.token"  # noqa: S105 where a request keeps the token that it came with
READING = ("GET", "HEAD", "OPTIONS")


class Bearer(HttpBearer):
    """`Authorization: Bearer pr_…`; reading needs the scope `read`, all else `write`."""

    def authenticate(self, request: HttpRequest, token: str) -> User | None:
        at = now()
        known = living_token(token, at)
        if known is None:
            return None
        scope = "read" if request.method in READING else "write"
        if scope not in known.scopes.split():
            raise Problem(HTTPStatus.FORBIDDEN, f"This token lacks the scope {scope}: make one that has it.")
        note_use(token=known, at=at)
        request.user = known.user
        request.META[TOKEN] = known
        return known.user


def asking(request: HttpRequest) -> User:
    """The user whose token came with the request."""
    user = request.user
    assert isinstance(user, User)
    return user


def token_of(request: HttpRequest) -> ApiToken:
    """The token that came with the request."""
    token = request.META[TOKEN]
    assert isinstance(token, ApiToken)
    return token


def ensure_may(user: User, permission: Permission) -> None:
    """Answer 403 where the user may do this in no company at all."""
    if not may(user, permission):
        raise Problem(HTTPStatus.FORBIDDEN, f"{user.username} has no role that allows this ({permission}).")
