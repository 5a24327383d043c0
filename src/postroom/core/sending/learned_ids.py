"""The Message-ID under which a provider really sends a mail, where its answer to the final dot tells it.

Some providers give every mail an id of their own, and answers to the mail then name that one. A queue id ("queued as
4F2A…") is no Message-ID and teaches nothing, nor does an address that an answer repeats.
"""

from __future__ import annotations

import re

from postroom.core.message_ids import LONGEST_ID

_LOOKED_AT = 1000  # characters
# `250 2.6.0 <id> [InternalId=…]`, `250 2.0.0 OK <id> [Hostname=…]`, `250 Message queued as <id>`, `message-id: <id>`.
# Codes of the kind x.1.x are about an address (RFC 3463 §3.2), and so is `<address> 4bXy Saved` of local delivery.
_BRACKETED = re.compile(
    r"(?:\b(?:ok|as|id)|\b2\.[02-7]\.[0-9]{1,3})[ :=]{1,3}<([!-;=?A-~]{1,900}@[!-;=?A-~]{1,255})>", re.IGNORECASE
)
_OF_AN_ADDRESS = re.compile(r"\b2\.1\.[0-9]{1,3}\b|\bsaved\W*\Z", re.IGNORECASE)

_SES_HOST = re.compile(r"email-smtp(?:-fips)?\.([a-z0-9-]{1,40})\.(?:vpce\.)?amazonaws\.com(?:\.cn)?")
_SES_ANSWER = re.compile(r"\bok ([0-9a-f]{16}(?:-[0-9a-f]{4,12}){5}-[0-9]{6})(?!\S)", re.IGNORECASE)
_SES_FIRST_REGION = "us-east-1"  # there ids end in email.amazonses.com, elsewhere in the region's name


def learned_message_id(words: str, host: str, ours: str) -> str:
    """The id without brackets that a provider gave a mail; empty where it told none or it is `ours`.

    `words` is the answer, with or without its code; `host` the server that gave it.
    """
    words = words[:_LOOKED_AT]
    told = _of_amazon(words, host.lower().rstrip(".")) or _in_brackets(words)
    return "" if told == ours or len(told) > LONGEST_ID else told


def _of_amazon(words: str, host: str) -> str:
    endpoint = host.partition("email-smtp")  # a private endpoint has a name of its own before it
    region = _SES_HOST.fullmatch("".join(endpoint[1:]))
    answer = _SES_ANSWER.search(words) if region else None
    if not region or not answer:
        return ""
    place = "email" if region[1] == _SES_FIRST_REGION else region[1]
    return f"{answer[1].lower()}@{place}.amazonses.com"


def _in_brackets(words: str) -> str:
    if "<" not in words or _OF_AN_ADDRESS.search(words):
        return ""
    found = _BRACKETED.search(words)
    return found[1] if found else ""
