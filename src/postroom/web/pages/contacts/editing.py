"""Making a contact, and its addresses: one more, one less, another main one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from postroom.directory import contacts_lists
from postroom.directory.access import companies
from postroom.directory.contacts_editing import (
    AddressTaken,
    ContactFields,
    NoContact,
    add_address,
    create_contact,
    make_primary,
    remove_address,
)
from postroom.directory.models import Company, User
from postroom.directory.profile import CannotSave
from postroom.directory.roles import Permission
from postroom.web.pages.common import for_those_who_may, found, number, reader
from postroom.web.pages.contacts.page import ANOTHER, Taken, fields_given, languages, zones

may_write = for_those_who_may(Permission.RECORDS_WRITE)
VERBS: Mapping[str, Callable[..., object]] = {"add": add_address, "remove": remove_address, "primary": make_primary}


@dataclass(frozen=True, slots=True)
class NewContact:
    """The form as it is shown; `companies` are offered (id, name) where there are several."""

    fields: ContactFields
    email: str = ""
    company: int = 0
    companies: tuple[tuple[int, str], ...] = ()
    taken: Taken = field(default_factory=Taken)
    errors: Mapping[str, str] = field(default_factory=dict)

    @property
    def languages(self) -> list[tuple[str, str]]:
        return languages(self.fields.language)

    @property
    def time_zones(self) -> tuple[str, ...]:
        return zones(self.fields.time_zone)


@require_http_methods(["GET", "HEAD", "POST"])
@may_write
def contact_new(request: HttpRequest) -> HttpResponse:
    """A new contact; saved, its page opens."""
    user = reader(request)
    known = _companies(user)
    if request.method != "POST":
        return _new(request, _begun(request, known))
    given, email = fields_given(request.POST.dict()), request.POST.get("email", "").replace("\0", "")[:400]
    company = number(request.POST.get("company", "")) or known[0][0]
    errors, taken = {}, Taken()
    try:
        made = create_contact(user=user, company=company, fields=given, emails=[email])
    except AddressTaken as error:
        errors = {"email": _("This address belongs to %(name)s.") % {"name": error.name}}
        taken = Taken(error.name, reverse("contact", args=[error.contact]))
    except CannotSave as error:
        errors = error.problems
    else:
        messages.success(request, _("Added %(name)s.") % {"name": made.name})
        return redirect("contact", made.pk)
    return _new(request, NewContact(given, email, company, known, taken, errors))


def _begun(request: HttpRequest, known: tuple[tuple[int, str], ...]) -> NewContact:
    """The form as a link to it fills it: with somebody who is named in a conversation."""
    asked = request.GET
    name, email = (asked.get(field, "").replace("\0", "")[:400] for field in ("name", "email"))
    company = number(asked.get("company", ""))
    chosen = company if company in dict(known) else known[0][0]
    return NewContact(ContactFields(name=name), email, chosen or 0, known)


def _companies(user: User) -> tuple[tuple[int, str], ...]:
    mine = companies(user, Permission.RECORDS_WRITE)
    return tuple(Company.objects.filter(pk__in=mine).order_by("name", "pk").values_list("pk", "name"))


def _new(request: HttpRequest, new: NewContact) -> HttpResponse:
    shown = {"title": _("New contact"), "here": "contacts", "new": new}
    status = HTTPStatus.UNPROCESSABLE_ENTITY if new.errors else HTTPStatus.OK
    return render(request, "web/contacts/new.html", shown, status=status)


@require_POST
@may_write
def contact_address(request: HttpRequest, pk: int) -> HttpResponse:
    """Add an address, take one away, make one the main one. One that is refused stands in its field again on the
    contact's page, whose address can be loaded anew.
    """
    user, verb = reader(request), request.POST.get("do", "")
    email = request.POST.get("email", "").replace("\0", "")[:400]
    found(contacts_lists.contact(user, pk))
    try:
        found(VERBS.get(verb))(user=user, contact_id=pk, email=email)
    except NoContact:
        return found(None)
    except CannotSave as error:
        if verb == "add":
            return redirect(f"{reverse('contact', args=[pk])}?{urlencode({ANOTHER: email})}")
        messages.error(request, error.problems["email"])
    else:
        said = {
            "add": _("Added %(email)s."),
            "remove": _("Removed %(email)s."),
            "primary": _("Mail goes to %(email)s from now on."),
        }
        messages.success(request, said[verb] % {"email": email})
    return redirect("contact", pk)
