"""Who will read what somebody is about to write, and from which address it will leave: said before anyone types."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q

from postroom.conversations import hearers
from postroom.conversations.hearers import Known
from postroom.conversations.people import People, people_of
from postroom.conversations.selectors import thread_key
from postroom.conversations.simulator import Question, simulate
from postroom.conversations.suggestions import Ours, Suggested, offered, suggested
from postroom.core.addresses import Address, valid
from postroom.core.sending.facts import Choice
from postroom.directory.models import Contact, Membership, User
from postroom.records.models import Record
from postroom.records.selectors import record_by_id

__all__ = ["ComposerAudience", "Suggested", "audience", "people"]

COMPLETIONS = 10


@dataclass(frozen=True, slots=True)
class ComposerAudience:
    """`sender`: the server and the From as they will be; `outside` the people written to, removable where they are not
    fixed: those outside, and the record's contact even where that is one of us; `inside` our own people who follow;
    `others` outside who take part and are written to only where somebody chooses them.
    """

    sender: Choice
    outside: tuple[Suggested, ...]
    inside: tuple[Suggested, ...]
    others: tuple[Suggested, ...] = ()


def audience(
    user: User,
    record_id: int,
    *,
    internal: bool = False,
    followed_by: Sequence[Known] | None = None,
    known: Record | None = None,
    people: People | None = None,
) -> ComposerAudience | None:
    """The audience of a message, or of a note (`internal`), that `user` would write; None where the record is not there
    for them. A fixed number of queries; `followed_by` saves those for the followers, `known` (the record as `user` may
    read it) the one for that, `people` those for the people of the conversation.
    """
    record = known or record_by_id(user, record_id)
    if record is None:
        return None
    following = following_of(record) if followed_by is None else followed_by
    inside = _inside(user, following, internal=internal)
    proposed, others = ((), ()) if internal else _outside(user, record, following, people or people_of(record))
    return ComposerAudience(
        sender=simulate(Question(record.company_id, Address(user.email, user.name), user, record)),
        outside=proposed,
        inside=tuple(one for one in inside if one.contact not in {each.contact for each in proposed}),
        others=others,
    )


def _outside(
    user: User, record: Record, following: Sequence[Known], people: People
) -> tuple[tuple[Suggested, ...], tuple[Suggested, ...]]:
    """Who is proposed, and who else takes part."""
    ours = Ours(one.email for one in people.outside if valid(one.email))
    proposed = suggested(record, following, user.pk, ours)
    return proposed, offered(people, proposed, ours)


def following_of(record: Record) -> list[Known]:
    """Who follows a record that the caller may read, in the order in which they came; two queries."""
    thread = thread_key(record)
    return hearers.followers([thread]).get(thread, [])


def _inside(user: User, following: Sequence[Known], *, internal: bool) -> list[Suggested]:
    return [
        Suggested(
            one.emails[0],
            one.name,
            "follows notes" if internal else "follows this conversation",
            channel=one.channel,
            contact=one.contact,
            user=one.user,
            fixed=True,
        )
        for one in following
        if one.user and one.user != user.pk and (one.notes if internal else one.discussions)
    ]


def people(user: User, record_id: int, text: str, limit: int = COMPLETIONS) -> tuple[Suggested, ...]:
    """Our own people whose name has a word, or whose address begins, with `text`: for mentions; one query besides that
    of the record.
    """
    record = record_by_id(user, record_id)
    if record is None:
        return ()
    ours = Membership.objects.filter(user=OuterRef("user"), company=record.company_id)
    found = Contact.objects.filter(Exists(ours), company=record.company_id, user__is_active=True)
    if text:
        starts = Q(user__name__istartswith=text) | Q(user__name__icontains=f" {text}")
        found = found.filter(starts | Q(user__email__istartswith=text) | Q(user__username__istartswith=text))
    rows = found.order_by("user__name", "pk").values_list("pk", "user_id", "user__name", "user__email")[:limit]
    return tuple(
        Suggested(email, name, "one of us", contact=contact, user=number) for contact, number, name, email in rows
    )
