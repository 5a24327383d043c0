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
    found = (one for host in map(_plain, mx_hosts) for one in PROVIDERS.values() if _ends(host, one.mx))
    return next(found, None)


def provider_of_host(host: str) -> Provider | None:
    """The provider whose server has this name."""
    plain = _plain(host)
    found = (one for one in PROVIDERS.values() if _ends(plain, one.hosts) and plain.startswith(one.host_begins))
    return next(found, None)


def _ends(host: str, ends: Sequence[str]) -> bool:
    return any(host == end or host.endswith(f".{end}") for end in ends)


def _plain(name: str) -> str:
    return name.strip().rstrip(".").lower()
