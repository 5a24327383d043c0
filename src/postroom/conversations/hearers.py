"""Who may hear of messages: followers and other contacts as `core.sending.recipients` sees them, in a few queries."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Exists, Max, OuterRef, QuerySet

from postroom.conversations.models import DOUBTED, Follower, Message
from postroom.core.sending.recipients import Person
from postroom.directory.models import Contact, Membership, User
from postroom.infra.database.prepared import prepared

COLUMNS = (
    "pk", "name", "language", "company_id", "company__language", "user_id", "user__name", "user__email",
    "user__language", "user__notify_by", "user__is_active", "addresses__email", "addresses__primary",
)  # fmt: skip


@dataclass(slots=True)
class Known:
    """A contact with all its addresses, the primary one first. `left`: it stands for a user who is no longer one of the
    company's people, or may not sign in: they hear of nothing. `user` is 0 for everybody who is not ours.
    """

    contact: int
    company: int
    name: str
    language: str
    user: int = 0
    left: bool = False
    channel: str = "mail"
    emails: list[str] = field(default_factory=list)
    discussions: bool = True
    notes: bool = False

    def person(self, already: Collection[str] = (), email: str = "", name: str = "") -> Person:
        """As a message finds them: under `email` where it names one, else under the address that has it already."""
        reached = email or next((one for one in self.emails if one in already), self.emails[0] if self.emails else "")
        return Person(
            email=reached,
            name=self.name or name,
            contact=self.contact,
            user=self.user,
            channel=self.channel,
            discussions=self.discussions,
            notes=self.notes,
            language=self.language,
        )


def followers(threads: Collection[int]) -> dict[int, list[Known]]:
    """Who follows each thread, in the order in which they came; one query, one more where somebody outside has several
    addresses: the one that they wrote from in the thread comes first then.
    """
    found: dict[int, list[Known]] = {}
    for key, known in _gathered(_of_threads(list(threads)), len(_FOLLOWER)):
        thread, known.discussions, known.notes = key
        found.setdefault(thread, []).append(known)
    prefer_written_from([(thread, known) for thread, several in found.items() for known in several])
    return found


def prefer_written_from(people: Iterable[tuple[int, Known]]) -> None:
    """Let each of these be reached in a thread where they wrote from there last; one query, none where nobody outside
    has several addresses.
    """
    several = [(thread, known) for thread, known in people if len(known.emails) > 1]
    if not several:
        return
    rows = _written_from([thread for thread, _ in several], [known.contact for _, known in several])
    last = {(thread, contact): email for thread, contact, email, _ in rows}
    for thread, known in several:
        if (email := last.get((thread, known.contact), "")) in known.emails:
            known.emails.remove(email)
            known.emails.insert(0, email)


def contacts(ids: Collection[int]) -> dict[int, Known]:
    """These contacts, by id; one query."""
    return {known.contact: known for _, known in _gathered(_of_contacts(list(ids)), 0)}


def contacts_at(companies: Collection[int], emails: Collection[str]) -> dict[tuple[int, str], Known]:
    """Whom these addresses belong to, by company and address; one query."""
    known = (known for _, known in _gathered(_at(list(emails), list(companies)), 0))
    return {(one.company, email): one for one in known for email in one.emails}


def owners(ids: Collection[int]) -> dict[int, Person]:
    """These users, told in the inbox; one query."""
    if not ids:
        return {}
    rows = User.objects.filter(pk__in=ids, is_active=True).values_list("pk", "email", "name", "language")
    return {
        pk: Person(email=email, name=name, user=pk, channel="inbox", language=language)
        for pk, email, name, language in rows
    }


_FOLLOWER = ("thread_id", "discussions", "notes")


@prepared
def _of_threads(threads: Sequence[int]) -> QuerySet[Any, tuple[Any, ...]]:
    return _wanted(Follower.objects.filter(thread__in=threads).order_by("pk"), "contact__", _FOLLOWER)


@prepared
def _written_from(threads: Sequence[int], contacts: Sequence[int]) -> QuerySet[Message, tuple[Any, ...]]:
    """From where contacts wrote in threads, the last time last; what nobody vouches for says nothing of it."""
    wrote = Message.objects.filter(thread__in=threads, author__in=contacts, user=None).exclude(standing__in=DOUBTED)
    each = wrote.order_by().values("thread", "author", "author_email").annotate(newest=Max("pk"))
    return each.order_by("newest").values_list("thread", "author", "author_email", "newest")


@prepared
def _of_contacts(ids: Sequence[int]) -> QuerySet[Any, tuple[Any, ...]]:
    return _wanted(Contact.objects.filter(pk__in=ids).order_by("pk"), "", ())


@prepared
def _at(emails: Sequence[str], companies: Sequence[int]) -> QuerySet[Any, tuple[Any, ...]]:
    found = Contact.objects.filter(addresses__email__in=emails, addresses__company__in=companies)
    return _wanted(found.order_by("pk"), "", ())


def _wanted(rows: QuerySet[Any, Any], prefix: str, own: Sequence[str]) -> QuerySet[Any, tuple[Any, ...]]:
    """A row for each address of each contact: what `own` names, the columns, whether it is one of our people."""
    membership = Membership.objects.filter(user=OuterRef(f"{prefix}user"), company=OuterRef(f"{prefix}company"))
    named = (f"{prefix}{column}" for column in COLUMNS)
    listed: QuerySet[Any, tuple[Any, ...]] = rows.annotate(ours=Exists(membership)).values_list(*own, *named, "ours")
    return listed


def _gathered(rows: Iterable[tuple[Any, ...]], own: int) -> Iterable[tuple[tuple[Any, ...], Known]]:
    found: dict[tuple[tuple[Any, ...], int], Known] = {}
    for row in rows:
        key = (row[:own], row[own])
        known = found.get(key)
        if known is None:
            known = found[key] = _known(row[own:])
        email, primary = row[-3], row[-2]
        if email and email not in known.emails:
            known.emails.insert(0 if primary and not known.user else len(known.emails), email)
    return ((key[0], known) for key, known in found.items())


def _known(row: tuple[Any, ...]) -> Known:
    pk, name, language, company, spoken, user, user_name, user_email, user_language, notify_by, active, _, _, ours = row
    if user is None:
        return Known(pk, company, name, language or spoken)
    if not ours or not active:
        return Known(pk, company, user_name, user_language, left=True, emails=[user_email])
    return Known(pk, company, user_name, user_language, user, channel=notify_by, emails=[user_email])
