"""View models that several pages share: frozen values with defaults, so that a template never misses a name."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

HUES = (25, 60, 95, 120, 155, 180, 205, 250, 285, 330)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an avatar: initials, and a hue that is always the same for them. `url` is the page about them.
    `masked`: the name may not be theirs, so the avatar is nobody's.
    """

    name: str = ""
    email: str = ""
    url: str = ""
    masked: bool = False

    @property
    def shown(self) -> str:
        return self.name or self.email

    @property
    def initials(self) -> str:
        words = [word for word in self.shown.replace("@", " ").split() if word[0].isalnum()]
        chosen = [words[0], words[-1]] if self.name and len(words) > 1 else words[:1]
        return "".join(word[0] for word in chosen).upper() or "?"

    @property
    def hue(self) -> int:
        seed = self.shown.lower().encode("utf-8", "replace")
        return HUES[zlib.crc32(seed) % len(HUES)]


@dataclass(frozen=True, slots=True)
class Fact:
    """A line of a fact list. `href` makes it a link; `wire` shows it in the mono face."""

    label: str
    value: str = ""
    href: str = ""
    wire: bool = False
