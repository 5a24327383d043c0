"""The rows of the lists that are looked at all day, each list from a stencil."""

from __future__ import annotations

from collections.abc import Sequence

from django import template
from django.utils.safestring import SafeString
from django.utils.translation import ngettext

from postroom.web.pages.contacts import listing as contacts
from postroom.web.pages.inbox import listing as inbox
from postroom.web.pages.records import board, lists
from postroom.web.stencils import Signs, Values, written
from postroom.web.templatetags.ui import avatar, awake, softat, when

register = template.Library()

Given = tuple[Values, Signs]


@register.simple_tag
def inbox_rows(rows: Sequence[inbox.Row], tab: str) -> SafeString:
    """Conversations of the list `tab`."""
    return written("web/inbox/row.html", [_conversation(row, tab) for row in rows])


def _conversation(row: inbox.Row, tab: str) -> Given:
    return {
        "record": row.record,
        "url": row.url,
        "act": row.act,
        "tab": tab,
        "avatar": avatar(row.who),
        "who": row.who.shown,
        "others": row.others,
        "title": row.title,
        "snippet": row.snippet,
        "at": when(row.at, "day"),
        "until": awake(row.until) if row.until else "",
        "unread": row.unread,
    }, {
        "starred": row.starred,
        "open": row.open,
        "note": row.note,
        "failed": row.failed,
        "misleads": row.misleads,
        "files": row.files,
        "mentioned": row.mentioned,
        "done": row.done,
        "may": row.may,
    }


@register.simple_tag
def record_rows(rows: Sequence[lists.Row], pick: object) -> SafeString:
    """Leads or tickets; `pick` lets the reader choose some."""
    return written("web/records/row.html", [_record(row, pick) for row in rows])


def _record(row: lists.Row, pick: object) -> Given:
    owner = row.owner
    return {
        "id": row.id,
        "url": row.url,
        "avatar": avatar(row.who),
        "title": row.title,
        "number": row.number,
        "who": row.who.shown,
        "snippet": row.snippet,
        "organisation": row.organisation,
        "desk": row.desk,
        "stage": row.stage,
        "owner": owner.name if owner else "",
        "owner_avatar": avatar(owner, "sm") if owner else "",
        "at": when(row.at, "day"),
    }, {"pick": pick, "closed": row.closed, "owned": owner, "files": row.files}


@register.simple_tag
def board_cards(cards: Sequence[board.Card]) -> SafeString:
    """The cards of a column."""
    return written("web/records/card.html", map(_card, cards))


def _card(card: board.Card) -> Given:
    owner = card.owner
    return {
        "id": card.id,
        "url": card.url,
        "title": card.title,
        "who": card.who,
        "number": card.number,
        "avatar": avatar(owner, "sm") if owner else "",
        "owner": owner.shown if owner else "",
        "at": when(card.at, "day"),
    }, {"held": card.held, "owned": owner}


@register.simple_tag
def contact_rows(rows: Sequence[contacts.Row], pick: object) -> SafeString:
    """Contacts; `pick` lets the reader choose some."""
    return written("web/contacts/row.html", [_contact(row, pick) for row in rows])


def _contact(row: contacts.Row, pick: object) -> Given:
    more = ngettext("and %(count)s more", "and %(count)s more", row.more) % {"count": row.more} if row.more else ""
    return {
        "id": row.id,
        "url": row.url,
        "avatar": avatar(row.who),
        "who": row.who.shown,
        "email": softat(row.who.email),
        "more": more,
        "organisation": row.organisation,
        "company": row.company,
        "last": row.last,
        "last_url": row.last_url,
        "at": when(row.at, "day"),
    }, {"pick": pick, "ours": row.ours}
