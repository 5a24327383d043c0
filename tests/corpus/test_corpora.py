"""Every measure of the corpora reaches its floor. The floors stand in floors.toml; they may only rise."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.corpus.answers import answers
from tests.support.require import require

FLOORS = tomllib.loads((Path(__file__).parent / "floors.toml").read_text(encoding="utf-8"))


def score(folder: Path, given: Path) -> dict[str, float]:
    """Percent right for each measure, by the scorer that comes with the corpora."""
    program = [sys.executable, str(folder.parent / "score.py"), str(folder), str(given)]
    done = subprocess.run(program, capture_output=True, text=True, check=True)
    return {name: measure["percent"] for name, measure in json.loads(done.stdout).items()}


@pytest.mark.parametrize("name", sorted(FLOORS))
def test_every_measure_reaches_its_floor(name: str, tmp_path: Path) -> None:
    folder = require("corpora") / name
    given = tmp_path / "answers.jsonl"
    given.write_text("".join(json.dumps(answer) + "\n" for answer in answers(folder)), encoding="utf-8")
    reached = score(folder, given)
    below = {measure: (reached.get(measure), floor) for measure, floor in FLOORS[name].items()
             if reached.get(measure, 0) < floor}  # fmt: skip
    assert not below, f"reached, floor: {below}"
