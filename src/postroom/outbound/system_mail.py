"""Mail that the system writes itself, from postroom@ the alias domain: invitations, and links for a password."""

from __future__ import annotations

import secrets

from django.db import transaction

from postroom.core.addresses import Address
from postroom.core.message_ids import mint
from postroom.core.sending.layout import plain_to_html
from postroom.directory.models import Company, User
from postroom.domains.models import AliasDomain
from postroom.outbound.services import Lane, NewLetter, Recipient, queue

LOCAL_PART = "postroom"
NAME = "Postroom"


def domain_of(company: Company) -> AliasDomain | None:
    """The domain that a company writes from: of those that it uses, the one with the lowest priority number."""
    return AliasDomain.objects.filter(company_domains__company=company).order_by("priority", "pk").first()


def write_to(person: User, company: Company, *, subject: str, text: str, secret: str = "") -> bool:
    """Queue a mail of the system to a user; False where the company has no domain to write from. `secret` stands in the
    place of `NOT_KEPT` in the mail that leaves; nobody who looks at the copy here reads it.
    """
    domain = domain_of(company)
    if domain is None:
        return False
    letter = NewLetter(
        company=company.pk,
        domain=domain.pk,
        about="",
        author=Address(f"{LOCAL_PART}@{domain.name}", NAME),
        author_user=None,
        to=(),
        cc=(),
        reply_to="",
        subject=subject,
        html=plain_to_html(text),
        text=text,
        message_id=mint(domain.name, secrets.token_bytes(15)),
        in_reply_to="",
        references=(),
        is_automatic=True,
        secret=secret,
    )
    with transaction.atomic():
        queue([(letter, [Recipient(person.email, person.name)])], Lane.INTERACTIVE)
    return True
