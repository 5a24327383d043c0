"""rspamd, asked over HTTP what it thinks of a mail (its `/checkv2`); off until an administrator says where it is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from postroom.inbound.filters.protocol import Answer, CannotSay, Said, Shown
from postroom.infra.config import config
from postroom.infra.http import NoAnswer, Url, post

LARGEST_ANSWER = 1024 * 1024  # bytes
MOST_SYMBOLS = 3  # that are named as reasons
MOST_RECIPIENTS = 20  # that it is told of

ANSWERS: Mapping[str, Answer] = {  # what it does not name here, such as greylisting, is for who takes mail at the door
    "reject": Answer.REFUSE,
    "quarantine": Answer.HOLD,
    "add header": Answer.HOLD,
    "rewrite subject": Answer.HOLD,
}


class Rspamd:
    """The filter with the key `rspamd`."""

    key = "rspamd"

    def is_on(self) -> bool:
        return bool(config().rspamd_url)

    async def ask(self, shown: Shown) -> Said:
        if len(shown.raw) > config().filter_max_size:
            raise CannotSay(f"rspamd was not asked: the mail is larger than {config().filter_max_size:,} bytes.")
        try:
            url = Url.read(config().rspamd_url).at("/checkv2")
            answer = await post(url, shown.raw, _fields(shown), seconds=config().filter_seconds, most=LARGEST_ANSWER)
        except NoAnswer as error:
            raise CannotSay(f"rspamd could not be asked: {error}") from None
        if answer.status != 200:
            raise CannotSay(f"rspamd could not be asked: it answered {answer.status}.")
        return _said(_read(answer.body))


def _fields(shown: Shown) -> list[tuple[str, str]]:
    """The envelope, as it wants to be told; only what a header field can carry."""
    told = [("IP", shown.peer), ("Helo", shown.helo), ("From", shown.sender)]
    told += [("Rcpt", one) for one in shown.recipients[:MOST_RECIPIENTS]]
    told += [("Password", config().rspamd_password)]
    return [(name, value) for name, value in told if value and value.isascii() and value.isprintable()]


def _read(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or not isinstance(found.get("action"), str):
        raise CannotSay("rspamd could not be asked: what it answered is not what it should be.")
    return found


def _said(found: Mapping[str, Any]) -> Said:
    answer = ANSWERS.get(found["action"], Answer.ACCEPT)
    if answer is Answer.ACCEPT:
        return Said("rspamd", answer, f"rspamd has nothing against it{_score(found)}.")
    return Said("rspamd", answer, f"rspamd takes it for spam{_score(found)}{_reasons(found)}.")


def _score(found: Mapping[str, Any]) -> str:
    score, limit = found.get("score"), found.get("required_score")
    if not isinstance(score, int | float):
        return ""
    return f": {score:.1f} points" + (f" of {limit:.1f}" if isinstance(limit, int | float) else "")


def _reasons(found: Mapping[str, Any]) -> str:
    """The symbols that weigh most, as it names them."""
    symbols = found.get("symbols")
    if not isinstance(symbols, dict):
        return ""
    scores = {name: one.get("score") for name, one in symbols.items() if isinstance(one, dict)}
    against = {name: score for name, score in scores.items() if isinstance(score, int | float) and score > 0}
    worst = sorted(against, key=lambda name: (-against[name], name))[:MOST_SYMBOLS]
    plain = ["".join(one for one in name if one.isprintable())[:60] for name in worst]
    return f", for {', '.join(plain)}" if plain else ""


FILTER = Rspamd()
