"""Which provider an address, the MX hosts of its domain or a server's name belongs to."""

from __future__ import annotations

from collections.abc import Sequence

from postroom.outbound.providers.catalogue import PROVIDERS
from postroom.outbound.providers.provider import Provider


def provider_for(address: str, mx_hosts: Sequence[str] = ()) -> Provider | None:
    """The provider of a mailbox: by its domain, else by who takes mail for that domain, the preferred MX first.

    `mx_hosts` are the host names of the domain's MX records; without them only the providers' own domains are known.
    """
    domain = _plain(address.rpartition("@")[2])
    if "@" not in address or not domain:
        return None
    for one in PROVIDERS.values():
        if domain in one.domains:
            return one
    for host in map(_plain, mx_hosts):
        if found := _by_end(host, "mx"):
            return found
    return None


def provider_of_host(host: str) -> Provider | None:
    """The provider whose server has this name."""
    return _by_end(_plain(host), "hosts") if host else None


def _by_end(host: str, field: str) -> Provider | None:
    for one in PROVIDERS.values():
        if any(host == end or host.endswith(f".{end}") for end in getattr(one, field)):
            return one
    return None


def _plain(name: str) -> str:
    return name.strip().rstrip(".").lower()
