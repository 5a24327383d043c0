"""One copy of the Outbox: as its recipient sees it, its headers and source, its tries, and why this sender."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from postroom.core.addresses import Address
from postroom.core.delivery.bounce_rules import ReplyClass, Who
from postroom.core.delivery.decisions import Verb
from postroom.core.delivery.states import DELIVERIES, DeliveryState
from postroom.core.delivery.waiting import TROUBLE
from postroom.core.encoded_words import decode_words, unfold
from postroom.core.errors import InvalidAddress, InvalidHeader
from postroom.core.message.mail import Attachment, Mail
from postroom.core.message.parse import parse
from postroom.directory.models import User
from postroom.directory.roles import Permission
from postroom.infra.blobs import BlobMissing
from postroom.infra.config import config
from postroom.outbound import selectors
from postroom.outbound.links import links_of
from postroom.outbound.models import ENDED_BADLY, Attempt, Delivery
from postroom.outbound.queue import control
from postroom.outbound.queue.groups import named_servers
from postroom.outbound.replies import described
from postroom.outbound.selectors import Shown
from postroom.outbound.servers import uses as server_uses
from postroom.records.selectors import by_refs
from postroom.web.pages.common import for_those_who_may, found, reader, wants
from postroom.web.pages.outbox.copies import is_kept, record_words, state_of_row, verbs_for, waits_for
from postroom.web.pages.outbox.linked import LinksShown, links_shown
from postroom.web.pages.outbox.naming import NEEDS_MORE, Decision
from postroom.web.pages.outbox.replying import Reply, reply_of
from postroom.web.pages.records.content import (
    FILE_POLICY,
    FRAME_POLICY,
    KNOWN_TYPES,
    SHOWN_TYPES,
    eml_name,
    with_image_urls,
)
from postroom.web.pages.records.strips import WHAT_KEPT_MEANS
from postroom.web.pages.records.timeline import PHASES, RESULTS, UNANSWERED
from postroom.web.places import record_url
from postroom.web.trace import Line, State, trace_of
from postroom.web.views import Person

WHO: Mapping[Who, Promise] = {
    Who.MEMBER: gettext_lazy("What you can do"),
    Who.ADMINISTRATOR: gettext_lazy("What an administrator can do"),
}
SHOWN_SOURCE = 200_000  # bytes of source that a page shows; the rest is in the download
SHOWN_TEXT = 100_000  # characters of the plain text that a page shows
_BODY = re.compile(r"<body\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class FileShown:
    """A file of the copy. `size` is in bytes."""

    url: str
    name: str
    size: int


@dataclass(frozen=True, slots=True)
class Letter:
    """The copy as its recipient sees it. `frame` is the address of its HTML; `kept` False: its bytes are gone."""

    author: str = ""
    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    reply_to: tuple[str, ...] = ()
    subject: str = ""
    date: datetime | None = None
    frame: str = ""
    text: str = ""
    cut: bool = False
    files: tuple[FileShown, ...] = ()
    size: int = 0
    kept: bool = True


@dataclass(frozen=True, slots=True)
class Try:
    """One try to hand the copy over; `words` are the server's own."""

    number: int
    state: State
    at: datetime
    server: str = ""
    sender: str = ""
    where: str = ""
    words: str = ""
    seconds: str = ""


@dataclass(frozen=True, slots=True)
class CopyPage:
    """A copy with everything that its page shows. `meant` is the class of its last reply, `to_do` by
    `who`; `wire` are the words beneath: the server's own, or why it stands as it does. `delayed` says that it is late.
    """

    row: Delivery
    state: State
    title: str = ""
    meaning: str = ""
    delayed: str = ""
    meant: ReplyClass | None = None
    who: str = ""
    to_do: str = ""
    wire: str = ""
    due: datetime | None = None
    verbs: tuple[Decision, ...] = ()
    more: tuple[Decision, ...] = ()
    servers: tuple[tuple[int, str], ...] = ()
    waits: str = ""
    zone: str = ""
    server: str = ""
    tries: tuple[Try, ...] = ()
    trace: tuple[Line, ...] = ()
    admitted: bool = True
    to: Person = field(default_factory=Person)
    about: str = ""
    about_url: str = ""
    letter: Letter = field(default_factory=Letter)
    reply: Reply = field(default_factory=Reply)
    links: LinksShown = field(default_factory=LinksShown)


@require_safe
@for_those_who_may(Permission.OUTBOUND_READ)
def outbound_copy(request: HttpRequest, pk: int) -> HttpResponse:
    """One copy; htmx asks for what became of it alone."""
    user = reader(request)
    one = found(selectors.delivery(user, pk))
    if wants(request, "fate"):
        if one.delivery.dispatch is None:
            bytes_of(one.delivery)
        return render(request, "web/outbound/fate.html", {"page": _fate(user, one)})
    page = page_of_copy(user, one)
    return render(request, "web/outbound/copy.html", {"title": page.title, "here": "outbound", "page": page})


