"""The asking user's own tokens."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpRequest
from ninja import Router
from ninja.responses import Status

from postroom.api.auth import asking, token_of
from postroom.api.endpoints.creating import Key, made_once, wrong
from postroom.api.paging import Cursor, Limit, cut
from postroom.api.problems import not_found
from postroom.api.schemas.people import NewTokenOut, TokenIn, TokenList, TokenOut
from postroom.directory import tokens
from postroom.directory.models import ApiToken
from postroom.directory.people import tokens_of
from postroom.directory.profile import CannotSave
from postroom.directory.services import NewToken
from postroom.directory.tokens import NoToken

router = Router(tags=["tokens"])


@router.get("/tokens", response=TokenList, operation_id="list_tokens")
def list_tokens(request: HttpRequest, cursor: Cursor, limit: Limit) -> TokenList:
    """Your tokens."""
    rows, more = cut(list(tokens_of(asking(request))), lambda row: row.pk, cursor, limit)
    return TokenList(items=[TokenOut.of(row) for row in rows], next=more)


@router.post("/tokens", response={201: NewTokenOut}, operation_id="create_token")
def create_token(request: HttpRequest, given: TokenIn, idempotency_key: Key) -> Status[NewTokenOut]:
    """Make a token. It may no more, and for no longer, than the one with which you ask."""
    user, asked = asking(request), token_of(request)
    made: list[NewToken] = []

    def make() -> int:
        name = given.name.replace("\0", "")
        made.append(tokens.make_token(user=user, name=name, scopes=given.scopes, days=given.days, within=asked))
        return made[0].token.pk

    try:
        pk = made_once(user, idempotency_key, f"tokens {given.model_dump_json()}", make)
    except CannotSave as error:
        raise wrong(error.problems) from None
    row = made[0].token if made else ApiToken.objects.filter(user=user, pk=pk).first()
    if row is None:
        raise not_found("token")
    secret = made[0].secret if made else ""
    return Status(HTTPStatus.CREATED, NewTokenOut(**TokenOut.of(row).dict(), secret=secret))


@router.delete("/tokens/{int:pk}", response={204: None}, operation_id="revoke_token")
def revoke_token(request: HttpRequest, pk: int) -> Status[None]:
    """Make a token of yours useless at once, be it the one with which you ask."""
    try:
        tokens.revoke(user=asking(request), token_id=pk)
    except NoToken:
        raise not_found("token") from None
    return Status(HTTPStatus.NO_CONTENT, None)
