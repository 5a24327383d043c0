"""What people do with their own API tokens: make, with scopes and an end, and revoke."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta

from postroom.core.errors import PostroomError
from postroom.directory.models import ApiToken, User
from postroom.directory.profile import CannotSave
from postroom.directory.services import SCOPES, NewToken, create_token
from postroom.infra.clock import now
from postroom.infra.logs import logger

LONGEST_NAME = 120
MOST_DAYS = 3650
MOST_TOKENS = 200

log = logger(__name__)


class NoToken(PostroomError):
    """There is no such token of this user."""


def make_token(
    *, user: User, name: str, scopes: Iterable[str], days: int | None, within: ApiToken | None = None
) -> NewToken:
    """Make a token of one's own, for `days` or for ever. One made by a program may no more, and for no longer, than the
    token by which it asked (`within`).

    Raises:
        CannotSave: what is wrong, by field.

    """
    plain, wanted = " ".join(name.split()), frozenset(scopes)
    if problems := dict(_problems(user, plain, wanted, days, within)):
        raise CannotSave(problems)
    made = create_token(user=user, name=plain, scopes=wanted, days=days)
    log.info("token made", token=made.token.pk, user=user.username)
    return made


def _problems(
    user: User, name: str, scopes: frozenset[str], days: int | None, within: ApiToken | None
) -> Iterator[tuple[str, str]]:
    if not name:
        yield "name", "Say what the token is for, so that you know later which one to revoke."
    elif len(name) > LONGEST_NAME or not name.isprintable():
        yield "name", f"A name has {LONGEST_NAME} characters at most, and no control characters."
    elif ApiToken.objects.filter(user=user).count() >= MOST_TOKENS:
        yield "name", f"You have {MOST_TOKENS} tokens: revoke those that are not used any more."
    if not scopes or not scopes <= SCOPES:
        yield "scopes", "Choose what the token may do: read, write, or both."
    elif within is not None and not scopes <= set(within.scopes.split()):
        yield "scopes", "A token cannot make one that may do more than itself."
    if days is not None and not 1 <= days <= MOST_DAYS:
        yield "days", f"A token works for 1 to {MOST_DAYS:,} days, or for ever."
    elif within is not None and within.expires_at is not None and _outlives(days, within):
        yield "days", "A token cannot make one that works for longer than itself."


def _outlives(days: int | None, within: ApiToken) -> bool:
    assert within.expires_at is not None
    return days is None or now() + timedelta(days=days) > within.expires_at


def revoke(*, user: User, token_id: int) -> str:
    """Make a token of one's own useless at once; its name.

    Raises:
        NoToken: it is not the user's.

    """
    row = ApiToken.objects.filter(user=user, pk=token_id).first()
    if row is None:
        raise NoToken(f"There is no token {token_id} of yours.")
    row.delete()
    log.info("token revoked", token=token_id, user=user.username)
    return row.name