def page_of_copy(user: User, one: Shown) -> CopyPage:
    """The whole page: what became of the copy, the copy itself, and whether one may answer it from here."""
    raw = bytes_of(one.delivery)
    mail = parse(raw) if raw is not None else None
    letter = _letter(one.delivery, mail) if mail else Letter(kept=False)
    return _fate(user, one, letter, reply_of(user, one.delivery, mail))


def _fate(user: User, one: Shown, letter: Letter | None = None, reply: Reply | None = None) -> CopyPage:
    row, meant = one.delivery, _meant(one.delivery)
    verbs, (waits, until) = verbs_for(user, row), waits_for(row)
    about = by_refs(user, [row.letter.about]).get(row.letter.about) if row.letter.about else None
    return CopyPage(
        row=row,
        state=state_of_row(row),
        title=row.letter.subject or _("No subject"),
        meaning=str(WHAT_KEPT_MEANS) if is_kept(row) else DELIVERIES.meanings[DeliveryState(row.state)],
        delayed=_delayed(row),
        meant=meant,
        who=str(WHO.get(meant.who, "")) if meant else "",
        to_do=meant.to_do(ended=row.state in ENDED_BADLY) if meant else "",
        wire=_wire(one, meant),
        due=until,
        waits=waits,
        zone=timezone.get_current_timezone_name(),
        server=_chosen_server(row),
        verbs=tuple(one for one in verbs if one.verb not in NEEDS_MORE),
        more=tuple(one for one in verbs if one.verb in NEEDS_MORE),
        servers=tuple(control.servers_for(user)) if any(one.verb is Verb.CHANGE_SERVER for one in verbs) else (),
        tries=tuple(_try(number, one) for number, one in enumerate(one.tries, 1)),
        trace=trace_of(row.dispatch.trace, said=row.dispatch.because) if row.dispatch else (),
        admitted=row.dispatch.admitted if row.dispatch else True,
        to=Person(row.name, row.address),
        about=record_words(about) if about else "",
        about_url=record_url(about.type, about.pk) if about else "",
        letter=letter or Letter(),
        reply=reply or Reply(),
        links=links_shown(user, row.company_id, links_of([row.pk]), reverse("outbound-links", args=[row.pk])),
    )


def _meant(row: Delivery) -> ReplyClass | None:
    """The class of the last reply, where it is what the copy waits for or ended by."""
    meant = described(row.reply_class)
    waits_for_another = bool(row.reason) and row.reason not in TROUBLE
    return meant if row.state in (*selectors.WAITS, *ENDED_BADLY) and not waits_for_another else None


def _wire(one: Shown, meant: ReplyClass | None) -> str:
    """The last server's own words beneath the class that says them plainly; else the words of the copy."""
    row = one.delivery
    last = one.tries[-1].words if one.tries else ""
    said = row.dispatch is not None and bool(last) and row.words.startswith(f"{row.dispatch.server_name} ")
    return last if meant and meant.is_named and said and last in row.words else row.words


def _delayed(row: Delivery) -> str:
    if not selectors.is_delayed(row):
        return ""
    return _("It is late: it was queued more than %(hours)g hours ago.") % {"hours": config().send_delayed_hours}


def _chosen_server(row: Delivery) -> str:
    """The server that somebody chose for a copy that still has to leave."""
    if row.server is None or row.state not in server_uses.WAITING:
        return ""
    return named_servers({row.server}).get(row.server, "")


def _try(number: int, one: Attempt) -> Try:
    took = max(0.0, (one.ended_at - one.began_at).total_seconds()) if one.ended_at else None
    state = RESULTS.get(one.outcome, UNANSWERED)
    return Try(
        number=number,
        state=state,
        at=one.began_at,
        server=one.dispatch.server_name,
        sender=one.dispatch.from_email,
        where=str(PHASES.get(one.phase, "")) if state.tone in {"bad", "warn"} else "",
        words=one.words,
        seconds="" if took is None else _("%(seconds).1f s") % {"seconds": took},
    )


def bytes_of(row: Delivery) -> bytes | None:
    """The copy as bytes; None where a file of it is gone or it can't be written. One that was not sent yet has the
    choice by now, unsaved.
    """
    try:
        return selectors.rendered(row)
    except (BlobMissing, InvalidHeader, InvalidAddress):
        return None


def _letter(row: Delivery, mail: Mail) -> Letter:
    return Letter(
        author=_named(mail.author) if mail.author else "",
        to=tuple(map(_named, mail.to)),
        cc=tuple(map(_named, mail.cc)),
        reply_to=tuple(map(_named, mail.reply_to)),
        subject=mail.subject,
        date=mail.date,
        frame=reverse("outbound-body", args=[row.pk]) if mail.html else "",
        text=mail.text[:SHOWN_TEXT],
        cut=len(mail.text) > SHOWN_TEXT,
        files=tuple(
            FileShown(_file_url(row, number, one), one.name, len(one.data))
            for number, one in enumerate(mail.attachments)
            if not one.inline
        ),
        size=mail.size,
    )


