"""SPF and DMARC against every case of the corpora; where an answer differs, the reason stands here."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from postroom.core.authentication.claims import Claim
from postroom.core.authentication.dmarc import DmarcResult
from postroom.core.authentication.signed import read_signed
from postroom.core.authentication.spf import SpfResult
from postroom.core.authentication.verdict import evidence
from tests.corpus.authentication import arc, dmarc, message, message_spf, spf
from tests.corpus.zones import message_zone
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
RELAYED = "the client is only named by a Received of a relay that the case trusts"
RELAY = {"117_spf/SPF EXTERNAL RELAY"}  # for that reason
NO_KEY = "the zone that comes with the case has no such key (RFC 6376 §6.1.2: PERMFAIL)"
WALK = "RFC 9989 §4.10: the author's domain has a record of its own, so the domain above it is another organisation"
NO_SHARE = "RFC 9989 has no pct= any more (appendix A.6): what the record says is asked of every mail"
MESSAGES: dict[tuple[str, str], tuple[str, str]] = {  # as above, of whole mails: by case and method
    ("116_dkim/DKIM Reject Oversized Header List", "dkim"): ("permerror", NO_KEY),
    ("116_dkim/DKIM Accept Large Key Below Limit", "dkim"): ("permerror", NO_KEY),
    ("116_dkim/DKIM Unparseable Signatures Count Towards Limit", "dkim"): ("permerror", NO_KEY),
    ("115_dmarc/DMARC SUBDOMAIN PASS DKIM RELAXED ALIGNMENT", "dmarc"): ("fail", WALK),
    ("115_dmarc/DMARC PCT ZERO REJECT", "disposition"): ("reject", NO_SHARE),
}


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
        if name(row) in RELAY or (kind == "auth-message" and "spf" not in row["expected"]):
            continue
        result, good = right(folder, row)
        total[row["origin"]] += 1
        reached[row["origin"]] += good
        if not good:
            wrong[name(row)] = result
    for origin, count in total.items():
        print(f"{kind}: {origin}: {reached[origin]} of {count}")
    named = {case: result for case, (result, _) in DEVIATIONS.items() if case.startswith("dmarc") == (kind == "dmarc")}
    assert wrong == ({} if kind in ("spf", "arc-verify") else named)
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


def test_arc_of_every_chain() -> None:
    def right(folder: Path, row: dict[str, Any]) -> tuple[str, bool]:
        given = arc(folder, row).result
        return given, given == row["expected"]["cv"]

    tell("arc-verify", right, least=80)


def test_whole_mails_one_by_one() -> None:
    seen: Counter[str] = Counter()
    wrong: dict[tuple[str, str], str] = {}
    for folder, row in cases("auth-message"):
        given = message(folder, row)
        for method, result, expected in _told(row, given):
            if method == "spf":  # judged above, with its own reasons
                continue
            seen[method] += 1
            if result != expected:
                wrong[name(row), method] = result
    assert wrong == {at: result for at, (result, _) in MESSAGES.items()}
    assert seen >= Counter(dkim=10, dmarc=8, arc=1, disposition=5)


def test_the_keys_that_are_said_to_be_missing_are_missing() -> None:
    lacking = {case for (case, _), (_, why) in MESSAGES.items() if why == NO_KEY}
    for folder, row in cases("auth-message"):
        if name(row) not in lacking:
            continue
        claims = evidence(read_signed((folder / row["file"]).read_bytes())).dkim
        answers = [message_zone(folder / row["dns"])(one.question) for one in claims if isinstance(one, Claim)]
        assert answers, row["id"]
        assert not any(one.found for one in answers), row["id"]
        lacking.remove(name(row))
    assert not lacking


def _told(row: dict[str, Any], given: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Each method of which a whole mail's case says what is expected: the method, what we say, what is expected.

    The disposition is what the domain in From asks for where DMARC fails; where it does not, nothing is asked for.
    """
    results = given | {"disposition": given["policy"] if given["dmarc"] == "fail" else "none"}
    for method in ("spf", "dkim", "dmarc", "arc", "disposition"):
        if method in row["expected"]:
            yield method, results[method], row["expected"][method]


def one_by_one() -> Iterator[str]:
    """A line for each method of each whole mail: what we say, and why where something else is expected."""
    for folder, row in cases("auth-message"):
        for method, result, expected in _told(row, message(folder, row)):
            line = f"{name(row)}: {method}: {result}"
            yield line if result == expected else f"{line}, expected {expected}: {_reason(name(row), method)}"


def _reason(case: str, method: str) -> str:
    if method == "spf":
        return DEVIATIONS[case][1] if case in DEVIATIONS else RELAYED
    return MESSAGES[case, method][1] if (case, method) in MESSAGES else "no reason is known"


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
