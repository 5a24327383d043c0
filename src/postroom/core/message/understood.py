"""All that can be learnt from a mail's bytes alone: read, sorted, reduced to what the person wrote, made safe to show.

It runs in the worker's process pool, so it and its result are plain values that can be pickled.
"""

from __future__ import annotations

from dataclasses import dataclass

from postroom.core.message.mail import Mail
from postroom.core.message.parse import parse
from postroom.core.message.quotes import Split, may_quote, split_html, split_text
from postroom.core.message.sanitize import sanitize
from postroom.core.triage.classify import classify
from postroom.core.triage.kinds import Triage


@dataclass(frozen=True, slots=True)
class Understood:
    """A mail, its kind, its own words and its quoted words kept apart, and its HTML made safe.

    `split` is of the text body, or of the text drawn from the HTML where the mail has no text body. `html` is
    sanitised and whole (nothing cut); where quoting was recognised, the element that starts it carries the class
    `pr-quote`.
    """

    mail: Mail
    triage: Triage
    split: Split
    html: str


def understand(raw: bytes) -> Understood:
    """Read one mail; total: any bytes give a value, what is wrong is named in `mail.defects`."""
    mail = parse(raw)
    triage = classify(mail)
    html = sanitize(mail.html)
    if not mail.text:
        html, split = split_html(html)
        return Understood(mail, triage, split, html)
    split = split_text(mail.text)
    if split.quoted or may_quote(html):  # the text says the same words: it tells cheaply where looking is of use
        html = split_html(html)[0]
    return Understood(mail, triage, split, html)
