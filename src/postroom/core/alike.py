"""Addresses that may lead into one mailbox: dots in the local part and tags behind a plus, which many providers ignore.

Only the owner of a domain knows what its local parts mean (RFC 5321 §2.3.11): this is never more than a suggestion, and
nothing is attributed by it.
"""

from __future__ import annotations

LONGEST_TAG = 20  # characters; longer ones are made by machines, one for each mail or recipient
_NAMES_OF_ONE = ({"gmail.com", "googlemail.com"},)  # domains of one provider at which a local part is the same box


def plain_local(email: str) -> str:
    """What is left of a normalised address's local part without dots and without a tag; empty where nothing can be
    said: it is quoted, has no name before the plus, or its tag is a machine's.
    """
    local = email.rpartition("@")[0]
    if local.startswith('"'):
        return ""
    name, _, tag = local.partition("+")
    return "" if len(tag) > LONGEST_TAG else name.replace(".", "")


def like_domains(email: str) -> frozenset[str]:
    """The domain of an address, and those that are other names of the same provider."""
    domain = email.rpartition("@")[2]
    return next((frozenset(names) for names in _NAMES_OF_ONE if domain in names), frozenset({domain}))


def alike(one: str, other: str) -> bool:
    """Whether two normalised addresses differ in nothing but dots, a tag, or the name of their provider."""
    plain = plain_local(one)
    if not plain or one == other or plain != plain_local(other):
        return False
    return other.rpartition("@")[2] in like_domains(one)
