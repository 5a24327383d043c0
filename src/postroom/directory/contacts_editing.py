"""What people do with contacts: make one, say more of it, give it addresses and take them away.

A contact that stands for one of the company's own people follows that user: name, language, clock and main address are
theirs to change. An address that is taken away makes a new contact the next time somebody writes from it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from django.db import IntegrityError, transaction

from postroom.core.addresses import normalise, valid
from postroom.core.edits import Edit, edited
from postroom.core.errors import PostroomError
from postroom.directory.access import companies
from postroom.directory.models import Contact, ContactAddress, User
from postroom.directory.profile import LANGUAGES, CannotSave, time_zones
from postroom.directory.roles import Permission
from postroom.infra.changes import tell
from postroom.infra.clock import now
from postroom.infra.search.index import mark

LONGEST_NAME, LONGEST_ORGANISATION, LONGEST_PHONE = 200, 200, 40
LONGEST_ADDRESS = 320  # characters that a row holds
MOST_ADDRESSES = 50  # of one contact
OWN = ("name", "language", "time_zone")  # what a user says about themselves


class NoContact(PostroomError):
    """There is no such contact, or this user may not change it."""


class AddressTaken(CannotSave):
    """Another contact of the company has the address: `contact` and `name` say which, so that both can be merged."""

    def __init__(self, contact: Contact) -> None:
        super().__init__({"email": f"This address belongs to {contact.name}: merge them?"})
        self.contact, self.name = contact.pk, contact.name


@dataclass(frozen=True, slots=True)
class ContactFields:
    """A contact as somebody enters it; an empty `language` or `time_zone` is that of the company."""

    name: str = ""
    organisation: str = ""
    phone: str = ""
    language: str = ""
    time_zone: str = ""


def fields_of(contact: Contact) -> ContactFields:
    """A contact as it is."""
    return ContactFields(contact.name, contact.organisation, contact.phone, contact.language, contact.time_zone)


def create_contact(*, user: User, company: int, fields: ContactFields, emails: Sequence[str] = ()) -> Contact:
    """Make a contact; the first address is the main one, and gives the name where none is entered.

    Raises:
        CannotSave: what is wrong, by field; `AddressTaken` where another contact has an address.

    """
    if company not in companies(user, Permission.RECORDS_WRITE):
        raise CannotSave({"company": "Choose a company whose conversations you take part in."})
    addresses = list(dict.fromkeys(normalise(one.strip()) or one.strip() for one in emails if one.strip()))
    wrong = next((one for one in addresses if not _usable(one)), None)
    first = addresses[0].partition("@")[0] if addresses else ""
    tidy = _tidy(fields if fields.name.strip() else replace(fields, name=first))
    problems = dict(_problems(tidy))
    if wrong is not None:
        problems["email"] = _no_address(wrong)
    elif len(addresses) > MOST_ADDRESSES:
        problems["email"] = f"A contact has {MOST_ADDRESSES} addresses at most."
    if problems:
        raise CannotSave(problems)
    with transaction.atomic():
        made = Contact(company_id=company, created_at=now())
        _write(made, tidy)
        made.save()
        for position, email in enumerate(addresses):
            _insert(made, email, primary=position == 0)
        mark({"contact": [made.pk]})
        tell([(company, "contact", str(made.pk))])
    return made


def change_contact(*, user: User, contact_id: int, fields: Edit[ContactFields]) -> Contact:
    """Say something else of a contact.

    Raises:
        NoContact: it is not the user's to change.
        CannotSave: what is wrong, by field.

    """
    with transaction.atomic():
        contact = own_contact(user, contact_id)
        tidy = _tidy(edited(fields_of(contact), fields))
        if contact.user_id is None and not tidy.name:
            first = ContactAddress.objects.filter(contact=contact, primary=True).values_list("email", flat=True).first()
            tidy = replace(tidy, name=(first or "").partition("@")[0])
        if problems := dict(_problems(tidy, contact)):
            raise CannotSave(problems)
        _write(contact, tidy)
        contact.save(update_fields=ContactFields.__dataclass_fields__)
        mark({"contact": [contact.pk]})
        tell([(contact.company_id, "contact", str(contact.pk))])
    return contact


def add_address(*, user: User, contact_id: int, email: str) -> ContactAddress:
    """Give a contact one more address; its first one is the main one.

    Raises:
        NoContact: it is not the user's to change.
        CannotSave: it is no address; `AddressTaken` where another contact has it.

    """
    plain = normalise(email.strip())
    if not _usable(plain):
        raise CannotSave({"email": _no_address(email.strip())})
    with transaction.atomic():
        contact = own_contact(user, contact_id)
        known = list(ContactAddress.objects.filter(contact=contact))
        for row in known:
            if row.email == plain:
                return row
        if len(known) >= MOST_ADDRESSES:
            raise _too_many()
        made = _insert(contact, plain, primary=not known)
        mark({"contact": [contact.pk]})
        tell([(contact.company_id, "contact", str(contact.pk))])
    return made


def why_not(contact: Contact, email: str) -> CannotSave | None:
    """What `add_address` would say now, for a contact that the caller may change; None where it would take it."""
    plain = normalise(email.strip())
    if not _usable(plain):
        return CannotSave({"email": _no_address(email.strip())})
    rows = ContactAddress.objects.filter(company=contact.company_id, email=plain)
    holder = rows.select_related("contact").first()
    if holder is not None:
        return AddressTaken(holder.contact) if holder.contact_id != contact.pk else None
    if ContactAddress.objects.filter(contact=contact).count() >= MOST_ADDRESSES:
        return _too_many()
    return None


def remove_address(*, user: User, contact_id: int, email: str) -> None:
    """Take an address away; where it was the main one, the oldest other one is.

    Raises:
        NoContact: it is not the user's to change.
        CannotSave: the contact has no such address, or nothing else by which one would know it.

    """
    with transaction.atomic():
        contact = own_contact(user, contact_id)
        rows = list(ContactAddress.objects.filter(contact=contact).order_by("pk"))
        row = _found(rows, email)
        if contact.user is not None and row.email == contact.user.email:
            raise CannotSave({"email": f"{contact.name} signs in here with this address: it stays."})
        left = [one for one in rows if one.pk != row.pk]
        if not left and not contact.name.strip():
            raise CannotSave({"email": "It is the only address: enter a name first, or nobody would know who this is."})
        row.delete()
        if row.primary and left:
            ContactAddress.objects.filter(pk=left[0].pk).update(primary=True)
        mark({"contact": [contact.pk]})
        tell([(contact.company_id, "contact", str(contact.pk))])


def make_primary(*, user: User, contact_id: int, email: str) -> None:
    """Make one of a contact's addresses the one that mail goes to.

    Raises:
        NoContact: it is not the user's to change.
        CannotSave: the contact has no such address, or follows the address of its user.

    """
    with transaction.atomic():
        contact = own_contact(user, contact_id)
        row = _found(list(ContactAddress.objects.filter(contact=contact)), email)
        if contact.user is not None and row.email != contact.user.email:
            said = f"{contact.name} is one of you: mail goes to the address of their user, {contact.user.email}."
            raise CannotSave({"email": said})
        set_primary(contact.pk, row.email)
        tell([(contact.company_id, "contact", str(contact.pk))])


def set_primary(contact: int, email: str) -> None:
    """Within a transaction: this address of a contact is the main one, no other is."""
    rows = ContactAddress.objects.filter(contact=contact)
    rows.exclude(email=email).filter(primary=True).update(primary=False)
    rows.filter(email=email).update(primary=True)


def own_contact(user: User, contact_id: int) -> Contact:
    """Within a transaction: a contact that `user` may change, kept from others meanwhile.

    Raises:
        NoContact: there is none for them.

    """
    mine = Contact.objects.filter(company_id__in=companies(user, Permission.RECORDS_WRITE), pk=contact_id)
    found = mine.select_related("user").select_for_update(of=("self",), no_key=True).first()
    if found is None:
        raise NoContact(f"There is no contact {contact_id} here.")
    return found


def _insert(contact: Contact, email: str, *, primary: bool) -> ContactAddress:
    """The unique index decides: mail may make a contact with this address at the same moment."""
    try:
        with transaction.atomic():
            return ContactAddress.objects.create(
                company_id=contact.company_id, contact=contact, email=email, primary=primary
            )
    except IntegrityError:
        holder = ContactAddress.objects.filter(company=contact.company_id, email=email).select_related("contact")
        taken = holder.first()
        if taken is None:
            raise
        raise AddressTaken(taken.contact) from None


def _found(rows: Sequence[ContactAddress], email: str) -> ContactAddress:
    plain = normalise(email.strip())
    for row in rows:
        if row.email == plain:
            return row
    raise CannotSave({"email": f"{email.strip()[:100]} is none of the contact's addresses."})


def _too_many() -> CannotSave:
    return CannotSave({"email": f"A contact has {MOST_ADDRESSES} addresses at most."})


def _usable(email: str) -> bool:
    return valid(email) and len(email) <= LONGEST_ADDRESS


def _no_address(email: str) -> str:
    return f"{email[:100]!r} is no mail address, such as hanna@example.org."


def _tidy(fields: ContactFields) -> ContactFields:
    name, organisation, phone = (" ".join(one.split()) for one in (fields.name, fields.organisation, fields.phone))
    return ContactFields(name, organisation, phone, fields.language.strip(), fields.time_zone.strip())


def _problems(fields: ContactFields, contact: Contact | None = None) -> Iterator[tuple[str, str]]:
    known = fields_of(contact) if contact else ContactFields()
    if contact is not None and contact.user_id is not None:
        for name in OWN:
            if getattr(fields, name) != getattr(known, name):
                yield name, f"{contact.name} is one of you and says this in their own profile."
    elif not fields.name:
        yield "name", "Enter a name, or an address that gives one."
    for name, longest in (
        ("name", LONGEST_NAME), ("organisation", LONGEST_ORGANISATION), ("phone", LONGEST_PHONE),
    ):  # fmt: skip
        value = getattr(fields, name)
        if value != getattr(known, name) and (len(value) > longest or not value.isprintable()):
            yield name, f"At most {longest} characters, and no control characters."
    if fields.language not in {"", *LANGUAGES, known.language}:
        yield "language", "Choose a language of the list."
    if fields.time_zone not in {"", *time_zones(), known.time_zone}:
        yield "time_zone", "Choose a time zone of the list."


def _write(contact: Contact, fields: ContactFields) -> None:
    for name in ContactFields.__dataclass_fields__:
        setattr(contact, name, getattr(fields, name))
