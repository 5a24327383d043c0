"""The page of one record: its facts and its conversation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from postroom.conversations.people import People, people_of
from postroom.directory.access import companies
from postroom.directory.contacts_alike import Alike, contacts_alike
from postroom.directory.models import User
from postroom.directory.roles import Permission
from postroom.records import selectors
from postroom.records.models import Record
from postroom.web.pages.common import for_users, found, key, reader, wants
from postroom.web.pages.records.beside import Beside, beside
from postroom.web.pages.records.composing import Composer, Draft, composer_of
from postroom.web.pages.records.followers import Followers, followers_of
from postroom.web.pages.records.going import Sent, sent_of
from postroom.web.pages.records.offers import OfferShown, offer_shown
from postroom.web.pages.records.people import PeopleShown, people_shown
from postroom.web.pages.records.steering import Owners, Way, owners_of, way_of
from postroom.web.pages.records.thread import Thread, thread_of
from postroom.web.places import Place, place_of_type
from postroom.web.views import Fact


@dataclass(frozen=True, slots=True)
class Group:
    """Facts under a heading."""

    title: str
    facts: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True)
class RecordPage:
    """A record with everything that its page shows."""

    record: Record
    place: Place
    thread: Thread
    title: str = ""
    way: Way = field(default_factory=Way)
    owners: Owners = field(default_factory=Owners)
    beside: Beside = field(default_factory=Beside)
    groups: tuple[Group, ...] = ()
    alike: tuple[Alike, ...] = ()
    people: PeopleShown = field(default_factory=PeopleShown)
    forwarded: OfferShown = field(default_factory=OfferShown)
    composer: Composer | None = None
    followers: Followers = field(default_factory=Followers)
    replies_to: str = ""
    talk: str = field(default="")
    sent: Sent | None = None


@for_users
def record_page(request: HttpRequest, type: str, pk: int) -> HttpResponse:
    """One record: its facts and its conversation; htmx asks for the facts or for messages alone."""
    user, place = reader(request), place_of_type(type)
    record = found(selectors.record(user, type, pk))
    several = len(companies(user, Permission.RECORDS_READ)) > 1
    if wants(request, "facts"):
        shown = _record_page(user, record, place, Thread(), people_of(record), several=several)
        return render(request, "web/records/facts.html", {"page": shown})
    if wants(request, "stages"):
        way = way_of(user, record, reverse(f"{place.name}-page", args=[record.pk]))
        return render(request, "web/records/stages.html", {"way": way})
    if wants(request, "thread") or wants(request, "earlier"):
        thread = thread_of(
            user, record, before=key(request), after=key(request, "after"), changed=key(request, "changed")
        )
        return messages_of(request, thread)
    return show_record(request, record)


def messages_of(request: HttpRequest, thread: Thread) -> HttpResponse:
    """The messages alone; where there are none an answer without a body, as 204 has to be (RFC 9110 §15.3.5)."""
    if not thread.messages and not thread.changes:
        return HttpResponse(status=HTTPStatus.NO_CONTENT)
    return render(request, "web/records/messages.html", {"thread": thread})


def show_record(
    request: HttpRequest,
    record: Record,
    *,
    draft: Draft | None = None,
    errors: Mapping[str, str] | None = None,
    status: int = HTTPStatus.OK,
) -> HttpResponse:
    """The whole page; its composer holds the draft, with what is wrong with it."""
    where = {"before": key(request), "after": key(request, "after"), "at": key(request, "at")}
    thread = thread_of(reader(request), record, **where)
    page = page_of_record(reader(request), record, thread, draft, errors)
    page = replace(page, beside=beside(request, reader(request), record))
    shown = {"title": page.title, "here": page.place.name, "page": page}
    return render(request, "web/records/page.html", shown, status=status)


def page_of_record(
    user: User,
    record: Record,
    thread: Thread,
    draft: Draft | None = None,
    errors: Mapping[str, str] | None = None,
) -> RecordPage:
    """Everything that a page with the record's conversation shows."""
    several = len(companies(user, Permission.RECORDS_READ)) > 1
    people = people_of(record)
    composer = composer_of(user, record, draft, errors, people)
    return replace(
        _record_page(user, record, place_of_type(record.type), thread, people, several=several),
        composer=composer,
        followers=composer.followers if composer else followers_of(user, record),
        sent=sent_of(message.strip.going for message in thread.messages),
        forwarded=offer_shown(user, record),
    )


def _record_page(
    user: User, record: Record, place: Place, thread: Thread, people: People, *, several: bool
) -> RecordPage:
    alias, addresses = record.desk.alias if record.desk else None, selectors.addresses_of(record)
    news = reverse(f"{place.name}-page", args=[record.pk])
    return RecordPage(
        record=record,
        place=place,
        thread=thread,
        title=record.title or _("No subject"),
        way=way_of(user, record, news),
        owners=owners_of(user, record),
        groups=tuple(group for group in _groups(record, addresses, several=several) if group.facts),
        alike=contacts_alike(user, record.contact, addresses) if record.contact else (),
        people=people_shown(user, record, people),
        replies_to=alias.address if alias else "",
        talk=news,
    )


def _groups(record: Record, addresses: Sequence[str], *, several: bool) -> tuple[Group, ...]:
    """The facts; the company only for those who see several."""
    contact = record.contact
    facts: list[Fact] = []
    if contact:
        facts.append(Fact(_("Name"), contact.name, href=reverse("contact", args=[contact.pk])))
        facts.append(Fact(_("Organisation"), contact.organisation))
    facts += [Fact(_("Email"), address, href=f"mailto:{quote(address, safe='@')}") for address in addresses]
    facts += [Fact(_("Phone"), contact.phone)] if contact else []
    return (
        Group(_("Contact"), tuple(fact for fact in facts if fact.value)),
        Group(
            _("Handling"),
            tuple(
                fact
                for fact in (
                    Fact(_("Desk"), record.desk.name if record.desk else ""),
                    Fact(_("Stage"), record.stage.name if record.stage else ""),
                    Fact(_("Company"), record.company.name if several else ""),
                )
                if fact.value
            ),
        ),
    )
