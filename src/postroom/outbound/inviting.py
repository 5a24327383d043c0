"""Links for people, and the mail that brings them: the two belong together, so one transaction makes both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from postroom.directory import users
from postroom.directory.models import Company, User
from postroom.directory.users import LINK_DAYS, Guest, Link
from postroom.infra.config import config
from postroom.outbound.models import NOT_KEPT
from postroom.outbound.system_mail import write_to


@dataclass(frozen=True, slots=True)
class Sent:
    """A link just made. `url` is shown this once; `mailed`: it is on its way to the person, too."""

    person: User
    url: str
    mailed: bool


def invite(*, user: User, guest: Guest) -> Sent:
    """Invite somebody, and write to them.

    Raises:
        CannotSave: what is wrong, by field.

    """
    return _made(user, lambda: users.invite(user=user, guest=guest), invited=True)


def send_link(*, user: User, person_id: int) -> Sent:
    """Make somebody a link for a new password, and write to them.

    Raises:
        NoPerson: they are not the user's to change.
        CannotDo: they are deactivated.

    """
    return _made(user, lambda: users.make_link(user=user, person_id=person_id), invited=False)


def reactivate(*, user: User, person_id: int) -> Sent:
    """Let somebody in again, and write to them.

    Raises:
        NoPerson: they are not the user's to change.
        CannotDo: they are not deactivated.

    """
    return _made(user, lambda: users.reactivate(user=user, person_id=person_id), invited=True)


def _made(user: User, make: Callable[[], Link], *, invited: bool) -> Sent:
    with transaction.atomic():
        link = make()
        company = _company(link.person)
        mailed = company is not None and _write(user, link, company, invited=invited)
    return Sent(link.person, _url(link.secret), mailed)


def _url(secret: str) -> str:
    return f"{config().public_url.rstrip('/')}/invitation/{secret}"


def _company(person: User) -> Company | None:
    """The company that writes to the person: their only one. Its administrators can read the mail in the Outbox, so
    nobody gets one whom these administrators could not let in themselves.
    """
    theirs = list(Company.objects.filter(memberships__user=person)[:2])
    return theirs[0] if len(theirs) == 1 and not person.is_operator else None


def _write(user: User, link: Link, company: Company, *, invited: bool) -> bool:
    person = link.person
    named = {"name": person.name, "by": user.name, "company": company.name, "days": LINK_DAYS}
    named["url"] = _url(NOT_KEPT)
    named["username"] = person.username
    with translation.override(person.language if translation.check_for_language(person.language) else "en"):
        subject = _("%(company)s: your invitation") if invited else _("%(company)s: choose a new password")
        first = (
            _("%(by)s has invited you to the conversations of %(company)s.")
            if invited
            else _("%(by)s has sent you a link for a new password.")
        )
        rest = _(
            "Choose a password here; the link works once, for %(days)d days:\n%(url)s\n\n"
            "You sign in as %(username)s. If you did not expect this mail, leave it: nothing happens by itself."
        )
        text = "\n\n".join((_("Hello %(name)s,") % named, first % named, rest % named))
        return write_to(person, company, subject=subject % named, text=text, secret=link.secret)
