"""The console script: looks at the first word before anything is imported."""

from __future__ import annotations

import gc
import sys

# Objects between two looks for garbage: what is loaded stays, and to look at it again and again is a sixth of a start.
WHILE_LOADING = 100_000


def main() -> int:
    """Run the command line; the exit status."""
    if sys.argv[1:2] == ["mailgate"]:
        from postroom import mailgate  # noqa: PLC0415 it has to start at once: a pipe waits

        return mailgate.main(sys.argv[2:])
    gc.set_threshold(WHILE_LOADING, 10, 10)
    from postroom.project.cli.main import run  # noqa: PLC0415 mailgate must not load it

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
