"""The people of a conversation as its page lists them: who they are, how they came in, how far they are believed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from postroom.conversations.access import may_write
from postroom.conversations.models import Participant
from postroom.conversations.people import People, PersonOf
from postroom.directory.models import User
from postroom.records.models import Record
from postroom.web.proofs import Proof, proof_of
from postroom.web.views import Person

_W = Participant.Way
WAYS: Mapping[str, Promise] = {
    _W.WROTE: gettext_lazy("wrote here"),
    _W.TO: gettext_lazy("was addressed"),
    _W.CC: gettext_lazy("had a copy"),
    _W.ASKED: gettext_lazy("was written to by one of you"),
    _W.FORWARDED: gettext_lazy("wrote what one of you passed on"),
}


@dataclass(frozen=True, slots=True)
class PersonShown:
    """Somebody of a conversation. `way` says in words how they came in, `level` how far their mail is believed;
    `inside`: one of our own people. `add` is where somebody unknown becomes a contact.
    """

    who: Person
    way: str = ""
    level: Proof | None = None
    inside: bool = False
    add: str = ""


@dataclass(frozen=True, slots=True)
class PeopleShown:
    """The people that a page lists, how many `more` there are, and how many of those listed are outside."""

    rows: tuple[PersonShown, ...] = ()
    more: int = 0
    outside: int = 0


def people_shown(user: User, record: Record, known: People) -> PeopleShown:
    """The people of a record's conversation; for a record that `user` may read."""
    writes = may_write(user, record.company_id)
    rows = tuple(_shown(one, record.company_id, writes=writes) for one in known.rows)
    return PeopleShown(rows, known.more, len(known.outside))


def _shown(one: PersonOf, company: int, *, writes: bool) -> PersonShown:
    named = {"company": company, "email": one.email, "name": one.name}
    return PersonShown(
        who=Person(one.name, one.email, reverse("contact", args=[one.contact]) if one.contact else ""),
        way=str(WAYS.get(one.way, "")),
        level=proof_of(one.level, ""),
        inside=one.inside,
        add=f"{reverse('contact-new')}?{urlencode(named)}" if writes and not one.contact and not one.inside else "",
    )
