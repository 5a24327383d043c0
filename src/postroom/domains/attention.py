"""What about domains and aliases needs attention."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _

from postroom.directory.attention import Attention, Weight, attention
from postroom.directory.models import User
from postroom.directory.roles import Permission
from postroom.domains.access import aliases, own_companies, readable
from postroom.domains.models import Alias, AliasDomain

MOST = 5  # aliases that are named one by one


@attention(Permission.DOMAINS_MANAGE)
def broken_aliases(user: User) -> Iterator[Attention]:
    """Aliases by which no record could be made."""
    for alias in aliases(user).filter(health=Alias.Health.INVALID).order_by("pk")[:MOST]:
        title = _("%(address)s makes no records") % {"address": alias.address}
        yield Attention(Weight.BAD, title, alias.health_reason, "alias", _("Mend the alias"), (alias.pk,))


@attention(Permission.DOMAINS_MANAGE)
def unproved_domains(user: User) -> Iterator[Attention]:
    """Domains whose mail comes by another server, which may lose the tags of our addresses."""
    unproved = readable(user).filter(tags_proved_at=None).exclude(way_in=AliasDomain.WayIn.LISTENER)
    for domain in unproved[:MOST]:
        yield Attention(
            Weight.WARNING,
            _("%(domain)s is not proved to keep tags") % {"domain": domain.name},
            _("Until it is, answers are found by their references only, and late bounces may not be found."),
            "domain",
            _("Prove it"),
            (domain.pk,),
        )


@attention(Permission.DOMAINS_MANAGE)
def no_domain(user: User) -> Iterator[Attention]:
    """Companies without a domain: nobody can write to them."""
    if not readable(user).exists():
        yield Attention(
            Weight.STEP,
            _("No alias domain yet"),
            _("Mail can come in and answers can come back once a domain of yours is known here."),
            "domain-new",
            _("Add a domain"),
        )
        return
    for company in own_companies(user).filter(company_domains=None)[:MOST]:
        yield Attention(
            Weight.STEP,
            _("%(company)s uses no alias domain") % {"company": company.name},
            _("Its answers have nowhere to come back to."),
            "domains",
            _("Choose a domain"),
        )
