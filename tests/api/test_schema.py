"""The API against its own OpenAPI document: what fits it, what does not, and what nobody would think of.

Schemathesis makes the requests from the document; each is made in this process, in a transaction that is undone.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from postroom.api.urls import api
from postroom.directory.services import create_token
from tests.api.calls import BASE
from tests.support.populated import KINDS, NAMES, Populated, populate

pytestmark = [pytest.mark.django_db, pytest.mark.either_database]


@schemathesis.serializer("message/rfc822")
def _as_mail(context: object, value: object) -> bytes:
    """A mail is handed in as it stands."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")


DOCUMENT = json.loads(json.dumps(api.get_openapi_schema(path_prefix=BASE)))
DESCRIBED = schemathesis.openapi.from_dict(DOCUMENT)
OPERATIONS = {
    one.definition.raw["operationId"]: one
    for one in (got.ok() for got in DESCRIBED.get_all_operations() if isinstance(got, Ok))
}
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
FEW = settings(
    max_examples=6,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(autouse=True, scope="module")
def one_connection() -> Iterator[None]:
    """The end of a request closes what is not Django's own test client's; here it would end the test's transaction."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture(scope="module")
def filled_once(rows_of_module: None) -> Populated:
    return populate()


@pytest.fixture
def filled(db: None, filled_once: Populated) -> Populated:
    return copy.deepcopy(filled_once)


def _modes() -> Iterator[tuple[str, GenerationMode]]:
    """Every operation with what fits; with what does not, where anything is asked of it."""
    for name, operation in OPERATIONS.items():
        yield name, GenerationMode.POSITIVE
        if operation.definition.raw.get("parameters") or operation.definition.raw.get("requestBody"):
            yield name, GenerationMode.NEGATIVE


@pytest.mark.parametrize(("name", "mode"), list(_modes()))
def test_every_answer_is_as_described(filled: Populated, name: str, mode: GenerationMode) -> None:
    application = get_wsgi_application()
    user = filled.users["administrator"]
    user.is_operator = True
    user.save()
    given_headers = {
        "Authorization": f"Bearer {create_token(user=user, name='test').secret}",
        "Accept-Encoding": "identity",
    }
    operation = OPERATIONS[name]

    @FEW
    @given(case=operation.as_strategy(generation_mode=mode), real=st.booleans())
    def ask(case: Case[Any], real: bool) -> None:
        if real:
            _point(case, filled)
        with transaction.atomic():
            answer = case.call(app=application, headers=given_headers)
            transaction.set_rollback(True)
        case.validate_response(answer, checks=CHECKS)

    ask()


def _point(case: Case[Any], filled: Populated) -> None:
    """Let the path name what is there."""
    before = ""
    for part in case.path.split("/"):
        if part.startswith("{") and before in KINDS:
            case.path_parameters[part[1:-1]] = filled.things[KINDS[before]]
        elif part.startswith("{") and before in NAMES:
            case.path_parameters[part[1:-1]] = NAMES[before]
        before = part
