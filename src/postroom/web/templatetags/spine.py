"""What stands in a conversation fifty times on a page: written from a stencil that a template made once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from django import template
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import conditional_escape, escape
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext, ngettext

from postroom.web.pages.records.changes import ChangeShown, FieldShown
from postroom.web.pages.records.thread import Acts, FileShown, MessageShown
from postroom.web.stencils import written
from postroom.web.templatetags.copies import copies
from postroom.web.templatetags.ui import (
    avatar,
    extension,
    icon,
    lines,
    naming,
    paragraphs,
    proved,
    size,
    softat,
    steps,
    warned,
    when,
)  # fmt: skip
from postroom.web.views import Person

register = template.Library()

# What a stencil has where a page has its own values: an id that no row has, and marks that no words have.
ID = 7_777_777_777_777_777_777
NEVER = datetime.min.replace(tzinfo=UTC)
WHO, SOURCE, DOWNLOAD, TOKEN = "\ue000who\ue000", "\ue000source\ue000", "\ue000download\ue000", "\ue000token\ue000"


@dataclass(frozen=True, slots=True)
class _Shape:
    """All that decides which entries a menu has, and in which language."""

    language: str
    acts: Acts
    note: bool
    source: bool
    download: bool


@register.simple_tag
def message_menu(shown: MessageShown, token: str = "") -> SafeString:
    """What can be done with a message. `token` goes into its forms."""
    may = shown.acts
    acts = Acts(reply=may.reply, forward=may.forward, change=may.change)
    shape = _Shape(get_language() or "", acts, shown.note, bool(shown.source), bool(shown.download))
    return SafeString(
        _menu(shape)
        % {
            "id": shown.id,
            "who": conditional_escape(shown.author.shown),
            "source": escape(shown.source),
            "download": escape(shown.download),
            "token": escape(token),
        }
    )


@lru_cache(maxsize=512)
def _menu(shape: _Shape) -> str:
    """The template's own menu, with places to be filled; the language is the one in force."""
    message = MessageShown(
        id=ID,
        kind="",
        author=Person(WHO),
        at=NEVER,
        note=shape.note,
        acts=shape.acts,
        source=SOURCE if shape.source else "",
        download=DOWNLOAD if shape.download else "",
    )
    return _places(render_to_string("web/records/menu.html", {"m": message, "csrf_token": TOKEN}))


def _places(written: str) -> str:
    written = written.replace("%", "%%")
    for mark, name in ((str(ID), "id"), (WHO, "who"), (SOURCE, "source"), (DOWNLOAD, "download"), (TOKEN, "token")):
        written = written.replace(mark, f"%({name})s")
    return written


@register.simple_tag
def message_head(shown: MessageShown, token: str = "", oob: bool | str = "") -> SafeString:
    """A message's beginning: who wrote it and when, what its reader must know of that, its menu, and its addresses."""
    claim, alone = " claim" if shown.doubt else "", ' hx-swap-oob="true"' if oob else ""
    author = shown.author
    return SafeString(
        f'<li class="msg {shown.kind}{claim}" id="m{shown.id}" data-id="{shown.id}" data-standing="{shown.version}"'
        f' data-from="{escape(author.email)}" data-name="{escape(author.name)}" data-nav tabindex="-1"'
        f"{alone}>\n"
        f'<span class="node">{_node(shown)}</span>\n<article aria-label="{_label(shown)}">\n'
        f"<header>{avatar(author, 'sm')}{_author(author)}\n{_proof(shown)}{_tags(shown)}"
        f'<span class="muted">{when(shown.at)}</span>\n{_edited(shown)}'
        f"{'' if shown.deleted_by else message_menu(shown, token)}</header>\n{_addresses(shown)}"
    )


def _node(shown: MessageShown) -> str:
    if shown.note:
        return icon("pencil-line", 15)
    if shown.doubt:
        return icon("shield-question-mark", 15)
    if shown.kind == "out":
        return (
            f'<span class="fine">{icon("arrow-up-right", 15)}</span>'
            f'<span class="broken">{icon("mail-warning", 15)}</span>'
        )
    return icon("arrow-down-left", 15)


def _label(shown: MessageShown) -> str:
    if shown.note:
        words = gettext("Internal note by %(who)s")
    else:
        words = gettext("Message by %(who)s") if shown.kind == "out" else gettext("Mail from %(who)s")
    return escape(words % {"who": shown.author.shown})


def _author(author: Person) -> str:
    name = escape(author.shown)
    return f'<b><a class="author" href="{escape(author.url)}">{name}</a></b>' if author.url else f"<b>{name}</b>"


def _proof(shown: MessageShown) -> str:
    return f"{proved(shown.proof)}\n" if shown.proof else ""


def _tags(shown: MessageShown) -> str:
    tags = []
    if shown.note:
        tags.append(("tag note", "eye-off", gettext("Internal")))
    if shown.claim:
        tags.append(("tag warn", "shield-question-mark", shown.claim))
    if shown.link:
        tags.append(("tag warn", "link", gettext("by reply link, not authenticated")))
    if shown.automatic:
        tags.append(("tag", "bot", shown.automatic))
    return "".join(f'<span class="{look}">{icon(sign, 14)}{escape(words)}</span>\n' for look, sign, words in tags)


