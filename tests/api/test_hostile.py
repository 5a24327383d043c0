"""Values that nobody means well with, in every place of every operation: none of them is a mistake of ours."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from django.db import transaction

from postroom.api.urls import api
from postroom.directory.services import create_token
from tests.api.calls import Caller
from tests.support.populated import KINDS, NAMES, Populated, populate

pytestmark = pytest.mark.django_db

DOCUMENT = json.loads(json.dumps(api.get_openapi_schema(path_prefix="")))
OPERATIONS = {
    one["operationId"]: (method.upper(), path, one)
    for path, methods in DOCUMENT["paths"].items()
    for method, one in methods.items()
}
VALUES: tuple[object, ...] = (
    None, True, -1, 0, 2**31, 2**63, 10**30, 1.5, 1e308, "", " ", "0", "\0", "a\0b", "\ud800", "x\udfffy",
    "\r\nBcc: a@b.example",
    "\u202e", "x" * 100_000, "🚐" * 30_000, "@", "a@b", "9" * 400, "-0", "1e5", [], [None], [[]], ["\0"], ["\ud800"],
    [10**30],
    [-1] * 2000, {}, {"email": "\0"}, [{"email": "\ud800", "name": "\0"}], "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-12:00", "2031-02-30T00:00:00Z",
)  # fmt: skip
STRIDE = 3  # each field meets every third value, each value every third field
BODIES: tuple[bytes, ...] = (
    b"", b"{", b"null", b"[]", b'"x"', b"1", b"\xff\xfe", b'{"\xed\xa0\x80": 1}', b"[" * 100_000, b'{"a":' * 50_000,
    b"1" * 10_000, b"NaN", b"1e999", b"\xef\xbb\xbf{}",
)  # fmt: skip


@pytest.fixture(scope="module")
def filled_once(rows_of_module: None) -> Populated:
    return populate()


@pytest.fixture
def filled(db: None, filled_once: Populated) -> Populated:
    return copy.deepcopy(filled_once)


@pytest.fixture
def program(filled: Populated) -> Caller:
    user = filled.users["administrator"]
    user.is_operator = True
    user.save()
    return Caller(create_token(user=user, name="test").secret)


def _address(path: str, filled: Populated) -> str:
    before, parts = "", []
    for part in path.split("/"):
        parts.append(_named(before, part, filled) if part.startswith("{") else part)
        before = part
    return "/".join(parts)


def _named(before: str, part: str, filled: Populated) -> str:
    return str(filled.things[KINDS[before]]) if before in KINDS else NAMES.get(before, part.strip("{}"))


def _resolved(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    while "$ref" in schema:
        schema = DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def _sample(schema: Mapping[str, Any]) -> object:
    """Something that fits, or nearly: what is to be seen comes from its neighbour."""
    schema = _resolved(schema)
    for one in (*schema.get("anyOf", ()), *schema.get("allOf", ())):
        return _sample(one)
    if "enum" in schema:
        return schema["enum"][0]
    match schema.get("type"):
        case "integer":
            return max(1, schema.get("minimum", 1))
        case "boolean":
            return False
        case "array":
            return [_sample(schema["items"])]
        case "object":
            known = schema.get("properties", {})
            return {name: _sample(known[name]) for name in schema.get("required", ())}
    return "2031-05-05T08:00:00Z" if schema.get("format") == "date-time" else "sales@acme.example"


def _bodies(operation: Mapping[str, Any]) -> Iterator[str | bytes]:
    """What fits with one value of it at a time put in the place of what fits."""
    content = operation["requestBody"]["content"]
    if "application/json" not in content:
        return
    schema = _resolved(content["application/json"]["schema"])
    fitting = _sample(schema)
    assert isinstance(fitting, dict)
    yield json.dumps(fitting)
    for place, name in enumerate(schema["properties"]):
        for value in VALUES[place % STRIDE :: STRIDE]:
            yield json.dumps({**fitting, name: value})


@pytest.mark.parametrize("name", [name for name, known in OPERATIONS.items() if "requestBody" in known[2]])
def test_bodies(filled: Populated, program: Caller, name: str) -> None:
    method, path, operation = OPERATIONS[name]
    address = _address(path, filled)
    for body in [*_bodies(operation), *BODIES]:
        _ask(program, operation, method, address, body)


@pytest.mark.parametrize(
    "name",
    [name for name, known in OPERATIONS.items() if any(one["in"] == "query" for one in known[2].get("parameters", []))],
)
def test_queries(filled: Populated, program: Caller, name: str) -> None:
    method, path, operation = OPERATIONS[name]
    address = _address(path, filled)
    for one in operation["parameters"]:
        for value in [
            "%00",
            "%FF",
            "%ED%A0%80",
            "9" * 30,
            "-1",
            "0",
            "",
            "x" * 10_000,
            "%22%5B",
            "1.5",
            "null",
            "MTIz",
        ]:
            _ask(program, operation, method, f"{address}?{one['name']}={value}", b"")


@pytest.mark.parametrize("name", [name for name, known in OPERATIONS.items() if "{" in known[1]])
def test_paths(program: Caller, name: str) -> None:
    method, path, operation = OPERATIONS[name]
    for value in ["0", "9" * 18, "9" * 19, "9" * 400, "-1", "1.0", "%00", "%FF", "x" * 3000, "%2e%2e", "²", "1" * 5000]:
        address = "/".join(value if part.startswith("{") else part for part in path.split("/"))
        _ask(program, {"responses": {**operation["responses"], "404": {}, "405": {}}}, method, address, b"{}")


def _ask(program: Caller, operation: Mapping[str, Any], method: str, address: str, body: str | bytes) -> None:
    with transaction.atomic():
        answer = program.send(method, address, body)
        transaction.set_rollback(True)
    said = f"{method} {address[:300]} {body[:300]!r} was answered {answer.status_code} {b''.join(answer)[:300]!r}"
    assert answer.status_code < 500, said
    assert str(answer.status_code) in operation["responses"], said
    if answer.status_code >= 400:
        assert answer["Content-Type"] == "application/problem+json", said
