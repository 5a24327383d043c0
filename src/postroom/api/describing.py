"""The OpenAPI document with what every operation may refuse, and the problem document by which it does (RFC 9457)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema

PROBLEM = "application/problem+json"
REF = {"$ref": "#/components/schemas/Problem"}

SCHEMA: Mapping[str, Any] = {
    "title": "Problem",
    "description": "Why something was not done. Some problems have members of their own beside these.",
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string", "minLength": 1, "description": "The phrase of the status."},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string", "minLength": 1, "description": "One sentence about this case."},
        "errors": {
            "type": "array",
            "description": "What is wrong, field by field.",
            "items": {
                "type": "object",
                "required": ["where", "what"],
                "properties": {"where": {"type": "string"}, "what": {"type": "string"}},
            },
        },
    },
}

# What single operations refuse besides what all of their kind do.
MORE: Mapping[str, Mapping[int, str]] = {
    "get_attachment": {410: "Its bytes are missing."},
    "get_inbound_source": {410: "Its bytes are kept no longer."},
    "get_outbound_source": {409: "It cannot be written as a mail.", 410: "One of its files is missing."},
    "stop_outbound_operation": {409: "It had ended before."},
    "decide_outbound": {409: "Its state does not allow that."},
    "archive_server": {409: "Something needs it; `errors` says what."},
    "post_inbound": {413: "The mail is larger than is taken here."},
    "post_message": {415: "Neither JSON nor a form.", 507: "The files could not be kept."},
    "post_note": {415: "Neither JSON nor a form.", 507: "The files could not be kept."},
    "delete_note": {409: "It cannot be deleted any more."},
    "write_to_many": {415: "Neither JSON nor a form.", 507: "The files could not be kept."},
    "stop_batch": {409: "Nothing of it waits."},
    "undo_message": {409: "It is too late."},
    "send_message_now": {409: "It is not scheduled, or it is too late."},
    "schedule_message": {409: "It is not scheduled, or it can't leave then."},
    "take_forwarded": {409: "There is nobody to be made the contact, or it is done already."},
    "give_back_forwarded": {409: "There is nothing to undo: the contact was changed since."},
    "accept_message": {409: "There is nothing to accept."},
    "create_contact": {409: "Another contact of the company has the address; `contact` names it."},
    "add_contact_address": {409: "Another contact of the company has the address; `contact` names it."},
    "merge_contacts": {409: "They are the same, of two companies, or both are users."},
    "change_user": {409: "They are the last who can do that."},
    "set_role": {409: "They are the last administrator."},
    "remove_role": {409: "They are the last administrator."},
    "make_password_link": {409: "They are deactivated."},
    "reactivate_user": {409: "They are not deactivated."},
    "get_message_source": {409: "It cannot be written as a mail.", 410: "Its bytes are missing or kept no longer."},
    "get_message_original": {410: "It was deleted."},
    "get_draft": {410: "It was deleted."},
    "test_server": {409: "Its password cannot be read."},
    "ask_server_size": {409: "Its password cannot be read."},
    "prove_domain": {409: "A proof is under way, or nothing leaves."},
    "send_test_mail": {409: "It can't be sent."},
    "set_limit": {404: "What it is about is not there, or another company's."},
    "remove_domain": {409: "Something depends on it."},
    "deactivate_user": {409: "Oneself, or the last administrator of a company."},
    "unshare_domain": {409: "Aliases of the company stand there."},
}


class Described(NinjaAPI):
    """The API whose document names the refusals, too; it is put together once for each prefix."""

    def get_openapi_schema(
        self, *, path_prefix: str | None = None, path_params: dict[str, Any] | None = None
    ) -> OpenAPISchema:
        known: dict[str, OpenAPISchema] = self.__dict__.setdefault("_documents", {})
        place = f"{path_prefix} {sorted((path_params or {}).items())}"
        if place not in known:
            known[place] = self._document(path_prefix, path_params)
        return known[place]

    def _document(self, path_prefix: str | None, path_params: dict[str, Any] | None) -> OpenAPISchema:
        found = super().get_openapi_schema(path_prefix=path_prefix, path_params=path_params)
        found["components"]["schemas"]["Problem"] = dict(SCHEMA)
        for path in found["paths"].values():
            for operation in path.values():
                _describe(operation)
        return found


def _describe(operation: dict[str, Any]) -> None:
    """Name what an operation refuses. What is described already, such as the health that is bad, stays."""
    for status, words in _refusals(operation):
        known = {"description": words, "content": {PROBLEM: {"schema": REF}}}
        operation["responses"].setdefault(int(status), known)


def _refusals(operation: Mapping[str, Any]) -> Iterator[tuple[int, str]]:
    yield from MORE.get(operation["operationId"], {}).items()
    yield HTTPStatus.BAD_REQUEST, "The request cannot be read."
    if "security" in operation:
        yield HTTPStatus.UNAUTHORIZED, "There is no token, or none that is known."
        yield HTTPStatus.FORBIDDEN, "The token's scope or its user's role does not allow it."
    parameters = operation.get("parameters", [])
    if any(one["in"] == "path" for one in parameters):
        yield HTTPStatus.NOT_FOUND, "It is not there, or another company's."
    if parameters or "requestBody" in operation:
        yield HTTPStatus.UNPROCESSABLE_ENTITY, "What was sent is not as described; `errors` says where."
    if "requestBody" in operation:
        yield HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The body is larger than is taken here."
        if "application/json" in operation["requestBody"]["content"]:
            yield HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "The body is not JSON."
    yield HTTPStatus.SERVICE_UNAVAILABLE, "The database cannot be used just now."
