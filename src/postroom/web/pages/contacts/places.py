"""Where the area stands in the navigation."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from postroom.directory.roles import Permission
from postroom.web.places import RECORDS, Place

PLACES = (
    Place(
        "contacts",
        _("Contacts"),
        "book-user",
        "c",
        Permission.RECORDS_READ,
        group=RECORDS,
        words=("people", "customers", "address book", "partners"),
        empty=_("No contacts yet. Whoever writes to you becomes a contact by themselves."),
    ),
)
