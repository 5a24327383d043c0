"""What a filter is: it is shown a mail before that is routed, and says whether to accept, hold or refuse it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from postroom.core.triage.filtered import Answer, Said

__all__ = ["Answer", "CannotSay", "Filter", "Said", "Shown"]


class CannotSay(Exception):
    """A filter has no answer; the words say why, in a sentence. The mail is routed as if it had not been asked."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A mail as a filter sees it: its bytes, and the envelope as the door noted it. What nobody knows is empty."""

    raw: bytes
    sender: str = ""
    recipients: tuple[str, ...] = ()
    peer: str = ""
    helo: str = ""


class Filter(Protocol):
    """A filter. `key` is its name, in traces too."""

    key: str

    def is_on(self) -> bool:
        """Whether the installation wants it asked; asked for each batch, so it must be quick."""
        ...

    async def ask(self, shown: Shown) -> Said:
        """What it says of one mail, in a sentence; several are asked at once, in one event loop.

        Raises:
            CannotSay: it has no answer.

        """
        ...
