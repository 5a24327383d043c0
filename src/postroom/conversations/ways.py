"""Where answers to a record's conversation come: the address of its desk, else the catchall of its company."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from postroom.domains.models import CompanyDomain
from postroom.infra.config import config
from postroom.records.models import Desk, Record


@dataclass(frozen=True, slots=True)
class WayBack:
    """An untagged address of ours and its alias domain; both empty where the company has none."""

    address: str = ""
    domain: int | None = None
    name: str = ""

    @property
    def host(self) -> str:
        """What ids of ours end in: the alias domain, else the host under which people reach the pages."""
        return self.name or config().public_url.partition("//")[2].partition("/")[0].partition(":")[0] or "localhost"


def ways_back(records: Iterable[Record]) -> dict[int, WayBack]:
    """For each of these records, by its id; one query, two where a desk has no address."""
    wanted = list(records)
    desks = {record.desk_id for record in wanted if record.desk_id}
    rows = Desk.objects.filter(pk__in=desks, alias__isnull=False).values_list(
        "pk", "alias__local_part", "alias__domain_id", "alias__domain__name"
    )
    by_desk = {desk: WayBack(f"{local}@{name}", domain, name) for desk, local, domain, name in rows}
    others = {record.company_id for record in wanted if record.desk_id not in by_desk}
    by_company = _catchalls(others) if others else {}
    return {
        record.pk: by_desk.get(record.desk_id or 0) or by_company.get(record.company_id, WayBack()) for record in wanted
    }


def way_of_company(company: int) -> WayBack:
    """Where answers come that belong to no record yet; one query."""
    return _catchalls([company]).get(company, WayBack())


def _catchalls(companies: Iterable[int]) -> dict[int, WayBack]:
    """The catchall of each company's first domain: that with the lowest priority number."""
    rows = CompanyDomain.objects.filter(company__in=companies).order_by("-domain__priority", "-domain")
    found = rows.values_list("company_id", "domain__catchall", "domain_id", "domain__name")
    return {company: WayBack(f"{catchall}@{name}", domain, name) for company, catchall, domain, name in found}
