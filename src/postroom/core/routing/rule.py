"""What a rule is, and what it is asked about."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from postroom.core.message.mail import Mail
from postroom.core.routing.decision import Decision
from postroom.core.routing.facts import Facts, Part, Recipient, ThreadFact
from postroom.core.triage.kinds import Triage


@dataclass(frozen=True, slots=True)
class Arriving:
    """A mail on its way in, and what triage made of it."""

    mail: Mail
    triage: Triage


Rule = Callable[[Arriving, Facts], tuple[Decision, ...] | str]
"""A rule decides, one decision per target, or says in a sentence why the mail is not for it.

It looks only at the recipients in the facts, which no rule has answered so far, and answers at least one of them
where it decides and there are any.
"""

SERVICE = frozenset({Part.CATCHALL, Part.NOTIFICATIONS, Part.BOUNCE})


def addresses(recipients: Iterable[Recipient]) -> tuple[str, ...]:
    """The envelope addresses of some recipients."""
    return tuple(r.address for r in recipients)


def companies(recipient: Recipient) -> tuple[int, ...]:
    """The companies for which an address can be written to: those of its domain, else that of its alias."""
    if recipient.companies or recipient.alias is None:
        return recipient.companies
    return (recipient.alias.company,)


def token_thread(recipient: Recipient) -> ThreadFact | None:
    """The thread that the recipient's token names, where it belongs to a company of that very address."""
    thread = recipient.token_thread
    return thread if thread is not None and thread.company in companies(recipient) else None


def sole_company(recipient: Recipient) -> int:
    """The company of an address where there is just one, else 0."""
    known = companies(recipient)
    return known[0] if len(known) == 1 else 0


def spoken(record: str) -> str:
    """A record reference such as `lead:12`, in a sentence."""
    return record.replace(":", " ", 1)


def sentence(words: str) -> str:
    """Words that close with a full stop."""
    return words if words.endswith(".") else f"{words}."


def listed(names: Iterable[str]) -> str:
    """Names in a sentence; of many, the first three and how many more."""
    all_names = tuple(names)
    if len(all_names) > 4:
        return f"{', '.join(all_names[:3])} and {len(all_names) - 3} more"
    return " and ".join(filter(None, (", ".join(all_names[:-1]), *all_names[-1:])))
