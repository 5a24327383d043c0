"""The addresses of ours that others know: which sent mail carries which, and which ones mail leaves under."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Max
from django.utils.translation import gettext as _

from postroom.core.routing.facts import Part
from postroom.core.sending.from_filter import parse_filter
from postroom.directory.models import User
from postroom.domains.access import aliases, shareable
from postroom.domains.facts import default_from
from postroom.domains.managing import Change, uses
from postroom.domains.models import AliasDomain
from postroom.outbound.models import Dispatch, Letter
from postroom.outbound.servers import services as servers

LOOKED_AT = 20_000  # of the newest letters: no answer costs more, however much was ever sent
MOST = 200  # addresses of a list


@dataclass(frozen=True, slots=True)
class Carried:
    """How many sent messages carry an old address; `at_least`: only the newest were looked at."""

    count: int = 0
    at_least: bool = False


@dataclass(frozen=True, slots=True)
class Sender:
    """An address, or a domain of a filter, that mail leaves under, and in which place it stands."""

    address: str
    place: str
    by: str = ""


def carried(domain: AliasDomain, changes: Sequence[Change]) -> dict[str, Carried]:
    """How many of the newest sent messages carry each address that is to be given up, by address."""
    newest = Letter.objects.aggregate(last=Max("pk"))["last"] or 0
    letters = Letter.objects.filter(pk__gt=newest - LOOKED_AT)
    dispatches = Dispatch.objects.filter(letter__gt=newest - LOOKED_AT)
    capped = newest > LOOKED_AT
    old = [change.old for change in changes]
    replies = dict(letters.filter(reply_to__in=old).values_list("reply_to").annotate(Count("pk")).order_by())
    sent = dispatches.filter(from_email__in=old).values_list("from_email")
    froms = dict(sent.annotate(Count("letter", distinct=True)).order_by())
    returns = letters.filter(domain=domain).count() if any(one.part is Part.BOUNCE for one in changes) else 0
    found: dict[str, Carried] = {}
    for change in changes:
        by_place = returns if change.part is Part.BOUNCE else 0
        count = max(by_place, replies.get(change.old, 0), froms.get(change.old, 0))
        found[change.old] = Carried(count, capped)
    return found


@uses
def letters_of(domain: AliasDomain) -> list[str]:
    """Sent messages whose answers and bounces come to a domain."""
    known = Letter.objects.filter(domain=domain).exists()
    return ["Sent messages carry its addresses, and answers to them still come."] if known else []


def senders_at(user: User, domain: AliasDomain) -> list[Sender]:
    """The addresses that mail leaves under at a domain, as far as `user` manages them; six queries."""
    found = [
        Sender(default_from(domain), _("From, where the author's own address cannot be used")),
        Sender(f"{domain.bounce}@{domain.name}", _("Return path")),
        Sender(f"{domain.catchall}@{domain.name}", _("Reply-To of records without an alias")),
    ]
    known = aliases(user).filter(domain=domain).order_by("local_part")[:MOST]
    found += [Sender(f"{one.local_part}@{domain.name}", _("Reply-To")) for one in known]
    people = User.objects.filter(memberships__company__in=shareable(user), email__endswith=f"@{domain.name}")
    mine = people.filter(is_active=True).order_by("name", "pk").distinct()[:MOST]
    found += [Sender(one.email, _("From"), one.name) for one in mine]
    for server in servers.shown(user).filter(is_active=True, from_filter__icontains=domain.name)[:MOST]:
        at = [one for one in parse_filter(server.from_filter) if one.rpartition("@")[2] == domain.name]
        found += [Sender(one, _("Filter of an outgoing server"), server.name) for one in at]
    return found
