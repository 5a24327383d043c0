"""The composer as a page shows it: who will read what is about to be written, and from which address it leaves."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from postroom.conversations import selectors
from postroom.conversations.access import may_write
from postroom.conversations.audience import ComposerAudience, Suggested, audience, following_of
from postroom.conversations.carrying import forward_subject, head_of, is_shown, usually_carried
from postroom.conversations.checks import LARGEST_FILE, LARGEST_FILES
from postroom.conversations.drafts import draft_of
from postroom.conversations.hearers import Known
from postroom.conversations.models import Message
from postroom.conversations.people import People
from postroom.conversations.services import reply_subject
from postroom.conversations.suggestions import people_to_answer
from postroom.core.addresses import Address
from postroom.core.sending.facts import Choice
from postroom.core.sending.fitting import size_words
from postroom.directory.models import User
from postroom.infra.config import config
from postroom.outbound.models import is_kept_here
from postroom.records.models import Record
from postroom.web.pages.records.followers import Followers, followers_of
from postroom.web.pages.records.going import furthest, times
from postroom.web.pages.times import Choice as Time
from postroom.web.trace import Line, trace_of

MESSAGE, NOTE = "message", "note"
KEY_BYTES = 12
QUOTED = 20_000  # characters of a forwarded message that the composer shows


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
    `kept_here`: there is no server, the outbox keeps it. `most` is the largest mail, in bytes, that leaves as it is, 0
    for any; `as_links`: the largest files of others leave as links, else they fail; `lacks_utf8`: the server is known
    to carry no addresses with letters beyond ASCII before the @.
    """

    name: str = ""
    email: str = ""
    server: str = ""
    own: bool = True
    admitted: bool = True
    kept_here: bool = False
    most: int = 0
    most_words: str = ""
    as_links: bool = True
    lacks_utf8: bool = False
    because: str = ""
    trace: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody has written so far. `to` None: the people outside are those that are suggested.

    `answers` and `forwards` are the messages that it answers or passes on, `carry` the files that go along.

    `id` is that of the draft that was `taken` back before it left, 0: it is none; `kept` are files of it that go along.
    """

    kind: str = MESSAGE
    body: str = ""
    subject: str = ""
    to: tuple[Chip, ...] | None = None
    cc: tuple[Chip, ...] = ()
    add: str = ""
    key: str = ""
    answers: int = 0
    forwards: int = 0
    carry: tuple[int, ...] = ()
    mentions: tuple[int, ...] = ()
    id: int = 0
    taken: datetime | None = None
    kept: tuple[Carried, ...] = ()


@dataclass(frozen=True, slots=True)
class Carried:
    """A file of a forwarded message or of a draft that may go along. `size` is in bytes."""

    id: int
    name: str
    size: int
    chosen: bool = True


@dataclass(frozen=True, slots=True)
class Aside:
    """The message that is answered or passed on: who wrote it and when, how it will be quoted, its files."""

    who: str = ""
    at: datetime | None = None
    forward: bool = False
    note: bool = False
    quote: str = ""
    files: tuple[Carried, ...] = ()
    again: str = ""


@dataclass(frozen=True, slots=True)
class Audience:
    """Who will read: people outside in To and Cc, our own people, and those of them who hear of notes. `passed_on`: the
    followers have it and hear nothing. `others` outside take part and get a copy only where somebody chooses them.
    """

    to: tuple[Chip, ...] = ()
    cc: tuple[Chip, ...] = ()
    inside: tuple[Told, ...] = ()
    notes: tuple[Told, ...] = ()
    sender: Sender = field(default_factory=Sender)
    passed_on: bool = False
    others: tuple[Chip, ...] = ()


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
    most_each: int = LARGEST_FILE
    aside: Aside | None = None
    plain_url: str = ""
    later: tuple[Time, ...] = ()
    latest: str = ""

    @property
    def most_words(self) -> str:
        """How large all files together may be, as mail programs count."""
        return _("%(number)d MB") % {"number": self.most // 1024 // 1024}

    @property
    def most_each_words(self) -> str:
        """How large one file may be."""
        return _("%(number)d MB") % {"number": self.most_each // 1024 // 1024}


def composer_of(
    user: User,
    record: Record,
    draft: Draft | None = None,
    errors: Mapping[str, str] | None = None,
    people: People | None = None,
) -> Composer | None:
    """The composer of a record; None for those who may only read. `people` are those of the conversation, where they
    are known already.
    """
    if not may_write(user, record.company_id):
        return None
    known = following_of(record)
    kept, followers = draft or taken_back(user, record) or Draft(), followers_of(user, record, known=known)
    aside = _aside(user, record, kept)
    return Composer(
        record=record,
        url=reverse("record-post", args=[record.pk]),
        audience_url=_audience_url(record, kept),
        people_url=reverse("record-people", args=[record.pk]),
        mentions_url=reverse("record-mentions", args=[record.pk]),
        draft=kept if kept.key else _keyed(kept),
        audience=audience_of(user, record, followers, kept, known, people),
        followers=followers,
        subject=forward_subject(record.title) if kept.forwards else reply_subject(record.title),
        errors=errors or {},
        aside=aside,
        plain_url=reverse("record-composer", args=[record.pk]),
        later=times(),
        latest=furthest(),
    )


def taken_back(user: User, record: Record, pk: int = 0) -> Draft | None:
    """The newest draft of `user` in the conversation, or that one; None where there is none."""
    one = draft_of(user, record, pk)
    if one is None:
        return None
    usual = (reply_subject(record.title), forward_subject(record.title))
    return Draft(
        body=one.body,
        subject="" if one.subject in usual else one.subject,
        to=tuple(chip_of(Address(email, name)) for email, name in one.to),
        cc=tuple(chip_of(Address(email, name)) for email, name in one.cc),
        answers=one.answers,
        forwards=one.forwards,
        carry=tuple(one.carried),
        mentions=tuple(one.mentions),
        id=one.pk,
        taken=one.created_at,
        kept=tuple(Carried(row.pk, row.file.name, row.file.size) for row in one.files.all()),
    )


def _audience_url(record: Record, draft: Draft) -> str:
    url = reverse("record-audience", args=[record.pk])
    return f"{url}?forwards={draft.forwards}" if draft.forwards else url


def _aside(user: User, record: Record, draft: Draft) -> Aside | None:
    """The message that the draft answers or passes on, as far as it is there for the reader."""
    wanted = draft.forwards or draft.answers
    message = selectors.message(user, wanted) if wanted else None
    if message is None or message.thread.record_id != record.pk or message.deleted_at is not None:
        return None
    how = "forward" if draft.forwards else "reply"
    return Aside(
        who=message.author_name or message.author_email,
        at=message.received_at,
        forward=bool(draft.forwards),
        note=message.visibility == Message.Visibility.INTERNAL,
        quote="\n".join([*head_of(message), "", message.text[:QUOTED]]) if draft.forwards else "",
        files=_files(message, draft) if draft.forwards else (),
        again=reverse(f"message-{how}", args=[message.pk]),
    )


def _files(message: Message, draft: Draft) -> tuple[Carried, ...]:
    """All but those that the body shows, which go along in any case."""
    rows = message.attachments.select_related("file").order_by("position")
    return tuple(
        Carried(one.pk, one.file.name, one.file.size, one.pk in draft.carry)
        for one in rows
        if not is_shown(one, message.html)
    )


def draft_for(user: User, record: Record, message: Message, how: str) -> Draft:
    """An answer to a message (`reply`, `reply-all`; of a note: a note), or that which passes it on (`forward`)."""
    if how == "forward":
        files = tuple(usually_carried(message))
        subject = forward_subject(message.subject or record.title)
        return Draft(subject=subject, to=(), forwards=message.pk, carry=files)
    if message.visibility == Message.Visibility.INTERNAL:
        return Draft(kind=NOTE, answers=message.pk)
    to, cc = people_to_answer(record, message, user.pk, everybody=how == "reply-all")
    return Draft(to=tuple(map(chip_of, to)), cc=tuple(map(chip_of, cc)), answers=message.pk)


def _keyed(draft: Draft) -> Draft:
    """With the key under which its form posts once, however often it is sent."""
    return replace(draft, key=secrets.token_urlsafe(KEY_BYTES))


def audience_of(
    user: User,
    record: Record,
    followers: Followers,
    draft: Draft | None = None,
    followed_by: Sequence[Known] | None = None,
    people: People | None = None,
) -> Audience:
    """Who will read; the people outside are the draft's, where it has chosen them."""
    known = audience(user, record.pk, followed_by=followed_by, known=record, people=people)
    if known is None:
        return Audience()
    passed_on = draft is not None and bool(draft.forwards)
    to, cc = _suggested(known, draft) if draft is None or not passed_on else (draft.to or (), draft.cc)
    return Audience(
        to=to,
        cc=cc,
        inside=() if passed_on else tuple(Told(one.name or one.email, one.channel == "mail") for one in known.inside),
        passed_on=passed_on,
        others=() if passed_on else _others(known, (*to, *cc)),
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


def _others(known: ComposerAudience, named: Sequence[Chip]) -> tuple[Chip, ...]:
    """Those who take part, or would be written to by themselves, and are not named."""
    emails = {chip.email for chip in named}
    return tuple(_chip(one) for one in (*known.outside, *known.others) if one.email not in emails and not one.fixed)


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
        most=0 if choice.size_assumed and not config().has_public_url else choice.max_size,
        most_words=size_words(choice.max_size),
        as_links=config().has_public_url,
        lacks_utf8=choice.smtputf8 is False,
        because=choice.because,
        trace=trace_of(choice.trace, said=choice.because),
    )
