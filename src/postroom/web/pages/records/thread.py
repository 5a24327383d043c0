"""The conversation of a record: view models of its messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from postroom.conversations import selectors
from postroom.conversations.access import may_write
from postroom.conversations.copies import standing_of
from postroom.conversations.models import Attachment, Message
from postroom.conversations.notes import may_change, until
from postroom.core.authentication.verdict import Level
from postroom.core.message.files import Aside
from postroom.directory.access import companies, may
from postroom.directory.models import User
from postroom.directory.roles import Permission
from postroom.inbound.models import Route
from postroom.inbound.selectors import reasons
from postroom.infra.paging import Page
from postroom.records.change_log import changes_after, changes_between
from postroom.records.models import FieldChange, Record
from postroom.web.pages.records.changes import ChangeShown, entries
from postroom.web.pages.records.content import attachment_url
from postroom.web.pages.records.invitations import InvitationShown, invitation_shown
from postroom.web.pages.records.strips import Strip, strips_of
from postroom.web.proofs import Proof, Warned, borrows, proof_of, warnings_of
from postroom.web.risks import risk_in_words
from postroom.web.trace import Line, trace_of
from postroom.web.views import Person

MOST_NAMED = 100  # recipients of a message that a page names; the source names all
HEARD = 6  # lines about who heard that come with the page; longer ones are fetched when somebody opens them


@dataclass(frozen=True, slots=True)
class FileShown:
    """An attachment as a message lists it. `size` is in bytes; `risk` says in words what opening it may do, `aside` why
    it stands below the list.
    """

    url: str
    name: str
    size: int
    untouched: bool = False
    risk: str = ""
    aside: str = ""


@dataclass(frozen=True, slots=True)
class Acts:
    """What the reader may do with a message."""

    reply: bool = False
    forward: bool = False
    change: bool = False
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class MessageShown:
    """A message as the spine shows it. `body` is plain text; `frame` is the address of the HTML body, if it has one.

    `kind` is in, out or note; `text` is the address of the whole text where the body is `cut`. `doubt` says why its
    author is not believed, `link` that it came by reply link; `proof` is how far its From is believed, `warned` what of
    that misleads. `heard` is who heard of it and why (`heard_more`: too many to come with the page), `strip` to whom it
    went. A note has no recipients and no copies, whatever its row says.
    """

    id: int
    kind: str
    author: Person
    at: datetime
    note: bool = False
    standing: str = ""
    claim: str = ""
    doubt: str = ""
    link: bool = False
    automatic: str = ""
    sent_at: datetime | None = None
    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    subject: str = ""
    body: str = ""
    quote: str = ""
    cut: bool = False
    frame: str = ""
    frame_quote: bool = False
    frame_remote: bool = False
    text: str = ""
    files: tuple[FileShown, ...] = ()
    asides: tuple[FileShown, ...] = ()
    invitation: InvitationShown | None = None
    defects: tuple[str, ...] = ()
    because: str = ""
    trace: tuple[Line, ...] = ()
    heard: tuple[Line, ...] = ()
    heard_more: bool = False
    strip: Strip = field(default_factory=Strip)
    may_accept: bool = False
    arrival: str = ""
    source: str = ""
    download: str = ""
    version: str = ""
    named: tuple[str, ...] = ()
    edited_at: datetime | None = None
    deleted_by: str = ""
    acts: Acts = field(default_factory=Acts)
    proof: Proof | None = None
    warned: tuple[Warned, ...] = ()


@dataclass(frozen=True, slots=True)
class Thread:
    """Messages, newest first, and changes of the record between them. `earlier` is the id from which there are more
    messages, 0 where these are all; `later` the id before which the page after this one begins, 0 where that is
    the newest.
    """

    messages: tuple[MessageShown, ...] = ()
    changes: tuple[ChangeShown, ...] = ()
    earlier: int = 0
    newest: bool = True
    later: int = 0
    files: int = 0

    @property
    def entries(self) -> list[MessageShown | ChangeShown]:
        """All of them, newest first; messages keep their order."""
        found: list[MessageShown | ChangeShown] = []
        waiting = list(reversed(self.changes))
        for message in self.messages:
            while waiting and waiting[-1].at >= message.at:
                found.append(waiting.pop())
            found.append(message)
        return [*found, *reversed(waiting)]


def thread_of(
    user: User,
    record: Record,
    *,
    before: int | None = None,
    after: int | None = None,
    changed: int | None = None,
    at: int | None = None,
) -> Thread:
    """A page of the record's conversation: of the messages before or after one, or around the one that it is `at`, and
    the changes among them. After a message come only the changes after the one that is `changed`.
    """
    before = selectors.around(user, record.pk, at) if at is not None else before
    page = selectors.messages(user, record, before=before, after=after)
    shown = _messages(user, record, page.rows)
    return Thread(
        messages=shown,
        changes=tuple(entries(_changes(record, page, before, after, changed))),
        earlier=page.next or 0,
        newest=before is None,
        later=selectors.later(user, record.pk, before) or 0 if before is not None else 0,
        files=sum(len(message.files) for message in shown),
    )


def _messages(user: User, record: Record, rows: Sequence[Message]) -> tuple[MessageShown, ...]:
    keys = [message.pk for message in rows]
    why = reasons(user, keys)
    ours = [message.pk for message in rows if message.user_id]  # what came by mail mentions nobody and has not to leave
    strips = strips_of(user, {message.pk: _is_note(message) for message in rows}, ours)
    named = selectors.mentioned_in(ours) if ours else {}
    eyes = _Eyes(
        user,
        may(user, Permission.ARRIVALS_READ),
        may_write(user, record.company_id),
        record.company_id in companies(user, Permission.OUTBOUND_READ),
    )
    return tuple(
        _shown(message, why.get(message.pk), strips[message.pk], tuple(named.get(message.pk, ())), eyes)
        for message in rows
    )


def _changes(
    record: Record, page: Page[Message], before: int | None, after: int | None, changed: int | None
) -> list[FieldChange]:
    """Those that happened between the oldest message of the page and the one it goes on from."""
    if after is not None:
        return [] if changed is None else changes_after(record.pk, changed)
    until = selectors.received_at(record.pk, before) if before is not None else None
    if before is not None and until is None:
        return []
    return changes_between(record.pk, page.rows[-1].received_at if page.next else None, until)


def message_shown(user: User, record: Record, pk: int) -> MessageShown | None:
    """One message as the spine shows it."""
    rows = selectors.messages(user, record, before=pk + 1, after=pk - 1).rows
    return _messages(user, record, rows)[0] if rows else None


def _page_of(contact: int | None) -> str:
    """The page about a contact; empty where nobody is known."""
    return reverse("contact", args=[contact]) if contact else ""


def _name(message: Message) -> str:
    """The name that the mail gave, else the one that we know its author by."""
    return message.author_name or (message.author.name if message.author else "")


@dataclass(frozen=True, slots=True)
class _Eyes:
    """What the reader may see and do."""

    user: User
    arrivals: bool
    write: bool
    outbound: bool


def _is_note(message: Message) -> bool:
    return message.visibility == Message.Visibility.INTERNAL


def _kind(message: Message) -> str:
    if _is_note(message):
        return "note"
    return "out" if message.standing == Message.Standing.MEMBER else "in"


def _acts(message: Message, eyes: _Eyes, *, doubted: bool) -> Acts:
    if not eyes.write or message.deleted_at is not None or doubted:
        return Acts()
    change = may_change(eyes.user, message)
    return Acts(reply=True, forward=not _is_note(message), change=change, until=until(message) if change else None)


def _download(message: Message, linked: int, strip: Strip, eyes: _Eyes) -> str:
    """Where the mail itself is to be had: as it came, or as a copy of what was written here."""
    if linked:
        return reverse("arrival-download", args=[linked])
    mine = message.user_id is not None and (eyes.outbound or message.user_id == eyes.user.pk)
    sent = mine and not _is_note(message) and any(line.key for line in (*strip.lines, *strip.folded))
    return reverse("message-download", args=[message.pk]) if sent else ""


def _shown(message: Message, route: Route | None, strip: Strip, named: tuple[str, ...], eyes: _Eyes) -> MessageShown:
    row = cast("Any", message)  # with what the selector adds
    linked = route.arrival_id if route and eyes.arrivals else 0
    note = _is_note(message)
    doubt = str(DOUBTS.get(message.standing, ""))
    told = [step for telling in row.told for step in telling.steps]
    cut = max(len(row.shown), len(row.shown_quote)) > selectors.SHOWN
    return MessageShown(
        id=message.pk,
        kind=_kind(message),
        author=_author(message),
        at=message.received_at,
        note=note,
        standing=message.standing,
        claim=_claim(message),
        doubt=doubt,
        link=message.standing == Message.Standing.REPLY_LINK,
        automatic=str(AUTOMATIC.get(message.automatic, "")),
        sent_at=message.sent_at,
        to=() if note else _people(message.to),
        cc=() if note else _people(message.cc),
        subject="" if note and message.user_id else message.subject,
        body=row.shown[: selectors.SHOWN],
        quote=row.shown_quote[: selectors.SHOWN],
        cut=cut,
        frame=reverse("message-body", args=[message.pk]) if row.has_html else "",
        frame_quote=row.has_quote,
        frame_remote=row.has_remote,
        text=reverse("message-text", args=[message.pk]) if cut else "",
        files=tuple(_file(one) for one in row.files if not one.aside and not (one.inline and row.has_html)),
        asides=tuple(_file(one) for one in row.files if one.aside and one.aside != Aside.CALENDAR),
        invitation=_invitation(message, row.files),
        defects=tuple(str(defect) for defect in message.defects),
        because=route.because if route else "",
        trace=trace_of(route.trace) if route else (),
        heard=trace_of(told) if len(told) <= HEARD else (),
        heard_more=len(told) > HEARD,
        strip=strip,
        may_accept=bool(doubt) and eyes.write,
        arrival=reverse("arrival", args=[linked]) if linked else "",
        source=reverse("arrival-source", args=[linked]) if linked else "",
        download=_download(message, linked, strip, eyes),
        version=standing_of(message.standing, message.edited_at, message.deleted_at),
        named=named,
        edited_at=message.edited_at,
        deleted_by=_name(message) or message.author_email if message.deleted_at else "",
        acts=_acts(message, eyes, doubted=bool(doubt)),
        proof=_proof(message),
        warned=warnings_of(message.level, message.verdict, message.marks),
    )


ASIDES: Mapping[str, Promise] = {
    Aside.ENVELOPE.value: gettext_lazy("Outlook's envelope, opened"),
    Aside.SHOWN.value: gettext_lazy("its text stands in the mail"),
    Aside.LOGO.value: gettext_lazy("a picture that came with earlier mails too"),
}


def _author(message: Message) -> Person:
    """Whoever it says wrote it; where it borrows the name of one of us, neither their avatar nor their page."""
    borrowed = borrows(message.standing, message.marks)
    page = "" if message.standing == Message.Standing.CLAIMED_MEMBER else _page_of(message.author_id)
    return Person(_name(message), message.author_email, page, masked=borrowed)


def _claim(message: Message) -> str:
    """What a reader must know before believing the author's name; of an outsider who is proved, no more than that."""
    if message.standing == Message.Standing.OUTSIDER and message.level == Level.VERIFIED:
        return _("Outsider")
    return str(CLAIMS.get(message.standing, ""))


