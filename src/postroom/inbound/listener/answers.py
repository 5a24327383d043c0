"""The words of a session: paths as commands carry them, answers with their codes, the trace that a mail gets."""

from __future__ import annotations

import re
from datetime import datetime
from email.utils import format_datetime

from postroom.inbound.services import Arrival

# The library's answers lack the enhanced code that EHLO announces (RFC 2034); this is what each of them means.
ENHANCED = {
    "214": "2.0.0",
    "221": "2.0.0",
    "250": "2.0.0",
    "454": "4.7.0",
    "500": "5.5.2",
    "501": "5.5.4",
    "502": "5.5.1",
    "503": "5.5.1",
    "553": "5.1.3",
    "554": "5.7.0",
    "555": "5.5.4",
}
NULL = "<>"  # a path without an address: a report, which nobody may answer by another report

_CODES = re.compile(r"([245]\d\d)(?: ([245]\.\d{1,3}\.\d{1,3}))?(?: |$)")
_PATH = re.compile(r'<(?:@[^<>:"\s]*:)?((?:"(?:[^"\\]|\\.)*"|[^<>"\s])*)>(?=\s|$)|([^<>"\s]+)(?=\s|$)')
_UNSAFE = re.compile(r"[^\x21-\x7e]")


def read_path(text: str) -> tuple[str, str] | None:
    """Address and parameters of MAIL or RCPT (RFC 5321 §4.1.2), None where they can't be told apart.

    A source route is passed over, angle brackets may be missing. What is no text (controls, bytes that are not UTF-8)
    is no address.
    """
    match = _PATH.match(text)
    if match is None or not text.isprintable():
        return None
    return match[1] or match[2] or NULL, text[match.end() :].strip()


def clean(text: str) -> str:
    """Text from a peer as it may be kept: no controls, nothing that UTF-8 can't write."""
    return text if text.isprintable() else "".join(c if c.isprintable() else "?" for c in text)


def with_enhanced_code(answer: str) -> str:
    """An answer of one line with its enhanced status code (RFC 3463)."""
    match = _CODES.match(answer)
    if match is None or match[2] or match[1] not in ENHANCED:
        return answer
    return f"{match[1]} {ENHANCED[match[1]]} {answer[match.end() :]}"


def parted(answer: str) -> tuple[str, str]:
    """Code and words of an answer; the enhanced code belongs to the code."""
    match = _CODES.match(answer)
    return (match[0].strip(), answer[match.end() :]) if match else ("", answer)


def trace(arrival: Arrival, by: str, at: datetime) -> bytes:
    """Return-Path and Received (RFC 5321 §4.4); everything in them that the peer chose is made harmless."""
    protocol = {"smtp": "ESMTP", "lmtp": "LMTP"}[arrival.source] + ("S" if arrival.tls else "")
    lines = (
        f"Return-Path: <{clean(arrival.sender).replace(' ', '?')}>",
        f"Received: from {_UNSAFE.sub('?', arrival.helo)} ({_literal(arrival.peer)})",
        f"\tby {by} with {protocol} id {arrival.key};",
        f"\t{format_datetime(at)}",
    )
    return "".join(f"{line}\r\n" for line in lines).encode()


def _literal(peer: str) -> str:
    """An address of the network as mail writes it (RFC 5321 §4.1.3)."""
    if peer == "local":
        return "local socket"
    return f"[IPv6:{_UNSAFE.sub('?', peer)}]" if ":" in peer else f"[{peer}]"