def _named(one: Address) -> str:
    return f"{one.name} <{one.email}>" if one.name else one.email


def _file_url(row: Delivery, number: int, one: Attachment) -> str:
    return reverse("outbound-file", args=[row.pk, number, one.name.replace("/", "_") or "file"])


def _opened(request: HttpRequest, pk: int) -> tuple[Delivery, bytes | None]:
    row = found(selectors.delivery(reader(request), pk)).delivery
    return row, bytes_of(row)


def _gone(request: HttpRequest, row: Delivery) -> HttpResponse:
    return render(request, "web/gone.html", {"name": row.letter.subject}, status=HTTPStatus.GONE)


@require_safe
@for_those_who_may(Permission.OUTBOUND_READ)
def outbound_body(request: HttpRequest, pk: int) -> HttpResponse:
    """The HTML of a copy as it is sent, as a page of its own for a sandboxed frame that runs and fetches nothing."""
    row, raw = _opened(request, pk)
    mail = parse(raw) if raw is not None else None
    if mail is None or not mail.html:
        raise Http404
    images = {
        one.content_id: _file_url(row, number, one)
        for number, one in enumerate(mail.attachments)
        if one.content_id and one.content_type.lower() in SHOWN_TYPES
    }
    response = HttpResponse(_document(with_image_urls(mail.html, images)))
    response.headers["Content-Security-Policy"] = FRAME_POLICY
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    return response


def _document(body: str) -> str:
    """A whole document: the mail's own on white paper, or its fragment in a plain one."""
    if _BODY.search(body):
        return f"{body}<style>:root{{color-scheme:light;background:#fff}}</style>"
    title = html.escape(_("Message"))
    style = "html{background:#fff}body{margin:2px;font:14px/1.5 sans-serif;overflow-wrap:anywhere}"
    head = f'<meta charset="utf-8"><title>{title}</title><style>{style}</style>'
    return f"<!doctype html><html><head>{head}</head><body>{body}</body></html>"


@require_safe
@for_those_who_may(Permission.OUTBOUND_READ)
def outbound_file(request: HttpRequest, pk: int, number: int, name: str) -> HttpResponse:
    """A file of a copy: always saved, but for images of listed types that its HTML names."""
    row, raw = _opened(request, pk)
    if raw is None:
        return _gone(request, row)
    files = parse(raw).attachments
    if number >= len(files):
        raise Http404
    one = files[number]
    type = one.content_type.lower()
    inline = bool(one.content_id) and type in SHOWN_TYPES and request.GET.get("inline") == "1"
    return _saved(one.data, type if type in KNOWN_TYPES else "application/octet-stream", one.name, inline=inline)


@require_safe
@for_those_who_may(Permission.OUTBOUND_READ)
def outbound_download(request: HttpRequest, pk: int) -> HttpResponse:
    """The bytes of a copy as they are sent, as a file."""
    row, raw = _opened(request, pk)
    if raw is None:
        return _gone(request, row)
    return _saved(raw, "message/rfc822", eml_name(row.letter.subject, pk))


def _saved(data: bytes, type: str, name: str, *, inline: bool = False) -> HttpResponse:
    response = HttpResponse(data, content_type=type)
    response.headers["Content-Disposition"] = content_disposition_header(not inline, name) or "attachment"
    response.headers["Content-Security-Policy"] = FILE_POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return response


@dataclass(frozen=True, slots=True)
class Source:
    """The source of a copy: its headers decoded, and its text as far as a page shows it. `sent`: it left like this."""

    row: Delivery
    headers: tuple[tuple[str, str], ...] = ()
    text: str = ""
    size: int = 0
    cut: bool = False
    kept: bool = True
    sent: bool = False


@require_safe
@for_those_who_may(Permission.OUTBOUND_READ)
def outbound_source(request: HttpRequest, pk: int) -> HttpResponse:
    """The headers and the source of a copy."""
    row, raw = _opened(request, pk)
    shown = Source(row, kept=False)
    if raw is not None:
        text = raw[:SHOWN_SOURCE].decode("utf-8", "replace").replace("\r\n", "\n")
        headers = tuple(_headers(parse(raw).headers.fields))
        shown = Source(row, headers, text, len(raw), cut=len(raw) > SHOWN_SOURCE, sent=row.attempts > 0)
    title = row.letter.subject or _("No subject")
    return render(request, "web/outbound/source.html", {"title": title, "here": "outbound", "source": shown})


def _headers(fields: Sequence[tuple[str, bytes]]) -> Iterator[tuple[str, str]]:
    for name, value in fields:
        yield name, decode_words(unfold(value))
