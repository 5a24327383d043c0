"""The lists of the inbox as pages show them: tabs, lines with their signs, and the one that is open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from postroom.conversations import inbox
from postroom.conversations.access import may_write
from postroom.conversations.inbox import Listed, Tab
from postroom.directory.models import User
from postroom.records.models import Record
from postroom.web.pages.common import key, reader
from postroom.web.proofs import borrows, warnings_of
from postroom.web.views import Person

NAMED = 3  # people of a line
LABELS = {
    Tab.UNREAD: (gettext_lazy("Unread"), "inbox"),
    Tab.MENTIONS: (gettext_lazy("Mentions"), "at-sign"),
    Tab.STARRED: (gettext_lazy("Starred"), "star"),
    Tab.ALL: (gettext_lazy("All"), "list"),
    Tab.DONE: (gettext_lazy("Done"), "check"),
    Tab.SNOOZED: (gettext_lazy("Snoozed"), "alarm-clock"),
}
EMPTY = {
    Tab.UNREAD: gettext_lazy("No conversations wait for you. New replies appear here by themselves."),
    Tab.MENTIONS: gettext_lazy("Nobody has mentioned you yet. What names you with an @ appears here."),
    Tab.STARRED: gettext_lazy("Nothing is starred. Star a conversation to keep it at hand here."),
    Tab.ALL: gettext_lazy("Nothing is in your inbox. What you are told of appears here by itself."),
    Tab.DONE: gettext_lazy("Nothing is done yet. A conversation that you mark as done waits here for the next reply."),
    Tab.SNOOZED: gettext_lazy("Nothing is snoozed. What you put off waits here and comes back by itself."),
}
STRIP = (Tab.UNREAD, Tab.MENTIONS, Tab.STARRED, Tab.ALL)  # the lists at hand; the others are in a menu
SHORT = STRIP[:2]  # those beside one out of the menu: on a phone there is no room for more


@dataclass(frozen=True, slots=True)
class TabLink:
    """One of the lists."""

    label: str
    icon: str
    url: str
    here: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A conversation as the list shows it; `others` wrote in it too; the addresses of acts begin with `act`."""

    record: int
    ref: str
    url: str
    act: str
    who: Person
    others: str = ""
    title: str = ""
    snippet: str = ""
    at: datetime | None = None
    unread: int = 0
    note: bool = False
    files: bool = False
    failed: bool = False
    misleads: bool = False
    mentioned: bool = False
    starred: bool = False
    until: datetime | None = None
    done: bool = False
    open: bool = False
    may: bool = False


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of a list; `url` is where its news are, `by_mail` says that the reader hears of messages elsewhere."""

    url: str
    tab: str = Tab.UNREAD.value
    label: str = ""
    rows: tuple[Row, ...] = ()
    next: str = ""
    newest: str = ""
    open: int = 0
    empty: str = ""
    by_mail: bool = False
    tabs: tuple[TabLink, ...] = field(default_factory=tuple)
    menu: tuple[TabLink, ...] = field(default_factory=tuple)

    @property
    def news(self) -> str:
        """What the list heeds: the reader's inbox, and words in the conversations that it shows."""
        return " ".join(["inbox", *(f"thread:{row.ref}" for row in self.rows)])


def tab_of(request: HttpRequest) -> Tab:
    """The list that was asked for; the unread ones where it is none."""
    given = request.POST.get("tab") or request.GET.get("tab", "")
    return next((tab for tab in Tab if tab.value == given), Tab.UNREAD)


def address(name: str, tab: Tab, record: int = 0, before: int | None = None) -> str:
    """An address of the inbox within a list."""
    query = {} if tab is Tab.UNREAD else {"tab": tab.value}
    if before:
        query["from"] = str(before)
    url = reverse(name, args=[record] if record else [])
    return f"{url}?{urlencode(query)}" if query else url


def listing_of(request: HttpRequest, open_: Record | None) -> Listing:
    """A page of the list, among its lines the open one where it stood before it was read or done."""
    user, before, tab = reader(request), key(request, "from"), tab_of(request)
    page = inbox.listed(user, tab, before=before)
    rows = list(page.rows)
    if open_ and before is None and all(one.record.pk != open_.pk for one in rows):
        rows = _with(rows, inbox.listed_one(user, open_.pk))
    name, record = ("inbox-conversation", open_.pk) if open_ else ("inbox", 0)
    strip = STRIP if tab in STRIP else (*SHORT, tab)
    links = {one: TabLink(str(label), icon, address("inbox", one), one is tab) for one, (label, icon) in LABELS.items()}
    return Listing(
        url=address(name, tab, record, before),
        tab=tab.value,
        label=str(LABELS[tab][0]),
        rows=tuple(_row(user, one, tab, open_) for one in rows),
        next=address(name, tab, record, page.next) if page.next else "",
        newest=address(name, tab, record) if before else "",
        open=record,
        empty=str(EMPTY[tab]),
        by_mail=user.notify_by == User.NotifyBy.MAIL and tab is Tab.UNREAD,
        tabs=tuple(links[one] for one in strip),
        menu=tuple(link for one, link in links.items() if one not in strip),
    )


def _with(rows: Sequence[Listed], one: Listed | None) -> list[Listed]:
    return sorted([*rows, one], key=lambda row: -row.key) if one else list(rows)


def _row(user: User, one: Listed, tab: Tab, open_: Record | None) -> Row:
    record = one.record
    first, *others = one.people[:NAMED] or (inbox.Author("", ""),)
    return Row(
        record=record.pk,
        ref=record.ref,
        url=address("inbox-conversation", tab, record.pk),
        act=reverse("inbox-conversation", args=[record.pk]),
        who=Person(first.name, first.email, masked=borrows(first.standing, first.marks)),
        others=", ".join(pgettext("a person", "you") if other.me else other.name for other in others),
        title=record.title or _("No subject"),
        snippet=_("This note was deleted.") if one.deleted else one.snippet,
        at=one.at,
        unread=one.unread,
        note=one.internal,
        files=one.files,
        failed=one.failed,
        misleads=borrows(first.standing, first.marks) or bool(warnings_of(first.level, "", first.marks)),
        mentioned=one.mentioned,
        starred=one.starred,
        until=one.snoozed_until,
        done=one.done_at is not None,
        open=open_ is not None and open_.pk == record.pk,
        may=may_write(user, record.company_id),
    )
