"""Measures of the corpora that their scorer leaves out, because tools differ in what they count.

`attachments` is the number of attachments: of the mails that say how many they have, those with as many. A report's
parts and pictures within the text count, since we keep each as a file; other tools leave some of them out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tests.corpus.scores import Measures, origin, rows

LONGEST = 1.0  # seconds that the reading of one reply may take


def own_measures(folder: Path, answers: Sequence[dict[str, Any]]) -> Iterator[tuple[str, Measures]]:
    """The measures of each origin, those with the most cases first, and of all; nothing where the corpus has none."""
    right: dict[str, Counter[str]] = {}
    total: dict[str, Counter[str]] = {}
    for row, answer in zip(rows(folder), answers, strict=True):
        for measure, good in _judged(row, answer):
            for name in (origin(row), "all"):
                total.setdefault(name, Counter())[measure] += 1
                right.setdefault(name, Counter())[measure] += good
    for name, counted in sorted(total.items(), key=lambda one: (one[0] == "all", -one[1].total())):
        yield name, {measure: _measure(right[name][measure], of) for measure, of in counted.items()}


def _measure(right: int, of: int) -> dict[str, float]:
    return {"right": right, "of": of, "percent": round(100 * right / of, 1)}


def _judged(row: dict[str, Any], answer: dict[str, Any]) -> Iterator[tuple[str, bool]]:
    expected = row["expected"]
    if row["kind"] == "message" and "attachment_count" in expected:
        yield "attachment count", len(answer.get("attachments") or ()) == expected["attachment_count"]
    if row["kind"] in ("reply-text", "reply-html"):
        yield "never raises", not answer.get("error")
        yield "in time", answer["seconds"] <= LONGEST
    if row["kind"] == "auth-message" and "disposition" in expected:
        given = answer["auth"]
        asked = given["policy"] if given["dmarc"] == "fail" else "none"
        yield "message disposition", asked == expected["disposition"]
