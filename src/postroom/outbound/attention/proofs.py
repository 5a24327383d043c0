"""What the last proofs of domains found needs attention: addresses at which mail of ours did not come back."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Count, Max
from django.utils.translation import gettext as _

from postroom.core.proving import CAME, Fate
from postroom.directory.attention import Attention, Weight, attention
from postroom.directory.models import User
from postroom.directory.roles import Permission
from postroom.domains.access import changeable
from postroom.outbound.models import Proof, RoundTrip

MOST = 5  # domains that are named one by one
MISSED = [fate.value for fate in Fate if fate not in CAME and fate is not Fate.WAITING]


@attention(Permission.DOMAINS_MANAGE)
def failed_proofs(user: User) -> Iterator[Attention]:
    """Domains whose last proof ended with mails that did not come back, unless a person stopped it; three queries."""
    mine = changeable(user).order_by().values("pk")
    latest = Proof.objects.filter(domain__in=mine).values("domain").annotate(last=Max("pk")).values("last")
    missed = RoundTrip.objects.filter(proof__in=latest, fates__in=MISSED)
    counts = dict(missed.values_list("proof").annotate(Count("pk")).order_by("proof"))
    ended = Proof.objects.filter(pk__in=counts, closed_at__isnull=False, stopped=False)
    for proof in ended.select_related("domain").order_by("pk")[:MOST]:
        yield Attention(
            Weight.BAD,
            _("Mail to %(domain)s does not come in everywhere") % {"domain": proof.domain.name},
            _("%(count)s mails of its last proof did not come back. It says for each address what to do.")
            % {"count": counts[proof.pk]},
            "domain-proof",
            _("See the proof"),
            (proof.domain_id,),
            proof.closed_at,
        )
