"""Loading the demo's company, once; what people do with it afterwards stays."""

from __future__ import annotations

from django.db import transaction

from postroom.core.errors import PostroomError
from postroom.directory import services as directory
from postroom.directory.models import Company, Contact, User
from postroom.directory.profile import Profile, update_profile
from postroom.domains.models import AliasDomain
from postroom.domains.services import create_domain
from postroom.project.demo.company import ACME, PASSWORD, Cast, Person, Team
from postroom.records.services import create_desk

SOURCE = "demo"
PEER = "192.0.2.25"  # an address for documentation (RFC 5737)


class NotEmpty(PostroomError):
    """The installation is somebody's: the demo does not move in."""


def load(cast: Cast = ACME) -> bool:
    """Make the company and hand its mail in at the door; whether there was anything to do.

    Raises:
        NotEmpty: another company is here.

    """
    slug = directory.slug_of(cast.name)
    known = set(Company.objects.values_list("slug", flat=True))
    if slug in known:
        return _converse(slug)
    if known:
        raise NotEmpty(f"Another company is here ({', '.join(sorted(known))}): give the demo a folder with --var DIR.")
    with transaction.atomic():
        _make(cast, directory.create_company(name=cast.name, slug=slug))
        _hand_in_mail()
    _converse(slug)
    return True


def _converse(slug: str) -> bool:
    """What its people have written so far, once; imported here, as later starts need none of it."""
    from postroom.conversations.models import Message

    company = Company.objects.get(slug=slug)
    if Message.objects.filter(company=company, user__isnull=False).exists():
        return False
    from postroom.project.demo.answers import converse

    return converse(company)


def _hand_in_mail() -> None:
    """By the real way in: a worker makes records of it. Imported here, since later starts need none of it."""
    from postroom.inbound.services import Arrival, accept
    from postroom.infra.clock import now
    from postroom.project.demo.mails import mails

    accept([Arrival(SOURCE, one.key, one.sender, one.recipients, one.raw, peer=PEER) for one in mails(now())])


def _make(cast: Cast, company: Company) -> None:
    domain = create_domain(name=cast.domain, companies=[company])
    users = {person.username: _make_user(person, cast, company) for person in cast.people}
    for customer in cast.customers:
        directory.create_contact(
            company=company,
            name=customer.name,
            emails=[customer.email],
            organisation=customer.organisation,
            phone=customer.phone,
            language=customer.language,
            time_zone=customer.time_zone,
        )
    for team in cast.teams:
        _make_desk(team, company, domain, users)


def _make_user(person: Person, cast: Cast, company: Company) -> User:
    user = directory.create_user(
        username=person.username,
        name=person.name,
        email=f"{person.username}@{cast.domain}",
        password=PASSWORD,
        company=company,
        role=person.role,
        is_operator=person.is_operator,
    )
    own = Profile(person.name, person.signature, person.notify_by, user.language, user.time_zone)
    update_profile(user=user, profile=own)
    return user


def _make_desk(team: Team, company: Company, domain: AliasDomain, users: dict[str, User]) -> None:
    contacts = {contact.user_id: contact for contact in Contact.objects.filter(company=company, user__isnull=False)}
    create_desk(
        company=company,
        record_type=team.record_type,
        name=team.name,
        domain=domain,
        local_part=team.local_part,
        owner=users[team.owner],
        followers=[contacts[users[name].pk] for name in team.followers],
    )
