"""Readers of mail that some mails end, stall or upset; a module of its own, which another process can import alone."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence

from postroom.core.message.understood import Understood
from postroom.core.message.understood import understand as really_understand

KILLER, STALLER, UPSETTER = b"Subject: kill\r\n\r\n", b"Subject: stall\r\n\r\n", b"Subject: upset\r\n\r\n"


def understand(raw: bytes) -> Understood:
    """As the real one, but for three mails."""
    if raw == KILLER:
        os._exit(1)
    if raw == STALLER:
        time.sleep(60)
    if raw == UPSETTER:
        raise ZeroDivisionError
    return really_understand(raw)


def understand_all(raws: Sequence[bytes]) -> list[Understood]:
    """Several, in order."""
    return [understand(raw) for raw in raws]
