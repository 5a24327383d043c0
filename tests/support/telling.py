"""`python -m tests.support.telling`: reads lines `MODULE VERB` and answers each with what `VERBS[VERB]()` returns.

Each is done in a process of its own, forked from one that has loaded everything: starting Python takes a second.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from importlib import import_module
from typing import Any

import django

django.setup()


def main() -> None:
    """Until nothing more is asked."""
    for line in iter(sys.stdin.readline, ""):
        name, verb = line.split()
        does = import_module(name).VERBS[verb]
        child = os.fork()
        if child == 0:
            _answer(does)
        _, status = os.waitpid(child, 0)
        if status:
            print("null", flush=True)


def _answer(does: Any) -> None:
    """The end of this process."""
    try:
        print(json.dumps(does()), flush=True)
    except BaseException:  # noqa: BLE001 whatever it is, the one who asked is told
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)
    os._exit(0)


if __name__ == "__main__":
    main()
