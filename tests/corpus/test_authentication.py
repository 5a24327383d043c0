"""SPF and DMARC against every case of the corpora; where an answer differs, the reason stands here."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from postroom.core.authentication.dmarc import DmarcResult
from postroom.core.authentication.spf import SpfResult
from tests.corpus.authentication import dmarc, message_spf, spf
from tests.support.require import require

NO_RECORD = "an include of a domain without a record is a permerror (RFC 7208 §5.2)"
LIMIT = "beyond the limits of RFC 7208 §4.6.4 the result is permerror, whatever comes after"
TWO_RECORDS = "two records are a permerror (RFC 7208 §4.5)"
OWN_NAME = "the expected answer contradicts the case's own name and RFC 7208"

DEVIATIONS: dict[str, tuple[str, str]] = {
    "dmarc/mailauth-039": ("fail", "RFC 9989 §4.10: several records are passed over, and the walk goes on above them"),
    "117_spf/SPF FAIL UNRESOLVEABLE INCLUDE": ("permerror", NO_RECORD),
    "117_spf/SPF NA HELO IP LITERAL": ("none", "a literal is no domain name, and nobody is asked (RFC 7208 §4.3)"),
    "117_spf/SPF PERMFAIL MULTIPLE RECORDS": ("permerror", TWO_RECORDS),
    "117_spf/SPF ALLOW ONE RECORD AMONG OTHER TXT": ("pass", OWN_NAME),
    "117_spf/SPF ALLOW MIXED CASE VERSION": ("pass", OWN_NAME),
    "117_spf/SPF PERMFAIL MULTIPLE RECORDS MIXED CASE": ("permerror", TWO_RECORDS),
    "117_spf/SPF ALLOW ONE RECORD BESIDE A LATER VERSION": ("pass", OWN_NAME),
    "117_spf/SPF PERMFAIL TOO MANY MX NAMES": ("permerror", LIMIT),
    "117_spf/SPF PERMFAIL NESTING BEYOND LIMIT": ("permerror", LIMIT),
    "117_spf/SPF FAIL UNRESOLVEABLE EXISTS": ("fail", OWN_NAME),
    "117_spf/SPF ALLOW DNS REQUESTS AT LIMIT": ("permerror", f"its limit is another; {LIMIT}"),
    "117_spf/SPF PERMFAIL DNS REQUESTS BEYOND LIMIT": ("permerror", LIMIT),
}
LATER = {"117_spf/SPF EXTERNAL RELAY"}  # needs the relay's Received header


def cases(*kinds: str) -> Iterator[tuple[Path, dict[str, Any]]]:
    folder = require("corpora") / "auth"
    for line in (folder / "manifest.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if row["kind"] in kinds:
            yield folder, row


def name(row: dict[str, Any]) -> str:
    return str(row["id"]).removeprefix("rspamd/")


def tell(kind: str, right: Callable[[Path, dict[str, Any]], tuple[str, bool]], *, least: int) -> None:
    """Every case is right, or wrong in the way that is named above; prints what each origin reaches."""
    reached: Counter[str] = Counter()
    total: Counter[str] = Counter()
    wrong: dict[str, str] = {}
    for folder, row in cases(kind):
        if name(row) in LATER or (kind == "auth-message" and "spf" not in row["expected"]):
            continue
        result, good = right(folder, row)
        total[row["origin"]] += 1
        reached[row["origin"]] += good
        if not good:
            wrong[name(row)] = result
    for origin, count in total.items():
        print(f"{kind}: {origin}: {reached[origin]} of {count}")
    named = {case: result for case, (result, _) in DEVIATIONS.items() if case.startswith("dmarc") == (kind == "dmarc")}
    assert wrong == ({} if kind == "spf" else named)
    assert total.total() >= least


def test_spf_with_its_explanations() -> None:
    def right(folder: Path, row: dict[str, Any]) -> tuple[str, bool]:
        given, expected = spf(row), row["expected"]
        explained = expected["explanation"] is None or (given.explanation or "DEFAULT") == expected["explanation"]
        return given.result, given.result in expected["result"] and explained

    tell("spf", right, least=80)


def test_spf_of_messages() -> None:
    def right(folder: Path, row: dict[str, Any]) -> tuple[str, bool]:
        given = message_spf(folder, row)
        return given.result, given.result == row["expected"]["spf"]

    tell("auth-message", right, least=30)


def test_dmarc_with_its_policies_and_domains() -> None:
    def right(folder: Path, row: dict[str, Any]) -> tuple[str, bool]:
        given, expected = dmarc(row), row["expected"]
        record = given.record
        told = {
            "result": given.result,
            "policy": given.policy,
            "p": record and record.p,
            "domain": given.organizational,
            "alignment.dkim.strict": record and record.strict_dkim,
            "alignment.spf.strict": record and record.strict_spf,
            "alignment.spf.result": row["input"]["spfDomains"][0]["domain"] if given.spf_aligned else "",
        }
        return given.result, all(told[key] == value for key, value in expected.items())

    tell("dmarc", right, least=20)


def evaluated(folder: Path, row: dict[str, Any]) -> SpfResult | DmarcResult:
    match row["kind"]:
        case "spf":
            return spf(row)
        case "dmarc":
            return dmarc(row)
    return message_spf(folder, row)


@pytest.mark.parametrize("kind", ["spf", "dmarc", "auth-message"])
def test_every_result_says_why(kind: str) -> None:
    for folder, row in cases(kind):
        if kind == "auth-message" and not (row["input"]["ip"] and row["input"]["mailfrom"]):
            continue
        trace = evaluated(folder, row).trace
        assert trace, row["id"]
        assert all(step["text"].strip() for step in trace)
