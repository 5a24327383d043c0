"""Parameters of earlier generations that are fields of the alias domain with the lowest priority number."""

from __future__ import annotations

from functools import partial

from django.utils.translation import gettext_lazy as _

from postroom.core.edits import only
from postroom.directory.models import User
from postroom.directory.profile import CannotSave as CannotKeep
from postroom.directory.system import View, register
from postroom.domains import managing
from postroom.domains.managing import CannotSave, DomainFields
from postroom.domains.models import AliasDomain
from postroom.infra.parameters import Kind

VIEWS = {
    "mail.catchall.domain": ("name", Kind.DOMAIN, _("The alias domain: what stands after the @ of its addresses.")),
    "mail.catchall.alias": ("catchall", Kind.LOCAL_PART, _("Local part of the catchall of the alias domain.")),
    "mail.default.from": (
        "default_from",
        Kind.SENDER,
        _("Notification address of the alias domain: a local part, or a whole address that all mail leaves under."),
    ),
    "mail.bounce.alias": ("bounce", Kind.LOCAL_PART, _("Local part of the bounce address of the alias domain.")),
}


def first() -> AliasDomain | None:
    """The domain whose fields they are."""
    return AliasDomain.objects.order_by("priority", "pk").first()


def _read(field: str) -> str:
    row = first()
    return str(getattr(row, field)) if row else ""


def _write(field: str, user: User, value: str) -> None:
    """Change the field as its page would; an address that is given up is retired and goes on working.

    Raises:
        CannotKeep: what is wrong, of `value`.

    """
    row = first()
    try:
        if row is not None:
            managing.edit_domain(user=user, domain_id=row.pk, fields=only({field: value}))
        elif field == "name":
            managing.add_domain(user=user, fields=DomainFields(name=value))
        else:
            raise CannotKeep({"value": "There is no alias domain yet: set mail.catchall.domain first."})
    except CannotSave as error:
        raise CannotKeep({"value": " ".join(error.problems.values())}) from None


def offer() -> None:
    """Make them known."""
    usual = DomainFields()
    for key, (field, kind, meaning) in VIEWS.items():
        default = str(getattr(usual, field))
        register(key, View(meaning, kind, "domains", default, partial(_read, field), partial(_write, field)))
