"""Tags in local parts (RFC 5233), and the wrappings that other systems put around an address (BATV, SRS)."""

from __future__ import annotations

from postroom.core.tokens import LENGTH, looks_like_token

MAX_LOCAL = 64  # octets (RFC 5321 §4.5.3.1.1)

_MAX_WRAPPINGS = 4
_HEX = frozenset("0123456789abcdefABCDEF")


def split(local: str, separator: str) -> tuple[str, str]:
    """Base and tag of a local part; the tag is empty where there is none.

    A token is taken off the end, since a base may hold the separator itself; any other tag begins at the first
    separator. A name that exists as it stands should be looked up before it is split.
    """
    if not separator:
        return local, ""
    base, found, tag = local.rpartition(separator)
    if not (found and base and len(tag) == LENGTH and looks_like_token(tag)):
        base, found, tag = local.partition(separator)
    return (base, tag) if found and base else (local, "")


def join(base: str, tag: str, separator: str) -> str | None:
    """The local part with its tag, or None where it would exceed the 64 octets that mail allows."""
    local = f"{base}{separator}{tag}" if tag and separator else base
    return local if len(local.encode("utf-8", "replace")) <= MAX_LOCAL else None


def unwrap(address: str) -> str:
    """The address within BATV (`prvs=…`, `btv1==…`) and SRS (`SRS0=…`, `SRS1=…`) wrappings, at most four deep.

    The inner address is a claim: a recipient is looked up by it like by any other, which gives no right to relay.
    """
    for _ in range(_MAX_WRAPPINGS):
        local, at, domain = address.rpartition("@")
        if not at:
            return address
        inner = _unwrapped(local, domain)
        if inner is None:
            return address
        address = inner
    return address


def _unwrapped(local: str, domain: str) -> str | None:
    head = local[:5].lower()
    if head == "prvs=":
        return _batv(local[5:], domain)
    if head == "btv1=" and local[5:6] == "=":
        _, found, core = local[6:].partition("==")
        return f"{core}@{domain}" if found and core else None
    if len(local) > 5 and local[4] in "=+-":
        if head.startswith("srs0"):
            return _srs0(local[5:])
        if head.startswith("srs1"):
            return _srs1(local[5:])
    return None


def _batv(rest: str, domain: str) -> str | None:
    """`tag=local` as the BATV draft has it, or `local=tag` as some gateways write it; the tag is K DDD SSSSSS."""
    tag, found, core = rest.partition("=")
    if found and core and _is_batv_tag(tag):
        return f"{core}@{domain}"
    core, found, tag = rest.rpartition("=")
    if found and core and _is_batv_tag(tag):
        return f"{core}@{domain}"
    return None


def _is_batv_tag(tag: str) -> bool:
    return len(tag) == 10 and tag[:4].isdigit() and _HEX.issuperset(tag)


def _srs0(rest: str) -> str | None:
    """`hash=time=domain=local`; the local part may hold `=` itself."""
    parts = rest.split("=", 3)
    if len(parts) != 4 or not all(parts) or "@" in parts[3]:
        return None
    return f"{parts[3]}@{parts[2].lower()}"


def _srs1(rest: str) -> str | None:
    """`hash=forwarder==hash=time=domain=local`: a second forwarder keeps what the first one wrote after its `SRS0`."""
    parts = rest.split("=", 2)
    if len(parts) != 3 or len(parts[2]) < 2 or parts[2][0] not in "=+-":
        return None
    return _srs0(parts[2][1:])
