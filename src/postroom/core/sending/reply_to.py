"""Reply-To: an address of ours that names the copy, and under which name it is shown."""

from __future__ import annotations

from postroom.core.addresses import Address
from postroom.core.sending.facts import SendingFacts
from postroom.core.subaddress import join

LONGEST_FIELD = 68  # characters of `"Name" <address>`: some servers cut or refuse what is longer


def reply_address(base: str, token: str, separator: str, catchall: str = "") -> str:
    """`base` with its token: `sales+TOKEN@acme.example`.

    Where that exceeds the 64 octets of a local part (RFC 5321 §4.5.3.1.1), the catchall with the token; where there is
    none or it is too long as well, `base` as it is. Without a token or separator nothing is added.
    """
    if not (base and token and separator):
        return base
    return _tagged(base, token, separator) or _tagged(catchall, token, separator) or base


def reply_separator(facts: SendingFacts) -> str:
    """By which separator tokens may be put into the Reply-To; empty where it is not at the alias domain, too."""
    return facts.tag if facts.reply_to and facts.reply_to.rpartition("@")[2] == facts.alias_domain else ""


def reply_mailbox(name: str, email: str) -> Address:
    """The mailbox of a Reply-To field: with the name where both fit into 68 characters, else the address alone."""
    return Address(email, name if len(name) + len(email) + len('"" <>') <= LONGEST_FIELD else "")


def _tagged(address: str, token: str, separator: str) -> str:
    local, at, domain = address.rpartition("@")
    tagged = join(local, token, separator) if at and local else None
    return f"{tagged}@{domain}" if tagged else ""
