"""A small company with desks and aliases, and mail for it: what tests of the way in start from."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from postroom.core.addresses import Address
from postroom.core.message.draft import Draft
from postroom.core.message.render import render
from postroom.directory.models import Company, Contact, ContactAddress, Membership, User
from postroom.domains.models import Alias, AliasDomain, CompanyDomain
from postroom.inbound.services import Arrival, Kept, accept
from postroom.infra import parameters
from postroom.infra.clock import now
from postroom.infra.config import config
from postroom.outbound import choice
from postroom.records.models import Desk, DeskFollower, Stage

if TYPE_CHECKING:
    from postroom.inbound.pipeline import Line


@dataclass(frozen=True)
class Acme:
    """The company, its domain, its two desks, two people of its own."""

    company: Company
    domain: AliasDomain
    sales: Desk
    support: Desk
    amara: User
    admin: User


def make_acme(name: str = "Acme", domain: str = "acme.example") -> Acme:
    """A company with sales@ for leads and support@ for tickets, Amara of sales and an administrator; what this process
    kept of any before it is forgotten.
    """
    parameters.forget()
    choice.forget()
    at = now()
    company = Company.objects.create(name=name, slug=name.lower(), created_at=at)
    alias_domain = AliasDomain.objects.create(name=domain)
    CompanyDomain.objects.create(company=company, domain=alias_domain)
    amara, contact = _user(company, f"amara@{domain}", "Amara Okafor", "member")
    admin, _ = _user(company, f"admin@{domain}", "Ada Admin", "administrator")
    sales = _desk(company, alias_domain, "sales", "lead", contact)
    support = _desk(company, alias_domain, "support", "ticket", contact)
    return Acme(company, alias_domain, sales, support, amara, admin)


def _user(company: Company, email: str, name: str, role: str) -> tuple[User, Contact]:
    username = f"{email.partition('@')[0]}-{company.slug}"
    user = User.objects.create(username=username, name=name, email=email, created_at=now())
    Membership.objects.create(user=user, company=company, role=role)
    contact = Contact.objects.create(company=company, name=name, user=user, created_at=now())
    ContactAddress.objects.create(company=company, contact=contact, email=email)
    return user, contact


def _desk(company: Company, domain: AliasDomain, local: str, record_type: str, follower: Contact) -> Desk:
    alias = Alias.objects.create(domain=domain, local_part=local, company=company, record_type=record_type)
    desk = Desk.objects.create(company=company, record_type=record_type, name=local.title(), alias=alias)
    Stage.objects.create(desk=desk, name="New", position=1)
    Stage.objects.create(desk=desk, name="Done", position=2, closes=True)
    DeskFollower.objects.create(desk=desk, contact=follower)
    return desk


HANNA = Address("hanna@customer.example", "Hanna Sjöberg")


def letter(**changes: object) -> bytes:
    """A mail of Hanna's, as bytes."""
    base = Draft(
        author=HANNA,
        to=(Address("sales@acme.example"),),
        subject="Vans",
        text="Hello,\r\nwe need 42 vans.\r\n",
        message_id=f"{uuid.uuid4().hex}@customer.example",
        date=now(),
    )
    return render(replace(base, **changes))  # type: ignore[arg-type]


def arrival(raw: bytes, *recipients: str, sender: str = "hanna@customer.example", source: str = "smtp") -> Arrival:
    """A mail as a door hands it over, with a key of its own."""
    return Arrival(source, uuid.uuid4().hex, sender, recipients or ("sales@acme.example",), raw, peer="192.0.2.9")


def line() -> Line:
    """A line as the worker has it, in this process, that waits until it is known who sent a mail."""
    from postroom.inbound.pipeline import Line
    from postroom.inbound.steps.authenticate import Authenticator
    from postroom.inbound.steps.parse import Reader

    return Line(Reader(0, 0.0), Authenticator(patience=config().authentication_seconds + 1.0))


def take_in(*arrivals: Arrival) -> Sequence[Kept]:
    """Accept and settle these arrivals, as the door and the worker do."""
    from postroom.inbound.worker import settle_all

    kept = accept(arrivals)
    settle_all()
    return kept
