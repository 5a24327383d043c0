"""One stylesheet and one script for a page, put together from the files of `static/postroom` in a fixed order.

There are two of each: what members work with all day, and the office behind it. A page loads those of its area; lists
and the pages of contacts bring scripts of their own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.base import ContentFile, File
from django.core.files.storage import Storage

FOLDER = Path(__file__).parent / "static" / "postroom"
DESK = frozenset({"contacts", "inbox", "records", "search"})
"""The areas where members work; all other pages are the office's."""
# Those of every page; the narrow screens come last, and `app` gives what others share.
STYLES = ("tokens", "base", "shell", "parts", "fields", "lists", "choosing", "pages", "search")
SCRIPTS = ("app", "live", "inbox", "frames", "suggest", "copies", "search")
BUNDLES = {
    "postroom/desk.css": (*STYLES, "thread", "composer", "record", "copies", "inbox", "records", "narrow"),
    "postroom/office.css": (
        *STYLES, "thread", "copies", "settings", "addresses", "people", "outbox", "queue", "home", "hosting",
        "downloads", "narrow",
    ),
    "postroom/desk.js": (*SCRIPTS, "composer", "sent", "record"),
    "postroom/lists.js": ("records", "contacts"),  # second ones for the pages that say so
    "postroom/contacts.css": ("contacts",),
    "postroom/office.js": (*SCRIPTS, "settings", "addresses", "welcome"),
}  # fmt: skip


_COMMENTS = re.compile(r"/\*.*?\*/", re.DOTALL)
_ROOM = re.compile(r"\s*([{};])\s*|([:,])\s+")  # white space that means nothing; that before a colon does


def bundle_of(module: str) -> str:
    """The bundle, `desk` or `office`, of a page whose view stands in a module of `web.pages`."""
    area = module.partition("web.pages.")[2].partition(".")[0]
    return "desk" if area in DESK else "office"


def files(bundle: str) -> list[str]:
    """The names of the files that a bundle is made of, in order."""
    return [name + Path(bundle).suffix for name in BUNDLES[bundle]]


def contents(bundle: str) -> bytes:
    """A bundle's files, one after the other, without comments and indentation; styles on one line."""
    texts = ((FOLDER / name).read_text(encoding="utf-8") for name in files(bundle))
    if bundle.endswith(".css"):
        return "".join(_ROOM.sub(r"\1\2", _COMMENTS.sub("", text)).strip() for text in texts).encode()
    return "".join(map(_plain, texts)).encode()


def _plain(text: str) -> str:
    """Only lines that say something: a comment is a line of its own, and no string goes over a line's end."""
    lines = (line.strip() for line in text.splitlines())
    return "".join(f"{line}\n" for line in lines if line and not line.startswith("//"))


class _Bundles(Storage):
    """The bundles as files that exist only when they are read."""

    prefix = ""

    def exists(self, name: str) -> bool:
        return name in BUNDLES

    def _open(self, name: str, mode: str = "rb") -> File[bytes]:
        return ContentFile(contents(name), name)

    def path(self, name: str) -> str:
        return str(FOLDER.parent / name)  # for words only: it has no file of its own


class BundleFinder(BaseFinder):
    """Shows the bundles to `collectstatic`."""

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> list[str]:  # type: ignore[override]
        """No path: a bundle has no file of its own before it is collected."""
        return []

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, Storage]]:
        """Every bundle with the storage that reads it."""
        storage = _Bundles()
        return ((name, storage) for name in BUNDLES)
