"""`python -m tests.corpus [FOLDER …]`: every measure of these corpora by origin, then in all; of whole mails that were
authenticated each one, with the reason where we say otherwise than expected.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.corpus.answers import answers
from tests.corpus.own_measures import own_measures
from tests.corpus.scores import by_origin, score, told
from tests.corpus.test_authentication import one_by_one
from tests.support.require import find

CORPORA = ("bounces", "replies", "mime", "auth", "traffic")


def main(names: Sequence[str]) -> int:
    """Print the measures; 1 where this machine has no corpora."""
    corpora = find("corpora")
    if corpora is None:
        print("The corpora are not here: set POSTROOM_CORPORA.", file=sys.stderr)
        return 1
    for name in names or CORPORA:
        _print(corpora / name)
    return 0


def _print(folder: Path) -> None:
    given = list(answers(folder))
    with tempfile.TemporaryDirectory() as work:
        for origin, measures in by_origin(folder, given, Path(work)):
            print(*told(folder.name, origin, measures), sep="\n")
        print(*told(folder.name, "all", score(folder, given, Path(work))), sep="\n")
    for origin, measures in own_measures(folder, given):
        print(*told(folder.name, origin, measures), sep="\n")
    if folder.name == "auth":
        print(*one_by_one(), sep="\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
