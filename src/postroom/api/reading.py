"""Reading a body of JSON: half a character (RFC 8259 §8.2) is refused before anybody has to keep or send it."""

from __future__ import annotations

import json
from typing import Any, cast

from django.http import HttpRequest
from ninja.parser import Parser

JSON = ("", "application/json")  # what says nothing is taken for what is meant
UNREADABLE = "The body cannot be read: it is to be JSON in UTF-8, of whole characters."


class NotJson(Exception):
    """The body says of itself that it is something else (RFC 9110 §15.5.16)."""


class Strict(Parser):
    r"""JSON whose text can be written again: `"\ud800"` is half a pair, which no database and no mail can hold."""

    def parse_body(self, request: HttpRequest) -> dict[str, Any]:
        if request.content_type not in JSON and not str(request.content_type).endswith("+json"):
            raise NotJson
        raw = request.body
        found = json.loads(raw)
        if b"\\u" in raw:
            json.dumps(found, ensure_ascii=False).encode()  # raises where half a pair is left
        return cast("dict[str, Any]", found)