def _edited(shown: MessageShown) -> str:
    if not shown.edited_at or shown.deleted_by:
        return ""
    return f'<span class="muted edited">{gettext("edited")} {when(shown.edited_at)}</span>\n'


def _addresses(shown: MessageShown) -> str:
    """Of a note only where it came by mail; nobody reads it there."""
    if shown.note and not shown.link:
        return ""
    lines = []
    if shown.author.email and shown.author.name:
        lines.append(f"{gettext('from')} {softat(shown.author.email)}")
    for words, people in ((gettext("to"), shown.to), (gettext("cc"), shown.cc)):
        if people:
            lines.append(f"{words} {', '.join(map(softat, people))}")
    return f'<p class="wire">{" ".join(f"<span>{line}</span>" for line in lines)}</p>\n'


@register.simple_tag
def spine(entries: Sequence[MessageShown | ChangeShown], token: str = "") -> SafeString:
    """What happened in a conversation, one after the other."""
    said = str(token)
    return SafeString(
        "".join([change_line(one) if isinstance(one, ChangeShown) else message(one, said) for one in entries])
    )


@register.simple_tag
def message(shown: MessageShown, token: str = "", oob: bool | str = "") -> SafeString:
    """A message with all that is under it."""
    values = {
        "id": shown.id,
        "head": message_head(shown, token, oob),
        "who": shown.author.shown,
        "claim": shown.claim,
        "doubt": shown.doubt,
        "warned": warned(shown.warned),
        "accept": reverse("message-accept", args=[shown.id]) if shown.may_accept else "",
        "csrf_token": str(token),
        "deleted_by": shown.deleted_by,
        "subject": shown.subject,
        "frame": shown.frame,
        "body": naming(shown.body, shown.named),
        "quote": paragraphs(shown.quote),
        "quoted": _quoted(shown.quote) if shown.quote else "",
        "text": shown.text,
        "files": SafeString("".join(map(_file, shown.files))),
        "asides": SafeString("".join(map(_file, shown.asides))),
        "set_aside": _set_aside(len(shown.asides)) if shown.asides else "",
        "card": _card(shown) if shown.invitation else "",
        "defects": "; ".join(shown.defects),
        "copies": copies(shown.strip, token),
        "why": who_heard(shown) if shown.because or shown.heard or shown.heard_more else "",
    }
    empty = not shown.body and not shown.quote and not shown.invitation
    signs = {"empty": empty, "frame_quote": shown.frame_quote, "frame_remote": shown.frame_remote}
    return written("web/records/message.html", [(values, signs)])


def _quoted(text: str) -> str:
    count = lines(text)
    return ngettext("%(count)s quoted line", "%(count)s quoted lines", count) % {"count": count}


def _card(shown: MessageShown) -> SafeString:
    worded = bool(shown.body or shown.frame)
    return render_to_string("web/records/invitation.html", {"event": shown.invitation, "worded": worded})


def _set_aside(count: int) -> str:
    return ngettext("%(count)s more file", "%(count)s more files", count) % {"count": count}


def _file(file: FileShown) -> str:
    untouched = f" · {gettext('not taken apart')}" if file.untouched else ""
    aside = f" · {escape(file.aside)}" if file.aside else ""
    risk = f'<small class="risk">{icon("triangle-alert", 13)}{escape(file.risk)}</small>' if file.risk else ""
    return (
        f'<li{" class=risky" if risk else ""}><a href="{escape(file.url)}" download>'
        f'<i aria-hidden="true">{escape(extension(file.name))}</i>'
        f"<span>{escape(file.name)}<small>{escape(size(file.size))}{untouched}{aside}</small>{risk}</span></a></li>"
    )


@register.simple_tag
def who_heard(shown: MessageShown) -> SafeString:
    """Why a message stands here, and who heard of it: most often what is fetched when somebody opens it."""
    values = {
        "id": shown.id,
        "who": shown.author.shown,
        "because": shown.because,
        "trace": steps(shown.trace, gettext("Who was asked, in order")) if shown.because else "",
        "arrival": shown.arrival,
        "heard": steps(shown.heard, gettext("Who heard and why")),
        "where": reverse("message-heard", args=[shown.id]) if shown.heard_more else "",
    }
    return written("web/records/why.html", [(values, {})])


@register.simple_tag
def change_line(change: ChangeShown) -> SafeString:
    """What somebody changed at one time, as a line between the messages."""
    turns = " ".join(map(_turn, change.fields))
    return SafeString(
        f'<li class="msg change" id="h{change.id}" data-change="{change.id}">'
        f'<span class="node">{icon("arrow-right-left", 14)}</span><p><b>{escape(change.who.shown)}</b> {turns}'
        f' <span class="muted">{when(change.at)}</span></p></li>\n'
    )


def _turn(field: FieldShown) -> str:
    was = _was(field.before) if field.before else ""
    now = f"<ins>{escape(field.after)}</ins>" if field.after else f'<i class="muted">{gettext("nothing")}</i>'
    to = f'<span class="vh">{gettext("to")} </span>'
    return f'<span class="turn"><span class="muted">{escape(field.label)}</span> {was}{to}{now}</span>'


def _was(before: str) -> str:
    words = f'<span class="vh">{gettext("from")} </span>{escape(before)}'
    return f"<s>{words}</s> {icon('arrow-right', 13)} "
