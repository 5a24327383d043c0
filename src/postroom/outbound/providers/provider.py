"""What is known of a provider, and what of it goes into the form of a server."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

MEGABYTE = 1024 * 1024


class SendsFor(StrEnum):
    """What the FROM filter of a provider's server must be."""

    OWN_ADDRESS = "own-address"  # the address of the account alone
    VERIFIED_DOMAINS = "verified-domains"  # the domains that were proved to the provider
    ANY = "any"  # whatever the server's keeper lets it


@dataclass(frozen=True, slots=True)
class Provider:
    """A way to send by a provider.

    `host` may hold `{domain}` or `{domain-dashed}`, which the address fills in. `other_ports` listen, too, with
    STARTTLS unless it is 465 (RFC 8314 §3.3). `username_is_address`: the login is the whole address; else `username` is
    the login itself, or empty. `mails_a_day` and `bytes_a_mail` are the provider's caps as published, 0 where it names
    none. `restrictions` are known before the first mail; `help_url` is the provider's own page. `domains` are those of
    its mailboxes; `mx` the ends of host names that take mail for domains that it hosts; `hosts` the ends of its own
    servers' names, which begin with `host_begins` where names of other machines end so, too. `spf_include` is the name
    whose SPF record lists the addresses that it delivers from, where these are not its submission server's;
    `selectors` are those that it signs with for everybody's domain.
    """

    key: str
    name: str
    host: str
    port: int
    encryption: str
    authentication: str
    sends_for: SendsFor
    help_url: str
    username: str = ""
    username_is_address: bool = False
    username_hint: str = ""
    key_hint: str = ""
    mails_a_day: int = 0
    bytes_a_mail: int = 0
    other_ports: tuple[int, ...] = ()
    restrictions: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    mx: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    host_begins: str = ""
    spf_include: str = ""
    selectors: tuple[str, ...] = ()

    def host_for(self, address: str) -> str:
        """The host name, with what the address tells filled in; empty where it needs a domain that is not known."""
        if "{" not in self.host:
            return self.host
        domain = address.rpartition("@")[2].strip().lower()
        return self.host.format_map({"domain": domain, "domain-dashed": domain.replace(".", "-")}) if domain else ""

    def filter_for(self, address: str) -> str:
        """The FROM filter for an account with this address; empty where nobody can tell."""
        if self.sends_for is SendsFor.OWN_ADDRESS:
            return address
        return address.rpartition("@")[2] if self.sends_for is SendsFor.VERIFIED_DOMAINS else ""
