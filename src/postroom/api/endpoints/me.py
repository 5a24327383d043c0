"""The asking user, and what they change about themselves."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpRequest
from ninja import Router

from postroom.api.auth import asking
from postroom.api.problems import Problem
from postroom.api.schemas.me import MeOut, MePatch
from postroom.core.edits import only
from postroom.directory.profile import CannotSave, update_profile

router = Router(tags=["me"])


@router.get("/me", response=MeOut, operation_id="get_me")
def get_me(request: HttpRequest) -> MeOut:
    """The user whose token this is."""
    return MeOut.of(asking(request))


@router.patch("/me", response=MeOut, operation_id="change_me")
def change_me(request: HttpRequest, given: MePatch) -> MeOut:
    """Change how you hear of messages, your signature, language or clock; what is left out stays."""
    user = asking(request)
    named = given.model_dump(include=given.model_fields_set)
    try:
        update_profile(user=user, profile=only(named))
    except CannotSave as error:
        errors = [{"where": f"body.{name}", "what": said} for name, said in error.problems.items()]
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, str(error), errors=errors) from None
    return MeOut.of(user)
