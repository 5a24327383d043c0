"""Reading a body of JSON: half a character (RFC 8259 §8.2) is refused before anybody has to keep or send it."""

from __future__ import annotations

import json
from typing import Any, cast

from django.http import HttpRequest
from ninja.parser import Parser

UNREADABLE = "The body cannot be read: it is to be JSON in UTF-8, of whole characters."


class Strict(Parser):
    r"""JSON whose text can be written again: `"\ud800"` is half a pair, which no database and no mail can hold."""

    def parse_body(self, request: HttpRequest) -> dict[str, Any]:
        raw = request.body
        found = json.loads(raw)
        if b"\\u" in raw:
            json.dumps(found, ensure_ascii=False).encode()  # raises where half a pair is left
        return cast("dict[str, Any]", found)
