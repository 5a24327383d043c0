"""Making two contacts into one: whom to choose, what would move, and doing it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from postroom.directory import contacts_lists
from postroom.directory.contacts_editing import ContactFields, NoContact, fields_of
from postroom.directory.contacts_merging import MOST_COUNTED, CannotMerge, Moved, merge_contacts, preview
from postroom.directory.models import Contact
from postroom.directory.profile import LANGUAGES
from postroom.directory.roles import Permission
from postroom.web.pages.common import for_those_who_may, found, number, reader, shortened
from postroom.web.pages.contacts.editing import may_write
from postroom.web.views import Person

SUGGESTED = 10
WORDS: Mapping[str, Promise] = {
    "records": gettext_lazy("Records"),
    "desks followed": gettext_lazy("Desks they follow"),
    "messages": gettext_lazy("Messages they wrote"),
    "conversations followed": gettext_lazy("Conversations they follow"),
    "copies of messages": gettext_lazy("Copies sent to them"),
    "name": gettext_lazy("Name"),
    "organisation": gettext_lazy("Organisation"),
    "phone": gettext_lazy("Phone"),
    "language": gettext_lazy("Language"),
    "time_zone": gettext_lazy("Time zone"),
}


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two."""

    id: int
    who: Person
    organisation: str = ""
    url: str = ""
    ours: bool = False


@dataclass(frozen=True, slots=True)
class FieldAfter:
    """What a field says afterwards; `taken` from the one that goes, or `lost` of what one of the two said."""

    label: str
    value: str
    taken: bool = False
    lost: str = ""


@dataclass(frozen=True, slots=True)
class MergePage:
    """What a merge would do: `fields` and `addresses` are those of the one that stays, `moves` counts in words what
    comes to it; `swap` is the page with the two the other way round. Without an `other` somebody is to be chosen.
    """

    winner: Side
    other: Side | None = None
    fields: tuple[FieldAfter, ...] = ()
    moves: tuple[tuple[str, str], ...] = ()
    addresses: tuple[str, ...] = ()
    swap: str = ""
    people: str = ""
    text: str = ""
    rows: tuple[Side, ...] = ()
    problem: str = ""


@require_http_methods(["GET", "HEAD", "POST"])
@may_write
def merge(request: HttpRequest, pk: int) -> HttpResponse:
    """Choose the other one, read what would move, merge."""
    user = reader(request)
    winner = contacts_lists.contact(user, pk)
    if winner is None:
        return redirect("contact", found(contacts_lists.became(user, pk)))
    other = number(request.POST.get("other", "") or request.GET.get("other", ""))
    if other is None:
        return _choose(request, winner)
    if request.method != "POST":
        return _shown(request, pk, other)
    try:
        name = found(contacts_lists.contact(user, other)).name
        kept = merge_contacts(user=user, winner_id=pk, loser_id=other)
    except NoContact:
        return found(None)
    except CannotMerge as error:
        return _shown(request, pk, other, str(error))
    messages.success(request, _("%(name)s is part of %(kept)s now.") % {"name": name, "kept": kept.name})
    return redirect("contact", kept.pk)


@require_safe
@may_write
def merge_two(request: HttpRequest) -> HttpResponse:
    """The two that were ticked in the list."""
    ticked = [one for one in map(number, request.GET.getlist("contact")) if one]
    if len(ticked) != 2:
        messages.info(request, _("Choose two contacts to merge."))
        return redirect("contacts")
    return redirect(f"{reverse('contact-merge', args=ticked[:1])}?other={ticked[1]}")


@require_safe
@for_those_who_may(Permission.RECORDS_WRITE)
def others(request: HttpRequest, pk: int) -> HttpResponse:
    """Contacts of the same company that `q` may mean, as JSON."""
    winner = found(contacts_lists.contact(reader(request), pk))
    rows = _others(request, winner, shortened(request.GET.get("q", "")))
    return JsonResponse({"people": [{"contact": one.id, "name": one.who.name, "email": one.who.email} for one in rows]})


def _others(request: HttpRequest, winner: Contact, text: str) -> tuple[Side, ...]:
    if not text:
        return ()
    page = contacts_lists.contacts(reader(request), text=text, limit=SUGGESTED * 2)
    rows = [one for one in page.rows if one.company_id == winner.company_id and one.pk != winner.pk][:SUGGESTED]
    known = contacts_lists.addresses_of([one.pk for one in rows])
    return tuple(_side(one, known[one.pk][0].email if one.pk in known else "") for one in rows)


def _choose(request: HttpRequest, winner: Contact) -> HttpResponse:
    text = shortened(request.GET.get("q", "") or request.POST.get("q", ""))
    page = MergePage(
        winner=_side(winner),
        people=reverse("contact-others", args=[winner.pk]),
        text=text,
        rows=_others(request, winner, text),
    )
    return _page(request, page)


def _shown(request: HttpRequest, winner: int, loser: int, problem: str = "") -> HttpResponse:
    try:
        moved = preview(reader(request), winner_id=winner, loser_id=loser)
    except NoContact:
        return found(None)
    known = contacts_lists.addresses_of([winner, loser])
    sides = [_side(one, known[one.pk][0].email if one.pk in known else "") for one in (moved.winner, moved.loser)]
    page = MergePage(
        winner=sides[0],
        other=sides[1],
        fields=tuple(_afterwards(moved)),
        moves=tuple((str(WORDS.get(words, words)), _counted(count)) for words, count in moved.moves),
        addresses=moved.addresses,
        swap=f"{reverse('contact-merge', args=[loser])}?other={winner}",
        problem=problem or moved.problem,
    )
    return _page(request, page, HTTPStatus.UNPROCESSABLE_ENTITY if problem else HTTPStatus.OK)


def _afterwards(moved: Moved) -> Iterator[FieldAfter]:
    """The fields that one of the two fills; the words of languages are those of the forms."""
    first, second, filled = fields_of(moved.winner), fields_of(moved.loser), dict(moved.filled)
    for name in ContactFields.__dataclass_fields__:
        was, other = getattr(first, name), getattr(second, name)
        value = filled.get(name, was)
        lost = next((one for one in (was, other) if one and one != value), "")
        if value:
            yield FieldAfter(str(WORDS[name]), _said(name, value), value != was, _said(name, lost))


def _said(name: str, value: str) -> str:
    return str(LANGUAGES.get(value, value)) if name == "language" else value


def _counted(count: int) -> str:
    return _("%(count)s or more") % {"count": f"{count:,}"} if count >= MOST_COUNTED else f"{count:,}"


def _side(contact: Contact, email: str = "") -> Side:
    return Side(
        id=contact.pk,
        who=Person(contact.name, email),
        organisation=contact.organisation,
        url=reverse("contact", args=[contact.pk]),
        ours=contact.user_id is not None,
    )


def _page(request: HttpRequest, page: MergePage, status: int = HTTPStatus.OK) -> HttpResponse:
    shown = {"title": _("Merge contacts"), "here": "contacts", "page": page}
    return render(request, "web/contacts/merge.html", shown, status=status)
