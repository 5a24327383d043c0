"""The composer as a page shows it: who will read what is about to be written, and from which address it leaves."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.urls import reverse
from django.utils.translation import gettext as _

from postroom.conversations.access import may_write
from postroom.conversations.audience import ComposerAudience, Suggested, audience, following_of
from postroom.conversations.checks import LARGEST_FILES
from postroom.conversations.hearers import Known
from postroom.conversations.services import reply_subject
from postroom.core.addresses import Address
from postroom.core.sending.facts import Choice
from postroom.directory.models import User
from postroom.outbound.models import is_kept_here
from postroom.records.models import Record
from postroom.web.pages.followers import Followers, followers_of
from postroom.web.trace import Line, trace_of

MESSAGE, NOTE = "message", "note"
KEY_BYTES = 12


@dataclass(frozen=True, slots=True)
class Chip:
    """Somebody outside who will get a message. `value` is how the form names them; `fixed`: they follow, so that they
    hear whether or not they are named.
    """

    value: str
    email: str
    name: str = ""
    because: str = ""
    fixed: bool = False

    @property
    def shown(self) -> str:
        return self.name or self.email


@dataclass(frozen=True, slots=True)
class Told:
    """One of our own people who will hear."""

    name: str
    by_mail: bool = True


@dataclass(frozen=True, slots=True)
class Sender:
    """The address that a message leaves from. `own`: it is the writer's; `admitted`: some server sends it willingly;
    `kept_here`: there is no server, the outbox keeps it.
    """

    name: str = ""
    email: str = ""
    server: str = ""
    own: bool = True
    admitted: bool = True
    kept_here: bool = False
    because: str = ""
    trace: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody has written so far. `chips` None: the people outside are those that are suggested."""

    kind: str = MESSAGE
    body: str = ""
    subject: str = ""
    to: tuple[Chip, ...] | None = None
    cc: tuple[Chip, ...] = ()
    add: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class Audience:
    """Who will read: people outside in To and Cc, our own people, and those of them who hear of notes."""

    to: tuple[Chip, ...] = ()
    cc: tuple[Chip, ...] = ()
    inside: tuple[Told, ...] = ()
    notes: tuple[Told, ...] = ()
    sender: Sender = field(default_factory=Sender)


@dataclass(frozen=True, slots=True)
class Composer:
    """Everything that the composer shows. `url` is where it posts; `errors` names what is wrong with a field."""

    record: Record
    url: str = ""
    audience_url: str = ""
    people_url: str = ""
    mentions_url: str = ""
    draft: Draft = field(default_factory=Draft)
    audience: Audience = field(default_factory=Audience)
    followers: Followers = field(default_factory=Followers)
    subject: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)
    most: int = LARGEST_FILES

    @property
    def most_words(self) -> str:
        """How large all files together may be, as mail programs count."""
        return _("%(number)d MB") % {"number": self.most // 1024 // 1024}


def composer_of(
    user: User, record: Record, draft: Draft | None = None, errors: Mapping[str, str] | None = None
) -> Composer | None:
    """The composer of a record; None for those who may only read."""
    if not may_write(user, record.company_id):
        return None
    known = following_of(record)
    kept, followers = draft or Draft(), followers_of(user, record, known=known)
    return Composer(
        record=record,
        url=reverse("record-post", args=[record.pk]),
        audience_url=reverse("record-audience", args=[record.pk]),
        people_url=reverse("record-people", args=[record.pk]),
        mentions_url=reverse("record-mentions", args=[record.pk]),
        draft=kept if kept.key else _keyed(kept),
        audience=audience_of(user, record, followers, kept, known),
        followers=followers,
        subject=reply_subject(record.title),
        errors=errors or {},
    )


def _keyed(draft: Draft) -> Draft:
    """With the key under which its form posts once, however often it is sent."""
    return Draft(draft.kind, draft.body, draft.subject, draft.to, draft.cc, draft.add, secrets.token_urlsafe(KEY_BYTES))


def audience_of(
    user: User,
    record: Record,
    followers: Followers,
    draft: Draft | None = None,
    followed_by: Sequence[Known] | None = None,
) -> Audience:
    """Who will read; the people outside are the draft's, where it has chosen them."""
    known = audience(user, record.pk, followed_by=followed_by)
    if known is None:
        return Audience()
    to, cc = _suggested(known, draft)
    return Audience(
        to=to,
        cc=cc,
        inside=tuple(Told(one.name or one.email, one.channel == "mail") for one in known.inside),
        notes=tuple(
            Told(row.person.shown, row.by_mail)
            for row in followers.rows
            if row.inside and row.notes and not row.me and not row.left
        ),
        sender=_sender(user, known.sender),
    )


def _suggested(known: ComposerAudience, draft: Draft | None) -> tuple[tuple[Chip, ...], tuple[Chip, ...]]:
    """Chips of To and Cc: the suggested ones, or the draft's with those who hear in any case."""
    chips = {name: tuple(_chip(one) for one in known.outside if one.field == name) for name in ("to", "cc")}
    if draft is None or draft.to is None:
        return chips["to"], chips["cc"]
    named = {chip.email for chip in (*draft.to, *draft.cc)}
    fixed = {name: tuple(chip for chip in some if chip.fixed) for name, some in chips.items()}
    steady = {chip.email: chip for some in fixed.values() for chip in some}
    to = (*(steady.get(chip.email, chip) for chip in draft.to), *(c for c in fixed["to"] if c.email not in named))
    cc = (*(steady.get(chip.email, chip) for chip in draft.cc), *(c for c in fixed["cc"] if c.email not in named))
    return to, cc


def _chip(one: Suggested) -> Chip:
    return Chip(written(one.address), one.email, one.name, one.because, one.fixed)


def chip_of(address: Address) -> Chip:
    """The chip of somebody whom a form names."""
    return Chip(written(address), address.email, address.name)


def written(address: Address) -> str:
    """A mailbox as a form field holds it; `parse_addresses` reads it again."""
    name = address.name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{name}" <{address.email}>' if name else address.email


def _sender(user: User, choice: Choice) -> Sender:
    return Sender(
        name=choice.author.name or user.name,
        email=choice.author.email,
        server=choice.server_name,
        own=choice.author.email == user.email.lower(),
        admitted=choice.admitted,
        kept_here=is_kept_here(choice.server, choice.server_name),
        because=choice.because,
        trace=trace_of(choice.trace, said=choice.because),
    )