def _proof(message: Message) -> Proof | None:
    """How far the From is believed; not said twice where the claim says it."""
    says = message.standing in CLAIMS and message.level in (Level.UNVERIFIED, Level.UNKNOWN)
    return None if says else proof_of(message.level, message.verdict)


AUTOMATIC: Mapping[str, Promise] = {
    "auto": gettext_lazy("Automatic"),
    "list": gettext_lazy("Mailing list"),
    "loop": gettext_lazy("Sent in a circle"),
}
CLAIMS: Mapping[str, Promise] = {  # what a reader must know before believing the author's name
    Message.Standing.OUTSIDER.value: gettext_lazy("Unverified outsider"),
    Message.Standing.CLAIMED_MEMBER.value: gettext_lazy("Unverified: says it is one of us"),
}
DOUBTS: Mapping[str, Promise] = {
    Message.Standing.OUTSIDER.value: gettext_lazy(
        "Somebody who does not take part answered in this conversation. It was not passed on."
        " Accept it to let its sender take part and to pass it on to those who follow."
    ),
    Message.Standing.CLAIMED_MEMBER.value: gettext_lazy(
        "The From names one of us, but nothing proves that they wrote it. It was not passed on."
        " Accept it only if you know that it is theirs: then it is passed on in their name."
    ),
}


def _people(pairs: Sequence[Sequence[str]]) -> tuple[str, ...]:
    named = [pair for pair in pairs if pair]
    more = (_("and %(count)d more") % {"count": len(named) - MOST_NAMED},) if len(named) > MOST_NAMED else ()
    return *(f"{pair[1]} <{pair[0]}>" if len(pair) > 1 and pair[1] else pair[0] for pair in named[:MOST_NAMED]), *more


def _file(one: Attachment) -> FileShown:
    return FileShown(
        url=attachment_url(one),
        name=one.file.name,
        size=one.file.size,
        untouched=one.untouched,
        risk=risk_in_words(one.danger),
        aside=str(ASIDES.get(one.aside, "")),
    )


def _invitation(message: Message, files: Sequence[Attachment]) -> InvitationShown | None:
    """The card of an invitation, with the address of its file."""
    if not message.invitation:
        return None
    own = next((attachment_url(one) for one in files if one.aside == Aside.CALENDAR), "")
    return invitation_shown(message.invitation, own)
