"""Two contacts become one: every app moves what hangs on the one that goes, in one transaction.

The row that goes is deleted, and foreign keys stand watch: where a mail that is being settled at this very moment still
names it, one of the two transactions cannot commit and begins anew, so that nothing is left without its author.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Protocol

from django.db import DatabaseError, connection, transaction

from postroom.directory.access import companies
from postroom.directory.contacts_editing import ContactFields, NoContact, fields_of, set_primary
from postroom.directory.models import Contact, ContactAddress, MergedContact, User
from postroom.directory.roles import Permission
from postroom.directory.services import CannotDo
from postroom.infra.changes import tell
from postroom.infra.clock import now
from postroom.infra.logs import logger
from postroom.infra.search.index import mark

TRIES = 4
MOST_COUNTED = 10_000  # nobody counts further

log = logger(__name__)


class CannotMerge(CannotDo):
    """Two contacts that cannot become one; the words say why and what to do."""


class Belongings(Protocol):
    """What an app keeps about contacts; each costs a fixed number of statements."""

    words: str
    """What they are called, in the plural, in English."""

    def count(self, contact: int) -> int:
        """How many hang on a contact, at most `MOST_COUNTED`."""

    def move(self, loser: int, winner: int) -> None:
        """Within a transaction: hang them on another contact; what both have becomes one."""


_belongings: list[Belongings] = []


def belonging(one: Belongings) -> None:
    """Register what an app keeps about contacts; each app does so when it is ready."""
    if one not in _belongings:
        _belongings.append(one)


@dataclass(frozen=True, slots=True)
class Moved:
    """What a merge would do. `moves` counts what hangs on the loser, `filled` is what the winner takes over into empty
    fields, `addresses` what it is reached by afterwards, the main one first. `problem` says why it cannot be.
    """

    winner: Contact
    loser: Contact
    moves: tuple[tuple[str, int], ...] = ()
    filled: tuple[tuple[str, str], ...] = ()
    addresses: tuple[str, ...] = ()
    problem: str = ""


def preview(user: User, *, winner_id: int, loser_id: int) -> Moved:
    """What a merge of these two would do.

    Raises:
        NoContact: one of them is not the user's to change.

    """
    winner, loser = _both(user, winner_id, loser_id, lock=False)
    before, after = fields_of(winner), _joined(winner, loser)
    names = ContactFields.__dataclass_fields__
    return Moved(
        winner,
        loser,
        tuple((one.words, count) for one in _belongings if (count := one.count(loser.pk))),
        tuple((name, value) for name in names if (value := getattr(after, name)) != getattr(before, name)),
        tuple(_addresses(winner, loser)),
        _problem(winner, loser),
    )


def merge_contacts(*, user: User, winner_id: int, loser_id: int) -> Contact:
    """Make the loser part of the winner, who keeps the addresses of both; empty fields are filled from the loser.

    Raises:
        NoContact: one of them is not the user's to change.
        CannotMerge: they are the same, of two companies, or both stand for one of our people.

    """
    for left in reversed(range(TRIES)):
        try:
            with transaction.atomic():
                return _merge(user, winner_id, loser_id)
        except DatabaseError as error:
            if not left:
                log.warning("contacts not merged", winner=winner_id, loser=loser_id, error=repr(error))
                raise CannotMerge("Mail of theirs is arriving at this very moment. Please try again.") from None
    raise AssertionError  # the last try returns or raises


def _merge(user: User, winner_id: int, loser_id: int) -> Contact:
    winner, loser = _both(user, winner_id, loser_id, lock=True)
    if problem := _problem(winner, loser):
        raise CannotMerge(problem)
    main = next(iter(_addresses(winner, loser)), "")
    for one in _belongings:
        one.move(loser.pk, winner.pk)
    ContactAddress.objects.filter(contact=loser).update(contact=winner)
    MergedContact.objects.filter(contact=loser).update(contact=winner)
    MergedContact.objects.create(former=loser.pk, contact=winner, merged_at=now())
    gone = Contact.objects.filter(pk=loser.pk)  # not by `delete`: what came in meanwhile must not lose its author
    gone._raw_delete(connection.alias)  # noqa: SLF001 Django has no other way to delete a row and nothing else
    fields = _joined(winner, loser)
    for name in ContactFields.__dataclass_fields__:
        setattr(winner, name, getattr(fields, name))
    winner.user = winner.user or loser.user
    winner.save()
    if main:
        set_primary(winner.pk, main)
    mark({"contact": [winner.pk, loser.pk]})
    tell([(winner.company_id, "contact", str(one)) for one in (winner.pk, loser.pk)])
    log.info("contacts merged", winner=winner.pk, loser=loser.pk, by=user.username)
    return winner


def _both(user: User, winner_id: int, loser_id: int, *, lock: bool) -> tuple[Contact, Contact]:
    """Both rows, locked in the order of their ids so that two merges never wait in a circle."""
    mine = companies(user, Permission.RECORDS_WRITE)
    rows = Contact.objects.filter(company_id__in=mine, pk__in=(winner_id, loser_id)).order_by("pk")
    rows = rows.select_related("user")
    found = {one.pk: one for one in (rows.select_for_update(of=("self",), no_key=True) if lock else rows)}
    for pk in (winner_id, loser_id):
        if pk not in found:
            raise NoContact(f"There is no contact {pk} here.")
    return found[winner_id], found[loser_id]


def _problem(winner: Contact, loser: Contact) -> str:
    if winner.pk == loser.pk:
        return "These are the same contact."
    if winner.company_id != loser.company_id:
        return f"{winner.name} and {loser.name} are contacts of two companies: they stay apart."
    if winner.user_id and loser.user_id and winner.user_id != loser.user_id:
        return f"{winner.name} and {loser.name} are both people of yours: users cannot be merged."
    return ""


def _joined(winner: Contact, loser: Contact) -> ContactFields:
    """The winner's fields, empty ones filled from the loser; what a user says about themselves counts first."""
    first, second = fields_of(winner), fields_of(loser)
    if loser.user_id and not winner.user_id:
        first = replace(first, name=loser.name)
    given = {name: getattr(first, name) or getattr(second, name) for name in ContactFields.__dataclass_fields__}
    return ContactFields(**given)


def _addresses(winner: Contact, loser: Contact) -> Iterator[str]:
    """The addresses of both, the main one first: that of the user whom they stand for, else the winner's."""
    rows = list(ContactAddress.objects.filter(contact__in=(winner.pk, loser.pk)))
    user = winner.user or loser.user
    own = user.email if user else ""
    rows.sort(key=lambda one: (one.email != own, one.contact_id != winner.pk, not one.primary, one.pk))
    return (one.email for one in rows)
