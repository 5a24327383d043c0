"""What answers are worth: every measure of a corpus, in all and by the origin of its cases.

The scorer comes with the corpora and tells only sums; an origin is scored by giving it a folder of that origin's cases.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

Measures = dict[str, dict[str, float]]  # of each: `right`, `of`, `percent`


def rows(folder: Path) -> list[dict[str, Any]]:
    """The cases of a corpus, in the order of its manifest."""
    return [json.loads(line) for line in (folder / "manifest.jsonl").read_text(encoding="utf-8").splitlines()]


def origin(row: dict[str, Any]) -> str:
    """Where a case comes from: the project, without the file in it."""
    return str(row["origin"]).partition(":")[0]


def score(folder: Path, answers: Sequence[dict[str, Any]], work: Path) -> Measures:
    """Every measure of a corpus; `work` is a folder that may be written to."""
    return _scored(folder.parent / "score.py", folder.name, rows(folder), answers, work)


def by_origin(folder: Path, answers: Sequence[dict[str, Any]], work: Path) -> Iterator[tuple[str, Measures]]:
    """Every measure of each origin, those with the most cases first."""
    groups: dict[str, list[tuple[dict[str, Any], dict[str, Any]]]] = {}
    for row, answer in zip(rows(folder), answers, strict=True):
        groups.setdefault(origin(row), []).append((row, answer))
    for name, pairs in sorted(groups.items(), key=lambda one: -len(one[1])):
        cases, given = zip(*pairs, strict=True)
        yield name, _scored(folder.parent / "score.py", folder.name, cases, given, work)


def _scored(
    program: Path, name: str, cases: Sequence[dict[str, Any]], answers: Sequence[dict[str, Any]], work: Path
) -> Measures:
    """The scorer looks at a folder's name to know what it scores, and at nothing in it but the manifest."""
    folder, given = work / name, work / f"{name}.answers.jsonl"
    folder.mkdir(exist_ok=True)
    (folder / "manifest.jsonl").write_text(_lines(cases), encoding="utf-8")
    given.write_text(_lines(answers), encoding="utf-8")
    command = [sys.executable, str(program), str(folder), str(given)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: Measures = json.loads(done.stdout)
    return found


def _lines(values: Sequence[dict[str, Any]]) -> str:
    return "".join(json.dumps(value) + "\n" for value in values)


def told(corpus: str, name: str, measures: Measures) -> Iterator[str]:
    """A line for each measure: corpus, origin, measure, how many of how many."""
    for measure, found in measures.items():
        yield f"{corpus}: {name}: {measure}: {found['right']:g} of {found['of']:g} ({found['percent']} %)"
