"""Posting from the composer: the form is read, checked field by field, and posted once."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from http import HTTPStatus

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect, trigger_client_event

from postroom.conversations import audience, selectors, services
from postroom.conversations.checks import checked_body, checked_people, checked_uploads
from postroom.conversations.leaving import checked_time, going_of
from postroom.conversations.models import Message
from postroom.conversations.suggestions import MOST
from postroom.core.addresses import Address, parse_addresses
from postroom.directory.models import User
from postroom.infra import counters
from postroom.records.models import Record
from postroom.records.selectors import record_by_id
from postroom.web.pages.common import for_users, found, key, number, reader, shortened
from postroom.web.pages.records.composing import MESSAGE, NOTE, Draft, chip_of, composer_of, draft_for, taken_back
from postroom.web.pages.records.going import GoingShown, going_shown, sent_of
from postroom.web.pages.records.page import show_record
from postroom.web.pages.times import until
from postroom.web.places import record_url
from postroom.web.templatetags.ui import said_at

ONCE_SECONDS = 172_800.0  # how long a form's key is remembered, as long as counters are
LONGEST_KEY = 64
LONGEST_SUBJECT = 500
LONGEST_FIELD = 40_000  # characters of typed addresses that are read: more than the people of one message need
LONGEST_CHIP = 1000
_TORN = re.compile(r"\s@|@\s")
_QUOTED = re.compile(r'"[^"]*"')  # a name in quotes may hold commas
MOST_NAMES = 500  # of our own people among whom an @ without a choice from the list is looked up


@dataclass(frozen=True, slots=True)
class Form:
    """What was posted. `strangers` are words of a recipient field that are no address. `later` is when it is to leave,
    as it was named; `draft` is one that was taken back, with those of its files that are `kept`.
    """

    kind: str = MESSAGE
    key: str = ""
    body: str = ""
    subject: str = ""
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    strangers: tuple[str, ...] = ()
    uploads: tuple[services.Upload, ...] = ()
    mentions: tuple[int, ...] = ()
    answers: int = 0
    forwards: int = 0
    carry: tuple[int, ...] = ()
    later: str = ""
    draft_id: int = 0
    kept: tuple[int, ...] = ()

    @property
    def leaves(self) -> datetime | None:
        """When it is to leave; None: as soon as it may."""
        return until(self.later) if self.later else None

    @property
    def draft(self) -> Draft:
        """The same, to be shown again."""
        to, cc = (tuple(chip_of(one) for one in some) for some in (self.to, self.cc))
        add = ", ".join(self.strangers)
        aside = (self.answers, self.forwards, self.carry)
        return Draft(self.kind, self.body, self.subject, to, cc, add, self.key, *aside, id=self.draft_id)


def form_of(request: HttpRequest) -> Form:
    """Read the form; nothing is checked yet."""
    given = request.POST
    added, strangers = typed_people(given.get("add", "")[:LONGEST_FIELD])
    to_cc = {name: _chosen(given.getlist(name)) for name in ("to", "cc")}
    to_cc["cc" if given.get("add_field") == "cc" else "to"] += added
    return Form(
        kind=NOTE if given.get("kind") == NOTE else MESSAGE,
        key=given.get("key", "")[:LONGEST_KEY],
        body=given.get("body", "").replace("\0", ""),
        subject=shortened(" ".join(given.get("subject", "").split()), LONGEST_SUBJECT),
        to=tuple(to_cc["to"]),
        cc=tuple(to_cc["cc"]),
        strangers=strangers,
        uploads=tuple(_upload(file) for file in request.FILES.getlist("files")),
        mentions=_numbers(given.getlist("mention")),
        answers=number(given.get("answers", "")) or 0,
        forwards=number(given.get("forwards", "")) or 0,
        carry=_numbers(given.getlist("carry")),
        later=_later(given),
        draft_id=number(given.get("draft", "")) or 0,
        kept=_numbers(given.getlist("kept")),
    )


def _later(given: Mapping[str, str]) -> str:
    """The time that a button names, or the field beside it: `at`, or `if-at` where Enter sent the form."""
    named, typed = given.get("later", "")[:LONGEST_KEY], given.get("later_at", "")[:LONGEST_KEY]
    if named == "at":
        return typed or named
    return typed if named == "if-at" else named


def _numbers(texts: Sequence[str]) -> tuple[int, ...]:
    return tuple(pk for text in texts if (pk := number(text)) is not None)


def _chosen(values: Sequence[str]) -> list[Address]:
    """Everybody whom the chips of a field name; of too many so many are read that `checked_people` refuses them."""
    return [one for text in values[: 2 * MOST] for one in parse_addresses(text[:LONGEST_CHIP])]


def typed_people(text: str) -> tuple[Sequence[Address], tuple[str, ...]]:
    """Addresses that were typed rather than chosen, and the words that are none: no @ among other words makes one,
    though the headers of mail may be written so.
    """
    pieces = re.split(r"[,;\n]", _QUOTED.sub("", text))
    if torn := tuple(piece.strip() for piece in pieces if _TORN.search(piece)):
        return parse_addresses(", ".join(piece for piece in pieces if not _TORN.search(piece))), torn
    whole = parse_addresses(text)
    pieces = [piece.strip() for piece in re.split(r"[,;\n]", _QUOTED.sub("", text) if whole else text) if piece.strip()]
    return whole, tuple(piece for piece in pieces if not whole or "@" not in piece)


def _upload(file: UploadedFile[bytes]) -> services.Upload:
    return services.Upload(file.name or "", file.content_type or "", file.read())


@dataclass(slots=True)
class _Checked:
    """The errors found, by field; the first of a field stays."""

    errors: dict[str, str] = field(default_factory=dict)

    def try_(self, name: str, check: Callable[[], object]) -> None:
        try:
            check()
        except services.CannotPost as problem:
            self.errors.setdefault(name, str(problem))


def problems(form: Form) -> Mapping[str, str]:
    """What is wrong with each field, in words."""
    checked = _Checked()
    if form.kind == MESSAGE and form.strangers:
        words = _("“%(words)s” is not a mail address. Choose somebody from the list, or type a whole address.")
        checked.errors["people"] = words % {"words": form.strangers[0][:100]}
    if form.kind == MESSAGE:
        checked.try_("people", lambda: checked_people(form.to, form.cc))
    if form.kind == MESSAGE and form.forwards and not form.to and not form.cc:
        checked.errors.setdefault("people", _("Say to whom it is to be forwarded."))
    if form.kind == NOTE and form.forwards:
        checked.errors["form"] = _("A note stays here: choose Message to forward, or leave the forwarding first.")
    if form.kind == MESSAGE and form.later:
        checked.try_("later", lambda: checked_time(form.leaves))
    bare = bool(form.forwards or form.kept)
    checked.try_("files", lambda: checked_uploads(form.uploads))
    checked.try_("body", lambda: checked_body(form.body, form.uploads, bare=bare))
    return checked.errors


@require_POST
@for_users
def post(request: HttpRequest, pk: int) -> HttpResponse:
    """Send a message or log a note; what is wrong is said beside its field and nothing typed is lost."""
    user = reader(request)
    record = found(record_by_id(user, pk))
    form = form_of(request)
    errors = dict(problems(form))
    if not errors:
        try:
            posted = _post_once(user, record, form)
        except services.CannotPost as problem:
            errors["form"] = str(problem)
        except OSError:
            errors["files"] = _("The files could not be kept. Nothing was sent; please try again.")
        else:
            return _done(request, user, record, form, posted)
    return _refused(request, record, form, errors)


def came_before(user: User, form: Form) -> bool:
    """Within the transaction that posts: whether a form with this key was posted before; it is remembered with it."""
    name = f"form:{user.pk}:{form.key}"
    return bool(form.key) and counters.add({name: 1}, ONCE_SECONDS)[name] > 1


def _post_once(user: User, record: Record, form: Form) -> Message | None:
    """Post, unless a form with this key did: a key counts only if its message was written."""
    with transaction.atomic():
        if came_before(user, form):
            return None
        mentions = _mentioned(user, record, form)
        if form.kind == NOTE:
            return services.post_note(
                user=user,
                record_id=record.pk,
                body=form.body,
                uploads=form.uploads,
                mentions=mentions,
                answers=form.answers,
            )
        return services.post_message(
            user=user,
            record_id=record.pk,
            body=form.body,
            subject=form.subject,
            to=form.to,
            cc=form.cc,
            uploads=form.uploads,
            mentions=mentions,
            answers=form.answers,
            forwards=form.forwards,
            files=form.carry,
            later=form.leaves,
            draft=form.draft_id,
            kept=form.kept,
        )


def _mentioned(user: User, record: Record, form: Form) -> tuple[int, ...]:
    return mentioned(user, record, form.body, form.mentions)


def mentioned(user: User, record: Record, body: str, picked: Sequence[int] = ()) -> tuple[int, ...]:
    """Those chosen from the list who are still named, and others whose whole name stands behind an @."""
    if "@" not in body:
        return ()
    text = body.casefold()
    known = [one for one in audience.people(user, record.pk, "", MOST_NAMES) if f"@{one.name.casefold()}" in text]
    chosen = {one.contact: one.name for one in known if one.contact in picked}
    others = {one.contact for one in known if one.name not in chosen.values()}
    return tuple(sorted(chosen.keys() | others))


def _done(request: HttpRequest, user: User, record: Record, form: Form, posted: Message | None) -> HttpResponse:
    sent = sent_of([_going(user, posted)])
    said = said_of(form)
    if not request.headers.get("HX-Request"):
        if sent is None:  # else the toast of the page says so, with what undoes it
            messages.success(request, said)
        return redirect(record_url(record.type, record.pk) or "home")
    composer = composer_of(user, record, Draft(kind=form.kind))
    if composer is None:
        return HttpResponseClientRedirect(record_url(record.type, record.pk))
    response = render(request, "web/records/posted.html", {"composer": composer, "sent": sent})
    if sent:
        said = _("%(said)s Undo it within %(seconds)d seconds: button Undo, key Z.") % {
            "said": said, "seconds": sent.going.seconds,
        }  # fmt: skip
    news = {"id": posted.pk if posted else 0, "said": said}
    return trigger_client_event(response, "posted", news, after="settle")


def said_of(form: Form) -> str:
    """What was done with a form that was posted."""
    if form.kind == NOTE:
        return _("Note logged.")
    if form.leaves:
        return _("Scheduled: it leaves %(at)s.") % {"at": said_at(form.leaves)}
    return _("Forwarded.") if form.forwards else _("Message sent.")


def _going(user: User, posted: Message | None) -> GoingShown | None:
    one = going_of([posted.pk]).get(posted.pk) if posted else None
    return going_shown(user, one) if one else None


def _refused(request: HttpRequest, record: Record, form: Form, errors: Mapping[str, str]) -> HttpResponse:
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    if not request.headers.get("HX-Request"):
        return show_record(request, record, draft=form.draft, errors=errors, status=status)
    return render(request, "web/records/composer_errors.html", {"errors": errors}, status=status)


@require_safe
@for_users
def composer_audience(request: HttpRequest, pk: int) -> HttpResponse:
    """Who would read, anew: somebody else changed the followers, or wrote. Of a forward that are the chosen alone."""
    user = reader(request)
    record = found(record_by_id(user, pk))
    draft = Draft(to=(), forwards=key(request, "forwards") or 0) if "forwards" in request.GET else None
    composer = found(composer_of(user, record, draft))
    return render(request, "web/records/audience.html", {"audience": composer.audience, "composer": composer})


@require_safe
@for_users
def plain_composer(request: HttpRequest, pk: int) -> HttpResponse:
    """The composer that answers no message in particular; htmx asks for it alone."""
    user = reader(request)
    record = found(record_by_id(user, pk))
    draft = with_draft(user, record, Draft(), key(request, "draft"))
    return _with_composer(request, record, draft if draft.id else None)


@require_safe
@for_users
def compose(request: HttpRequest, pk: int, how: str) -> HttpResponse:
    """The composer for an answer to a message, or to pass it on; htmx asks for it alone."""
    user = reader(request)
    message = found(selectors.message(user, pk))
    if message.deleted_at is not None or (how == "forward" and message.visibility == Message.Visibility.INTERNAL):
        raise Http404
    record = found(record_by_id(user, message.thread.record_id))
    draft = with_draft(user, record, draft_for(user, record, message, how), key(request, "draft"))
    return _with_composer(request, record, draft)


def with_draft(user: User, record: Record, draft: Draft, pk: int | None) -> Draft:
    """The same, going on with a draft that was taken back: its files go along, and it is gone once this is sent."""
    known = taken_back(user, record, pk) if pk else None
    return replace(draft, id=known.id, taken=known.taken, kept=known.kept) if known else draft


def _with_composer(request: HttpRequest, record: Record, draft: Draft | None) -> HttpResponse:
    if not request.headers.get("HX-Request"):
        return show_record(request, record, draft=draft)
    composer = found(composer_of(reader(request), record, draft))
    return render(request, "web/records/composer.html", {"composer": composer})
