"""What replies mean: the table of classes, read once, and the class of a reply."""

from __future__ import annotations

import tomllib
from functools import cache, lru_cache
from importlib.resources import files

from postroom.core.delivery.bounce_rules import ReplyClass, Rules, classify, rules_of

TABLE = "bounce_rules.toml"


@cache
def rules() -> Rules:
    """The classes of replies that come with Postroom."""
    return rules_of(tomllib.loads(files("postroom.core.delivery").joinpath(TABLE).read_text("utf-8")))


@lru_cache(maxsize=1024)  # what one server says to many copies in a row is mostly the same
def reply_class(code: int, enhanced: str, words: str, phase: str) -> ReplyClass:
    """The class of what a server said; always one. `phase` as in `Outcome.phase`, `code` 0 where nothing was said."""
    return classify(code, enhanced, words, phase, rules())


def described(key: str) -> ReplyClass | None:
    """The class with this key; None where there is none, or none any more."""
    return rules().classes.get(key)
