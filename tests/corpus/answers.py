"""Answers to a corpus folder: `python -m tests.corpus.answers FOLDER [FILE]`, a line of JSON for each case.

The fields are those of `postroom inspect`. A case that raises has its error in `error`; nothing stops the run.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from postroom.core.message.inspect import inspected
from postroom.core.message.quotes import split_html, split_text
from postroom.core.message.sanitize import sanitize
from postroom.core.message.understood import understand
from postroom.outbound.replies import rules
from tests.corpus.authentication import authentication

AUTHENTICATION = frozenset({"spf", "dmarc", "arc-verify", "auth-message"})
NO_HEADER = b"\r\n"
LONG, AGAIN = 0.5, 3  # seconds, and how often


def answers(folder: Path) -> Iterator[dict[str, Any]]:
    """One answer for each line of the manifest, in its order."""
    for line in (folder / "manifest.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        yield {"auth": authentication(folder, row)} if row["kind"] in AUTHENTICATION else _answer(folder, row)


def _answer(folder: Path, row: dict[str, Any]) -> dict[str, Any]:
    """With the seconds of this process: a case that took long is read again, since others may use the machine."""
    answer = _read(folder, row)
    for _ in range(AGAIN):
        if answer["seconds"] < LONG:
            break
        answer = min(answer, _read(folder, row), key=lambda one: float(one["seconds"]))
    return answer


def _read(folder: Path, row: dict[str, Any]) -> dict[str, Any]:
    raw = (folder / row["file"]).read_bytes()
    read = {"reply-text": _reply_text, "reply-html": _reply_html, "bounce-text": _body}.get(row["kind"], _mail)
    started = time.process_time()
    try:
        answer = read(raw)
    except Exception as error:  # noqa: BLE001  the score counts what raises
        answer = {"error": repr(error)}
    return answer | {"file": row["file"], "seconds": time.process_time() - started}


def _mail(raw: bytes) -> dict[str, Any]:
    return inspected(understand(raw), seconds=0.0, rules=rules())


def _body(raw: bytes) -> dict[str, Any]:
    return _mail(NO_HEADER + raw)


def _reply_text(raw: bytes) -> dict[str, Any]:
    return {"reply": split_text(raw.decode("utf-8", "replace")).own}


def _reply_html(raw: bytes) -> dict[str, Any]:
    return {"reply": split_html(sanitize(raw.decode("utf-8", "replace")))[1].own}


def main(arguments: list[str]) -> None:
    """Write the answers to FILE, or to standard output."""
    lines = (json.dumps(answer, ensure_ascii=True) + "\n" for answer in answers(Path(arguments[0])))
    if len(arguments) > 1:
        with Path(arguments[1]).open("w", encoding="utf-8") as out:
            out.writelines(lines)
    else:
        sys.stdout.writelines(lines)


if __name__ == "__main__":
    main(sys.argv[1:])
