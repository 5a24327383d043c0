"""What needs a server, so that it can't be archived under anybody's feet; and moving all of that to another.

Floors above that let something name its server add a kind to `KINDS` when they start.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from postroom.core.delivery.states import DeliveryState
from postroom.core.errors import PostroomError
from postroom.directory.models import User
from postroom.infra.config import config
from postroom.infra.logs import logger
from postroom.outbound import choice
from postroom.outbound.models import Delivery, Letter, OutgoingServer

log = logger(__name__)
MOST_COUNTED = 1000
WAITING = (DeliveryState.HELD.value, DeliveryState.QUEUED.value, DeliveryState.CLAIMED.value)


class InUse(PostroomError):
    """A server can't be archived, since it is needed; `uses` says for what."""

    def __init__(self, uses: list[Use]) -> None:
        super().__init__(_("It is still needed: %(uses)s.") % {"uses": "; ".join(use.words for use in uses)})
        self.uses = uses


class CannotMove(PostroomError):
    """What needs one server can't be moved to the other; the words say why."""


@dataclass(frozen=True, slots=True)
class Use:
    """One kind of use, and how often; `words` tell both to a person."""

    key: str
    count: int
    words: str


@dataclass(frozen=True, slots=True)
class Kind:
    """Something that names its server: `count` for a server, `words` for a count, `move` from one server to another."""

    key: str
    count: Callable[[int], int]
    words: Callable[[int], str]
    move: Callable[[int, int], int]


def uses(server_id: int) -> list[Use]:
    """What needs this server; a query for each kind."""
    counted = [(kind, kind.count(server_id)) for kind in KINDS]
    return [Use(kind.key, count, kind.words(count)) for kind, count in counted if count]


def ensure_unused(server_id: int) -> None:
    """Raises InUse where something needs this server."""
    if found := uses(server_id):
        raise InUse(found)


def targets(row: OutgoingServer) -> list[OutgoingServer]:
    """The servers that what needs this one can be moved to: active ones of the same company or of all, nobody's own."""
    return list(_targets(row).defer("secret", "client_certificate").order_by("priority", "name", "pk"))


def _targets(row: OutgoingServer) -> QuerySet[OutgoingServer]:
    same = Q(company=None) if row.company_id is None else Q(company=None) | Q(company=row.company_id)
    return OutgoingServer.objects.filter(same, is_active=True, owner=None).exclude(pk=row.pk)


def move_uses(*, user: User, row: OutgoingServer, to: int) -> int:
    """Within a transaction that has locked `row`: let everything that needs it use another one, which is kept from
    others meanwhile; returns how much that was.

    Raises:
        CannotMove: the other is none of `targets`.

    """
    if _targets(row).filter(pk=to).only("pk").select_for_update(no_key=True).first() is None:
        raise CannotMove(_("Choose an active server of the same company, or one for all companies."))
    count = sum(kind.move(row.pk, to) for kind in KINDS)
    choice.forget()
    log.info("uses of a server moved", server=row.pk, to=to, count=count, by=user.username)
    return count


def _count_letters(server_id: int) -> int:
    return _letters(server_id).distinct().count()


def _move_letters(server_id: int, to: int) -> int:
    return Letter.objects.filter(pk__in=_letters(server_id).values("pk")).update(forced_server=to)


def _letters(server_id: int) -> QuerySet[Letter]:
    return Letter.objects.filter(forced_server=server_id, deliveries__state__in=WAITING)


def _letter_words(count: int) -> str:
    words = ngettext("%(count)s letter waits to leave by it", "%(count)s letters wait to leave by it", count)
    return words % {"count": f"{count:,}"}


def _count_stranded(server_id: int) -> int:
    """Copies that wait and would find no server at all, so that the outbox would keep them; at most `MOST_COUNTED`."""
    row = OutgoingServer.objects.only("company_id", "owner_id", "is_active").get(pk=server_id)
    others = OutgoingServer.objects.filter(is_active=True, owner=None).exclude(pk=server_id)
    if config().outgoing_server or row.owner_id or not row.is_active or others.filter(company=None).exists():
        return 0
    waiting = Delivery.objects.filter(state__in=WAITING)
    if row.company_id is None:
        waiting = waiting.exclude(company__in=others.values("company"))
    else:
        waiting = waiting.filter(company=row.company_id)
        waiting = waiting.none() if others.filter(company=row.company_id).exists() else waiting
    return waiting[:MOST_COUNTED].count()


def _leave_stranded(_server_id: int, _to: int) -> int:
    """Nothing names the server: it is enough that there is another."""
    return 0


def _stranded_words(count: int) -> str:
    words = ngettext(
        "%(count)s copy waits, and no other server would send it",
        "%(count)s copies wait, and no other server would send them",
        count,
    )
    return words % {"count": f"{count:,}"}


KINDS: list[Kind] = [
    Kind("letters", _count_letters, _letter_words, _move_letters),
    Kind("stranded", _count_stranded, _stranded_words, _leave_stranded),
]
