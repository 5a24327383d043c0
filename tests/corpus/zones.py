"""The corpora's DNS zones as functions that answer questions, one for each of the three forms in which they come."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from postroom.core.authentication.questions import NO_DATA, NO_DOMAIN, Answer, Question

Answering = Callable[[Question], Answer]
TIMEOUT = Answer("unknown", words="no answer in time")
MOST_CNAMES = 8


def spf_zone(zone: Mapping[str, Sequence[Any]]) -> Answering:
    """Names with lists of `{type: value}`; SPF stands for TXT where a name has none, TIMEOUT for what is not there."""
    names = {name.lower(): records for name, records in zone.items()}

    def answer(question: Question, hops: int = MOST_CNAMES) -> Answer:
        records = names.get(question.name.lower())
        if records is None:
            return NO_DOMAIN
        wanted: set[str] = {question.type}
        if question.type == "TXT" and not any(isinstance(one, dict) and "TXT" in one for one in records):
            wanted = {"SPF"}
        found = [one[kind] for one in records if isinstance(one, dict) for kind in wanted if kind in one]
        found = [value for value in found if value != "NONE"]
        if found:
            return _answer(question, found)
        if "TIMEOUT" in records:
            return TIMEOUT
        alias = next((one["CNAME"] for one in records if isinstance(one, dict) and "CNAME" in one), None)
        if alias and hops:
            return answer(Question(alias.removesuffix("."), question.type), hops - 1)
        return NO_DATA

    return answer


def _answer(question: Question, values: Sequence[Any]) -> Answer:
    if question.type == "TXT":
        joined = ("".join(value if isinstance(value, list) else [value]) for value in values)
        return Answer("found", texts=tuple(text.encode("latin-1") for text in joined))
    if question.type == "MX":
        pairs = [value if isinstance(value, list) else value.split() for value in values]
        values = [host for _, host in sorted((int(preference), host) for preference, host in pairs)]
    return Answer("found", tuple(str(value).removesuffix(".") for value in values))


def dmarc_zone(zone: Mapping[str, Mapping[str, Sequence[Sequence[str]]]]) -> Answering:
    """Names with `{"TXT": [[strings]]}`."""

    def answer(question: Question) -> Answer:
        records = zone.get(question.name, {}).get(question.type)
        return _answer(question, [list(one) for one in records]) if records else NO_DOMAIN

    return answer


def arc_zone(zone: Mapping[str, Mapping[str, Sequence[str]]]) -> Answering:
    """Names with `{"TXT": [records]}`, in whatever case."""
    names = {name.lower(): records for name, records in zone.items()}

    def answer(question: Question) -> Answer:
        records = names.get(question.name.lower(), {}).get(question.type)
        return _answer(question, records) if records else NO_DOMAIN

    return answer


@cache
def message_zone(path: Path) -> Answering:
    """A list of records with `rcode` where there is none: norec, nxdomain, timeout."""
    table = {(row["name"].lower(), row["type"]): row for row in json.loads(path.read_text(encoding="utf-8"))}

    def answer(question: Question) -> Answer:
        row = table.get((question.name.lower(), question.type))
        if row is None or row.get("rcode") in {"norec", "nxdomain"}:
            return NO_DOMAIN if row is None or row["rcode"] == "nxdomain" else NO_DATA
        return TIMEOUT if row.get("rcode") == "timeout" else _answer(question, row["replies"])

    return answer
