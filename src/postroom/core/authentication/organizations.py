"""Which domains belong together: the part of a name that somebody registered, by the list of public suffixes."""

from __future__ import annotations

from functools import cache, lru_cache

from publicsuffixlist import PublicSuffixList


def belongs(domain: str, author: str) -> bool:
    """Whether a domain may vouch for an author's: the same organisation (RFC 9989 §4.4, relaxed), by the list of public
    suffixes, since most domains publish nothing that the walk of §4.10 could find.
    """
    return bool(domain) and (domain == author or organization(domain) == organization(author) != "")


@lru_cache(maxsize=4096)
def organization(domain: str) -> str:
    """The registered domain of a name, in small letters; empty for a public suffix and for what is no name."""
    return _suffixes().privatesuffix(domain.lower()) or ""


def registered(domain: str) -> tuple[str, str]:
    """The registered domain of a name and its public suffix; a name of which nobody knows that is taken whole."""
    whole = organization(domain) or domain.lower()
    return whole, whole.partition(".")[2]


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()
