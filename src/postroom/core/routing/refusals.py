"""What a sender is told when a mail is not taken: the same code and words at the door and in the rules.

Each refusal is (code, words): the code holds the reply code and the enhanced status code (RFC 5321 §4.2, RFC 3463).
"""

from __future__ import annotations

from postroom.core.routing.facts import WhoMayWrite

Refusal = tuple[str, str]

_WRITERS = {
    WhoMayWrite.CONTACTS: "addresses that we know as contacts",
    WhoMayWrite.FOLLOWERS: "people who follow it",
    WhoMayWrite.EMPLOYEES: "people who work here",
}


def unknown_address(address: str) -> Refusal:
    """The domain is ours, the name is nobody's."""
    return "550 5.1.1", f"There is nobody here named {_shown(address)}. Please check the address."


def foreign_domain(domain: str) -> Refusal:
    """Not a domain of ours: taking it would make an open relay."""
    return "550 5.7.1", f"We do not take mail for {_shown(domain)} and pass nothing on."


def catchall_only(help_address: str) -> Refusal:
    """Written to the address that collects answers, and not an answer to anything."""
    words = "This address collects answers to mail from us, and this is not an answer that we recognise."
    return "550 5.7.1", f"{words} Please write to {_shown(help_address)} instead." if help_address else words


def may_not_write(address: str, who: WhoMayWrite) -> Refusal:
    """The alias takes mail from some people only."""
    return "550 5.7.1", f"{_shown(address)} takes mail only from {_WRITERS.get(who, 'people who may write to it')}."


def unproved(sender: str) -> Refusal:
    """Mail under an address of our own people that nothing authenticates (RFC 7372 §3.3)."""
    words = f"Nothing proves that this mail is from {_shown(sender)}. Please send it by the mail server of that domain."
    return "550 5.7.26", words


def filtered_out() -> Refusal:
    """A filter wants it refused (RFC 3463 §3.8: by policy)."""
    return "550 5.7.1", "This mail was taken for spam. Please write to us in another way."


def too_large(limit: int) -> Refusal:
    """Above the size limit; `limit` is in bytes; the words count 1,048,576 of them as a MB."""
    return "552 5.3.4", f"This mail is larger than the {limit >> 20} MB that we take."


def too_many_recipients(limit: int) -> Refusal:
    """More recipients than one mail may have here; the rest may be sent again (RFC 5321 §4.5.3.1.10)."""
    return "452 4.5.3", f"Too many recipients: at most {limit} in one mail. Please send the rest separately."


def bare_line_ending() -> Refusal:
    """A CR or LF that stands alone can hide a second mail."""
    return "550 5.5.2", "Lines have to end with CR LF; this mail holds a CR or LF that stands alone."


def line_too_long(limit: int) -> Refusal:
    """A line longer than the door reads; `limit` is in bytes; the words count 1,048,576 of them as a MB."""
    return "550 5.5.2", f"This mail holds a line longer than {limit} bytes."


def busy() -> Refusal:
    """Too much is waiting to be written: nothing is taken that could not be kept."""
    return "451 4.3.1", "Too much mail is waiting here. Please try again in a few minutes."


def not_kept() -> Refusal:
    """Storage did not take the mail."""
    return "451 4.3.0", "The mail could not be stored just now. Please try again in a few minutes."


def _shown(address: str) -> str:
    """An address fit for one line of an answer: no controls, no line ends, not endless."""
    shown = "".join(c if c.isprintable() else "?" for c in address[:254])
    return shown or "that address"
