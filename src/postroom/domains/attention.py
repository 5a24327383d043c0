"""What about domains and aliases needs attention."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Q
from django.utils.translation import gettext as _

from postroom.directory.attention import Attention, Weight, attention
from postroom.directory.models import User
from postroom.directory.roles import Permission
from postroom.domains.access import aliases, changeable, own_companies, readable
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
    """Domains on whose addresses no tags are put: mail comes by another server that was not seen to keep them, or it
    was seen to lose them.
    """
    overridden = Q(tags_overridden=True) | Q(tags_proved_at__isnull=False)
    own = Q(way_in=AliasDomain.WayIn.LISTENER, tags_lost_at=None)
    mine = set(changeable(user).values_list("pk", flat=True))
    for domain in readable(user).exclude(overridden | own)[:MOST]:
        title, text = _lost(domain) if domain.tags_lost_at else _unproved(domain)
        since, key = domain.tags_lost_at, (domain.pk,)
        if domain.pk in mine:
            yield Attention(Weight.WARNING, title, text, "domain-proof", _("Prove it"), key, since)
        else:
            yield Attention(Weight.WARNING, title, text, "domain", _("Look at it"), key, since)


def _unproved(domain: AliasDomain) -> tuple[str, str]:
    return (
        _("%(domain)s is not proved to keep tags") % {"domain": domain.name},
        _("Until it is, answers are found by their references only, and late bounces may not be found."),
    )


def _lost(domain: AliasDomain) -> tuple[str, str]:
    return (
        _("Tags get lost on the way to %(domain)s") % {"domain": domain.name},
        _("None are put on addresses, so answers are found by their references only. Mend the way and prove it again."),
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
