"""Addresses that nothing of ours connects to, whoever names them: those by which machines ask about themselves."""

from __future__ import annotations

from functools import cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

NAT64 = ip_network("64:ff9b::/96")  # RFC 6052: an IPv4 address stands in its last 32 bits
METADATA = frozenset(map(ip_address, ("fd00:ec2::254", "100.100.100.200", "168.63.129.16")))  # not in 169.254.0.0/16


def parsed(host: str) -> IPv4Address | IPv6Address | None:
    """The address that `host` is, brackets and zone aside; None where it is a name."""
    try:
        return ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        return None


@cache
def listed_networks(listed: str) -> tuple[IPv4Network | IPv6Network, ...]:
    """Networks as a setting has them, by commas."""
    return tuple(ip_network(one.strip()) for one in listed.split(",") if one.strip())


def within(address: IPv4Address | IPv6Address, listed: str) -> bool:
    """Whether an address is in one of these networks."""
    return any(address in network for network in listed_networks(listed))


def is_refused(address: str) -> bool:
    """Whether a server must not be looked for there: link-local (RFC 3927, RFC 4291 §2.5.6), metadata services of
    clouds, multicast, or no address at all. Private and loopback addresses are where own relays live.
    """
    found = _embedded(parsed(address))
    if found is None or found in METADATA:
        return True
    if found.is_loopback:  # ::1 counts as reserved
        return False
    return found.is_link_local or found.is_multicast or found.is_unspecified or found.is_reserved


def is_private(address: str) -> bool:
    """Whether an address is not one of the public internet (IANA's special-purpose registries), or none at all."""
    found = _embedded(parsed(address))
    return found is None or not found.is_global or is_refused(address)


def _embedded(found: IPv4Address | IPv6Address | None) -> IPv4Address | IPv6Address | None:
    """The IPv4 address that an IPv6 address leads to, where it is mapped or translated."""
    if not isinstance(found, IPv6Address):
        return found
    if found in NAT64:
        return IPv4Address(int(found) & 0xFFFFFFFF)
    return found.ipv4_mapped or found.sixtofour or found
