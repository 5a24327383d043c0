"""The Message-ID under which a provider really sends a mail, where its answer to the mail tells it.

Many providers give every mail an id of their own, and answers then name that one. A queue id ("queued as 4F2A…") is no
Message-ID and teaches nothing.
"""

from __future__ import annotations

import re

_BRACKETED = re.compile(r"<([^<>\s@]{1,200}@[^<>\s@]{1,200})>")
_SES_HOST = re.compile(r"email-smtp(?:-fips)?\.([a-z0-9-]{1,40})\.amazonaws\.com\.?")
_SES_ANSWER = re.compile(r"(?:2\.\d\.\d )?ok:? ([0-9a-f][0-9a-f-]{30,100})", re.IGNORECASE)
_SES_FIRST_REGION = "us-east-1"  # there the ids end in email.amazonses.com, elsewhere in the region's name


def learned_message_id(words: str, host: str, ours: str) -> str:
    """The id without brackets that a provider gave a mail; empty where it told none or it is `ours`."""
    told = _told(words[:1000], host.lower())
    return "" if told == ours else told


def _told(words: str, host: str) -> str:
    if region := _SES_HOST.fullmatch(host):
        answer = _SES_ANSWER.match(words)
        if answer:
            place = "email" if region[1] == _SES_FIRST_REGION else region[1]
            return f"{answer[1]}@{place}.amazonses.com"
    bracketed = _BRACKETED.search(words)
    return bracketed[1] if bracketed else ""
