"""What a delivery report means for one recipient: the class of the reply, a status, whether the address is dead.

The classes are those of `bounce_rules`: a server's words mean the same whether it said them to us or to another server.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from postroom.core.delivery.bounce_rules import ReplyClass, Rules, Scope, classify
from postroom.core.triage.kinds import NEWS_IS_GOOD, ReportedRecipient

# A status about the address (RFC 3463 X.1.Z), or a code that only an address is answered with (RFC 5321 §4.3.2).
_OF_ADDRESS = re.compile(r"5\.1\.")
_CODES_OF_ADDRESS = frozenset({"551", "553"})
_AT_GREETING = re.compile("refused to talk to me|after initial connection|in reply to (?:ehlo|helo)", re.IGNORECASE)
_NOT_UNDERSTOOD = "901"  # somebody said something that is of no class
_NOT_PROVED = "910"  # what x.0.nnn ends with where an address may be dead
_NEUTRAL = {"4": 499, "5": 599}  # codes of no class of their own: they tell the grade and nothing else


@dataclass(frozen=True, slots=True)
class Meaning:
    """What is made of a reported recipient.

    `reply` is None of good news. `status` is the code that the report or the server gives; where neither does, the
    class or grade stands for it as x.0.9nn, which RFC 3463 does not define: no server can have said it.
    `address_is_dead`: there is no such mailbox, or it is closed for good, not merely this mail refused.
    """

    reply: ReplyClass | None
    status: str
    address_is_dead: bool


def meaning(one: ReportedRecipient, rules: Rules) -> Meaning:
    """What the report means for this recipient; total."""
    if one.action in NEWS_IS_GOOD:
        return Meaning(None, one.status, address_is_dead=False)
    grade = _grade(one)
    reply = _reply(one, int(one.smtp or _NEUTRAL[grade]), rules)
    proved = reply.scope is not Scope.ADDRESS or _is_of_address(one)
    status = one.status or f"{grade}.0.{_detail(one, reply, proved=proved)}"
    return Meaning(reply, status, reply.address_is_dead and proved and not status.startswith("4"))


def _is_of_address(one: ReportedRecipient) -> bool:
    """Whether it is certain that somebody spoke of the address.

    A server that did not answer RCPT may have spoken of the mail, to all its recipients at once (RFC 5321 §3.3). Where
    no server gave a code, the reporting system speaks for itself.
    """
    if _OF_ADDRESS.match(one.status) or one.phase == "rcpt" or one.smtp in _CODES_OF_ADDRESS:
        return True
    return not one.smtp and one.phase != "data"


def _detail(one: ReportedRecipient, reply: ReplyClass, *, proved: bool) -> str:
    if not reply.is_named and (one.reason or one.besides):
        return _NOT_UNDERSTOOD
    return _NOT_PROVED if reply.address_is_dead and not proved else reply.stands_for


def _reply(one: ReportedRecipient, code: int, rules: Rules) -> ReplyClass:
    """By the surest words that tell anything: from the code on, then all about this recipient, then what is besides."""
    begun = one.reason.find(one.smtp) if one.smtp else -1
    greeting = _AT_GREETING.search(one.reason[: max(begun, 0)])
    said = (one.reason[greeting.start() if greeting else begun :] if begun > 0 else "", one.reason, one.besides)
    found = (classify(code, one.status, words, "rcpt", rules) for words in said if words)
    reply = next((reply for reply in found if reply.is_named), None)
    return reply or classify(code, one.status, one.reason, "rcpt", rules)


def _grade(one: ReportedRecipient) -> str:
    """4 or 5: by the status, else the code, else by whether the server still tries."""
    said = one.status[:1] or one.smtp[:1]
    return said if said in _NEUTRAL else "4" if one.action == "delayed" else "5"
