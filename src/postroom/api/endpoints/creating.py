"""What is created once: an Idempotency-Key, and the words of fields that are wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Annotated

from ninja import Header

from postroom.api.problems import Problem
from postroom.directory.models import User
from postroom.infra.idempotency import OtherRequest, once

Key = Annotated[
    str,
    Header(
        "",
        alias="Idempotency-Key",
        max_length=200,
        description="The same key again within a day creates nothing more: the answer is that of the first time.",
    ),
]


def made_once(user: User, key: str, asked: str, make: Callable[[], int]) -> int:
    """The id of what `make` creates, or created when the same request came before with this key."""
    if not key:
        return make()
    try:
        return once(f"{user.pk} {key}", asked.encode("utf-8", "replace"), make)[0]
    except OtherRequest as error:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, str(error)) from None


def wrong(problems: Mapping[str, str]) -> Problem:
    """What is wrong, field by field."""
    errors = [{"where": f"body.{name}", "what": said} for name, said in problems.items()]
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, " ".join(problems.values()), errors=errors)
