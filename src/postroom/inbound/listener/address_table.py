"""Which recipients a door takes: the addresses that are ours, in memory, so that the event loop never asks Django."""

from __future__ import annotations

from dataclasses import dataclass, field

from postroom.core.addresses import normalise
from postroom.core.routing import refusals
from postroom.core.routing.facts import Part
from postroom.core.subaddress import split, unwrap
from postroom.domains import facts as domains
from postroom.domains.facts import POSTMASTERS, default_from
from postroom.domains.hosting import hosted_name
from postroom.domains.models import Alias, AliasDomain, RetiredAddress


@dataclass(slots=True)
class AddressTable:
    """Local parts and separators of each domain of ours, by name."""

    locals: dict[str, set[str]] = field(default_factory=dict)
    separators: dict[str, set[str]] = field(default_factory=dict)

    def whole(self, address: str) -> str:
        """The address with its domain: postmaster may be written to without one (RFC 5321 §4.5.1)."""
        return f"{address}@{next(iter(self.locals))}" if address.lower() == "postmaster" and self.locals else address

    def knows(self, address: str) -> bool:
        """Whether mail to this address has somewhere to go; tags and wrappings are taken off first."""
        local, _, domain = normalise(unwrap(address)).rpartition("@")
        known = self.locals.get(domain)
        if known is None:
            return False
        bases = {split(local, separator)[0] for separator in self.separators[domain]}
        return local in known or not known.isdisjoint(bases)

    def redirect(self, local: str, slug: str) -> None:
        """Take what stands before the @ of a company's alias at its own subdomain, too, where it is hosted."""
        if slug and (known := self.locals.get(hosted_name(slug))) is not None:
            known.add(local)

    def refusal(self, address: str) -> tuple[str, str]:
        """What to tell the sender of mail to an address that is not known."""
        domain = normalise(unwrap(address)).rpartition("@")[2]
        return refusals.unknown_address(address) if domain in self.locals else refusals.foreign_domain(domain)


def read_table() -> AddressTable:
    """The table as the database has it now; three queries."""
    table = AddressTable()
    for domain in AliasDomain.objects.order_by("priority", "id"):
        known = table.locals.setdefault(domain.name, set(POSTMASTERS))
        known |= {domain.bounce, domain.catchall}
        table.separators.setdefault(domain.name, set()).update(domain.separators)
        local, _, own = default_from(domain).rpartition("@")
        if own == domain.name:
            known.add(local)
    for local, name, slug in Alias.objects.values_list("local_part", "domain__name", "company__slug"):
        table.locals[name].add(local)
        table.redirect(local, slug)
    for row in RetiredAddress.objects.select_related("domain", "alias__company"):
        table.redirect(row.local_part, row.alias.company.slug if row.alias else "")
        table.locals.setdefault(row.domain_name, set(POSTMASTERS)).add(row.local_part)
        table.separators.setdefault(row.domain_name, set()).update(row.domain.separators)
    return table


def is_ours(address: str) -> bool:
    """Whether the database knows the address by now: asked once before a refusal."""
    part = domains.recipients([address])[address].part
    return part not in (Part.FOREIGN, Part.UNKNOWN)
