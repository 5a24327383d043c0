"""What servers say in real bounces falls into classes of its own, and they agree with what others made of them.

`python -m tests.corpus.test_reply_classes FOLDER` prints the measures.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from postroom.core.delivery.bounce_rules import Kind
from postroom.core.delivery.reported import meaning
from postroom.core.message.understood import understand
from postroom.core.triage.kinds import ReportedRecipient
from postroom.outbound.replies import rules
from tests.corpus.test_corpora import FLOORS
from tests.support.require import require

BOUNCES = {"bounce": b"", "bounce-text": b"\r\n"}  # of each kind, what stands before its body


def replies(folder: Path) -> Iterator[tuple[ReportedRecipient, dict[str, Any]]]:
    """Each recipient of whom a server said something, with what is expected of that address."""
    for line in (folder / "manifest.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if row["kind"] not in BOUNCES:
            continue
        expected = {one["recipient"]: one for one in row["expected"].get("recipients", ())}
        found = understand(BOUNCES[row["kind"]] + (folder / row["file"]).read_bytes()).triage.recipients
        yield from ((one, expected.get(one.address, {})) for one in found if one.smtp or one.status)


def measures(folder: Path) -> dict[str, float]:
    """Percent of replies with a class of their own, and of those whose class agrees with what is expected."""
    right: dict[str, list[bool]] = defaultdict(list)
    for one, expected in replies(folder):
        meant = meaning(one, rules())
        if meant.reply is None:
            continue
        found = meant.reply
        right["named"].append(found.is_named)
        if one.smtp:
            right["named with a code"].append(found.is_named)
        if "hard" in expected:
            right["address is dead"].append(meant.address_is_dead == bool(expected["hard"]))
        if "temporary" in expected:
            right["temporary or permanent"].append((found.kind is Kind.TEMPORARY) == bool(expected["temporary"]))
    return {name: round(100 * sum(some) / len(some), 1) for name, some in right.items()}


def test_what_servers_say_is_understood() -> None:
    reached, floors = measures(require("corpora") / "bounces"), FLOORS["reply classes"]
    below = {name: (reached.get(name), floor) for name, floor in floors.items() if reached.get(name, 0) < floor}
    assert not below, f"reached, floor: {below}"
    assert set(reached) == set(floors)


if __name__ == "__main__":
    print(json.dumps(measures(Path(sys.argv[1])), indent=1))
