"""Calls of the API as a program makes them, in a test's client."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpResponse
from django.test import Client

from postroom.directory.models import Company, User
from postroom.directory.services import create_token
from tests.support import factory

BASE = "/api/v1"


@dataclass
class Caller:
    """A program with a token, or without."""

    secret: str = ""
    client: Client = field(default_factory=Client)

    def get(self, path: str, **query: Any) -> Any:
        return self.client.get(f"{BASE}{path}", query, headers=self._headers())

    def post(self, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Any:
        given = {**self._headers(), **(headers or {})}
        return self.client.post(f"{BASE}{path}", body, content_type="message/rfc822", headers=given)

    def send(self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None) -> Any:
        """A call with a body in JSON; bytes and text go as they stand."""
        given = {**self._headers(), **(headers or {})}
        data = b"" if body is None else body if isinstance(body, bytes | str) else json.dumps(body)
        return self.client.generic(method, f"{BASE}{path}", data, content_type="application/json", headers=given)

    def form(self, path: str, fields: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Any:
        """A form of fields and files."""
        return self.client.post(f"{BASE}{path}", fields, headers={**self._headers(), **(headers or {})})

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.secret}"} if self.secret else {}


def caller(user: User, *scopes: str, days: int | None = None) -> Caller:
    """A program with a token of this user."""
    return Caller(create_token(user=user, name="test", scopes=scopes or ("read", "write"), days=days).secret)


def somebody(role: str, company: Company, name: str = "") -> Caller:
    """A program of a user with this role in this company; `operator` is a role of none."""
    username = name or f"{role}-{company.slug}"
    if role == "operator":
        return caller(factory.user(username, is_operator=True))
    return caller(factory.user(username, {company: role}))


def problem(response: HttpResponse, status: int) -> dict[str, Any]:
    """The problem document of an answer, checked for its form (RFC 9457)."""
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = json.loads(response.content)
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    return body
