"""Every measure of the corpora reaches its floor. The floors stand in floors.toml; they may only rise."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from tests.corpus.answers import answers
from tests.corpus.own_measures import own_measures
from tests.corpus.scores import Measures, by_origin, score, told
from tests.support.require import require

FLOORS = tomllib.loads((Path(__file__).parent / "floors.toml").read_text(encoding="utf-8"))
ELSEWHERE = {"reply classes", "own measures"}  # tables of measures that the scorer does not have


@pytest.mark.parametrize("name", sorted(set(FLOORS) - ELSEWHERE))
def test_every_measure_reaches_its_floor(name: str, tmp_path: Path) -> None:
    folder = require("corpora") / name
    given = list(answers(folder))
    for origin, measures in by_origin(folder, given, tmp_path):
        print(*told(name, origin, measures), sep="\n")
    below = _below(score(folder, given, tmp_path), FLOORS[name])
    for origin, measures in own_measures(folder, given):
        print(*told(name, origin, measures), sep="\n")
        below |= _below(measures, FLOORS["own measures"][name]) if origin == "all" else {}
    assert not below, f"reached, floor: {below}"


def _below(measures: Measures, floors: dict[str, float]) -> dict[str, tuple[float | None, float]]:
    """What does not reach its floor; a measure that is gone does not reach it either."""
    reached = {name: found["percent"] for name, found in measures.items()}
    return {name: (reached.get(name), floor) for name, floor in floors.items() if reached.get(name, 0) < floor}


def test_a_measure_below_its_floor_or_gone_is_told() -> None:
    measures: Measures = {"near": {"right": 9, "of": 10, "percent": 90.0}}
    assert _below(measures, {"near": 90.0}) == {}
    assert _below(measures, {"near": 91.0, "gone": 1.0}) == {"near": (90.0, 91.0), "gone": (None, 1.0)}
